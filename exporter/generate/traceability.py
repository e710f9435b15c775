"""What belongs to each KPI, and to each other alert (docs/traceability.md): metrics, rules, tests, panels, runbooks.

Panels are read from the boards' JSON, so that the page names what is there; no library is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exporter.generate.dashboards.ids import panel_id
from exporter.generate.files import Generated, head
from exporter.generate.kpis import metrics
from exporter.generate.markdown import code, page, table
from exporter.generate.rules.kpis import alert_names
from exporter.generate.runbooks import Page, alert_pages
from exporter.generate.wording import both, dimension
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import KPI_DIMENSIONS

PATH = "docs/traceability.md"
# Panels about one KPI, by the last part of their key.
PARTS = {"tile": "现值 tile", "course": "走势 course"}
# The board of any KPI, which a variable chooses.
DRILLDOWN = "drilldown"
INTRO = """
# 追溯表 Traceability

每个指标：从定义到指标名、告警规则、测试、面板、处置手册。由目录与仪表盘生成，`make test` 检查其完整。
Each KPI from its definition to its metrics, alert rules, tests, panels and runbooks. Generated from the catalogue and
the boards; `make test` checks that it is complete.

- **测试 Tests**：`promtool` 用例（告警何时响、何时不响、何时恢复）；`oracle` 用独立 SQL 逐次核对每个指标值。
  `promtool` cases (when an alert fires, when not, when it clears); the oracle compares every value with plain SQL.
- **面板 Panels**：仪表盘、面板编号；英文仪表盘编号相同，uid 加 `-en`。每条查询都在真实 Prometheus 上运行
  （[tests/dashboards](../tests/dashboards/test_queries.py)）。
  Board and panel id; English boards have the same ids, their uids end in `-en`. Every query runs on a real Prometheus.
- 所有告警文本 all texts of alerts: [annotations.test.yml](../rules/tests/annotations.test.yml)；记录规则 recording
  rules: [recording.test.yml](../rules/tests/recording.test.yml)。
"""
KPI_HEADER = ("指标 KPI", "指标名 Metrics", "告警规则 Rules", "测试 Tests", "面板 Panels", "处置手册 Runbooks")
ALERT_HEADER = ("告警 Alert", "规则 Rule", "测试 Test", "仪表盘 Board", "处置手册 Runbook")


@dataclass(frozen=True)
class _Board:
    """A board's JSON, in both languages."""

    name: str
    zh: Any
    en: Any

    @cached_property
    def titles(self) -> dict[int, str]:
        """Of the panels, by id."""
        return {panel["id"]: panel["title"] for panel in self.zh["panels"]}

    @property
    def title(self) -> str:
        """Without the words that all have in common."""
        return f"{self.zh['title'].split(' · ')[-1]} {self.en['title'].split(' · ')[-1]}"

    @property
    def link(self) -> str:
        return f"[{self.title}](../grafana/zh/{self.name}.json)"


def traceability(catalogue: Catalogue, files: Iterable[Generated]) -> Generated:
    """The page; `files`: the boards as `generated_dashboards` gives them."""
    boards = _boards(files)
    pages = {item.name: item for item in alert_pages(catalogue)}
    parts = [INTRO]
    for name in KPI_DIMENSIONS:
        rows = [_row(catalogue, kpi, boards, pages) for kpi in catalogue.kpis.values() if kpi.dimension == name]
        parts += [f"## {both(dimension(name))}", table(KPI_HEADER, rows)] if rows else []
    others = [_other(item, boards) for item in pages.values() if item.kpi is None]
    parts += ["## 其他告警 Other alerts", table(ALERT_HEADER, others)]
    return Generated(PATH, head("dashboards", "exporter/catalogue and the boards") + "\n" + page(*parts))


def _boards(files: Iterable[Generated]) -> list[_Board]:
    texts = {tuple(file.path.removesuffix(".json").split("/")[-2:]): file.text for file in files}
    return [
        _Board(name, json.loads(text), json.loads(texts["en", name]))
        for (language, name), text in texts.items()
        if language == "zh"
    ]


def _row(catalogue: Catalogue, kpi: Kpi, boards: list[_Board], pages: dict[str, Page]) -> tuple[str, ...]:
    names = alert_names(catalogue, kpi)
    none = why_no_alert(kpi)
    return (
        f"[{both(kpi.title)}](kpis.md#{kpi.slug})",
        "<br>".join(map(code, metrics(kpi))),
        "<br>".join(_rule(pages[name]) for name in names) or none,
        "<br>".join([*_tests(kpi, names), f"[oracle](../tests/oracle/{kpi.dimension}.sql)"]),
        "<br>".join(_panels(kpi, boards)),
        "<br>".join(map(_runbook, names)) or none,
    )


def why_no_alert(kpi: Kpi) -> str:
    """The reason why a KPI has none."""
    if not kpi.targets:
        return "无线，故无告警 no line, so no alert"
    if all(target.severity == "goal" for target in kpi.targets):
        return "只有期望，不告警 a goal only, so no alert"
    return "告警已关闭 its alerts are switched off"


def _rule(item: Page) -> str:
    return f"{code(item.name)} [{item.file}.rules.yml](../rules/{item.file}.rules.yml)"


def _runbook(name: str) -> str:
    return f"[{name}](runbooks/{name}.md)"


def _tests(kpi: Kpi, names: Iterable[str]) -> Iterator[str]:
    """Of each alert; a KPI that is watched in short windows has further cases for these."""
    for name in names:
        yield _test(f"{name}.test.yml")
        if kpi.alert.fast and not name.endswith("Burn"):
            yield _test(f"{name}.fast.test.yml")


def _test(file: str) -> str:
    return f"[{file.removesuffix('.test.yml')}](../rules/tests/{file})"


def _panels(kpi: Kpi, boards: Iterable[_Board]) -> Iterator[str]:
    for board in boards:
        found = [f"{words} {code(str(number))}" for words, number in _ids(kpi, board)]
        if found:
            yield f"{board.link}: {', '.join(found)}"
        elif board.name == DRILLDOWN:
            yield f"{board.link}: {code(f'var-kpi={kpi.slug}')}"


def _ids(kpi: Kpi, board: _Board) -> Iterator[tuple[str, int]]:
    """What a board shows of a KPI. An id alone may be another panel's, whose name happens to give the same."""
    for part, words in PARTS.items():
        number = panel_id(board.name, f"{kpi.slug}/{part}")
        if kpi.title.zh in board.titles.get(number, ""):
            yield words, number


def _other(item: Page, boards: Iterable[_Board]) -> tuple[str, ...]:
    """An alert about no KPI: where its link leads."""
    url = item.rules[0].annotations["dashboard_url"]
    uid = url.partition("/d/")[2].partition("?")[0]
    board = next((board.link for board in boards if board.zh["uid"] == uid), "–")
    rule = f"[{item.file}.rules.yml](../rules/{item.file}.rules.yml)"
    return code(item.name), rule, _test(f"{item.name}.test.yml"), board, _runbook(item.name)
