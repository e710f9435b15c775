"""The shape of the changes file, strictly: unknown keys are errors, nothing is coerced silently."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, StringConstraints, model_validator

from exporter.semantic.spec import LabelValue, Name, Spec, Text

MOST_CHANGES = 500
MOST_AIMS = 10
# Of a rate of nothing a ten-thousandth of a point is no effect that anybody finds.
LEAST_DELTA = 1e-6
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Kind = Literal["script", "lexicon", "model", "other"]
ChangeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,62}$")]


def _instant(value: Any) -> datetime:
    """YAML reads an instant by itself; a text in quotes is read here."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ValueError("is not an instant like 2026-03-01T09:00:00+08:00")  # noqa: TRY004 - pydantic wants it
    if value.utcoffset() is None:
        raise ValueError("has no time zone: write 2026-03-01T09:00:00+08:00")
    if not EARLIEST <= value < LATEST:
        raise ValueError("is not between the years 2000 and 2099")
    return value.astimezone(UTC)


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _aims(value: Any) -> Any:
    """A list of names stands for names without more to say."""
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value) or len(set(value)) < len(value):
            raise ValueError("is neither a list of different KPIs nor `KPI: {delta: ...}`")
        return {name: {} for name in value}
    return {name: {} if aim is None else aim for name, aim in value.items()} if isinstance(value, dict) else value


def _not_blank(text: Text) -> Text:
    if not text.zh.strip() or not text.en.strip() or max(len(text.zh), len(text.en)) > 200:
        raise ValueError("needs 1 to 200 letters in both languages")
    return text


Instant = Annotated[datetime, BeforeValidator(_instant)]
Values = Annotated[list[LabelValue], BeforeValidator(_one_or_more), Field(min_length=1, max_length=50)]
Title = Annotated[Text, AfterValidator(_not_blank)]


class AimSpec(Spec):
    """What a KPI is to do: rise or fall (by default, get better), by `delta` (a share: -0.05 is five points less).

    `settle_hours`: how long after the change the KPI's facts are still of calls made before it.
    """

    expect: Literal["higher", "lower"] | None = None
    delta: FiniteFloat | None = Field(default=None, ge=-1, le=1)
    settle_hours: int | None = Field(default=None, ge=0, le=24 * 90)

    @model_validator(mode="after")
    def _sound(self) -> AimSpec:
        if self.delta == 0:
            raise ValueError("delta is 0: leave it out, or say by how much the KPI is to move")
        if self.delta is not None and abs(self.delta) < LEAST_DELTA:
            raise ValueError(
                f"delta {self.delta:g} is too little to be found; it is a share: -0.05 is five points less"
            )
        if self.delta is not None and self.expect is not None and (self.delta > 0) != (self.expect == "higher"):
            raise ValueError(f"delta {self.delta:g} contradicts expect: {self.expect}")
        return self


class ChangeSpec(Spec):
    """One change: when it took effect, where, and what it is to move."""

    id: ChangeId
    at: Instant
    kind: Kind
    title: Title
    scope: dict[Name, Values] = Field(default_factory=dict)
    compare: dict[Name, Values] | None = Field(default=None, min_length=1)
    until: Instant | None = None
    kpis: Annotated[dict[Name, AimSpec], BeforeValidator(_aims)] = Field(default_factory=dict, max_length=MOST_AIMS)

    @model_validator(mode="after")
    def _in_order(self) -> ChangeSpec:
        if self.until is not None and self.until <= self.at:
            raise ValueError("until is not after at")
        return self


class ChangesSpec(Spec):
    """The whole file."""

    changes: list[ChangeSpec] = Field(default=[], max_length=MOST_CHANGES)
