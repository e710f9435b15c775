"""At which instants of the past which gauges are written: enough for the dashboards, little enough to start quickly.

Sixty days of every series would be 40 million samples. So there are tiers:

whole      each full hour from sixty days ago: every KPI over the whole (the heat map, the trends of the reviews)
slices     each full hour of the last week: the slices by one label too, without bounds
compared   full hours about 7 and 30 days ago, where reviews and drill-down look with `offset`: every slice
recent     each half hour since the day before: every slice, every window
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from exporter.semantic.model import Catalogue, GroupingSet, Window
from exporter.semantic.names import ALL

HOUR, DAY = 3_600, 86_400
STEP = 1_800
DAYS = 60
# What is compared with: how many days ago, and for how many hours the stage may stay up.
OFFSETS, HOURS_UP = (30, 7), 3
SLICES_FROM = 8

Labels = Mapping[str, str]
# From which instant on (Unix seconds) a series of this family with these labels is written; None: never.
Since = Callable[[str, Labels], int | None]


@dataclass(frozen=True, slots=True)
class Tier:
    """Instants (Unix seconds) in ascending order, the catalogue to evaluate there, and which series are written.

    `sliced`: whether slices are asked for; without them a dataset's cells are put together beforehand, which is quick.
    """

    catalogue: Catalogue
    instants: tuple[int, ...]
    since: Since
    sliced: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """Tiers that are written into the same blocks; no job overlaps another in time.

    Of the tiers after the first only those series are written that no tier before them has, for time must not run back.

    `minutes_from`: the bucket start from which minutes are needed, Unix seconds; None: hours will do.
    """

    name: str
    tiers: tuple[Tier, ...]
    minutes_from: int | None = None

    @property
    def instants(self) -> list[int]:
        """All of it, in ascending order."""
        return sorted({at for tier in self.tiers for at in tier.instants})


def jobs(catalogue: Catalogue, now: float) -> list[Job]:
    """A past that ends at `now`, the longest job first."""
    end = int(now) // HOUR * HOUR
    first, weeks, last = (end - days * DAY for days in (DAYS, SLICES_FROM, 1))
    whole, slices = (_few(catalogue, groups) for groups in (_none(catalogue), _singles(catalogue)))
    earlier = {
        days: Tier(hourly(catalogue), tuple(compared(now, days) + hour * HOUR for hour in range(HOURS_UP)), everything)
        for days in OFFSETS
    }
    return [
        Job("whole", (Tier(whole, tuple(range(first, weeks, HOUR)), everything, sliced=False), earlier[30])),
        Job("recent", (Tier(catalogue, tuple(range(last, int(now), STEP)), everything),), last - DAY - HOUR),
        Job("slices", (Tier(slices, tuple(range(weeks, last, HOUR)), without_bounds), earlier[7])),
    ]


def compared(now: float, days: int) -> int:
    """The first full hour of those `days` ago of which every slice is written."""
    return int(now) // HOUR * HOUR - days * DAY


def without_bounds(family: str, labels: Labels) -> int | None:
    """Bounds stand beside the whole only."""
    return None if family.endswith(("_lower", "_upper")) and _depth(labels) else 0


def everything(_family: str, _labels: Labels) -> int:
    """Every series at every instant."""
    return 0


def hourly(catalogue: Catalogue) -> Catalogue:
    """The catalogue for full hours, where a window of whole hours holds the same facts in hours as in minutes."""
    windows = {w.name: replace(w, grain="hour") for w in catalogue.windows if w.seconds >= HOUR}

    def kept(given: tuple[Window, ...]) -> tuple[Window, ...]:
        return tuple(windows[window.name] for window in given if window.name in windows)

    kpis = {slug: replace(kpi, windows=kept(kpi.windows)) for slug, kpi in catalogue.kpis.items()}
    return replace(catalogue, windows=kept(catalogue.windows), kpis=kpis)


def _few(catalogue: Catalogue, groups: tuple[GroupingSet, ...]) -> Catalogue:
    """The catalogue for full hours with few slices and no gauges of measures: KPIs know their parts by themselves."""
    datasets = {name: replace(dataset, measures=()) for name, dataset in catalogue.datasets.items()}
    return replace(hourly(catalogue), datasets=datasets, grouping_sets=groups)


def _none(catalogue: Catalogue) -> tuple[GroupingSet, ...]:
    """No slice; a KPI's own labels (dialect, bucket, task) are crossed with it."""
    return (GroupingSet((), frozenset(window.name for window in catalogue.windows)),)


def _singles(catalogue: Catalogue) -> tuple[GroupingSet, ...]:
    """Each label by itself, in the windows in which it is exposed."""
    windows: dict[str, set[str]] = {}
    for group in catalogue.grouping_sets:
        for label in group.by:
            windows.setdefault(label, set()).update(group.windows)
    return tuple(GroupingSet((label,), frozenset(names)) for label, names in windows.items())


def _depth(labels: Labels) -> int:
    """Labels that are not rolled up."""
    return sum(value != ALL for name, value in labels.items() if name not in ("window", "stat", "kpi", "severity"))
