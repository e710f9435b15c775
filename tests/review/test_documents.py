"""HTML and Markdown, Chinese and English, hold the same figures; what is missing is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import asyncpg
import pytest

from exporter.review.blocks import Cell, Document, Section, table
from exporter.review.charts import MISSING
from exporter.review.document import document
from exporter.review.html import html
from exporter.review.markdown import markdown
from exporter.review.model import Alert, Alerts, Cadence, Change, Changes, Effect, Review
from exporter.review.words import Words
from exporter.review.write import files
from exporter.semantic.model import Catalogue
from exporter.semantic.spec import Text
from tests.review.conftest import read

NAMES = ("html", "md")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Tables(HTMLParser):
    """The rows of a page's tables."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def html_rows(text: str) -> list[list[str]]:
    parser = Tables()
    parser.feed(text)
    return parser.rows


def markdown_rows(text: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.startswith("|") and not line.startswith("| ---"))
    cells = ([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines)
    return [[re.sub(r"\\(.)", r"\1", cell).strip("*") for cell in row if cell] for row in cells]


def numbers(rows: list[list[str]]) -> Iterator[list[str]]:
    for row in rows:
        yield [number for cell in row[1:] for number in NUMBER.findall(cell)]


@pytest.mark.parametrize("cadence", ["weekly", "monthly"])
def test_html_and_markdown_hold_the_same_tables(
    reviews: dict[Cadence, Review], catalogue: Catalogue, cadence: Cadence
) -> None:
    """Cell by cell."""
    made = files(catalogue, reviews[cadence], ["zh", "en"])
    for language in ("zh", "en"):
        text = {ending: body for name, body in made.items() if (ending := name.rpartition(f".{language}.")[2]) in NAMES}
        rows = html_rows(text["html"])
        assert rows == markdown_rows(text["md"])
        assert len(rows) > 60


@pytest.mark.parametrize("cadence", ["weekly", "monthly"])
def test_both_languages_hold_the_same_figures(
    reviews: dict[Cadence, Review], catalogue: Catalogue, cadence: Cadence
) -> None:
    """Row by row, in the same order."""
    zh, en = (markdown(document(Words(catalogue, language), reviews[cadence], None)) for language in ("zh", "en"))
    assert list(numbers(markdown_rows(zh))) == list(numbers(markdown_rows(en)))


def test_the_week_is_business_and_experience_and_the_month_the_rest(reviews: dict[Cadence, Review]) -> None:
    """With the real-time ones in the month."""
    dimensions = {cadence: {each.kpi.dimension for each in review.kpis} for cadence, review in reviews.items()}
    assert dimensions == {"weekly": {"business", "experience"}, "monthly": {"technical", "compliance"}}
    assert {"system_failure", "violation"} <= {each.kpi.slug for each in reviews["monthly"].kpis}


def test_cohorts_are_labelled_beside_the_periods_figures(reviews: dict[Cadence, Review], catalogue: Catalogue) -> None:
    """The last row of the conversion cohort ends with the period's figure of the table of all KPIs."""
    made = document(Words(catalogue, "en"), reviews["weekly"], None)
    rows = {section.name: markdown_rows(markdown(replace(made, sections=(section,)))) for section in made.sections}
    conversion = next(row for row in rows["kpis"] if row[0] == "Lead conversion rate")
    whole = next(row for row in rows["cohorts"] if row[0] == "Whole")
    assert whole[-1] == conversion[2]
    assert {"Cohort conversion", "By period"} <= set(rows["cohorts"][0])


def test_nothing_is_said_of_alerts_and_changes_that_nobody_asked_for(
    reviews: dict[Cadence, Review], catalogue: Catalogue
) -> None:
    """Sections say why they are empty."""
    text = markdown(document(Words(catalogue, "en"), reviews["weekly"], None))
    assert "Prometheus was not asked" in text
    assert "No changes were recorded" in text
    assert MISSING in text.replace("\\", "")


def test_alerts_changes_and_their_effects_are_listed(reviews: dict[Cadence, Review], catalogue: Catalogue) -> None:
    """From the lists that others fill."""
    works = Effect("early_hangup", -0.1, (-0.12, -0.08), 0.0001, Text(zh="有效", en="works"))
    change = Change("plain", 1773590400, "script", Text(zh="大白话", en="Plainer wording"), (works,))
    alerts = Alerts((Alert("OutcallEarlyHangupHigh", "critical", "early_hangup", 2, 5400),), {"calls": 12})
    review = replace(reviews["weekly"], changes=Changes((change,), 3), alerts=alerts)
    zh, en = (markdown_rows(markdown(document(Words(catalogue, lang), review, None))) for lang in ("zh", "en"))
    assert ["Early hang-up rate (30 s)", "−10.0", "−12.0 – −8.0", "p<0.001", "works"] in en
    assert ["30秒内挂断率", "−10.0", "−12.0 – −8.0", "p<0.001", "有效"] in zh
    assert any(row[0] == "OutcallEarlyHangupHigh" and row[3] == "2" for row in en)
    assert ["KPI", "Effect (points)", "Always-valid 95 % interval (points)", "p", "Verdict"] in en
    assert "另有 3 项未列" in markdown(document(Words(catalogue, "zh"), review, None))


async def test_a_missing_source_takes_down_its_kpis_only(past: str, database: str, catalogue: Catalogue) -> None:
    """Without surveys there is no satisfaction, which the review says; everything else has its value."""
    connection = await asyncpg.connect(database)
    await connection.execute("DROP TABLE surveys")
    await connection.close()
    found = await read(database, catalogue, "weekly", "2026-W12")
    by_slug = {each.kpi.slug: each for each in found.kpis}
    assert "surveys does not exist" in by_slug["csat"].problem
    assert {slug for slug, each in by_slug.items() if each.problem} == {"csat"}
    text = markdown(document(Words(catalogue, "zh"), found, None))
    assert "数据源缺失" in text
    assert text.count("surveys 不存在：请建立，或在 sources 下映射") == 3
    assert "does not exist" not in text


async def test_an_empty_period_says_so(database: str, catalogue: Catalogue) -> None:
    """No rows: no figure, no 0, no error."""
    found = await read(database, catalogue, "weekly", "2026-W12", {"early_hangup": 1.0})
    assert found.is_empty
    assert found.composite is not None
    assert found.composite.whole is None
    for language, words in (("zh", "本期没有任何数据"), ("en", "There are no data in this period")):
        made = document(Words(catalogue, language), found, None)  # type: ignore[arg-type]
        assert words in markdown(made)
        assert words in html(made)
    assert found.quality.silent is not None
    assert len(found.quality.silent) == 7


async def test_a_running_period_is_compared_with_as_much_of_the_last(past: str, catalogue: Catalogue) -> None:
    """Half a week against half a week, and the page says so."""
    today = datetime.now(UTC).date()
    span = f"{today - timedelta(days=1)}..{today + timedelta(days=5)}"
    found = await read(past, catalogue, "weekly", span)
    assert found.is_running
    assert found.period.seconds == found.before.seconds < found.full.seconds
    assert "still running" in markdown(document(Words(catalogue, "en"), found, None))


def test_text_is_text(reviews: dict[Cadence, Review]) -> None:
    """Names that look like markup stay names."""
    cell = Cell("<b>|x|</b>")
    made = Document("en", "T", "S", (), (Section("s", "S", (table(("a", "b"), [(cell, "1")]),)),), "")
    assert "&lt;b&gt;|x|&lt;/b&gt;" in html(made)
    assert r"\<b\>\|x\|\</b\>" in markdown(made)


def test_the_page_is_one_file_without_scripts(reviews: dict[Cadence, Review], catalogue: Catalogue) -> None:
    """Nothing is loaded from anywhere, and its style is for A4 too."""
    for text in (body for name, body in files(catalogue, reviews["weekly"], ["zh"]).items() if name.endswith("html")):
        assert not re.search(r"<script|<link|<img|url\((?!#)|@import|src=", text)
        assert "@page { size: A4" in text
        assert '<html lang="zh-CN">' in text


def test_days_without_calls_are_named(reviews: dict[Cadence, Review], catalogue: Catalogue) -> None:
    """In the conclusions, where they are read."""
    quality = replace(reviews["weekly"].quality, silent=(date(2026, 3, 18),))
    made = markdown(document(Words(catalogue, "en"), replace(reviews["weekly"], quality=quality), None))
    assert made.count("Days without calls: 2026-03-18") == 2
