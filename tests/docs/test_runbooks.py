"""Every alert has its runbook, which is about what the alert looks at, and asks for nothing harmful."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.generate.files import drifting
from exporter.generate.kpis import metrics
from exporter.generate.rules.windows import looks
from exporter.generate.runbooks import Page, alert_pages, runbooks
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Kpi
from tests.docs.pages import ROOT
from tests.docs.runbook_pages import (
    FOLDER,
    NAMES,
    PAGES,
    names_in,
    page_of,
    queries,
    selectors,
    statements,
    windows_asked,
    written_by_hand,
)

RULES = ROOT / "rules"
SECTIONS = ["含义 Meaning", "可能原因 Likely causes", "查询 Queries", "处理 What to do", "升级 When to escalate"]
# Prometheus' own series, and labels that a scrape adds.
OF_PROMETHEUS = {
    *("up", "ALERTS", "ALERTS_FOR_STATE"),
    *("prometheus_notifications_dropped_total", "prometheus_notifications_alertmanagers_discovered"),
}
OF_A_SCRAPE = {"job", "instance"}
# For these the source document names no remedy.
WITHOUT_REMEDY = {
    *("OutcallComplaintHigh", "OutcallPermittedHoursLow", "OutcallIncidentResolutionHigh"),
    "OutcallViolationDetectionLow",
}
# To silence an alert is no remedy; what is said of silencing is that it hides something, or "do not".
SILENCING = re.compile(r"(?<!不要)(?<!被)静默(?!会)|(?<!not )\bsilence (?:it|them|this)\b")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def rules() -> list[Mapping[str, Any]]:
    """Every rule of every shipped file."""
    return list(_rules())


def _rules() -> Iterator[Mapping[str, Any]]:
    for path in sorted(RULES.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            yield from group["rules"]


@pytest.fixture(scope="module")
def documented() -> dict[str, set[str]]:
    """Metrics of docs/metrics.md with their labels; a histogram's parts too."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE)
    found = {name: set(re.findall(r"`(\w+)`", labels)) for name, _, labels in rows}
    for name in [name for name, kind, _ in rows if kind == "histogram"]:
        found |= {f"{name}_{part}": found[name] | {"le"} for part in ("bucket", "sum", "count")}
    return found


def of_kpis(catalogue: Catalogue) -> list[tuple[Page, Kpi]]:
    """The pages of KPIs, with their KPI."""
    return [(item, item.kpi) for item in alert_pages(catalogue) if item.kpi is not None]


def windows_watched(name: str, kpi: Kpi) -> set[str]:
    """Those whose values make the alert of that name fire; an uplift has none."""
    if name.endswith("Burn"):
        return {window for burn in kpi.alert.burn for window in (burn.long, burn.short)}
    late = {kpi.alert.late} if kpi.alert.late else set()
    return {look.window.name for look in looks(kpi) if kpi.windows} | late


def test_every_alert_has_a_page_and_every_page_an_alert(rules: list[Mapping[str, Any]]) -> None:
    """The alerts that the shipped rule files raise."""
    assert sorted({rule["alert"] for rule in rules if "alert" in rule}) == NAMES


def test_every_rule_links_to_its_page(rules: list[Mapping[str, Any]]) -> None:
    for rule in rules:
        if "alert" in rule:
            assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")


def test_frames_are_up_to_date(catalogue: Catalogue) -> None:
    """And the index."""
    assert drifting(runbooks(catalogue), ROOT) == []


def test_the_index_names_every_page_once() -> None:
    linked = re.findall(r"\]\((\w+)\.md\)", (FOLDER / "README.md").read_text("utf-8"))
    assert sorted(linked) == NAMES


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_has_all_sections(page: Path) -> None:
    """In order, none empty, each in Chinese first."""
    found = re.split(r"^## ", written_by_hand(page), flags=re.MULTILINE)[1:]
    assert [text.partition("\n")[0] for text in found] == SECTIONS
    for text in found:
        body = re.sub(r"^```\w*|(?<!`)`[^`\n]+`(?!`)|\]\([^)]*\)", "", text.partition("\n")[2], flags=re.MULTILINE)
        chinese, english = re.search(r"[\u4e00-\u9fff]", body), re.search(r"\b[a-z]{3,}\b", body)
        assert chinese, text
        assert english, text
        assert chinese.start() < english.start(), text


def test_no_page_advises_to_silence_a_kpi(catalogue: Catalogue) -> None:
    for item, _ in of_kpis(catalogue):
        assert SILENCING.findall(written_by_hand(page_of(item.name))) == [], item.name


def test_every_kpi_names_the_remedy_below_the_frame(catalogue: Catalogue) -> None:
    """In its steps, marked as the source's, wherever the source names one."""
    for item, kpi in of_kpis(catalogue):
        text = page_of(item.name).read_text("utf-8")
        assert kpi.remedy.zh in text
        assert kpi.remedy.en in text
    unnamed = {item.name for item, _ in of_kpis(catalogue) if "源文件" not in written_by_hand(page_of(item.name))}
    assert unnamed <= WITHOUT_REMEDY


def test_a_kpi_is_asked_for_in_the_windows_that_alert(catalogue: Catalogue) -> None:
    """Queries of a day explain nothing about an alert on the month."""
    for item, kpi in of_kpis(catalogue):
        assert windows_watched(item.name, kpi) - windows_asked(page_of(item.name)) == set(), item.name


def test_facts_without_a_call_are_asked_for(catalogue: Catalogue) -> None:
    """The alert counts them; their measures are others. Where one breach is a page, the queries find it."""
    for item, kpi in of_kpis(catalogue):
        page = page_of(item.name)
        text = page.read_text("utf-8")
        counted = {f"outcall_{name}" for name in metrics_without_call(kpi)}
        named = {name for query in queries(page) for name, _ in selectors(query)}
        assert counted - named == set() or not kpi.zero_tolerance, item.name
        assert all(f"`{name}`" in text or name in named for name in counted), item.name


def metrics_without_call(kpi: Kpi) -> set[str]:
    parts = (*kpi.numerator, *kpi.denominator)
    return {measure.name for measure in parts if measure.name.endswith("_without_call")}


def test_late_breaches_are_listed(catalogue: Catalogue) -> None:
    """Where rows that come late alert: what was written last, of as many days as the alert looks at."""
    for item, kpi in of_kpis(catalogue):
        if kpi.alert.late:
            days = next(window.seconds for window in kpi.windows if window.name == kpi.alert.late) // 86_400
            listing = statements(page_of(item.name))[0]
            assert re.search(r"ORDER BY .*updated_at\)? DESC", listing), item.name
            assert f"interval '{days} days'" in listing, item.name


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_metrics_and_labels_exist(page: Path, documented: dict[str, set[str]], rules: list[Mapping[str, Any]]) -> None:
    """By docs/metrics.md, or recorded by our rules."""
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for query in queries(page):
        assert names_in(query) - set(documented) - recorded - OF_PROMETHEUS == set(), query
        for metric, labels in selectors(query):
            if metric in documented:
                assert set(labels) - documented[metric] - OF_A_SCRAPE == set(), query


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_windows_exist(page: Path, catalogue: Catalogue) -> None:
    """A KPI is asked for in windows that it has."""
    windows = {name: {w.name for w in kpi.windows} for kpi in catalogue.kpis.values() for name in metrics(kpi)}
    for query in queries(page):
        for metric, labels in selectors(query):
            asked = labels.get("window", set())
            assert asked <= windows.get(metric, asked), query


def test_the_checks_can_fail(documented: dict[str, set[str]]) -> None:
    """What is taken for a metric, and what is not; what is taken for advice to silence."""
    query = (
        'topk(3, sum by (scenario) (rate(outcall_dials{window="1h"}[5m] offset 1d)) / on (window) group_left () nope)'
    )
    assert names_in(query) == {"outcall_dials", "nope"}
    assert "nope" not in documented
    assert documented["outcall_violations"] >= {"rule_code", "window"}
    assert SILENCING.search("静默当日，看 30d")
    assert SILENCING.search("Booking day: silence it for the day")
    assert not SILENCING.search("不要静默，静默会盖住它 do not silence it")
