"""The tests of a target or an alarm line, on the window that a KPI is judged by (5-minute steps, `for` 15 minutes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.alerts.gauges import State, complete, gauges, place
from tests.alerts.kpis import Kpi, Labels, Line
from tests.alerts.promtool_file import Test

# Places with their lines, and the gauges that are beyond all of these.
Bad = Sequence[tuple[Labels, tuple[Line, ...], Mapping[str, float]]]
# A phase of four samples, the last of which would fire: 0, 5, 10, 15 minutes.
PHASE, FIRES = 4, 15


def name(kpi: Kpi) -> str:
    """`OutcallEarlyHangupHigh`."""
    return f"Outcall{''.join(part.capitalize() for part in kpi.slug.split('_'))}{kpi.bad}"


def tests(kpi: Kpi) -> Iterable[Test]:
    """All of a KPI."""
    yield fires_and_clears(kpi)
    yield stays_silent(kpi)
    yield replicas(kpi)
    if kpi.lines:
        yield places(kpi)
    if kpi.slices:
        yield slices(kpi)
    if kpi.recovers_in is not None:
        yield recovery(kpi, kpi.window, kpi.recovers_in, 5, 5, _bad_day(kpi))


def main(kpi: Kpi) -> tuple[Labels, tuple[Line, ...]]:
    """Where it is tried: the whole, or its first slice where the whole has no line."""
    return ((), kpi.lines) if kpi.lines else (kpi.slices[0].labels, kpi.slices[0].lines)


def beyond(kpi: Kpi, line: Line, samples: int = 1000) -> State:
    """Value and bound one step beyond line and target."""
    return State(toward(kpi, line.at, 1), None if line.target is None else toward(kpi, line.target, 0.5), samples)


def on_line(kpi: Kpi, line: Line) -> State:
    """Value on the line, which is still good, while the bound is beyond the target."""
    return State(line.at, None if line.target is None else toward(kpi, line.target, 0.5))


def bound_on_target(kpi: Kpi, line: Line) -> State:
    """Value beyond the line, the target still possible."""
    return State(toward(kpi, line.at, 1), line.target)


def good(kpi: Kpi, labels: Labels = ()) -> State:
    """Within every line of a place."""
    lines = [line for of in kpi.slices if of.labels == labels for line in of.lines] or list(kpi.lines)
    line = strictest(kpi, lines)
    return State(toward(kpi, line.at, -0.5), None if line.target is None else toward(kpi, line.target, -1))


def toward(kpi: Kpi, value: float, steps: float) -> float:
    """`steps` to the bad side."""
    return value + steps * kpi.step * (1 if kpi.bad == "High" else -1)


def strictest(kpi: Kpi, lines: Iterable[Line]) -> Line:
    return (min if kpi.bad == "High" else max)(lines, key=lambda line: line.at)


def worst(kpi: Kpi, lines: Iterable[Line]) -> Line:
    return (max if kpi.bad == "High" else min)(lines, key=lambda line: line.at)


def alert(kpi: Kpi, severity: str, labels: Labels, level: str, window: str = "") -> dict[str, str]:
    """The labels of a firing alert (contract.md §5)."""
    about = {"severity": severity, "kpi": kpi.slug, "dimension": kpi.dimension, "level": level}
    return about | {"window": window or kpi.window} | place(kpi, labels)


def of_main(kpi: Kpi, window: str = "") -> list[dict[str, str]]:
    labels, lines = main(kpi)
    return [alert(kpi, line.severity, labels, "slice" if labels else "whole", window) for line in lines]


def fires_and_clears(kpi: Kpi) -> Test:
    """Exactly 30 samples, a step beyond the last line, then on the good side."""
    test = Test("beyond the line it fires after a quarter of an hour, with 30 samples, and clears")
    labels, lines = main(kpi)
    all_complete = complete(kpi.sources, kpi.window)
    test.phase(6, all_complete | gauges(kpi, beyond(kpi, worst(kpi, lines), kpi.min_samples), labels))
    test.phase(6, all_complete | gauges(kpi, good(kpi, labels), labels))
    test.firing(10, name(kpi), [], "Not for long enough yet.")
    test.firing(15, name(kpi), of_main(kpi), "Beyond all lines for a quarter of an hour.")
    test.firing(40, name(kpi), of_main(kpi), "Good since minute 30; kept for a quarter of an hour.")
    test.firing(50, name(kpi), [], "Clear.")
    return test


def stays_silent(kpi: Kpi) -> Test:
    """One phase for each thing that has to hold an alert back; each would fire at its last sample."""
    test = Test("what has to hold it back, one thing after another")
    labels, lines = main(kpi)
    mildest, last = strictest(kpi, lines), worst(kpi, lines)
    covered = complete(kpi.sources, kpi.window)
    phases = [("On the line, which is good.", covered, on_line(kpi, mildest))]
    if kpi.min_samples > 1:
        phases.append(("29 samples.", covered, beyond(kpi, last, kpi.min_samples - 1)))
    if last.target is not None:
        phases.append(("The target is still within the bounds.", covered, bound_on_target(kpi, last)))
    phases += [
        (f"{source} is not read far enough.", complete(kpi.sources, kpi.window, [source]), beyond(kpi, last))
        for source in kpi.sources
    ]
    for why, window, state in phases:
        minute = test.phase(PHASE, window | gauges(kpi, state, labels))
        test.firing(minute + FIRES, name(kpi), [], why)
    if last.severity != mildest.severity:
        warning = [one for one in of_main(kpi) if one["severity"] == "warning"]
        minute = test.phase(PHASE, covered | gauges(kpi, beyond(kpi, mildest), labels))
        test.firing(minute + FIRES, name(kpi), warning, "A step beyond the target: a warning.")
        minute = test.phase(PHASE, covered | gauges(kpi, on_line(kpi, last), labels))
        test.firing(minute + FIRES, name(kpi), warning, "On the alarm line: still a warning.")
    return test


def replicas(kpi: Kpi) -> Test:
    """They differ a little; then only one sees it; then that one has not read its history."""
    test = Test("two replicas are one alert, and one that is still reading is not believed")
    labels, lines = main(kpi)
    line = worst(kpi, lines)
    milder = State(toward(kpi, line.at, 0.5), beyond(kpi, line).bound, 990)
    values = complete(kpi.sources, kpi.window) | gauges(kpi, milder, labels)
    values |= complete(kpi.sources, kpi.window, replica="b") | gauges(kpi, beyond(kpi, line), labels, replica="b")
    test.phase(PHASE, values)
    test.firing(FIRES, name(kpi), of_main(kpi), "One for each severity, without the instance.")
    minute = test.phase(6, values | gauges(kpi, good(kpi, labels), labels))
    test.firing(minute + 25, name(kpi), of_main(kpi), "The replica that sees it worse is believed.")
    unread = complete(kpi.sources, kpi.window) | gauges(kpi, good(kpi, labels), labels)
    unread |= complete(kpi.sources, kpi.window, kpi.sources, "b") | gauges(kpi, beyond(kpi, line), labels, replica="b")
    minute = test.phase(6, unread)
    test.firing(minute + 25, name(kpi), [], "Unless it has not read its history.")
    return test


def places(kpi: Kpi) -> Test:
    """The whole is good. A scenario has the general lines; a slice without lines of its own is not watched."""
    title = "a scenario has the lines of the whole" if kpi.scenarios else "a KPI of one scenario is told of once"
    test, last = Test(title), worst(kpi, kpi.lines)
    values = complete(kpi.sources, kpi.window) | gauges(kpi, good(kpi) if kpi.scenarios else beyond(kpi, last))
    scenario = (("scenario", "collection"),)
    unwatched = ((("generation", "gen_y"),), (("period", "evening"),), (("script", "b"),))
    for labels in (scenario, *unwatched, (*scenario, *unwatched[0])):
        values |= gauges(kpi, beyond(kpi, last), labels)
    values |= gauges(kpi, good(kpi), (("scenario", "operations"),))
    test.phase(PHASE, values)
    of_scenario = [alert(kpi, line.severity, scenario, "scenario") for line in kpi.lines]
    expected = of_scenario if kpi.scenarios else of_main(kpi)
    test.firing(FIRES, name(kpi), expected, "And no other slice.")
    return test


def slices(kpi: Kpi) -> Test:
    """The slices with lines of their own, all at a time, in phases like those of the whole."""
    test = Test("slices have lines of their own, and the same gates")
    covered = complete(kpi.sources, kpi.window) | (gauges(kpi, good(kpi)) if kpi.lines else {})
    phases = [("On their own lines.", on_line, strictest), ("29 samples.", _few, worst)]
    if any(line.target is not None for of in kpi.slices for line in of.lines):
        phases.append(("The target is still within the bounds.", bound_on_target, worst))
    for why, state, line in phases:
        values = dict(covered)
        for of in kpi.slices:
            values |= gauges(kpi, state(kpi, line(kpi, of.lines)), of.labels)
        test.firing(test.phase(PHASE, values) + FIRES, name(kpi), [], why)
    bad, calm = dict(covered), dict(covered)
    for of in kpi.slices:
        bad |= gauges(kpi, beyond(kpi, worst(kpi, of.lines), kpi.min_samples), of.labels)
        calm |= gauges(kpi, good(kpi, of.labels), of.labels)
    expected = [alert(kpi, line.severity, of.labels, "slice") for of in kpi.slices for line in of.lines]
    minute = test.phase(PHASE, bad)
    test.firing(minute + 10, name(kpi), [], "Beyond their own lines, the whole is good; not for long enough yet.")
    test.firing(minute + FIRES, name(kpi), expected, "Beyond their own lines, with 30 samples.")
    minute = test.phase(PHASE + 1, calm)
    test.firing(minute + 10, name(kpi), expected, "Good; kept for a quarter of an hour.")
    test.firing(minute + 20, name(kpi), [], "Clear.")
    return test


def _few(kpi: Kpi, line: Line) -> State:
    return beyond(kpi, line, 29)


def recovery(kpi: Kpi, window: str, shorter: str, interval: int, steps: int, bad: Bad) -> Test:
    """The shorter window is as surely good as the longer was surely bad; the whole and the slices side by side."""
    test = Test(f"{shorter} that are surely good end the alarm of {window}", interval)
    read, unread = complete(kpi.sources, shorter), complete(kpi.sources, shorter, kpi.sources)
    every = [alert(kpi, line.severity, at, _level(at), window) for at, lines, _ in bad for line in lines]
    least = [alert(kpi, strictest(kpi, lines).severity, at, _level(at), window) for at, lines, _ in bad]
    milder = [alert(kpi, "warning", at, _level(at), window) for at, lines, _ in bad if len(lines) > 1]
    phases = [
        ("29 prove nothing.", read, strictest, 0, 29, every),
        ("Nor do those that are not all read.", unread, strictest, 0, 30, every),
        ("Nor those that may still be beyond the line.", read, worst, 0.5, 30, every),
        ("Good enough for the alarm line, not for the target.", read, strictest, 0.5, 30, least),
        ("The alarm line itself.", read, worst, 0, 30, milder),
        ("The target.", read, strictest, 0, 30, []),
    ]
    for why, covered, line, over, samples, expected in phases:
        values = complete(kpi.sources, window) | covered
        for labels, lines, state in bad:
            values |= dict(state) | gauges(kpi, _hour(kpi, line(kpi, lines), over, samples), labels, shorter)
        minute = test.phase(steps, values)
        test.firing(minute + interval * (steps - 1), name(kpi), expected, why, f',window="{window}"')
    return test


def _bad_day(kpi: Kpi) -> Bad:
    """All places that have lines, each beyond its last."""
    places: list[tuple[Labels, tuple[Line, ...]]] = [((), kpi.lines), *((of.labels, of.lines) for of in kpi.slices)]
    return [(labels, lines, gauges(kpi, beyond(kpi, worst(kpi, lines)), labels)) for labels, lines in places]


def _level(labels: Labels) -> str:
    return "slice" if labels else "whole"


def _hour(kpi: Kpi, line: Line, steps: float, samples: int) -> State:
    """A good hour: what is sure of it lies at a line, or so many steps beyond. A percentile has no bounds."""
    sure = toward(kpi, line.at, steps)
    if line.target is not None:
        return State(min(toward(kpi, sure, -1), 1.0), None, samples, sure)
    return State(sure, None, samples)
