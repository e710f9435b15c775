"""`check` says what was found; series and tables are pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.commands.check_report import line_text
from exporter.commands.series import Domain, expected_series, observed
from exporter.commands.table import table, width
from exporter.semantic.load import load_catalogue
from tests.commands.process import run

CATALOGUE = load_catalogue()


def test_what_was_found(tmp_path: Path) -> None:
    """Files, sources with mappings, windows, and each KPI with its Chinese title and lines; nothing of the database."""
    (tmp_path / "own.yaml").write_text(
        "sources: {calls: {relation: crm.dialled}, surveys: {select: SELECT 1 AS survey_id}}\n"
        "kpis: {connect: {enabled: false}}"
    )
    (tmp_path / "outcall.yaml").write_text(
        "catalogue_files: [own.yaml]\ntimezone: Europe/Berlin\ndatabase_url: postgresql://u:Gold-4711@h/x\n"
    )
    done = run("check", "--config", "outcall.yaml", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    for text in (
        "configuration  outcall.yaml\n",
        "call database  given\n",
        "time zone      Europe/Berlin\n",
        "own files      own.yaml\n",
        "18; mapped: calls = crm.dialled, surveys = your SELECT\n",
        "early_hangup          30秒内挂断率      experience  5m 1h 24h 7d 30d  <= 0.25",
        "<= 0.3, 1 by slice\n",
        "7d by the hour",
    ):
        assert text in done.out
    assert "connect  " not in done.out
    assert "Gold-4711" not in done.out


def test_configuration_by_environment(tmp_path: Path) -> None:
    """OUTCALL_CONFIG names the file too; without a database the check passes and says what is missing."""
    (tmp_path / "outcall.yaml").write_text("timezone: Europe/Berlin\n")
    done = run("check", folder=tmp_path, settings={"config": "outcall.yaml"})
    assert done.status == 0
    assert "time zone      Europe/Berlin\n" in done.out
    assert "not given: set OUTCALL_DATABASE_URL" in done.out


@pytest.mark.parametrize(
    ("slug", "target", "alarm"),
    [
        ("asr_accuracy", ">= 0.97, 3 by slice", ">= 0.95, 1 by slice"),  # its alarm line is of `dialect: all`
        ("early_hangup", "<= 0.25", "<= 0.3, 1 by slice"),
        ("recovery", "2 by slice", "-"),
        ("tts_mos", ">= 4", ">= 3.5"),
        ("connect", "-", "-"),
    ],
)
def test_lines(slug: str, target: str, alarm: str) -> None:
    """That of the whole, however it is written, and how many slices have their own."""
    kpi = CATALOGUE.kpis[slug]
    assert (line_text(kpi, "warning"), line_text(kpi, "critical")) == (target, alarm)


CELLS = st.text("ab中。 ", max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.booleans())
def test_columns_stand_straight(rows: list[tuple[str, str]], right: bool) -> None:
    """However wide the letters, the second column starts at the same place in every line."""
    text = table(("名称", "|", "z"), [(first, "|", last) for first, last in rows], right=(0,) if right else ())
    starts = [line.partition("|")[0] for line in text.split("\n")]
    assert len(starts) == len(rows) + 1
    assert len({width(start) for start in starts}) == 1
    if right:
        assert all(start.endswith(f"{first}  ") for start, (first, _) in zip(starts[1:], rows, strict=True))


def test_series_of_known_domains() -> None:
    """By hand: incident_resolution has no slices, escalation those of one scenario."""
    joint = [("collection", "gen_z", "a"), ("collection", "gen_y", "a"), ("acquisition", "gen_y", "b")]
    domain = observed(CATALOGUE, {"script": ["a", "b"]}, joint)
    assert domain.sizes["script"] == 2
    assert domain.sizes["period"] == 6
    assert domain.count(["generation", "period"], "collection", 300) == 2
    assert domain.count(["generation", "period"], "collection", 86400) == 12
    assert domain.count(["scenario", "script"], None, 300) == 2
    assert domain.count([], None, 300) == 1


def test_series_without_calls() -> None:
    """Before the first call every declared combination is counted, open labels at their budget."""
    domain = observed(CATALOGUE, {}, ())
    assert domain.sizes["script"] == 30
    assert domain.count(["scenario", "script"], None, 300) == 90
    assert expected_series(CATALOGUE, domain) > expected_series(CATALOGUE, Domain(dict.fromkeys(domain.sizes, 1)))
