"""An operator's own file over the shipped catalogue: one stanza adds a KPI, one line changes a threshold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.calldb.query import aggregate_sql, fingerprints
from exporter.errors import ConfigError
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.names import kpi_metric

SHIPPED = load_catalogue()

ONE_STANZA = """
kpis:
  long_call:
    title: {zh: 长通话率, en: Long calls}
    definition: {zh: 通话≥5 分钟的外呼数 / 总外呼数, en: Dials of at least five minutes / dials}
    dimension: experience
    numerator: [long_calls]
    denominator: [dials]
    direction: higher
    cadence: weekly
    targets: [{severity: warning, value: 0.1}]
    measures:
      long_calls:
        fact: dial
        count: "{answered} AND calls.ended_at - calls.answered_at >= interval '5 minutes'"
        help: Answered dials of at least five minutes
"""

Overlay = Callable[[str], Catalogue]


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """Loads the catalogue with a file of these contents over it."""

    def load(text: str) -> Catalogue:
        (tmp_path / "own.yaml").write_text(text, "utf-8")
        return load_catalogue([tmp_path / "own.yaml"])

    return load


def without(catalogue: Catalogue, names: set[str]) -> dict[str, str]:
    """Fingerprints of all but some datasets."""
    return {name: value for name, value in fingerprints(catalogue).items() if name not in names}


def test_a_kpi_is_one_stanza(overlay: Overlay) -> None:
    """A new KPI with a measure of its own appears whole, and no other dataset has to be read again for it."""
    catalogue = overlay(ONE_STANZA)
    kpi = catalogue.kpis["long_call"]
    assert set(catalogue.kpis) - set(SHIPPED.kpis) == {"long_call"}
    assert kpi_metric(kpi.slug, kpi.unit) == "outcall_long_call_ratio"
    assert [window.name for window in kpi.windows] == ["5m", "1h", "24h", "7d", "30d"]
    assert kpi.datasets == {"dial", "dial.long_call"}
    assert catalogue.measures["long_calls"].dataset == "dial.long_call"
    assert without(catalogue, {"dial.long_call"}) == fingerprints(SHIPPED)
    sql = aggregate_sql(catalogue.datasets["dial.long_call"], catalogue.sources["calls"], "minute")
    assert "calls.answered_by <> 'machine'" in sql
    assert "interval '5 minutes'" in sql
    assert catalogue.datasets["dial.long_call"].slices == catalogue.datasets["dial"].slices


def test_a_threshold(overlay: Overlay) -> None:
    """Targets are replaced as a whole; nothing is read again."""
    catalogue = overlay("kpis: {early_hangup: {targets: [{severity: critical, value: 0.35}], min_samples: 100}}")
    (target,) = catalogue.kpis["early_hangup"].targets
    assert (target.severity, target.value) == ("critical", 0.35)
    assert catalogue.kpis["early_hangup"].min_samples == 100
    assert catalogue.kpis["early_hangup"].title == SHIPPED.kpis["early_hangup"].title
    assert fingerprints(catalogue) == fingerprints(SHIPPED)


def test_a_parameter(overlay: Overlay) -> None:
    """A rule of the house in one line; only the facts that follow it are read again."""
    changed = fingerprints(overlay("parameters: {collection_dials_per_day: 2}"))
    assert {name for name, value in fingerprints(SHIPPED).items() if changed[name] != value} == {"regulated_dial"}


def test_a_source_of_ones_own(overlay: Overlay) -> None:
    """A source mapped to a SELECT stands in every statement that reads it, and only those are read again."""
    select = "SELECT id AS survey_id, c AS call_id, t AS responded_at, ok AS satisfied, m AS updated_at FROM crm.nps"
    catalogue = overlay(f"sources: {{surveys: {{select: '{select}'}}}}")
    dataset = catalogue.datasets["survey"]
    assert f"FROM ({select}) AS surveys " in aggregate_sql(dataset, catalogue.sources["surveys"], "minute")
    read = {"survey", "survey_without_call"}
    assert without(catalogue, read) == without(SHIPPED, read)
    assert all(fingerprints(catalogue)[name] != fingerprints(SHIPPED)[name] for name in read)


def test_a_table_of_ones_own(overlay: Overlay) -> None:
    """A mapped relation keeps the alias that the catalogue's SQL knows, in joins too."""
    catalogue = overlay("sources: {calls: {relation: 'crm.\"Calls\"'}}")
    for name, dataset in catalogue.datasets.items():
        sql = aggregate_sql(dataset, catalogue.sources[dataset.source], "minute")
        assert ('crm."Calls" AS' in sql) == ("calls" in dataset.needs), name
        assert " calls AS" not in sql, name


def test_a_disabled_kpi(overlay: Overlay) -> None:
    """A disabled KPI is gone; its measures, which others may use, stay."""
    catalogue = overlay("kpis: {connect: {enabled: false}}")
    assert set(SHIPPED.kpis) - set(catalogue.kpis) == {"connect"}
    assert catalogue.measures.keys() == SHIPPED.measures.keys()


def test_a_label_and_its_bands(overlay: Overlay) -> None:
    """Bands are replaced entry by entry; what they cut is read again."""
    catalogue = overlay('dimensions: {period: {bands: {from: {"20:00": evening}}}}'.replace("20:00", "18:00"))
    assert fingerprints(catalogue) == fingerprints(SHIPPED)
    later = overlay("dimensions: {generation: {bands: {below: unknown}}}")
    differing = {name for name, value in fingerprints(SHIPPED).items() if fingerprints(later)[name] != value}
    assert differing == {"task_need", "task_completion"}


def test_several_files(tmp_path: Path) -> None:
    """Of several files the later one wins, key by key."""
    (tmp_path / "a.yaml").write_text("kpis: {csat: {min_samples: 50, enabled: false}}")
    (tmp_path / "b.yaml").write_text("kpis: {csat: {enabled: true}}")
    catalogue = load_catalogue([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert catalogue.kpis["csat"].min_samples == 50


def test_time_zone() -> None:
    """Days and periods are cut in the zone that is given, and only what depends on it is read again."""
    berlin = fingerprints(load_catalogue(timezone="Europe/Berlin"))
    same = {name for name, value in fingerprints(SHIPPED).items() if berlin[name] == value}
    assert same == {
        "case_entry", "repayment", "ledger_entry", "incident", "task_need", "task_completion",
        "masking_scan_without_call", "complaint_without_call", "survey_without_call", "quality_label_without_call",
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"'\.\./etc/passwd' is not a known time zone"):
        load_catalogue(timezone="../etc/passwd")
