"""The words: short, Chinese first, local time, and nothing in them that must not be."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.relay.message import parse_webhook
from exporter.relay.text import Wording, chat_text, compact, cut, sms_text
from tests.relay.webhooks import alert, resolved, webhook

NOW = 1763792000.0  # 2025-11-22 14:13 in Shanghai
TITLES = {"early_hangup": ("30 秒内挂断率", "30-second hang-up")}
WORDING = Wording(ZoneInfo("Asia/Shanghai"), TITLES, frozenset({"s3cret-token"}))
NUMBER = re.compile(r"\d{11,}")


def test_the_variables_of_an_sms() -> None:
    text = sms_text(parse_webhook(webhook()), WORDING, "zh", 20, NOW)
    assert (text.kpi, text.where, text.value, text.since) == (
        "30 秒内挂断率", "催收 / 老年 / 晚间", "33.2%(>30%,n=512)", "14:05",
    )  # fmt: skip
    text = sms_text(parse_webhook(webhook()), WORDING, "en", 20, NOW + 86400)
    assert (text.kpi, text.where, text.since) == ("30-second hang-up", "collection / elderl…", "11-22 14:05")


@pytest.mark.parametrize(("longest", "short"), [(20, "33.2%(>30%,n=512)"), (12, "33.2%(>30%)"), (6, "33.2%")])
def test_a_value_is_shortened_from_behind(longest: int, short: str) -> None:
    assert compact("33.2 % (>30 %, n=512)", longest) == short


def test_an_alert_that_is_no_kpi_s() -> None:
    """Its summary stands for the title, its area where there is none, its name at last."""
    bare = {"summary_zh": "", "where_zh": "", "where": "", "value_zh": "", "value": ""}
    for said, labels, title in (
        ({"summary_zh": "外呼平台无新通话"}, {"kpi": "platform"}, "外呼平台无新通话"),
        ({}, {"kpi": "platform"}, "外呼平台"),
        ({}, {"kpi": ""}, "OutcallEarlyHangupH…"),
        ({"title_zh": "自定"}, {}, "自定"),
    ):
        notice = parse_webhook(webhook(alert(labels=labels, annotations=bare | said)))
        text = sms_text(notice, WORDING, "zh", 20, NOW)
        assert (text.kpi, text.where, text.value) == (title, "-", "-")


def test_a_chat_firing() -> None:
    text = chat_text(parse_webhook(webhook()), WORDING, "both", NOW, repeated=False)
    assert text.title == "【严重】30 秒内挂断率过高"
    assert text.colour == "red"
    assert text.lines == (
        "**【严重】30 秒内挂断率过高**",
        "> 位置：催收 / 老年 / 晚间",
        "> 数值：33.2 % (>30 %, n=512)",
        "> 起始：14:05 (Asia/Shanghai)",
        "> 处置：检查开场白与外呼时段。",
        "---",
        "**[critical] 30-second hang-up above its line**",
        "> where: collection / elderly / evening",
        "> value: 33.2 % (>30 %, n=512)",
        "> since: 14:05 (Asia/Shanghai)",
        "> what to do: Check the opening words of the script.",
        "[处置手册 runbook](https://example.org/runbooks/OutcallEarlyHangupHigh.md)",
    )


def test_a_chat_resolved() -> None:
    text = chat_text(parse_webhook(webhook(resolved(), status="resolved")), WORDING, "zh", NOW, repeated=False)
    assert (text.title, text.colour) == ("【恢复】30 秒内挂断率过高", "green")
    assert "> 恢复：14:35" in text.lines


def test_many_alerts_are_counted() -> None:
    alerts = [alert(fingerprint=f"f{n}") for n in range(9)]
    text = chat_text(parse_webhook(webhook(*alerts, truncatedAlerts=3)), WORDING, "zh", NOW, repeated=False)
    assert "（另有 7 条）" in text.lines


def test_nobody_is_called_by_a_tag() -> None:
    """What opens a tag of a robot's dialect is defused; less-than signs of values stay."""
    annotations = {"summary_zh": "<@all> <at id=all></at>", "value_zh": "3.6 (<3.8)", "runbook_url": "javascript:x"}
    evil = alert(annotations=annotations)
    text = chat_text(parse_webhook(webhook(evil)), WORDING, "zh", NOW, repeated=False)
    said = "\n".join((text.title, *text.lines))
    assert "<@" not in said
    assert "<a" not in said
    assert "(<3.8)" in said
    assert "javascript" not in said


PRIVATE = st.sampled_from(["13812345678", "+86 138 1234 5678", "138-1234-5678", "110101199003070011", "010-12345678",
                           "6222021234567890123", "s3cret-token"])  # fmt: skip
AROUND = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=8)


@given(PRIVATE, AROUND, AROUND, st.sampled_from(["summary_zh", "where_zh", "value_zh", "description_zh", "title_zh"]))
def test_no_number_and_no_secret_in_any_text(private: str, before: str, after: str, place: str) -> None:
    """Wherever it stands in an alert, it stands in no message."""
    notice = parse_webhook(webhook(alert(annotations={place: before + private + after})))
    sms = sms_text(notice, WORDING, "zh", 200, NOW)
    chat = chat_text(notice, WORDING, "both", NOW, repeated=False)
    said = " ".join((sms.kpi, sms.where, sms.value, sms.since, chat.title, *chat.lines))
    digits = re.sub(r"[ \-]", "", said)
    assert private not in said
    assert NUMBER.search(digits.replace("14:05", "")) is None


@given(st.text(max_size=100), st.integers(6, 35))
def test_variables_keep_their_length(value: str, longest: int) -> None:
    notice = parse_webhook(webhook(alert(annotations={"where_zh": value.encode("utf-8", "replace").decode()})))
    text = sms_text(notice, WORDING, "zh", longest, NOW)
    assert all(1 <= len(part) <= longest for part in (text.kpi, text.where, text.value))
    assert "://" not in text.where


@given(st.lists(st.text(max_size=50), max_size=30), st.sampled_from(["\n", "\n\n"]), st.integers(20, 4096))
def test_a_text_is_cut_between_lines(lines: list[str], joint: str, most: int) -> None:
    lines = [line.encode("utf-8", "replace").decode() for line in lines]
    text = cut(lines, joint, most)
    assert len(text.encode()) <= most
    assert text == joint.join(lines) or text.endswith("…")
