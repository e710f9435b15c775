"""Every alert has its runbook, and what a runbook says can be run as it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from exporter.generate.files import END, drifting
from exporter.generate.kpis import metrics
from exporter.generate.runbooks import alert_pages, runbooks
from exporter.semantic.load import load_catalogue
from tests.docs.pages import ROOT, blocks

FOLDER = ROOT / "docs/runbooks"
RULES = ROOT / "rules"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
NAMES = [page.stem for page in PAGES]
SECTIONS = ["含义 Meaning", "可能原因 Likely causes", "查询 Queries", "处理 What to do", "升级 When to escalate"]
# Prometheus' own series, and labels that a scrape adds.
OF_PROMETHEUS = {
    *("up", "ALERTS", "ALERTS_FOR_STATE"),
    *("prometheus_notifications_dropped_total", "prometheus_notifications_alertmanagers_discovered"),
}
OF_A_SCRAPE = {"job", "instance"}
_WORDS = {"and", "or", "unless", "bool", "by", "on", "ignoring", "without", "group_left", "group_right", "offset"}
_SELECTOR = re.compile(r"([A-Za-z_:][\w:]*)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


def shipped_rules() -> Iterator[Mapping[str, Any]]:
    """Every rule of every shipped file."""
    for path in sorted(RULES.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            yield from group["rules"]


def queries(page: Path) -> list[str]:
    """The PromQL of a page: one query from blank line to blank line."""
    found = [part for text in blocks(page, "promql") for part in re.split(r"\n\s*\n", text.strip())]
    return [re.sub(r"^#.*\n", "", part, flags=re.MULTILINE).strip() for part in found]


def statements(page: Path) -> list[str]:
    return [part for text in blocks(page, "sql") for part in text.split(";\n") if part.strip()]


def written_by_hand(page: Path) -> str:
    """What stands below the frame."""
    return page.read_text("utf-8").partition(END)[2]


def names_in(query: str) -> set[str]:
    """The metrics that a query names."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", re.sub(r'"[^"]*"', '""', query))
    bare = re.sub(r"\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\boffset\s+\w+", " ", bare)
    words = re.findall(r"(?<![\w.:])([A-Za-z_:][\w:]*)\b(?!\s*\()", bare)
    return set(words) - _WORDS


@pytest.fixture(scope="module")
def documented() -> dict[str, set[str]]:
    """Metrics of docs/metrics.md with their labels; a histogram's parts too."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE)
    found = {name: set(re.findall(r"`(\w+)`", labels)) for name, _, labels in rows}
    for name in [name for name, kind, _ in rows if kind == "histogram"]:
        found |= {f"{name}_{part}": found[name] | {"le"} for part in ("bucket", "sum", "count")}
    return found


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    """The alerts that the shipped rule files raise."""
    assert sorted({rule["alert"] for rule in shipped_rules() if "alert" in rule}) == NAMES


def test_every_rule_links_to_its_page() -> None:
    for rule in shipped_rules():
        if "alert" in rule:
            assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")


def test_frames_are_up_to_date() -> None:
    """And the index."""
    assert drifting(runbooks(load_catalogue()), ROOT) == []


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


def test_every_kpi_names_the_remedy() -> None:
    for item in alert_pages(load_catalogue()):
        if item.kpi is not None:
            text = (FOLDER / f"{item.name}.md").read_text("utf-8")
            assert item.kpi.remedy.zh in text
            assert item.kpi.remedy.en in text


def test_promql_parses(tmp_path: Path) -> None:
    """Each query as a rule, by promtool."""
    rules = [
        {"record": f"{name}:{number}", "expr": query}
        for name, page in zip(NAMES, PAGES, strict=True)
        for number, query in enumerate(queries(page))
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}), "utf-8")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed; run `make system-packages`"
    found = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{len(rules)} rules found" in found.stdout


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_metrics_and_labels_exist(page: Path, documented: dict[str, set[str]]) -> None:
    """By docs/metrics.md, or recorded by our rules."""
    recorded = {rule["record"] for rule in shipped_rules() if "record" in rule}
    for query in queries(page):
        assert names_in(query) - set(documented) - recorded - OF_PROMETHEUS == set(), query
        for metric, matchers in _SELECTOR.findall(query):
            if metric in documented:
                labels = {label for label, _, _ in _MATCHER.findall(matchers)}
                assert labels - documented[metric] - OF_A_SCRAPE == set(), query


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_windows_exist(page: Path) -> None:
    """A KPI is asked for in windows that it has."""
    windows = {name: {w.name for w in kpi.windows} for kpi in load_catalogue().kpis.values() for name in metrics(kpi)}
    for query in queries(page):
        for metric, matchers in _SELECTOR.findall(query):
            asked = {
                value
                for label, _, values in _MATCHER.findall(matchers)
                if label == "window"
                for value in values.split("|")
            }
            assert asked <= windows.get(metric, asked), query


async def test_sql_runs_and_only_reads(database: str) -> None:
    """On the canonical schema, in transactions that may not write."""
    connection = await asyncpg.connect(database)
    try:
        for page in PAGES:
            for statement in statements(page):
                async with connection.transaction(readonly=True):
                    try:
                        await connection.fetch(statement)
                    except asyncpg.PostgresError as error:
                        pytest.fail(f"{page.stem}: {error}\n{statement}")
    finally:
        await connection.close()


def test_the_checks_can_fail(documented: dict[str, set[str]]) -> None:
    """What is taken for a metric, and what is not."""
    query = (
        'topk(3, sum by (scenario) (rate(outcall_dials{window="1h"}[5m] offset 1d)) / on (window) group_left () nope)'
    )
    assert names_in(query) == {"outcall_dials", "nope"}
    assert "nope" not in documented
    assert documented["outcall_violations"] >= {"rule_code", "window"}
