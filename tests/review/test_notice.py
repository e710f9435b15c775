"""A review in few words, and the notice that the relay gets of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.relay.channels.wecom import MOST_BYTES
from exporter.relay.message import NotAWebhook, parse_webhook
from exporter.relay.reviewtext import worded
from exporter.relay.text import Wording, cut
from exporter.review.model import Cadence, Review
from exporter.review.notice import notice
from exporter.review.summary import Summary, dumped, loaded, summary_of
from exporter.review.words import Words
from exporter.review.write import files
from exporter.semantic import noticenames as names
from exporter.semantic.model import Catalogue

URL = "https://outcall.example/calls"


@pytest.fixture(scope="module")
def summaries(reviews: dict[Cadence, Review], catalogue: Catalogue) -> dict[Cadence, Summary]:
    return {cadence: summary_of(catalogue, review) for cadence, review in reviews.items()}


def test_it_says_what_the_review_says(
    summaries: dict[Cadence, Summary], reviews: dict[Cadence, Review], catalogue: Catalogue
) -> None:
    """Every KPI off its line is told, the worst first, with the value of the page."""
    told, review = summaries["weekly"].texts["zh"], reviews["weekly"]
    assert told.title == "周复盘 2026-W12"
    words = Words(catalogue, "zh")
    order = ("critical", "warning", "below_goal")
    off = [each for each in review.kpis if each.whole.state in order]
    assert off
    assert len(told.points) + told.more >= len(off)
    expected = {}
    for each in off:
        assert each.whole.now is not None
        expected[f"{each.kpi.title.zh} {words.value(each.whole.now.value, each.kpi.unit)}（"] = each.whole.state
    found = [state for point in told.points for text, state in expected.items() if point.startswith(text)]
    assert found
    assert found == sorted(found, key=lambda state: order.index(str(state)))
    assert told.more or len(found) == len(off)
    for language in ("zh", "en"):
        assert len(summaries["weekly"].texts[language].points) == len(told.points)


def test_it_is_no_alarm(summaries: dict[Cadence, Summary]) -> None:
    for summary in summaries.values():
        for told in summary.texts.values():
            text = " ".join((told.title, told.scope, told.counts, *told.warnings, *told.points)).lower()
            assert not any(word in text for word in ("firing", "告警", "resolved", "恢复"))


def test_a_file_gives_it_back(summaries: dict[Cadence, Summary]) -> None:
    for summary in summaries.values():
        assert loaded(dumped(summary)) == summary


@pytest.mark.parametrize(
    "wrong",
    ["", "{", "[]", "1", "null", '{"version": 1}', '{"version": 2, "cadence": "weekly"}', "[" * 100_000],
)
def test_what_is_no_summary(wrong: str) -> None:
    assert loaded(wrong) is None


def test_a_summary_with_a_part_of_another_kind(summaries: dict[Cadence, Summary]) -> None:
    whole: dict[str, Any] = json.loads(dumped(summaries["weekly"]))
    for key in whole:
        assert loaded(json.dumps({name: value for name, value in whole.items() if name != key})) is None
        if key != "period":
            assert loaded(json.dumps({**whole, key: "some"})) is None


def test_the_relay_takes_it(
    summaries: dict[Cadence, Summary], reviews: dict[Cadence, Review], catalogue: Catalogue
) -> None:
    """In Alertmanager's format, with a link and the file for each language, and nothing in it is masked."""
    summary = summaries["monthly"]
    written = files(catalogue, reviews["monthly"], ["zh", "en"])
    texts = {"zh": written[f"{summary.stem}.zh.md"], "en": written[f"{summary.stem}.en.md"]}
    body = notice(summary, URL, {"zh": texts["zh"], "en": texts["en"]})
    found = parse_webhook(body)
    assert found.is_review
    assert found.status == "firing"
    assert found.lead.severity == "info"
    assert dict(found.lead.labels) == {
        "alertname": "OutcallReview", "severity": "info", "review": "monthly", "period": "2026-03"
    }  # fmt: skip
    said = found.lead.annotations
    assert said["review_url_zh"] == f"{URL}/reviews/review-monthly-2026-03.zh.html"
    assert (said["file_zh"], said["file"]) == (texts["zh"], texts["en"])
    wording = Wording(ZoneInfo("Asia/Shanghai"))
    for value in said.values():
        assert wording.mask(value) == value
    assert "review_url" not in parse_webhook(notice(summary, "", {})).lead.annotations


def test_a_chat_gets_all_of_it(summaries: dict[Cadence, Summary]) -> None:
    """Both languages fit into the shortest message that a vendor takes (WeCom), links and all."""
    for summary in summaries.values():
        found = parse_webhook(notice(summary, URL, {}))
        text = worded(found, Wording(ZoneInfo("Asia/Shanghai")), "both", summary.generated, repeated=True)
        whole = "\n".join((f"### {text.title}", *text.lines))
        assert cut((f"### {text.title}", *text.lines), "\n", MOST_BYTES) == whole
        for language in ("zh", "en"):
            assert f"({URL}/reviews/{summary.stem}.{language}.html)" in whole


def test_the_same_review_is_the_same_notice(summaries: dict[Cadence, Summary]) -> None:
    """Written again, or by another replica: the relay knows it; another period is another, and so is another site's."""
    summary = summaries["weekly"]
    again = replace(summary, generated=summary.generated + 5, as_of=summary.as_of + 5)
    other = replace(summary, span=replace(summary.span, name="2026-W13"))
    key = parse_webhook(notice(summary, URL, {})).key
    assert parse_webhook(notice(again, URL, {"zh": "text"})).key == key
    assert parse_webhook(notice(summary, "https://elsewhere.example", {})).key != key
    assert parse_webhook(notice(other, URL, {})).key != key


def test_a_file_that_is_too_long_stays_behind(summaries: dict[Cadence, Summary]) -> None:
    """Letters of three bytes, two files of the greatest length fit; a longer one is left out, the other one goes."""
    summary, longest = summaries["weekly"], "汉" * names.MAX_FILE
    both = notice(summary, URL, {"zh": longest, "en": longest})
    assert len(both.encode()) <= names.BODY_BYTES
    assert parse_webhook(both).lead.annotations["file"] == longest
    one = parse_webhook(notice(summary, URL, {"zh": longest + "字", "en": "short"})).lead.annotations
    assert "file_zh" not in one
    assert one["file"] == "short"
    # Letters of four bytes: both would be more than the relay's server takes.
    wide = parse_webhook(notice(summary, URL, {"zh": "\U00020000" * names.MAX_FILE, "en": "😀" * names.MAX_FILE}))
    assert not {"file", "file_zh"} & wide.lead.annotations.keys()
    assert wide.lead.annotations["review_url"].startswith(URL)


def test_other_texts_of_a_notice_stay_short(summaries: dict[Cadence, Summary]) -> None:
    """Only a file may be as long as a file."""
    data = json.loads(notice(summaries["weekly"], URL, {}))
    data["alerts"][0]["annotations"]["summary"] = "x" * 20_000
    with pytest.raises(NotAWebhook, match="too long"):
        parse_webhook(json.dumps(data))
    data["alerts"][0]["annotations"] |= {"summary": "x", "file": "x" * (names.MAX_FILE + 1)}
    with pytest.raises(NotAWebhook, match="too long"):
        parse_webhook(json.dumps(data))
