"""A trend as a small inline SVG: a line with gaps where there is nothing, its last point, the target dashed.

The drawing stretches with its box (`preserveAspectRatio="none"`), so points are drawn as strokes of no length with
round caps: those stay round, circles would not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from exporter.expose.format import known

WIDTH, HEIGHT, MARGIN = 240.0, 48.0, 5.0

Point = tuple[float, float]


def sparkline(trend: Sequence[float | None], target: float | None, label: str) -> str:
    """An `<svg>` for hourly values, oldest first; empty when nothing is known. `label` is read out in its place."""
    values = [known(value) for value in trend]
    present = [value for value in values if value is not None]
    if not present:
        return ""
    aim = known(target)
    bottom, top = _range(present, aim)
    points = [None if v is None else (_across(i, len(values)), _height(v, bottom, top)) for i, v in enumerate(values)]
    parts = [_line("target", [(0.0, y), (WIDTH, y)]) for y in ([] if aim is None else [_height(aim, bottom, top)])]
    parts += [_line("trend", run) for run in runs(points)]
    parts.append(_line("last", [next(point for point in reversed(points) if point is not None)]))
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _range(present: Sequence[float], aim: float | None) -> tuple[float, float]:
    """Lowest and highest value of the drawing. The target is always in it; a flat line gets some air."""
    shown = [*present, aim] if aim is not None else list(present)
    bottom, top = min(shown), max(shown)
    if bottom == top:
        air = abs(top) * 0.1 or 1.0
        return bottom - air, top + air
    return bottom, top


def _across(index: int, length: int) -> float:
    return WIDTH - MARGIN if length < 2 else MARGIN + (WIDTH - 2 * MARGIN) * index / (length - 1)


def _height(value: float, bottom: float, top: float) -> float:
    """Vertical place; both ends are halved first so that the span of two huge values does not overflow."""
    share = (value / 2 - bottom / 2) / (top / 2 - bottom / 2)
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share


def runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """The stretches of neighbouring points, split at the gaps."""
    run: list[Point] = []
    for point in points:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _line(kind: str, points: Sequence[Point]) -> str:
    first, *rest = (f"{x:.1f} {y:.1f}" for x, y in points)
    path = f"M{first}" + ("".join(f"L{point}" for point in rest) or "h0")
    return f'<path class="{kind}" d="{path}"/>'
