"""What other windows, bounds and waits would bring and cost, beside the shipped ones.

Worked out from the sums with the gate alone (line, bound beyond the target, samples): the suppression of alerts that a
shorter window contradicts, which the shipped rules have too, is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.false_alarms_chance import Z95
from benchmarks.false_alarms_gates import Line, fired, lines
from benchmarks.false_alarms_gauges import AllSums
from benchmarks.false_alarms_pasts import FALL, FAST_WIDTHS, Past, evening_delays
from benchmarks.false_alarms_rules import Alert, Firing
from benchmarks.false_alarms_stream import DAY, MONTH, WEEK
from benchmarks.report import quantile, show

BOUNDS = (Z95, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
RARE_WIDTHS, RARE_WAITS = (5, 15, 60), (1, 2, 5, 10)
SLOW_WAITS = (15, 240)
_KINDS = (
    ("early_hangup", "warning"),
    ("early_hangup", "critical"),
    ("lead_conversion", "warning"),
    ("csat", "warning"),
    ("csat", "critical"),
)

Row = tuple[object, ...]


def fast(calm: Sequence[Past], spiked: Mapping[int, Past]) -> list[Row]:
    """Critical hang-up alerts on short windows: false ones in the calm pasts, delays in the others."""
    watched = _lines_of("early_hangup", "critical")
    rows: list[Row] = []
    for width in FAST_WIDTHS:
        for z in BOUNDS:
            false = sum(len(_fired(watched, one.sums, width, z, _wait(width))) for one in calm)
            found = [
                evening_delays(_fired(watched, one.sums, width, z, _wait(width)), one.days) for one in spiked.values()
            ]
            rows.append((f"{width}m", _z(z), false, *(column for delays in found for column in delay_columns(delays))))
    head = ["window", "z", f"false in {sum(one.days for one in calm)} days"]
    for volume, one in spiked.items():
        head += [f"seen of {one.days} at {volume:,}", "median min", "90 %", "longest"]
    show("Critical hang-up alerts with other windows and bounds", head, rows)
    return rows


def _wait(width: int) -> int:
    return 1 if width < FAST_WIDTHS[-1] else 2


def rare(quiet: Iterable[AllSums], days: int) -> list[Row]:
    """False critical hang-up alerts at the whole, the scenarios and the elderly, in `days` days, where they are few."""
    counts: Counter[tuple[int, float, int, str]] = Counter()
    shapes = [(width, z, wait) for width in RARE_WIDTHS for z in BOUNDS[2:] for wait in RARE_WAITS]
    for sums in quiet:
        for width, z, wait in shapes:
            found = _fired(_lines_of("early_hangup", "critical"), sums, width, z, wait)
            counts.update((width, z, wait, firing.level) for firing in found)
    levels = ("whole", "scenario", "slice")
    rows: list[Row] = [
        (f"{width}m", _z(z), f"{wait}m", *(counts[width, z, wait, level] for level in levels))
        for width, z, wait in shapes
    ]
    show(f"False critical hang-up alerts in {days} days", ("window", "z", "for", *levels), rows)
    return rows


def slow(calm: Sequence[Past], fallen: Sequence[AllSums]) -> list[Row]:
    """Alerts on long windows in the calm pasts, and how soon satisfaction that falls back to "before" is seen."""
    rows: list[Row] = []
    for width in (DAY, WEEK, MONTH):
        for wait in SLOW_WAITS:
            for z in BOUNDS:
                false = [
                    sum(len(_fired(_lines_of(*kind), one.sums, width, z, wait)) for one in calm) for kind in _KINDS
                ]
                hours = [_hours_until_seen(sums, width, z, wait) for sums in fallen]
                seen = (_shown(quantile(hours, share)) for share in (0.0, 0.5, 1.0))
                rows.append((_name(width), _z(z), f"{wait}m", *false, *seen))
    head = ["window", "z", "for", *map(" ".join, _KINDS), "hours until seen: least", "median", "most"]
    days = sum(one.days for one in calm)
    show(f"False alerts in {days} days, and hours until a fall of satisfaction is seen", head, rows)
    return rows


def _lines_of(kpi: str, severity: str) -> list[Line]:
    return [line for line in lines() if (line.kpi, line.severity) == (kpi, severity)]


def _z(z: float) -> str:
    return f"{z:.3g}"


def _name(width: int) -> str:
    return "24h" if width == DAY else f"{width // DAY}d"


def _hours_until_seen(sums: AllSums, width: int, z: float, wait: int) -> float:
    """From the fall to the first warning on satisfaction at any level; inf when it is not seen."""
    watched = _lines_of("csat", "warning")
    starts = [firing.start - FALL * DAY for firing in _fired(watched, sums, width, z, wait)]
    return min((start / 60 for start in starts if start >= 0), default=math.inf)


def _fired(watched: Iterable[Line], sums: AllSums, width: int, z: float, wait: int) -> list[Firing]:
    found = []
    for line in watched:
        shape = Alert("", "", line.severity, line.kpi, "", wait, min(wait + 4, 15))
        found += fired(line, shape, sums, width, z)
    return found


def delay_columns(found: Sequence[float]) -> Row:
    """How many were seen; median, 90 % and longest delay."""
    return sum(map(math.isfinite, found)), *(_shown(quantile(found, share)) for share in (0.5, 0.9, 1.0))


def _shown(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "–"
