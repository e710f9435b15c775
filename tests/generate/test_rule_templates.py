"""Every annotation is expanded by promtool: no error, nothing left out, titles in both languages, any title at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from exporter.generate.rules.files import rule_files
from exporter.generate.rules.model import Alert, Group, Options, Recording, RuleFile
from exporter.generate.rules.yamltext import yaml_text
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.names import kpi_metric, samples_metric
from exporter.semantic.spec import Text
from tests.generate.promtool import Firing, check, firing

CATALOGUE = load_catalogue()
# What the series of health alerts may have.
OTHERS = (
    "instance", "job", "source", "scenario", "interface", "direction", "mountpoint", "channel", "collector", "reason",
    "label",
)  # fmt: skip

# Some facts have no period.
_CELLS = [
    (*worst, period) for worst in (("collection", 10_000), ("operations", -10_000)) for period in ("evening", "all")
]
_GENERATIONS = (("elderly", 100), ("gen_z", 50))


def stubbed(catalogue: Catalogue) -> tuple[list[RuleFile], dict[str, str], list[str]]:
    """Rules whose alerts hang on one series each; those series, and what templates ask for; the alerts' names."""
    files = rule_files(catalogue, Options())
    alerts = [rule for file in files for group in file.groups for rule in group.rules if isinstance(rule, Alert)]
    constant = [rule for rule in files[0].groups[0].rules if isinstance(rule, Recording) and rule.expr == "vector(1)"]
    rules = [replace(a, expr=f'stub{{at="{i}"}}', wait=0, keep=0) for i, a in enumerate(alerts)]
    series: dict[str, str] = {}
    for index, alert in enumerate(alerts):
        labels = _labels(catalogue, alert)
        series[_series("stub", {"at": str(index)} | labels)] = "0.5x1"
        if "level" in labels:
            at = {"kpi": alert.labels["kpi"], "window": alert.labels["window"]} | labels
            series[_series("outcall:kpi:samples", at)] = "512x1"
            series[_series("outcall:kpi:bad", at)] = "3x1"
    named = [
        RuleFile("titles", (Group("titles", 60, tuple(constant)),)),
        RuleFile("a", (Group("a", 60, tuple(rules)),)),
    ]
    return named, series | _cells(catalogue), list(dict.fromkeys(alert.alert for alert in alerts))


def _labels(catalogue: Catalogue, alert: Alert) -> dict[str, str]:
    kpi = catalogue.kpis.get(alert.labels["kpi"])
    if kpi is None:
        return {label: f"some-{label}" for label in OTHERS if label not in alert.labels} | {"window": "24h"}
    whole = dict.fromkeys(kpi.labels, "all") | {"level": alert.labels.get("level", "whole")}
    return whole | {label: value for label, value in alert.labels.items() if label in kpi.labels}


def _cells(catalogue: Catalogue) -> dict[str, str]:
    """For each KPI and window a cell on either side of any line, so that one of them is beyond it."""
    series = {}
    for kpi in catalogue.kpis.values():
        for window in kpi.windows:
            for scenario, value, period in _CELLS:
                for cell, (generation, samples) in product(_slices(kpi.labels, catalogue), _GENERATIONS):
                    at = {"window": window.name} | cell
                    at |= {"scenario": scenario, "generation": generation, "period": period}
                    stat = {"stat": "p95"} if kpi.kind == "quantile" else {}
                    series[_series(kpi_metric(kpi.slug, kpi.unit), at | stat)] = f"{value}x1"
                    series[_series(samples_metric(kpi.slug), at)] = f"{samples}x1"
    return series


def _slices(labels: Iterable[str], catalogue: Catalogue) -> list[dict[str, str]]:
    whole = dict.fromkeys(labels, "all")
    own = [label for label in ("bucket", "dialect") if label in whole]
    return [whole, *(whole | {label: value} for label in own for value in catalogue.dimensions[label].values)]


def _series(name: str, labels: dict[str, str]) -> str:
    pairs = [f'{label}="{value}"' for label, value in labels.items()]
    return f"{name}{{{','.join(pairs)}}}"


def expanded(catalogue: Catalogue, folder: Path) -> list[Firing]:
    """Every alert of a catalogue, firing."""
    files, series, names = stubbed(catalogue)
    paths = [folder / f"{file.name}.yml" for file in files]
    for file, path in zip(files, paths, strict=True):
        path.write_text(yaml_text([file.plain()]), "utf-8")
    return firing(folder, paths, series, names)


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> list[Firing]:
    return expanded(CATALOGUE, tmp_path_factory.mktemp("templates"))


def test_every_template_expands(fired: list[Firing]) -> None:
    """Each alert fires once; no error, no value that is missing, no part of a template left."""
    files = rule_files(CATALOGUE, Options())
    assert len(fired) == sum(isinstance(r, Alert) for file in files for group in file.groups for r in group.rules)
    for alert in fired:
        for name, text in alert.annotations.items():
            assert not re.search(r"<error|<no value>|\{\{|\}\}|%!", text), (alert.labels["alertname"], name, text)
            assert text.strip(), (alert.labels["alertname"], name)


def test_the_worst_cell_is_named(fired: list[Firing]) -> None:
    """In both languages, wherever a KPI has cells; lower values are worse where higher ones are better."""
    for alert in (alert for alert in fired if alert.labels["kpi"] in CATALOGUE.kpis):
        kpi = CATALOGUE.kpis[alert.labels["kpi"]]
        has_cells = kpi.slug not in ("ltv_uplift", "incident_resolution")
        worst, zh = ("Collection", "催收") if kpi.direction == "lower" else ("Operations", "运营")
        if has_cells:
            assert alert.annotations["where"].startswith(worst), alert
            assert alert.annotations["where_zh"].startswith(zh), alert
        else:
            assert alert.annotations["where"] == alert.annotations["where_zh"] == "-"
        if alert.labels["window"] in ("5m", "1h", "24h") and kpi.slug in ("early_hangup", "csat"):
            generation = "Z 世代" if alert.labels["generation"] == "gen_z" else "老年"
            assert alert.annotations["where_zh"] == f"{zh} / {generation} / 晚间"


def test_values_are_short_and_in_the_unit(fired: list[Firing]) -> None:
    """Short enough for the variable of an SMS."""
    values = {(a.labels["alertname"], a.labels["severity"]): a.annotations["value_zh"] for a in fired}
    assert values["OutcallEarlyHangupHigh", "critical"] in ("50% (>30%, n=512)", "50% (>40%, n=512)")
    assert values["OutcallAcquisitionCostHigh", "critical"] == "0 元 (>800 元, n=512)"
    assert values["OutcallResponseLatencyHigh", "critical"] == "500ms (>2 s, n=512)"
    assert values["OutcallTtsMosLow", "warning"] == "0.50 (<4, n=512)"
    assert values["OutcallBlockedRedialBreach", "critical"] == "3 起, n=512"
    assert values["OutcallCpuHigh", "warning"] == "50% (>85%)"
    assert max(map(len, values.values())) <= 30


NASTY = 'a "quoted" \\ back $1 {{ $labels.x }} `tick` <b> %s %d 100% ’' + "\nline: - x"


def test_any_title_will_do(tmp_path: Path) -> None:
    """Titles are an operator's: they are text, whatever they look like."""
    nasty = Text(zh=NASTY, en=NASTY)
    kpi = CATALOGUE.kpis["early_hangup"]
    scenario = CATALOGUE.dimensions["scenario"]
    titled = scenario.model_copy(update={"values": dict.fromkeys(scenario.values, nasty)})
    catalogue = replace(
        CATALOGUE,
        kpis={"early_hangup": replace(kpi, title=nasty, remedy=nasty)},
        dimensions={**CATALOGUE.dimensions, "scenario": titled},
    )
    fired = [alert for alert in expanded(catalogue, tmp_path) if alert.labels["kpi"] == "early_hangup"]
    assert check(tmp_path / "a.yml", tmp_path / "titles.yml") == ""
    assert len(fired) == 9
    for alert in fired:
        assert NASTY in alert.annotations["summary"]
        assert NASTY in alert.annotations["description"]
        assert alert.annotations["where"].startswith(NASTY)
