"""The cube once more, the slow way: every sum from the facts of all buckets, every time. Shares no code with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import product

from exporter.semantic.model import Catalogue, Window
from exporter.semantic.spec import DimensionSpec

Cells = Mapping[tuple[str | None, ...], tuple[int, ...]]
Key = tuple[str, ...]
Table = dict[Key, list[int]]
Fold = Callable[[str, str | None], str]

RESERVED = ("all", "other", "unknown")
FIRST_LABELS = ("scenario", "generation", "period", "script")


def bounds(window: Window, as_of: float) -> tuple[int, int]:
    """ceil(T) - W <= s < ceil(T), found by counting up from the grain below (contract, section 2)."""
    grain = 60 if window.grain == "minute" else 3600
    end = (int(as_of) // grain) * grain - grain
    while end < as_of:
        end += grain
    return end - window.seconds, end


class Facts:
    """Everything that was ever put into one dataset and not put otherwise since; nothing is ever forgotten."""

    def __init__(self) -> None:
        self.minutes: dict[int, Cells] = {}
        self.hours: dict[int, Cells] = {}

    def put_minute(self, start: int, cells: Cells) -> None:
        self.minutes[start] = cells

    def put_hour(self, start: int, cells: Cells) -> None:
        """An hour as such stands for itself from now on, whatever its minutes were."""
        self.hours[start] = cells

    def rows(self, window: Window, as_of: float) -> Iterable[tuple[tuple[str | None, ...], tuple[int, ...]]]:
        start, end = bounds(window, as_of)
        for minute, cells in self.minutes.items():
            hour = minute // 3600 * 3600
            if window.grain == "minute" and start <= minute < end:
                yield from cells.items()
            if window.grain == "hour" and start <= hour < end and hour not in self.hours:
                yield from cells.items()
        for hour, cells in self.hours.items():
            if window.grain == "hour" and start <= hour < end:
                yield from cells.items()


def tables(catalogue: Catalogue, facts: Facts, name: str, window: Window, as_of: float, fold: Fold) -> list[Table]:
    """[finest cells, every combination of the grouping sets] of a dataset in a window; empty rows left out."""
    labels = catalogue.datasets[name].labels
    own = [label for label in labels if label not in FIRST_LABELS]
    order = [*FIRST_LABELS, *own]
    cells: Table = {}
    rolls: Table = {}
    for raw, vector in facts.rows(window, as_of):
        value = {label: fold(label, given) for label, given in zip(labels, raw, strict=True)}
        _add(cells, tuple(value.get(label, "all") for label in order), vector)
        for key in _combinations(catalogue, window, value, order, own):
            _add(rolls, key, vector)
    return [{key: row for key, row in table.items() if any(row)} for table in (cells, rolls)]


def _combinations(
    catalogue: Catalogue, window: Window, value: Mapping[str, str], order: list[str], own: list[str]
) -> set[Key]:
    found: set[Key] = set()
    for group in catalogue.grouping_sets:
        if window.name in group.windows:
            shown = {*group.by, *own}
            found.update(
                product(*((value[label], "all") if label in value and label in shown else ("all",) for label in order))
            )
    return found


def _add(table: Table, key: Key, vector: tuple[int, ...]) -> None:
    old = table.setdefault(key, [0] * len(vector))
    for index, number in enumerate(vector):
        old[index] += number


def rows_by_value(catalogue: Catalogue, facts: Mapping[str, Facts], label: str, as_of: float) -> Counter[str]:
    """Rows of the longest window per raw value of a label; the empty value stands for NULL too."""
    longest = max(catalogue.windows, key=lambda window: window.seconds)
    rows: Counter[str] = Counter()
    for name, held in facts.items():
        labels = catalogue.datasets[name].labels
        if label in labels:
            for raw, vector in held.rows(longest, as_of):
                rows[raw[labels.index(label)] or ""] += vector[-1]
    return rows


def kept_values(dimension: DimensionSpec, rows: Counter[str]) -> set[str]:
    """Those of an open domain that keep their names: the declared ones, then the busiest, ties by name."""
    sound = [value for value in rows if 0 < len(value) <= 64 and value.isprintable() and value not in RESERVED]
    busiest = sorted((value for value in sound if value not in dimension.values), key=lambda v: (-rows[v], v))
    declared = rows.keys() & dimension.values.keys()
    return {*declared, *busiest[: max(0, (dimension.budget or 0) - len(dimension.values))]}
