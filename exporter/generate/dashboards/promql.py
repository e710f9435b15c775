"""PromQL of the boards. Pure text. Of several replicas the one that sees a KPI worse is believed, as in the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.generate.rules.promql import WORSE
from exporter.generate.rules.promql import selector as selector
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import (
    ALL,
    PREFIX,
    SLICE_LABELS,
    UNIT_SUFFIX,
    bound_metric,
    kpi_metric,
    measure_metric,
    samples_metric,
)

INFO, TARGET, STATE = f"{PREFIX}kpi_info", f"{PREFIX}kpi_target", f"{PREFIX}kpi_state"
# By `kpi`, 1 where higher is better and -1 where lower is: times a change it is positive for the better.
GOOD_SIGN = f'(max by (kpi) ({INFO}{{direction="higher"}}) or on (kpi) -max by (kpi) ({INFO}{{direction="lower"}}))'
# What sums of floating point may be off.
TINY = "1e-12"
# Ratios are read in percent.
PERCENT = 100
# What a KPI that has no such label is matched by too.
OR_NONE = "|"
WATCHDOG = "OutcallWatchdog"


def firing(ago: str = "", **labels: str) -> str:
    """The alerts that fire, but for the heartbeat. `ago`: an offset."""
    of = "".join(f',{label}="{value}"' for label, value in labels.items() if value)
    offset = f" offset {ago}" if ago else ""
    return f'ALERTS{{alertstate="firing",alertname=~"Outcall.+",alertname!="{WATCHDOG}"{of}}}{offset}'


def whole(labels: Iterable[str], **at: str) -> dict[str, str]:
    """Matchers of the whole, but for the labels given."""
    return {label: at.get(label, ALL) for label in labels}


def own_labels(catalogue: Catalogue) -> list[str]:
    """Labels that some KPIs have beyond the usual four."""
    return sorted({label for kpi in catalogue.kpis.values() for label in kpi.labels[len(SLICE_LABELS) :]})


def gauge(kpi: Kpi, part: str, matchers: Mapping[str, str], by: Iterable[str] = (), ago: str = "") -> str:
    """A KPI's value, `lower`, `upper` or `samples`. `ago`: an offset."""
    name = kpi_metric(kpi.slug, kpi.unit)
    if part == "samples":
        name = samples_metric(kpi.slug)
    elif part != "value":
        name = bound_metric(kpi.slug, kpi.unit, part)
    wanted = {label: text for label, text in matchers.items() if label != "window" or kpi.windows}
    if part == "value" and kpi.kind == "quantile":
        wanted["stat"] = "p95"
    how = "max" if part == "samples" else WORSE[kpi.direction]
    return f"{how}{_by(by)} ({selector(name, wanted)}{f' offset {ago}' if ago else ''})"


def gauge_any_stat(kpi: Kpi, matchers: Mapping[str, str]) -> str:
    """All statistics of a KPI that has several, by `stat`."""
    return f"max by (stat) ({selector(kpi_metric(kpi.slug, kpi.unit), matchers)})"


def _by(labels: Iterable[str]) -> str:
    found = ", ".join(labels)
    return f" by ({found})" if found else ""


def measure(name: str, matchers: Mapping[str, str], by: Iterable[str] = ()) -> str:
    """The total of a measure over its cells, of one replica."""
    labels = list(by)
    total = f"sum by ({', '.join(('job', 'instance', *labels))}) ({selector(measure_metric(name), matchers)})"
    return f"max{_by(labels)} ({total})"


def target(slug: str, severity: str, at: Mapping[str, str], catalogue: Catalogue) -> str:
    """A line of a KPI: that of a slice which has one of its own, else that of the whole. `at`: label and value."""
    labels = [*SLICE_LABELS, *own_labels(catalogue)]
    of = {"kpi": slug, "severity": severity}
    found = [of | whole(labels, **{label: value}) for label, value in at.items() if value != ALL]
    return "\nor ".join(f"max({selector(TARGET, matchers)})" for matchers in (*found, of | whole(labels)))


# Any KPI, chosen by a variable: its name is known when the query is sent ----------------------------------------------

KPI = "${kpi}"
_SUFFIXES = "|".join(UNIT_SUFFIX.values())


def named(slugs: str, part: str = "value") -> str:
    """A matcher for the families of KPIs, whatever their unit. `slugs`: alternatives of a regular expression."""
    if part == "samples":
        return f'__name__=~"{PREFIX}({slugs})_samples"'
    return f'__name__=~"{PREFIX}({slugs})({_SUFFIXES}){"" if part == "value" else f"_{part}"}"'


def anyone(matchers: Mapping[str, str], part: str = "value", slugs: str = KPI, ago: str = "") -> str:
    """The gauges of KPIs, whatever their unit; of a percentile the 95th. `ago`: an offset."""
    stat = {"stat": f"=~p95{OR_NONE}"} if part == "value" else {}
    return f"{{{named(slugs, part)},{selector('', dict(matchers) | stat)[1:]}{f' offset {ago}' if ago else ''}"


def slugged(expr: str, part: str = "value", by: str = "kpi") -> str:
    """Series of several KPIs with the KPI as a label instead of the family's name."""
    suffix = "_samples" if part == "samples" else f"({_SUFFIXES}){'' if part == 'value' else f'_{part}'}"
    return f'max by ({by}) (label_replace({expr}, "kpi", "$1", "__name__", "{PREFIX}(.+){suffix}"))'


def chosen(catalogue: Catalogue, **at: str) -> dict[str, str]:
    """Matchers of the slice that the variables say, for any KPI: a label that it does not have matches as well."""
    found = {"window": f"=~$window{OR_NONE}"} | {label: f"${label}" for label in SLICE_LABELS}
    return found | {label: f"=~${{{label}:regex}}{OR_NONE}" for label in own_labels(catalogue)} | at


def targets(catalogue: Catalogue, *severities: str, generation: str = "") -> str:
    """By KPI its line, the first of several severities that it has; of a generation, where that has one of its own."""
    labels = [*SLICE_LABELS, *own_labels(catalogue)]
    places = [whole(labels, **at) for at in (({"generation": generation},) if generation else ())] + [whole(labels)]
    return "\nor on (kpi) ".join(
        f"max by (kpi) ({selector(TARGET, {'severity': severity} | place)})"
        for severity in severities
        for place in places
    )


def titles(labels: str, matchers: str = "") -> str:
    """What KPIs are, one series each, also while two replicas do not say the same (an upgrade, another catalogue)."""
    return f"max by (kpi, {labels}) (topk by (kpi) (1, {INFO}{matchers}))"


def info(slug: str = KPI, none_of: Iterable[str] = (), **matchers: str) -> str:
    """1 where the KPI is such a one, and none of some."""
    others = "|".join(none_of)
    more = f',kpi!~"{others}"' if others else ""
    return f"max({selector(INFO, {'kpi': slug} | matchers)[:-1]}{more}}})"


def factor(slug: str = KPI) -> str:
    """What a value is multiplied by to be read: 100 for ratios, which are shown in percent."""
    return f"({info(slug, unit='ratio')} * {PERCENT} or {info(slug)})"


def sign(slug: str = KPI) -> str:
    """1 where lower is better, -1 where higher is: times a difference it is positive on the bad side."""
    return f"({info(slug, direction='lower')} or -{info(slug, direction='higher')})"


def times(expr: str, *factors: str) -> str:
    """Slices times what has no labels."""
    return f"({expr})" + "".join(f"\n* on () group_left () {by}" for by in factors)


def own_target(catalogue: Catalogue, severity: str) -> str:
    """The chosen KPI's line at the chosen value of a label of its own, else that of the whole."""
    return target(KPI, severity, {label: f"${label}" for label in own_labels(catalogue)}, catalogue)


def line_of(severity: str, catalogue: Catalogue) -> tuple[str, str]:
    """What slices (with `generation`) are measured by: that of their generation, and the usual one."""
    labels = [*SLICE_LABELS, *own_labels(catalogue)]
    of = {"kpi": KPI, "severity": severity} | dict.fromkeys(labels, ALL) | {"generation": f"!={ALL}"}
    own = f"on (generation) group_left () max by (generation) ({selector(TARGET, of)})"
    return own, f"on () group_left () ({own_target(catalogue, severity)})"


def only_chosen(values: str, labels: Iterable[str]) -> str:
    """Of slices those that agree with the variables; a variable that says `all` agrees with every slice."""
    text = f"({values})"
    for label in labels:
        title = f"outcall:{label}:title"
        every = f'{title} and on () {title}{{{label}="${label}",{label}="{ALL}"}}'
        text += f'\nand on ({label}) ({title}{{{label}="${label}"}} or ({every}))'
    return text


def titled(values: str, labels: Iterable[str], language: str) -> str:
    """Slices with what their labels' values are called, as further labels."""
    return f"({values})" + "".join(
        f"\n* on ({label}) group_left ({label}_{language}) outcall:{label}:title" for label in labels
    )


def read(expr: str, labels: str = "") -> str:
    """Values by KPI as they are read (ratios in percent); `labels`: of `outcall_kpi_info` to be added."""
    more = f", {labels}" if labels else ""
    ratios = titles(f"unit{more}", '{unit="ratio"}') + f" * {PERCENT}"
    others = titles(f"unit{more}", '{unit!="ratio"}')
    return f"({expr})\n* on (kpi) group_left (unit{more}) ({ratios} or on (kpi) {others})"
