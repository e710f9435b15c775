"""The frames of the runbooks (docs/runbooks/), from the rules and the catalogue. What stands below a frame is written
by hand: meaning, causes, queries, what to do, when to escalate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.generate.files import Generated, head, marker
from exporter.generate.markdown import block, code, page, table
from exporter.generate.rules.files import rule_files
from exporter.generate.rules.kpis import alert_names
from exporter.generate.rules.model import Alert, Options, duration
from exporter.generate.rules.windows import has_bounds, looks, slow_window
from exporter.generate.wording import both, dimension, line, where
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import KPI_DIMENSIONS, measure_metric
from exporter.semantic.spec import Text

FOLDER = "docs/runbooks"
MARKER = marker("alert", "runbooks")
SEVERITIES = {
    "critical": Text(zh="短信与群，任何时刻（page）", en="SMS and chat at any hour"),
    "warning": Text(zh="群，白天（ticket）", en="chat, in the daytime"),
    "info": Text(zh="复盘（review）", en="for the reviews"),
}
# The one alert that is well when it fires; the routes of rules/alertmanager know it by name too.
WATCHDOG = "OutcallWatchdog"
# How measures of facts that belong to no call end (facts.yaml).
WITHOUT_CALL = "_without_call"
HEARTBEAT = Text(zh="心跳，停了才是事（watchdog）", en="a heartbeat: it matters when it stops")
ENDINGS = {
    "High": Text(zh="过高", en="too high"),
    "Low": Text(zh="过低", en="too low"),
    "Breach": Text(zh="出现违规", en="a breach"),
    "Burn": Text(zh="预算消耗过快", en="its budget burns too fast"),
}
FILES = {
    "exporter": "导出器、平台与转发 Exporter, platform and relay",
    "host": "主机与录音存储 Host and recording store",
}
INTRO = """
# 处置手册 Runbooks

每条告警一页：含义、可能原因、查询、处理、升级。页首由目录生成，其余手写。
One page for each alert: meaning, likely causes, queries, what to do, when to escalate. The head of each page is
generated, the rest is written by hand.

- PromQL 直接可用；两副本时取其一（`instance="…"`）或外套 `max by (…)`。
  The PromQL is ready to use; with two replicas choose one (`instance="…"`) or take `max by (…)` of it.
- SQL 用规范表名，业务时区写作 `Asia/Shanghai`；请以只读身份运行，结果里只有编号与计数。
  The SQL uses the canonical names and `Asia/Shanghai`; run it with a role that can only read. It shows ids and counts.
- 先看告警的 `where`：它已经指出最坏的场景、代际与时段。
  Look at the alert's `where` first: it names the worst scenario, generation and period.
- 处置目标：15 分钟。恢复与否先看较短的窗口（多数指标有 5m、1h），不必等长窗口回落。
  Handle it within 15 minutes. Recovery shows in the shorter windows (of most KPIs 5m and 1h) long before the longest
  has come down.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An alert's name, its rules, the file that they stand in, and the KPI that it is about, if any."""

    name: str
    file: str
    rules: tuple[Alert, ...]
    kpi: Kpi | None

    @property
    def dimension(self) -> str:
        return self.rules[0].labels["dimension"]

    @property
    def severities(self) -> list[str]:
        """Those that it can have, the worst first."""
        return [name for name in SEVERITIES if any(rule.labels["severity"] == name for rule in self.rules)]

    @property
    def title(self) -> Text:
        """What is wrong, in a few words; no template."""
        if self.kpi is None:
            texts = self.rules[0].annotations
            return Text(zh=texts["summary_zh"], en=texts["summary"])
        ending = next(text for ending, text in ENDINGS.items() if self.name.endswith(ending))
        return Text(zh=f"{self.kpi.title.zh}{ending.zh}", en=f"{self.kpi.title.en}: {ending.en}")


def runbooks(catalogue: Catalogue) -> list[Generated]:
    """The frame of every alert's page, and the index."""
    pages = list(alert_pages(catalogue))
    frames = [Generated(f"{FOLDER}/{item.name}.md", _frame(catalogue, item), MARKER) for item in pages]
    return [Generated(f"{FOLDER}/README.md", _index(pages)), *frames]


def alert_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Every name that the rule files can raise, in their order."""
    of_kpi = {name: kpi for kpi in catalogue.kpis.values() for name in alert_names(catalogue, kpi)}
    for file in rule_files(catalogue, Options()):
        named: dict[str, list[Alert]] = {}
        for rule in (rule for group in file.groups for rule in group.rules if isinstance(rule, Alert)):
            named.setdefault(rule.alert, []).append(rule)
        for name, rules in named.items():
            yield Page(name, file.name, tuple(rules), of_kpi.get(name))


def _frame(catalogue: Catalogue, item: Page) -> str:
    facts = _kpi_facts(catalogue, item.kpi, item.name) if item.kpi else []
    rows = [("维度 Dimension", both(dimension(item.dimension))), *_severities(item), *facts]
    rows.append(("规则 Rules", code(f"rules/{item.file}.rules.yml")))
    conditions = [] if item.kpi else ["条件 Condition:", block(_conditions(item.rules), "promql")]
    return page(f"# {item.name}", f"**{both(item.title)}**", table(("", code(item.name)), rows), *conditions)


def _severities(item: Page) -> Iterator[tuple[str, str]]:
    copies = "；抄送合规 a copy to compliance" if item.dimension == "compliance" else ""
    for name in item.severities:
        waits = dict.fromkeys(duration(rule.wait) for rule in item.rules if rule.labels["severity"] == name)
        lasting = f"；须持续 lasting {', '.join(waits)}" if item.kpi is None else ""
        told = HEARTBEAT if item.name == WATCHDOG else SEVERITIES[name]
        yield code(name), f"{both(told)}{copies}{lasting}"


def _conditions(rules: Iterable[Alert]) -> str:
    """Each expression once, with its severity."""
    found: Mapping[str, str] = {rule.expr: rule.labels["severity"] for rule in rules}
    return "\n\n".join(f"# {severity}\n{expr}" for expr, severity in found.items())


def _kpi_facts(catalogue: Catalogue, kpi: Kpi, name: str) -> list[tuple[str, str]]:
    rows = [("指标 KPI", f"[{both(kpi.title)}](../kpis.md#{kpi.slug})"), ("线 Lines", _lines(catalogue, kpi))]
    if name.endswith("Burn"):
        burns = [f"{b.factor:g} × ({b.severity}): {code(b.long)}, {code(b.short)}" for b in kpi.alert.burn]
        rows.append(("预算倍速 Burn rates", "<br>".join(burns)))
    else:
        rows += [("窗口 Windows", _windows(kpi)), ("门槛 Gate", _gate(kpi))]
    apart = dict.fromkeys(m.name for m in (*kpi.numerator, *kpi.denominator) if m.name.endswith(WITHOUT_CALL))
    if apart:
        names = " ".join(code(measure_metric(name)) for name in apart)
        rows.append(("没有通话的行 Rows of no call", f"只计入整体 in the whole only: {names}"))
    return [*rows, ("源文件措施 Remedy of the source", both(kpi.remedy))] if kpi.remedy.zh else rows


def _lines(catalogue: Catalogue, kpi: Kpi) -> str:
    """With their slices; of a KPI that tolerates nothing only the one that alerts."""
    left_out = {"goal", "warning"} if kpi.zero_tolerance else {"goal"}
    return "<br>".join(
        f"{line(kpi, target).removeprefix('⚠ ')} {both(where(catalogue, target))} ({target.severity})"
        for target in kpi.targets
        if target.severity not in left_out
    )


def _windows(kpi: Kpi) -> str:
    """With how long the alert waits in each."""
    if kpi.zero_tolerance:
        late = f"；迟到的行 late rows: {code(kpi.alert.late)}" if kpi.alert.late else ""
        return f"{code(slow_window(kpi).name)}{late}"
    return "<br>".join(
        f"{code(look.window.name)} 须持续 lasting {duration(look.window.alert.wait)}"
        + ("，严格界 strict bound" if look.strict else "")
        for look in looks(kpi)
    )


def _gate(kpi: Kpi) -> str:
    if kpi.zero_tolerance:
        return "零容忍，一次即报 zero tolerance: once is enough"
    samples = f"样本 samples ≥ {kpi.min_samples}"
    bound = "，有利一侧的界也越过目标 and the bound on the good side is beyond the target"
    return samples + bound if has_bounds(kpi) else samples


def _index(pages: Iterable[Page]) -> str:
    listed = list(pages)
    kinds = dict.fromkeys((*KPI_DIMENSIONS, *(item.dimension for item in listed if item.kpi)))
    parts = [INTRO]
    for name in kinds:
        parts += _section(both(dimension(name)), [item for item in listed if item.kpi and item.dimension == name])
    for file in dict.fromkeys(item.file for item in listed if item.kpi is None):
        of_file = [item for item in listed if item.kpi is None and item.file == file]
        parts += _section(FILES.get(file, file), of_file)
    return head("runbooks", "exporter/catalogue and exporter/generate/rules") + "\n" + page(*parts)


def _section(title: str, pages: list[Page]) -> list[str]:
    if not pages:
        return []
    rows = [(f"[{item.name}]({item.name}.md)", ", ".join(item.severities), both(item.title)) for item in pages]
    return [f"## {title}", table(("告警 Alert", "级别 Severity", "含义 Meaning"), rows)]
