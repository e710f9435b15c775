"""Queries that are right to be empty, and why: where one is empty that does not stand here, a test fails.

The other way round too: what stands here is empty whenever its reason holds, unless it is only `sometimes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from devtools.grafana.boards import Panel
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL
from tests.dashboards.asking import Opened, catalogue, chosen

When = Callable[[Kpi], bool]
ANY = "*"


@dataclass(frozen=True, slots=True)
class Empty:
    """Queries of a panel, or of all (`ANY`, "").

    `when` says of which KPIs, on the dashboards of one KPI; `windows`, in which windows alone.
    """

    board: str
    panel: str
    refs: str
    reason: str
    when: When = field(default=lambda _: True)
    windows: tuple[str, ...] = ()
    sometimes: bool = False

    def holds(self, opened: Opened, panel: Panel, ref: str) -> bool:
        """Whether the query is right to be empty on the dashboard as it was opened."""
        if opened.name != self.board or self.panel not in (panel.title, ANY) or ref not in (self.refs or ref):
            return False
        if self.windows and chosen(opened, "window") not in self.windows:
            return False
        return opened.kpi is None or self.when(opened.kpi)


def unit_is_not(unit: str) -> When:
    return lambda kpi: kpi.unit != unit


def no_line(severity: str) -> When:
    """KPIs without a line of that severity over the whole."""

    def test(kpi: Kpi) -> bool:
        lines = [line for line in kpi.targets if line.severity == severity]
        return not any(value == ALL for line in lines for value in {*line.slice.values()} or {ALL})

    return test


def no_lines(kpi: Kpi) -> bool:
    return not kpi.targets


def no_bounds(kpi: Kpi) -> bool:
    return kpi.kind != "ratio"


def no_gate(kpi: Kpi) -> bool:
    """One breach is a breach, or there is nothing to bound, or no line over the whole."""
    return kpi.kind != "ratio" or kpi.zero_tolerance or no_line("warning")(kpi)


def no_window(kpi: Kpi) -> bool:
    return not kpi.windows


def no_hour(kpi: Kpi) -> bool:
    return "1h" not in {window.name for window in kpi.windows}


def not_by(label: str) -> When:
    """KPIs none of whose facts have the label."""

    def test(kpi: Kpi) -> bool:
        datasets = [catalogue().datasets[name] for name in kpi.datasets if name in catalogue().datasets]
        return not any(label in dataset.labels for dataset in datasets)

    return test


def of(*slugs: str) -> When:
    return lambda kpi: kpi.slug in slugs


def but(*slugs: str) -> When:
    return lambda kpi: kpi.slug not in slugs


UNIT = "the value is shown by the query of its unit"
LATEST = "the latest snapshots have no window and no samples"
NO_LINE = "the KPI has no such line"
NOT_SLICED = "facts of the KPI have no such label"
UNLIMITED = "the machine of the tests may have no such limit"
WELL = "only what goes wrong is shown, and nothing may have"
IDLE = "nothing is read while nothing changes"
SILENT = "no alert of the KPI may fire on the stage"
NO_ALERT = "the KPI has no alert"
NO_BOUND = "the alert of the KPI asks for no bound, or the KPI has none"
FEW = "what a person finds is so rare that a script may have none in a day"
TREND, SLICED, WHY = "走势（比率为 %）", "切片，按偏离目标排序（比率为 %）", "为什么没有告警（比率为 %）"
CHANGES, RECORDED = "变更的效果（百分点）", ("early_hangup", "csat", "lead_conversion", "asr_accuracy")
LABELLED = "what people label in a dialect may be too few to verify a change by"
OWN = "按逾期阶段、方言、业务类型"

MAY_BE_EMPTY = (
    Empty("overview", "通话中", "A", "which calls ran in the past no table tells", sometimes=True),
    Empty("exporter", "对账修正", "A", WELL, sometimes=True),
    Empty("exporter", "拒绝的行", "A", WELL, sometimes=True),
    Empty("exporter", "失败的查询", "A", WELL, sometimes=True),
    Empty("exporter", "并入 other 的标签值", "A", WELL, sometimes=True),
    Empty("exporter", "查询耗时", "ABC", IDLE, sometimes=True),
    Empty("exporter", "读取行数", "A", IDLE, sometimes=True),
    Empty("exporter", "投递", "A", "nobody tells the relay of the stage of alerts"),
    Empty("host", "错误与丢包", "ABCD", WELL, sometimes=True),
    Empty("host", "容器 CPU / 限额", "A", UNLIMITED, sometimes=True),
    Empty("host", "容器内存", "B", UNLIMITED, sometimes=True),
    Empty("host", "CPU 节流", "A", UNLIMITED, sometimes=True),
    Empty("drilldown", "现值", "A", UNIT, unit_is_not("ratio")),
    Empty("drilldown", "现值", "B", UNIT, unit_is_not("cny")),
    Empty("drilldown", "现值", "C", UNIT, unit_is_not("seconds")),
    Empty("drilldown", "现值", "D", UNIT, unit_is_not("score")),
    Empty("drilldown", "样本", "A", LATEST, no_window),
    Empty("drilldown", TREND, "BC", "only a ratio has bounds", no_bounds),
    Empty("drilldown", TREND, "D", NO_LINE, no_line("goal")),
    Empty("drilldown", TREND, "E", NO_LINE, no_line("warning")),
    Empty("drilldown", TREND, "F", NO_LINE, no_line("critical")),
    Empty("drilldown", TREND, "G", LATEST, no_window),
    Empty("drilldown", "按场景", "A", NOT_SLICED, not_by("scenario"), sometimes=True),
    Empty("drilldown", "按代际", "A", NOT_SLICED, not_by("generation")),
    Empty("drilldown", "按时段", "A", NOT_SLICED, not_by("period")),
    Empty("drilldown", "按时段", "A", "days are cut into periods in windows of up to a day", windows=("7d", "30d")),
    Empty("drilldown", "按话术", "A", NOT_SLICED, not_by("script")),
    Empty("drilldown", OWN, "A", NOT_SLICED, not_by("bucket")),
    Empty("drilldown", OWN, "B", NOT_SLICED, not_by("dialect")),
    Empty("drilldown", OWN, "C", NOT_SLICED, not_by("task")),
    Empty("drilldown", SLICED, "", NOT_SLICED, not_by("generation")),
    Empty("drilldown", SLICED, "BCD", NO_LINE, no_line("warning"), sometimes=True),
    Empty("drilldown", SLICED, "BFG", "only a ratio has bounds", no_bounds),
    Empty("drilldown", "小时 × 星期，近 4 周（比率为 %）", "A", "drawn from the window of an hour", no_hour),
    Empty("drilldown", "变化从哪来（比率为百分点）", "", "only some KPIs and windows are explained", sometimes=True),
    Empty("drilldown", "辛普森反转", "A", "only some KPIs and windows are explained", sometimes=True),
    Empty("drilldown", WHY, "AEH", NO_ALERT, no_lines, sometimes=True),
    Empty("drilldown", WHY, "BF", NO_LINE, no_line("warning"), sometimes=True),
    Empty("drilldown", WHY, "C", NO_LINE, no_line("critical"), sometimes=True),
    Empty("drilldown", WHY, "DG", NO_BOUND, no_gate, sometimes=True),
    Empty("drilldown", WHY, "I", SILENT, sometimes=True),
    Empty("drilldown", "告警时间线", "A", SILENT, sometimes=True),
    Empty("drilldown", CHANGES, "", "no change of the KPI is recorded", but(*RECORDED)),
    Empty("drilldown", CHANGES, "", LABELLED, of("asr_accuracy"), sometimes=True),
    Empty("monthly", CHANGES, "", LABELLED, sometimes=True),
    Empty("scripts", ANY, "", FEW, of("violation_detection", "recording_retention", "masking"), sometimes=True),
    Empty("scripts", ANY, "", "a script may not have been used in the last hour", windows=("5m", "1h"), sometimes=True),
)
