"""The text of `check`, for people: what was found, what is down, what to mend. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exporter.calldb.inspect import Inspection, Server, Timing
from exporter.calldb.inspect_statements import dependants
from exporter.commands.series import expected_series, observed
from exporter.commands.table import table
from exporter.kpi.judge import line_for
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL
from exporter.semantic.spec import Severity, SourceSpec
from exporter.settings import Settings

SLOWEST = 10
MOST_TITLES = 4
_SIGN = {"higher": ">=", "lower": "<="}


def offline(settings: Settings, catalogue: Catalogue, file: Path | None) -> str:
    """What the configuration says: sources, windows, KPIs with their lines."""
    given = settings.database_url is not None or settings.database_url_file is not None
    mapped = [text for name, source in catalogue.sources.items() if (text := _mapping(name, source))]
    rows = [
        ("configuration", str(file) if file else "environment and defaults"),
        ("call database", "given" if given else "not given: set OUTCALL_DATABASE_URL before `serve`"),
        ("state folder", str(settings.state_dir)),
        ("time zone", settings.timezone),
        ("own files", ", ".join(str(path) for path in settings.catalogue_files) or "none"),
        ("windows", ", ".join(f"{window.name} by the {window.grain}" for window in catalogue.windows)),
        ("sources", f"{len(catalogue.sources)}; mapped: {', '.join(mapped) or 'none'}"),
        ("KPIs", f"{len(catalogue.kpis)}, from {len(catalogue.measures)} measures"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


def kpi_table(catalogue: Catalogue) -> str:
    """Every KPI with its Chinese title, windows and lines."""
    header = ("KPI", "名称", "dimension", "windows", "target", "alarm line")
    rows = [
        (
            kpi.slug,
            kpi.title.zh,
            kpi.dimension,
            " ".join(window.name for window in kpi.windows) or "-",
            line_text(kpi, "warning"),
            line_text(kpi, "critical"),
        )
        for kpi in catalogue.kpis.values()
    ]
    return table(header, rows)


def line_text(kpi: Kpi, severity: Severity) -> str:
    """The line for the whole, and how many slices have lines of their own; `all` in a slice is no slice."""
    line = line_for(kpi, severity, dict.fromkeys(kpi.labels, ALL))
    whole = [] if line is None else [f"{_SIGN[kpi.direction]} {line:g}"]
    slices = sum(any(v != ALL for v in target.slice.values()) for target in kpi.targets if target.severity == severity)
    return ", ".join([*whole, *([f"{slices} by slice"] if slices else [])]) or "-"


def _mapping(name: str, source: SourceSpec) -> str:
    if source.select is not None:
        return f"{name} = your SELECT"
    return f"{name} = {source.relation}" if source.relation not in (None, name) else ""


def live(found: Inspection, catalogue: Catalogue, *, all_statements: bool = False) -> str:
    """What the call database is like; errors are named here and told in full on stderr."""
    parts = [
        _server_text(found.server),
        source_table(found, catalogue) if found.sources else "",
        timing_text(found.timings, all_statements=all_statements),
        _series_text(found, catalogue),
        _warnings(found),
        _verdict(found, catalogue),
    ]
    return "\n" + "\n\n".join(part for part in parts if part)


def _server_text(server: Server) -> str:
    side = "ahead of" if server.clock_skew >= 0 else "behind"
    standby = " (standby)" if server.is_standby else ""
    return (
        f"PostgreSQL {server.version}{standby}, database {server.database}, role {server.role}:"
        f" {server.round_trip * 1000:.1f} ms away, our clock {abs(server.clock_skew):.1f} s {side} its"
    )


def source_table(found: Inspection, catalogue: Catalogue) -> str:
    """Every source: whether it can be read, by what its rows tell their version, the KPIs that it takes down."""
    rows = []
    for name, state in found.sources.items():
        lost = kpis_of(catalogue, dependants(catalogue, name)) if state.problem else []
        readable = "UNUSABLE" if state.problem else "readable"
        rows.append((name, state.relation, readable, state.version or "-", _titles(lost)))
    return table(("source", "relation", "state", "row version", "KPIs down"), rows)


def kpis_of(catalogue: Catalogue, owners: Sequence[str] | set[str]) -> list[Kpi]:
    """The KPIs that need any of these datasets or levels."""
    return [kpi for kpi in catalogue.kpis.values() if kpi.datasets & set(owners)]


def _titles(kpis: Sequence[Kpi]) -> str:
    more = f" 等 {len(kpis)} 项" if len(kpis) > MOST_TITLES else ""
    return "、".join(kpi.title.zh for kpi in kpis[:MOST_TITLES]) + more


def timing_text(timings: Sequence[Timing], *, all_statements: bool) -> str:
    """How long each statement of one poll took, the slowest first."""
    total = sum(timing.seconds for timing in timings)
    shown = sorted(timings, key=lambda timing: -timing.seconds)[: None if all_statements else SLOWEST]
    rows = [
        (f"{timing.seconds * 1000:.1f}", str(timing.rows), timing.statement.kind, timing.statement.name)
        for timing in shown
    ]
    if not rows:
        return ""
    head = f"{len(timings)} statements, every kind that a poll may send, took {total * 1000:.0f} ms"
    slowest = "" if len(shown) == len(timings) else "; the slowest"
    return f"{head}{slowest}:\n{table(('ms', 'rows', 'kind', 'of'), rows, right=(0, 1))}"


def _series_text(found: Inspection, catalogue: Catalogue) -> str:
    number = expected_series(catalogue, observed(catalogue, found.values, found.joint))
    if found.joint:
        return f"series: up to about {number:,}, with the labels of the last hour's calls"
    return f"series: at most {number:,}; run it again when there have been calls within the hour"


def _warnings(found: Inspection) -> str:
    warnings = [finding for finding in found.findings if not finding.is_error]
    return "\n".join(["warnings:", *(f"  {finding}" for finding in warnings)]) if warnings else ""


def _verdict(found: Inspection, catalogue: Catalogue) -> str:
    errors = sum(finding.is_error for finding in found.findings)
    lost = kpis_of(catalogue, found.failed)
    counts = f"{errors} problems, {len(found.findings) - errors} warnings"
    if not lost:
        return f"{counts}; all {len(catalogue.kpis)} KPIs can be read"
    names = (
        ", ".join(f"{kpi.slug} {kpi.title.zh}" for kpi in lost) if len(lost) < len(catalogue.kpis) else "all of them"
    )
    return f"{counts}; {len(lost)} of {len(catalogue.kpis)} KPIs are down: {names}"
