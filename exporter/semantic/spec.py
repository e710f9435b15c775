"""The shape of catalogue files, strictly: unknown keys are errors, nothing is coerced silently.

What a file says, piece by piece; what it means when put together is checked in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
LabelValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+.\-]{1,64}$")]
AlertName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,62}$")]
Sql = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
ColumnType = Literal["bigint", "int", "real", "numeric", "text", "timestamptz", "date", "boolean", "text[]"]
Severity = Literal["goal", "warning", "critical"]
Unit = Literal["ratio", "cny", "seconds", "score"]
Grain = Literal["minute", "hour"]


class Spec(BaseModel):
    """Base of every stanza."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Spec):
    """A text in both languages."""

    zh: str
    en: str


class SourceSpec(Spec):
    """A relation: a table or view (`relation`), or the operator's own SELECT (`select`)."""

    key: list[Name] = Field(min_length=1)
    event: Name
    columns: dict[Name, ColumnType]
    relation: str | None = None
    select: Sql | None = None
    # How long after the newest call it may bring nothing new before somebody is told, seconds.
    expected_within: int | None = Field(default=None, ge=60)
    # How long after its call a row may come, seconds.
    settles_within: int = Field(default=0, ge=0, le=86400 * 366)


class BandsSpec(Spec):
    """Bands of an ordered quantity: the value below the first bound, then the value from each bound on."""

    kind: Literal["time_of_day", "birth_year"]
    below: LabelValue
    start: dict[str, LabelValue] = Field(alias="from", min_length=1)


class DimensionSpec(Spec):
    """A label: declared values (closed domain), or a budget of the busiest values (open domain), or both."""

    title: Text
    values: dict[LabelValue, Text] = {}
    budget: int | None = Field(default=None, ge=1, le=500)
    bands: BandsSpec | None = None


class WindowAlertSpec(Spec):
    """How long alerts on a window wait and linger, seconds; `strict_z`: z of the bounds where there are many looks."""

    wait: int = Field(default=900, ge=0, alias="for")
    keep_firing_for: int = Field(default=900, ge=0)
    strict_z: FiniteFloat | None = Field(default=None, gt=0, le=10)


class WindowSpec(Spec):
    """A rolling window and the grain of its edges."""

    seconds: int = Field(ge=60)
    grain: Grain
    alert: WindowAlertSpec = WindowAlertSpec()


class GroupingSetSpec(Spec):
    """Labels that are combined, with all their roll-ups, in the named windows."""

    by: list[Name]
    windows: list[str] = Field(min_length=1)


class BandOf(Spec):
    """A slice computed by the dimension's bands from an instant or a date."""

    band_of: Sql


SliceSpec = dict[Name, Sql | BandOf]


class AnchorSpec(Spec):
    """An anchor that is not a plain column: `sql`, bounded by `column` shifted by whole months for the index."""

    sql: Sql
    column: Name
    after_months: str | int


class MeasureSpec(Spec):
    """An additive measure: a count of rows, an exact sum (scaled to an integer), or a histogram."""

    count: Sql | None = None
    sum: Sql | None = None
    histogram: Sql | None = None
    bounds: list[FiniteFloat] = []
    where: Sql | None = None
    scale: int = Field(default=0, ge=0, le=12)
    scenario: LabelValue | None = None
    fact: Name | None = None
    help: str

    @model_validator(mode="after")
    def _one_kind(self) -> MeasureSpec:
        kinds = [self.count is not None, self.sum is not None, self.histogram is not None]
        if sum(kinds) != 1:
            raise ValueError("needs exactly one of count, sum, histogram")
        if (self.histogram is not None) != bool(self.bounds) or self.bounds != sorted(set(self.bounds)):
            raise ValueError("a histogram needs ascending bounds, and nothing else has them")
        return self


class RejectSpec(Spec):
    """Rows that the named measures leave out because a value makes no sense; counted by reason."""

    when: Sql
    measures: list[Name] = Field(min_length=1)


class FactSpec(Spec):
    """Rows of a source placed in time and slices; see the head of facts.yaml."""

    source: Name
    anchor: Name | AnchorSpec
    slices: Literal["call"] | SliceSpec
    labels: SliceSpec = {}
    join: Sql | None = None
    needs: list[Name] = []
    where: Sql | None = None
    changed_by: dict[Name, Sql] = {}
    measures: dict[Name, MeasureSpec] = {}
    rejects: dict[Name, Sql | RejectSpec] = {}
    # Rows change this long after their anchor: minute buckets are kept so long, or an hour is read for each change.
    late_hours: int = Field(default=0, ge=0, le=240)


class LevelSpec(Spec):
    """Measures without a window, read whole: at every poll, or when the source changed."""

    source: Name
    when: Literal["poll", "changed"]
    slices: SliceSpec = {}
    where: Sql | None = None
    measures: dict[Name, MeasureSpec] = Field(min_length=1)
    rejects: dict[Name, Sql | RejectSpec] = {}


class TargetSpec(Spec):
    """A line of a KPI: `goal` is only shown, `warning` is the target, `critical` the alarm line."""

    severity: Severity
    value: FiniteFloat
    slice: dict[Name, LabelValue] = {}


class BurnSpec(Spec):
    """A burn-rate pair: the error budget is spent `factor` times too fast in the long and in the short window."""

    severity: Literal["warning", "critical"]
    factor: FiniteFloat = Field(ge=1)
    long: str
    short: str


class AlertSpec(Spec):
    """Which windows of a KPI are watched, and how; see docs/decisions/0009-alerts.md."""

    enabled: bool = True
    window: str | None = None
    fast: list[str] = []
    strict_z: FiniteFloat | None = Field(default=None, gt=0, le=10)
    late: str | None = None
    bounds: bool = True
    samples: list[Name] = []
    tail: Name | None = None
    burn: list[BurnSpec] = []


class KpiSpec(Spec):
    """One KPI: `ratio` and `mean` divide measures, `quantile` reads a histogram, `uplift` compares two means."""

    title: Text
    definition: Text
    dimension: Name
    kind: Literal["ratio", "mean", "quantile", "uplift"] = "ratio"
    unit: Unit = "ratio"
    direction: Literal["higher", "lower"]
    cadence: Literal["weekly", "monthly", "real_time"]
    enabled: bool = True
    scenario: LabelValue | None = None
    numerator: list[Name] = []
    denominator: list[Name] = []
    # Rows whose part of the numerator is NULL: a numerator of 0 is not known while there are any.
    unknown: list[Name] = []
    before: list[Name] = []
    after: list[Name] = []
    histogram: Name | None = None
    labels: list[Name] = []
    windows: list[str] | None = None
    zero_tolerance: bool = False
    min_samples: int = Field(default=30, ge=1)
    headline_window: str = "24h"
    companion_of: Name | None = None
    targets: list[TargetSpec] = []
    alert: AlertSpec = AlertSpec()
    remedy: Text | None = None
    measures: dict[Name, MeasureSpec] = {}

    @model_validator(mode="after")
    def _parts(self) -> KpiSpec:
        if self.kind == "uplift":
            if len(self.before) != 2 or len(self.after) != 2:
                raise ValueError("an uplift needs `before` and `after`, each [sum, count]")
        elif not self.numerator or not self.denominator:
            raise ValueError("needs numerator and denominator")
        if (self.kind == "quantile") != (self.histogram is not None):
            raise ValueError("a quantile, and nothing else, needs `histogram`")
        if (self.unit == "ratio") != (self.kind in ("ratio", "uplift")):
            raise ValueError("a ratio or uplift has the unit ratio, a mean or quantile another one")
        return self


class HealthRuleSpec(Spec):
    """The rule of an alert for one severity; `<line>` in its texts is the line."""

    severity: Literal["info", "warning", "critical"]
    expr: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    wait: int = Field(default=0, ge=0, alias="for")
    line: FiniteFloat | None = None


class HealthSpec(Spec):
    """An alert that is not a KPI's; see the head of alerts.yaml."""

    about: Literal["exporter", "platform", "host", "relay"]
    summary: Text
    description: Text
    where: str = "-"
    value: str = "-"
    dimension: Name = "technical"
    enabled: bool = True
    interval: int = Field(default=15, ge=5)
    keep_firing_for: int = Field(default=0, ge=0)
    rules: list[HealthRuleSpec] = Field(min_length=1)


class CatalogueSpec(Spec):
    """A whole catalogue file, or the operator's own additions to it."""

    sources: dict[Name, SourceSpec] = {}
    dimensions: dict[Name, DimensionSpec] = {}
    windows: dict[LabelValue, WindowSpec] = {}
    grouping_sets: list[GroupingSetSpec] = []
    parameters: dict[Name, int | FiniteFloat | str] = {}
    terms: dict[Name, Sql] = {}
    slices: dict[Literal["call"], SliceSpec] = {}
    facts: dict[Name, FactSpec] = {}
    levels: dict[Name, LevelSpec] = {}
    kpis: dict[Name, KpiSpec] = {}
    alerts: dict[AlertName, HealthSpec] = {}
