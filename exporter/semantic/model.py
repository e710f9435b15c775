"""The resolved catalogue: what the rest of the package works with. Immutable; built by `load`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from exporter.semantic.hours import BusinessHours
from exporter.semantic.spec import (
    AlertSpec,
    DimensionSpec,
    Grain,
    HealthSpec,
    SourceSpec,
    TargetSpec,
    Text,
    WindowAlertSpec,
)

GRAIN_SECONDS: Mapping[Grain, int] = {"minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window; at instant T it covers bucket starts s with ceil(T) - seconds <= s < ceil(T)."""

    name: str
    seconds: int
    grain: Grain
    alert: WindowAlertSpec = field(default_factory=WindowAlertSpec)

    def bounds(self, as_of: float) -> tuple[int, int]:
        """[start, end) in Unix seconds, both on the grain (contract §2)."""
        step = GRAIN_SECONDS[self.grain]
        end = -int(-as_of // step) * step
        return end - self.seconds, end


@dataclass(frozen=True, slots=True)
class Slice:
    """A label of a fact and the SQL of its value; with `members` the SQL gives an index into them."""

    label: str
    sql: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """An additive integer column (or columns, for a histogram) of a dataset.

    `columns` are SQL aggregates; stored integers are the true value times 10**scale. `offset` is the first column's
    place in the dataset's vector; a histogram has one column per bound and one for the open bucket, not cumulative.
    """

    name: str
    dataset: str
    offset: int
    columns: tuple[str, ...]
    scale: int
    help: str
    scenario: str | None
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """The instant of a fact: `sql`, and the indexed `column` that bounds it after `after_months` are added."""

    sql: str
    column: str
    after_months: int = 0


@dataclass(frozen=True, slots=True)
class Touch:
    """Which facts a changed row of `source` touches, beside the fact's own row: a FROM clause starting at `changed`."""

    source: str
    from_clause: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A fact with one block of its measures: the unit that is read, stored, fingerprinted and can fail alone."""

    name: str
    source: str
    needs: tuple[str, ...]
    anchor: Anchor
    slices: tuple[Slice, ...]
    join: str
    where: str
    touches: tuple[Touch, ...]
    measures: tuple[Measure, ...]
    rejects: tuple[tuple[str, str], ...]
    late_hours: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(item.label for item in self.slices)

    @property
    def width(self) -> int:
        """Columns of the stored vector: the measures', then one per reject reason."""
        return sum(len(measure.columns) for measure in self.measures) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Level:
    """Measures without a window."""

    name: str
    source: str
    when: Literal["poll", "changed"]
    slices: tuple[Slice, ...]
    where: str
    measures: tuple[Measure, ...]
    rejects: tuple[tuple[str, str], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(item.label for item in self.slices)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI with its parts resolved. `labels` are the family's labels in the order of writing, without `window`."""

    slug: str
    title: Text
    definition: Text
    dimension: str
    kind: Literal["ratio", "mean", "quantile", "uplift"]
    unit: Literal["ratio", "cny", "seconds", "score"]
    direction: Literal["higher", "lower"]
    cadence: str
    scenario: str | None
    numerator: tuple[Measure, ...]
    denominator: tuple[Measure, ...]
    unknown: tuple[Measure, ...]
    before: tuple[Measure, ...]
    after: tuple[Measure, ...]
    histogram: Measure | None
    labels: tuple[str, ...]
    windows: tuple[Window, ...]
    zero_tolerance: bool
    min_samples: int
    headline_window: str
    companion_of: str | None
    targets: tuple[TargetSpec, ...]
    alert: AlertSpec
    remedy: Text

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every measure the KPI needs."""
        extra = (self.histogram,) if self.histogram else ()
        return (*self.numerator, *self.denominator, *self.unknown, *self.before, *self.after, *extra)

    @property
    def datasets(self) -> frozenset[str]:
        """The datasets (or levels) whose failure takes this KPI down."""
        return frozenset(measure.dataset for measure in self.measures)


@dataclass(frozen=True, slots=True)
class GroupingSet:
    """Labels combined, with all roll-ups, in the named windows."""

    by: tuple[str, ...]
    windows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the exporter knows about KPIs."""

    timezone: str
    sources: Mapping[str, SourceSpec]
    dimensions: Mapping[str, DimensionSpec]
    windows: tuple[Window, ...]
    grouping_sets: tuple[GroupingSet, ...]
    datasets: Mapping[str, Dataset]
    levels: Mapping[str, Level]
    measures: Mapping[str, Measure]
    kpis: Mapping[str, Kpi]
    alerts: Mapping[str, HealthSpec] = field(default_factory=dict)
    business_hours: BusinessHours = field(default_factory=BusinessHours)
