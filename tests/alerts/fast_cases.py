"""The tests of the windows with strict bounds: a spike pages soon, what may be chance does not."""

from __future__ import annotations

from collections.abc import Iterable

from tests.alerts.gauges import State, complete, gauges, share, tail_labels
from tests.alerts.kpis import Fast, Kpi, Labels, Line, Spike
from tests.alerts.line_cases import Bad, alert, good, name, of_main, recovery, toward, worst
from tests.alerts.promtool_file import Test

FEW = 29
# Minutes that an alert on a window waits, and lingers.
WAITS = {"5m": (1, 5), "1h": (2, 5), "24h": (15, 15), "7d": (15, 15)}
# A window that is not judged itself ends the alarm of this one.
ENDS = {"24h": "1h"}
_SCENARIO = (("scenario", "operations"),)


def tests(kpi: Kpi) -> Iterable[Test]:
    """Both windows, by the minute."""
    if kpi.fast is not None:
        for window, spike in kpi.fast.spikes:
            yield _window(kpi, kpi.fast, window, spike)
        (shorter, _), (longer, _) = kpi.fast.spikes
        ends = {longer: shorter, **ENDS}
        for window, spike in kpi.fast.spikes:
            if window in ends:
                wait, keep = WAITS[window]
                yield recovery(kpi, window, ends[window], 1, wait + keep + 1, _bad(kpi, kpi.fast, window, spike))


def _window(kpi: Kpi, fast: Fast, window: str, spike: Spike) -> Test:
    wait, keep = WAITS[window]
    long = wait + 3
    test = Test(f"a spike pages after {wait} min of {window}; what may be chance does not", interval=1)
    only, covered = f',window="{window}"', complete(kpi.sources, window)
    for why, sources, counts in _silent(kpi, window, spike):
        held = dict(sources)
        for labels in _places(kpi):
            held |= counted(kpi, window, counts, labels)
        test.firing(test.phase(long, held) + long - 1, name(kpi), [], why, only)
    values = covered | counted(kpi, window, (FEW + 1, FEW + 1), _SCENARIO) | _everywhere(kpi, window, spike)
    start, expected = test.phase(long, values), _expected(kpi, fast, window)
    test.firing(start + wait - 1, name(kpi), [], "Not for long enough yet.", only)
    told = f"{spike.certain[0]} of {spike.certain[1]}; and 30 of 30 in a scenario."
    test.firing(start + wait, name(kpi), expected, told, only)
    calm = dict(covered)
    for labels in (*_places(kpi), _SCENARIO):
        calm |= gauges(kpi, good(kpi, labels), labels, window)
    end = test.phase(keep + 2, calm)
    test.firing(end + keep - 1, name(kpi), expected, f"Good again; kept for {keep} minutes.", only)
    test.firing(end + keep + 1, name(kpi), [], "Clear.", only)
    warning = [one for one in expected if one["severity"] == "warning" and one["level"] != "scenario"]
    for counts in spike.missed:
        minute = test.phase(long, covered | _everywhere(kpi, window, spike, counts))
        told = f"{counts[0]} of {counts[1]} miss the target; no alarm."
        test.firing(minute + long - 1, name(kpi), warning, told, only)
    if kpi.slices:
        few = dict(covered)
        for of in kpi.slices:
            few |= counted(kpi, window, (FEW + 1, FEW + 1), of.labels)
        expected = [one for one in expected if one["level"] == "slice"]
        matchers = f'{only},level="slice"'
        test.firing(test.phase(long, few) + long - 1, name(kpi), expected, "30 of 30 in a slice.", matchers)
    return test


def _everywhere(kpi: Kpi, window: str, spike: Spike, missed: tuple[int, int] | None = None) -> dict[str, float]:
    """The whole and the slices: surely beyond their lines, or beyond their targets only."""
    whole, which = missed or spike.certain, 0 if missed is None else 1
    values = counted(kpi, window, whole, over=1 - which)
    for of in kpi.slices:
        values |= counted(kpi, window, spike.slices[which] if spike.slices else whole, of.labels)
    return values


def _silent(kpi: Kpi, window: str, spike: Spike) -> Iterable[tuple[str, dict[str, float], tuple[int, int]]]:
    covered = complete(kpi.sources, window)
    yield f"{spike.chance[0]} of {spike.chance[1]}: beyond the line, but it may be chance.", covered, spike.chance
    yield "29 samples, all of them bad.", covered, (FEW, FEW)
    for source in kpi.sources:
        yield f"{source} is not read far enough.", complete(kpi.sources, window, [source]), spike.certain


def counted(kpi: Kpi, window: str, counts: tuple[int, int], labels: Labels = (), over: float = 1) -> dict[str, float]:
    """So many bad ones of so many. Of a percentile: `over` steps beyond its alarm line, so many responses above it."""
    bad, samples = counts
    if kpi.fast is not None and kpi.fast.tail is not None:
        value = State(toward(kpi, worst(kpi, kpi.lines).at, over), samples=samples)
        at = tail_labels(kpi, window, labels)
        return gauges(kpi, value, labels, window) | share(kpi.fast.tail, bad, samples, at)
    rate = bad / samples if kpi.bad == "High" else 1 - bad / samples
    return gauges(kpi, State(rate, samples=samples), labels, window)


def _bad(kpi: Kpi, fast: Fast, window: str, spike: Spike) -> Bad:
    lines = tuple(line for line in kpi.lines if line.severity in fast.severities)
    found: list[tuple[Labels, tuple[Line, ...]]] = [((), lines), *((of.labels, of.lines) for of in kpi.slices)]
    return [(labels, of, _everywhere(kpi, window, spike)) for labels, of in found]


def _places(kpi: Kpi) -> list[Labels]:
    return [(), *(of.labels for of in kpi.slices)]


def _expected(kpi: Kpi, fast: Fast, window: str) -> list[dict[str, str]]:
    whole = [one for one in of_main(kpi, window) if one["severity"] in fast.severities]
    of_scenario = [alert(kpi, one["severity"], _SCENARIO, "scenario", window) for one in whole]
    of_slices = [alert(kpi, line.severity, of.labels, "slice", window) for of in kpi.slices for line in of.lines]
    return [*whole, *of_scenario, *of_slices]
