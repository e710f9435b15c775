"""The tests of burn-rate pairs: a long window has spent the budget too fast, and a short one still does."""

from __future__ import annotations

from collections.abc import Iterable

from tests.alerts.fast_cases import WAITS
from tests.alerts.gauges import State, complete, gauges
from tests.alerts.kpis import Burn, Kpi, Severity
from tests.alerts.line_cases import alert, toward
from tests.alerts.promtool_file import Test

_SCENARIO = (("scenario", "operations"),)


def name(burn: Burn) -> str:
    return f"Outcall{''.join(part.capitalize() for part in burn.slug.split('_'))}Burn"


def tests(burn: Burn) -> Iterable[Test]:
    """`for` and how long it lingers are those of the short window."""
    yield _pair(burn, "critical", burn.critical, ("1h", "5m"))
    yield _pair(burn, "warning", burn.target, ("7d", "24h"))


def _pair(burn: Burn, severity: Severity, line: float, windows: tuple[str, str]) -> Test:
    kpi = Kpi(burn.slug, burn.dimension, burn.bad, burn.step, burn.sources, ())
    long, short = windows
    wait, keep = WAITS[short]
    lasting = wait + 3
    test = Test(f"{severity}: {long} and {short} beyond {line:g}, and not one alone", interval=1)
    surely = toward(kpi, burn.target, 0.5)
    worst = 1.0 if burn.bad == "High" else 0.0
    bad, on = State(toward(kpi, line, 1), surely), State(line, surely)
    covered = complete(kpi.sources, long) | complete(kpi.sources, short)
    silent = [
        (f"{long} on the line.", covered, on, bad),
        (f"{short} on the line: it is over.", covered, bad, on),
        ("29 samples, all of them bad.", covered, State(worst, surely, 29), bad),
        (f"{long} is not covered.", covered | complete(kpi.sources, long, kpi.sources[-1:]), bad, bad),
        (f"{short} is not covered.", covered | complete(kpi.sources, short, kpi.sources[-1:]), bad, bad),
    ]
    if severity == "critical" and burn.chance is not None:
        rate = burn.chance[0] / burn.chance[1]
        chance = State(1 - rate if burn.bad == "Low" else rate, samples=burn.chance[1])
        silent.append((f"{burn.chance[0]} of {burn.chance[1]} may be chance.", covered, chance, bad))
    if severity == "warning":
        silent.append(("The target is still within the bounds.", covered, State(bad.value, burn.target), bad))
    only = f',window="{long}"'
    for why, of, long_state, short_state in silent:
        minute = test.phase(lasting, of | gauges(kpi, long_state, window=long) | gauges(kpi, short_state, window=short))
        test.firing(minute + lasting - 1, name(burn), [], why, only)
    values, few = dict(covered), State(0.5, surely, 30)
    for window in windows:
        values |= complete(kpi.sources, window, replica="b") | gauges(kpi, on, window=window, replica="b")
    for labels, state in (((), bad), (_SCENARIO, few)):
        values |= gauges(kpi, state, labels, long) | gauges(kpi, bad, labels, short)
    start = test.phase(lasting, values)
    expected = [alert(kpi, severity, (), "whole", long), alert(kpi, severity, _SCENARIO, "scenario", long)]
    test.firing(start + wait - 1, name(burn), [], "Not for long enough yet.", only)
    test.firing(start + wait, name(burn), expected, "Both beyond the line, as one replica sees; 30 samples do.", only)
    end = test.phase(keep + 3, values | gauges(kpi, on, window=short) | gauges(kpi, on, _SCENARIO, short))
    test.firing(end + keep - 1, name(burn), expected, f"Over; kept for {keep} minutes.", only)
    test.firing(end + keep + 1, name(burn), [], "Clear.", only)
    return test
