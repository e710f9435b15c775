"""Changes that took effect in a period, or shortly before, verified as of the period's end."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.calldb.period import Past, Period
from exporter.calldb.sides import Verified, verify_changes
from exporter.expose.changes import MOST_VERIFIED
from exporter.kpi.verification import Verification, confounders, left_out
from exporter.kpi.verification_words import ESTIMATES, REASONS, VERDICTS, remarks
from exporter.review.model import Change, Changes, Effect
from exporter.semantic.changes import Change as Recorded
from exporter.semantic.model import Catalogue
from exporter.semantic.spec import Text

# Seconds before the period in which a change is still looked at: effects take weeks to be certain.
RECENT = 28 * 86400
# Other changes that are named beside one.
MOST_NAMED = 3


def of_period(recorded: Sequence[Recorded], period: Period) -> list[Recorded]:
    """The changes that a review of a period tells of, in the order of time."""
    return [change for change in recorded if period.start - RECENT <= change.at < period.end]


def newest(changes: Sequence[Recorded]) -> list[Recorded]:
    """The newest of those that can be verified, as many as have gauges, and as many that are a mark only."""
    aimed, marks = ([change for change in changes if bool(change.aims) is which] for which in (True, False))
    kept = {change.id for change in (*aimed[-MOST_VERIFIED:], *marks[-MOST_VERIFIED:])}
    return [change for change in changes if change.id in kept]


async def verified(past: Past, catalogue: Catalogue, recorded: Sequence[Recorded], period: Period) -> Changes:
    """What those changes did, as of the period's end; raises DatabaseError when the connection is lost."""
    every = of_period(recorded, period)
    results = await verify_changes(past, catalogue, kept := newest(every), period.end, recorded=recorded)
    found = (_change(catalogue, recorded, result) for result in results)
    return Changes(tuple(found), len(every) - len(kept))


def _change(catalogue: Catalogue, recorded: Sequence[Recorded], result: Verified) -> Change:
    change = result.change
    effects = tuple(effect(catalogue, recorded, result, one) for one in result.found)
    return Change(change.id, change.at, change.kind, change.title, effects)


def effect(catalogue: Catalogue, recorded: Sequence[Recorded], result: Verified, found: Verification) -> Effect:
    """A KPI's part: the estimate that the verdict rests on with its always-valid interval, and the verdict in words."""
    look = found.basis.look if found.basis is not None else None
    words = [VERDICTS[found.verdict], REASONS[found.reason]]
    if found.basis is not None and look is not None:
        words.append(ESTIMATES[found.basis.kind])
    words += remarks(found, catalogue.timezone)
    if others := confounders(result.change, recorded, found):
        zh, en = _named(others)
        words.append(Text(zh=f"同期另有变更 {zh}，无法分开", en=f"not to be told apart from {en}"))
    if apart := left_out(result.change, recorded, found):
        zh, en = _named(apart)
        words.append(Text(zh=f"对照中已去掉 {zh} 的切片", en=f"compared without the slices of {en}"))
    said = [each for each in words if each.zh]
    verdict = Text(zh="；".join(each.zh for each in said), en="; ".join(each.en for each in said))
    if look is None:
        return Effect(found.kpi, None, None, None, verdict)
    return Effect(found.kpi, look.estimate, (look.lower, look.upper), look.p_value, verdict)


def _named(names: Sequence[str]) -> tuple[str, str]:
    """The first of them, and how many more there are."""
    shown, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
    return (shown, shown) if more <= 0 else (f"{shown} 等 {len(names)} 项", f"{shown} and {more} more")
