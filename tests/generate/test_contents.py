"""The references hold everything there is: KPIs, metric families, settings, tables and columns."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from exporter.calldb.schema import canonical_tables, schema_sql
from exporter.collectors.host import HostCollector
from exporter.commands.families import described, families
from exporter.generate.calldb import call_database_reference, parse_schema
from exporter.generate.configuration import configuration_reference, example_file
from exporter.generate.kpis import formula, kpi_reference, kpi_table, simple
from exporter.generate.markdown import table
from exporter.generate.metrics import FamilyDoc, metrics_reference
from exporter.semantic.load import load_catalogue
from exporter.semantic.names import bound_metric, kpi_metric, measure_metric, samples_metric
from exporter.semantic.yamlfile import parse_yaml
from exporter.settings import Settings

CATALOGUE = load_catalogue()
# What every dashboard about the exporter itself relies on.
HEALTH = (
    "as_of_timestamp_seconds",
    "build_info",
    "collector_duration_seconds",
    "collector_last_success_timestamp_seconds",
    "collector_success",
    "config_last_reload_success_timestamp_seconds",
    "config_last_reload_successful",
    "kpi_info",
    "kpi_target",
    "newest_event_timestamp_seconds",
    "queries_total",
    "query_duration_seconds",
    "reconcile_corrections_total",
    "rejected_rows_total",
    "rows_read_total",
    "series",
    "series_dropped_total",
    "up",
    "watermark_timestamp_seconds",
    "window_complete",
    "window_start_timestamp_seconds",
)


def documented(reference: str) -> set[str]:
    """Names in the first column of the tables."""
    return set(re.findall(r"^\| `(\w+)` \|", reference, re.MULTILINE))


def test_every_kpi_is_explained() -> None:
    """Slug, titles, formula, metric, remedy, each target."""
    reference = kpi_reference(CATALOGUE)
    for kpi in CATALOGUE.kpis.values():
        stanza = reference.split(f'<a id="{kpi.slug}"></a>')[1].split('<a id="')[0]
        assert f"### {kpi.title.zh} · {kpi.title.en}" in stanza
        assert stanza.index(kpi.definition.zh) < stanza.index(kpi.definition.en)
        assert f"`{kpi_metric(kpi.slug, kpi.unit)}`" in stanza
        assert formula(kpi) in stanza
        assert kpi.remedy.zh in stanza
        assert stanza.count("目标线") + stanza.count("告警线") + stanza.count("（只展示）") >= len(kpi.targets)
        for measure in kpi.measures:
            assert measure.help in stanza


def test_targets_read_as_in_the_source() -> None:
    """Percentages, the good side for a target, the bad side for an alarm line, `=` where nothing is better."""
    rows = {line.split("`")[1]: line for line in kpi_table(CATALOGUE, "x").splitlines() if "`outcall_" in line}
    assert rows["outcall_early_hangup_ratio"].endswith("| ≤ 25% | > 30%<br>> 40% 老年 |")
    assert rows["outcall_acquisition_cost_cny"].endswith("| ≤ 500 CNY | > 800 CNY |")
    assert rows["outcall_compliant_speech_ratio"].endswith("| ≥ 99.9% | < 99% |")
    assert rows["outcall_masking_ratio"].endswith("| = 100% | < 100% |")
    assert rows["outcall_blocked_redial_ratio"].endswith("| = 0% | > 0% |")
    assert rows["outcall_connect_ratio"].endswith("| – | – |")
    assert len(rows) == len(CATALOGUE.kpis)


def test_links_of_the_table_lead_somewhere() -> None:
    anchors = set(re.findall(r'<a id="(\w+)">', kpi_reference(CATALOGUE)))
    linked = set(re.findall(r"\(docs/kpis\.md#(\w+)\)", kpi_table(CATALOGUE, "docs/kpis.md")))
    assert linked == anchors == set(CATALOGUE.kpis)


def test_a_kpi_of_another_dimension_is_not_lost() -> None:
    """Operators may give theirs a dimension of their own."""
    kpi = replace(CATALOGUE.kpis["connect"], slug="own", dimension="branch")
    more = replace(CATALOGUE, kpis={**CATALOGUE.kpis, "own": kpi})
    assert "## branch branch" in kpi_reference(more)
    assert "outcall_own_ratio" in kpi_table(more, "x")


def test_every_family_is_listed() -> None:
    """Those of the catalogue by their public names, and all that this machine's collectors give."""
    wanted = {measure_metric(m.name) for m in CATALOGUE.measures.values() if not m.bounds}
    for kpi in CATALOGUE.kpis.values():
        wanted.add(kpi_metric(kpi.slug, kpi.unit))
        wanted |= {bound_metric(kpi.slug, kpi.unit, side) for side in ("lower", "upper") if kpi.kind == "ratio"}
        wanted |= {samples_metric(kpi.slug)} if kpi.kind != "uplift" else set()
    wanted |= {family.name for family in described(HostCollector().collect())}
    wanted |= {f"outcall_{name}" for name in HEALTH}
    names = documented(metrics_reference(CATALOGUE, families(CATALOGUE)))
    assert wanted - names == set()


def test_no_family_is_listed_twice() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", metrics_reference(CATALOGUE, families(CATALOGUE)), re.MULTILINE)
    shown = [name for name in listed if name.startswith(("outcall_", "process_", "python_"))]
    assert len(shown) == len(set(shown))


def test_families_are_described_as_they_appear() -> None:
    """A counter's name ends in `_total`, a histogram's label `le` is not told, labels are known without samples too."""
    counter = CounterMetricFamily("outcall_a", "A.", labels=["x"])
    histogram = HistogramMetricFamily("outcall_b", "B.", labels=["y"])
    histogram.add_metric(["1"], buckets=[("+Inf", 1)], sum_value=1)
    gauge = GaugeMetricFamily("outcall_c", "C.", value=1)
    assert described([gauge, histogram, counter, gauge]) == [
        FamilyDoc("outcall_a_total", "counter", ("x",), "A."),
        FamilyDoc("outcall_b", "histogram", ("y",), "B."),
        FamilyDoc("outcall_c", "gauge", (), "C."),
    ]


def test_every_setting_is_listed() -> None:
    """With its variable and meaning; and the example is a valid file."""
    reference = configuration_reference()
    for key, field in Settings.model_fields.items():
        row = next(line for line in reference.splitlines() if line.startswith(f"| `{key}` |"))
        assert f"`OUTCALL_{key.upper()}`" in row
        assert field.description
        assert field.description in row
    Settings.model_validate(parse_yaml(example_file(), "example.yaml").data)


def test_no_default_names_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert "/home/somebody" not in configuration_reference()
    assert "<function" not in configuration_reference()


def test_every_table_and_column_is_listed() -> None:
    """The schema and the sources agree: what is read exists, with that type and that key."""
    tables = parse_schema(schema_sql())
    reference = call_database_reference(CATALOGUE, schema_sql())
    assert tuple(tables) == canonical_tables()
    for name, source in CATALOGUE.sources.items():
        assert source.columns.items() <= tables[name].columns.items()
        assert tuple(source.key) == tables[name].key
        section = reference.split(f"## `{name}`")[1].split("\n## ")[0]
        assert documented(section) == set(tables[name].columns)
    assert tables["calls"].indexes[-1] == "(dialed_at) WHERE ended_at IS NULL"


@pytest.mark.parametrize(
    ("sql", "short"),
    [
        ("count(*) FILTER (WHERE (true) AND true)", "count(*)"),
        (
            "count(*) FILTER (WHERE (a = 1) AND true AND (b) IS NOT TRUE)",
            "count(*) FILTER (WHERE (a = 1) AND (b) IS NOT TRUE)",
        ),
        ("sum(x) FILTER (WHERE true AND (b) IS NOT TRUE)", "sum(x) FILTER (WHERE (b) IS NOT TRUE)"),
        ("sum(x) FILTER (WHERE true)", "sum(x)"),
    ],
)
def test_sql_without_what_is_always_true(sql: str, short: str) -> None:
    assert simple(sql) == short


def test_cells_cannot_break_a_table() -> None:
    assert table(("a",), [("x | y",)]) == "| a |\n| --- |\n| x \\| y |"
