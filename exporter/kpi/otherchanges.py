"""Other changes that began or ended within the days that are compared. Pure.

Those whose slices share calls with the change's own cannot be told apart from it. Those whose slices share none may
still have changed what it is compared with: their slices are left out of the untouched ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.semantic.changes import Change, Scope


def meanwhile(change: Change, changes: Iterable[Change], start: float, end: float) -> tuple[Change, ...]:
    """The others that began or were taken back in (start, end), Unix seconds, in their order."""

    def is_within(at: int | None) -> bool:
        return at is not None and start < at < end

    return tuple(
        other for other in changes if other.id != change.id and (is_within(other.at) or is_within(other.until))
    )


def confounding(change: Change, others: Iterable[Change]) -> tuple[Change, ...]:
    """Those of them whose slices may share calls with the change's own."""
    return tuple(other for other in others if _may_share(change.scope, other.scope))


def elsewhere(change: Change, others: Iterable[Change]) -> tuple[Change, ...]:
    """Those of them whose slices share no call with the change's own."""
    return tuple(other for other in others if not _may_share(change.scope, other.scope))


def _may_share(one: Scope, other: Scope) -> bool:
    return all(one[label] & other[label] for label in one.keys() & other.keys())
