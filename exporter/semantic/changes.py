"""Changes that people made (a script, a lexicon, a model), as the file of `changes_file` records them.

Every problem of the file is found in one go, each with its line and the fix; docs/changes.md shows the format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.errors import ConfigError, ConfigErrors, UsageError
from exporter.semantic.change_rules import problems
from exporter.semantic.change_spec import AimSpec, ChangeSpec, ChangesSpec, Kind
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.spec import Text
from exporter.semantic.yamlfile import Document, load_yaml

FORMAT = "see docs/changes.md for the format"
# Label -> the values that belong to the slice; empty: the whole.
Scope = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a change is to do to a KPI. `delta`: by how much (a share), None when nobody said."""

    kpi: str
    higher: bool
    delta: float | None = None
    settle_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change in force from `at` on (Unix seconds), till `until` where it was taken back or is no longer looked at.

    `scope`: the slice that it touches; `compare`: one that it does not, None for all the rest.
    """

    id: str
    at: int
    kind: Kind
    title: Text
    scope: Scope
    compare: Scope | None
    until: int | None
    aims: tuple[Aim, ...]


def load_changes(path: Path | None, catalogue: Catalogue) -> tuple[Change, ...]:
    """The changes of a file in the order of time, none without a file; raises ConfigError or ConfigErrors."""
    if path is None:
        return ()
    document = load_yaml(path)
    if not isinstance(document.data, dict):
        raise document.error((), "is not a mapping", "start it with `changes:`")
    try:
        spec = ChangesSpec.model_validate(document.data)
    except ValidationError as failure:
        raise ConfigErrors([_explain(document, dict(error)) for error in failure.errors()]) from None
    if found := list(problems(spec, document, catalogue)):
        raise ConfigErrors(found)
    return tuple(sorted((_change(change, catalogue) for change in spec.changes), key=lambda change: change.at))


def find_change(changes: Sequence[Change], name: str) -> Change:
    """The change of that id; raises UsageError with those that are spelt alike."""
    ids = [change.id for change in changes]
    if name in ids:
        return changes[ids.index(name)]
    if not ids:
        raise UsageError("no change is recorded", "record it in a file and name that in changes_file (docs/changes.md)")
    alike = get_close_matches(name, ids, n=3, cutoff=0.5)
    fix = f"did you mean {', '.join(alike)}?" if alike else f"use one of {', '.join(ids[-9:])}"
    raise UsageError(f"there is no change '{name[:64]}'", fix)


def _change(spec: ChangeSpec, catalogue: Catalogue) -> Change:
    return Change(
        id=spec.id,
        at=int(spec.at.timestamp()),
        kind=spec.kind,
        title=spec.title,
        scope=_scope(spec.scope),
        compare=None if spec.compare is None else _scope(spec.compare),
        until=None if spec.until is None else int(spec.until.timestamp()),
        aims=tuple(_aim(catalogue.kpis[slug], aim) for slug, aim in spec.kpis.items()),
    )


def _scope(spec: Mapping[str, Sequence[str]]) -> Scope:
    return {label: frozenset(values) for label, values in spec.items()}


def _aim(kpi: Kpi, spec: AimSpec) -> Aim:
    """Without a word about the direction, the better one is expected."""
    higher = (spec.expect or kpi.direction) == "higher" if spec.delta is None else spec.delta > 0
    return Aim(kpi.slug, higher, spec.delta, spec.settle_hours)


def _explain(document: Document, error: dict[str, Any]) -> ConfigError:
    where = tuple(part for part in error["loc"] if part != "[key]")
    shown = ".".join(str(part) for part in where)
    if error["type"] == "extra_forbidden":
        return document.error(where, f"{shown}: unknown key", "remove it or correct its spelling")
    if error["type"] == "missing":
        return document.error(where, f"{shown}: a required key is missing", "add it")
    message = str(error["msg"]).removeprefix("Value error, ")
    return document.error(where, f"{shown}: {message[:1].lower()}{message[1:]}", FORMAT)
