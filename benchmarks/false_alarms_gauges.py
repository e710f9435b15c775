"""The exporter's gauges of a simulated past, as OpenMetrics text for promtool.

What a page of the exporter would show at each full minute, written by hand from contract.md and kpis.md: ratio, Wilson
95 % bounds, samples, all labels; absent where nothing is divided by nothing; every window complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmarks.false_alarms_chance import Z95, wilson
from benchmarks.false_alarms_server import head
from benchmarks.false_alarms_stream import ALL, DAY, FIRST_DAY, MONTH, WEEK, Cell, Sums

WINDOWS = {"5m": 5, "1h": 60, "24h": DAY, "7d": WEEK, "30d": MONTH}
SOURCES = ("calls", "surveys", "credit_applications")
_TARGET = {"job": "outcall-exporter", "instance": "exporter:9877"}
_MINUTE = 60

AllSums = Mapping[tuple[str, Cell, int], Sums]


def text(sums: AllSums, minutes: int) -> Iterator[str]:
    """All samples; the sums of windows that the exporter does not have are left out."""
    names = {width: name for name, width in WINDOWS.items()}
    for (kpi, cell, width), found in sums.items():
        if width in names:
            labels = {"window": names[width], "scenario": cell.scenario, "generation": cell.generation}
            yield from _gauges(kpi, labels | {"period": ALL, "script": ALL} | _TARGET, found)
    for source in SOURCES:
        for window in WINDOWS:
            series = head("outcall_window_complete", {"source": source, "window": window} | _TARGET)
            yield from _lines(series, ((minute, 1.0) for minute in range(minutes)))


def _gauges(kpi: str, labels: Mapping[str, str], sums: Sums) -> Iterator[str]:
    known = [
        (minute, numerator, denominator)
        for minute, (numerator, denominator) in enumerate(zip(sums.numerator, sums.denominator, strict=True))
        if denominator
    ]
    yield from _lines(head(f"outcall_{kpi}_samples", labels), ((at, samples) for at, _, samples in known))
    yield from _lines(head(f"outcall_{kpi}_ratio", labels), ((at, n / d) for at, n, d in known))
    # More applicants than contacts in a short window: then there is a ratio but no proportion, and no bounds.
    bounds = [(at, wilson(n / d, d, Z95)) for at, n, d in known if n <= d]
    yield from _lines(head(f"outcall_{kpi}_ratio_lower", labels), ((at, max(0.0, found[0])) for at, found in bounds))
    yield from _lines(head(f"outcall_{kpi}_ratio_upper", labels), ((at, min(1.0, found[1])) for at, found in bounds))


def _lines(series: str, points: Iterable[tuple[int, float]]) -> Iterator[str]:
    start = int(FIRST_DAY.timestamp())
    for minute, value in points:
        yield f"{series} {value!r} {start + minute * _MINUTE}\n"
