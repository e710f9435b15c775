"""What is wrong with an answer, in sentences. Pure; empty answers are judged elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from devtools.grafana.boards import Json, Panel
from devtools.grafana.fields import config_of
from devtools.grafana.frames import Frame, display_name, series_frames, table_frames
from devtools.grafana.run import Result
from devtools.grafana.transform import transform

MOST_SERIES = 200
LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Labels of some KPIs only: a table for any KPI names them all.
OWN_LABELS = {"bucket", "dialect", "task"}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^\]]*\]')
# Numerator and denominator have times of their own: what is applied for in a window may come from contacts before it.
NO_SHARES = ("lead_conversion", "recovery", "task_completion", "complaint")
MOST_OF_THOSE = 20.0
# A timestamp on a dashboard: after this project began, and not later than tomorrow; milliseconds.
EARLIEST, DAY = 1_577_836_800_000.0, 86_400_000.0
TIMES = ("dateTimeAsIso", "dateTimeFromNow", "dateTimeAsLocal", "dateTimeAsSystem")
NEVER_NEGATIVE = ("s", "ms", "m", "bytes", "decbytes", "Bps", "binBps", "bps", "currencyCNY", "reqps", "ops")


def problems(panel: Panel, results: Sequence[Result], now: float, *, whole: bool = True) -> list[str]:
    """Everything that is wrong with the answers of a panel; `now` in Unix seconds.

    `whole`: nothing is drilled into, so that a matrix has all its columns.
    """
    found = [f"{result.ref_id}: {text}, in {result.expr}" for result in results for text in _series_problems(result)]
    count = sum(len(result.series) for result in results)
    if count > MOST_SERIES:
        found.append(f"{count} series, more than {MOST_SERIES}")
    return [*found, *_columns(panel, results, whole=whole), *_ranges(panel, results, now)]


def _series_problems(result: Result) -> Iterator[str]:
    wanted = set(LEGEND.findall(result.target.legend))
    for series in result.series:
        if missing := wanted - set(series.labels):
            yield f"the legend names {', '.join(sorted(missing))}, which {dict(series.labels)} has not"
            break
    for series in result.series:
        if not all(math.isfinite(value) for _, value in series.points):
            yield f"{dict(series.labels)} is not finite"
            break


def _frames(results: Sequence[Result]) -> list[Frame]:
    series = [f for each in results if each.target.format != "table" for f in series_frames(each.target, each.series)]
    return series + table_frames([(each.target, each.series) for each in results if each.target.format == "table"])


def _columns(panel: Panel, results: Sequence[Result], *, whole: bool) -> Iterator[str]:
    """Columns that a table's transformations and overrides name, and that are not there; where all have answered."""
    matrix = any(step["id"] == "groupingToMatrix" for step in panel.transformations)
    if panel.type != "table" or not all(result.series for result in results) or (matrix and not whole):
        return
    frames = _frames(results)
    for step in panel.transformations:
        if step["id"] == "organize":
            names = {display_name(one, frame, frames) for frame in frames for one in frame.fields}
            names |= {one.name for frame in frames for one in frame.fields}
            yield from (
                f"organize names a column {name!r}: there are {sorted(names)}"
                for name in _named(step) - names - OWN_LABELS
            )
        frames = transform(frames, [step])
    names = {display_name(one, frame, frames) for frame in frames for one in frame.fields}
    wanted = {one["matcher"]["options"] for one in panel.overrides if one["matcher"]["id"] == "byName"}
    if not matrix:
        yield from (f"an override names a column {name!r}: there are {sorted(names)}" for name in wanted - names)


def _named(step: Json) -> set[str]:
    """Columns that are renamed or placed; those to leave out may be missing."""
    options = step.get("options") or {}
    return {*(options.get("renameByName") or {}), *(options.get("indexByName") or {})}


def _ranges(panel: Panel, results: Sequence[Result], now: float) -> Iterator[str]:
    frames = transform(_frames(results), panel.transformations)
    text = " ".join(STRING.sub("", result.expr) for result in results)
    may_fall = " - " in text or "offset" in text or "uplift" in " ".join(result.expr for result in results)
    most = MOST_OF_THOSE if any(kpi in result.expr for kpi in NO_SHARES for result in results) else 1.0
    for frame in frames:
        for column in frame.fields:
            unit = str(config_of(panel, column, frame, frames).get("unit", ""))
            low, high = bounds(unit, may_fall=may_fall, most=most, now=now)
            numbers = [value for value in column.values if isinstance(value, float)] if column.type == "number" else []
            if wrong := [value for value in numbers if not low <= value <= high]:
                name = display_name(column, frame, frames)
                yield f"{name!r} ({unit}) is {wrong[0]!r}, not within {low:g} and {high:g}"


def bounds(unit: str, *, may_fall: bool, most: float, now: float) -> tuple[float, float]:
    """Between which values a column of a unit makes sense; `may_fall`: it may be a difference."""
    if unit == "percentunit":
        return (-most if may_fall else 0.0), most * (1 + 1e-9)
    if unit in TIMES:
        return EARLIEST, now * 1_000 + DAY
    if unit in NEVER_NEGATIVE and not may_fall:
        return 0.0, math.inf
    return -math.inf, math.inf
