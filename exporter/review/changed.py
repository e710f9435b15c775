"""Changes that took effect in a period, or shortly before, verified as of the period's end."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.calldb.period import Past, Period
from exporter.calldb.sides import Verified, verify_change
from exporter.kpi.verification import Verification, confounders
from exporter.kpi.verification_words import ESTIMATES, REASONS, VERDICTS, again
from exporter.review.model import Change, Effect
from exporter.semantic.changes import Change as Recorded
from exporter.semantic.model import Catalogue
from exporter.semantic.spec import Text

# Seconds before the period in which a change is still looked at: effects take weeks to be certain.
RECENT = 28 * 86400


def of_period(recorded: Sequence[Recorded], period: Period) -> list[Recorded]:
    """The changes that a review of a period tells of, in the order of time."""
    return [change for change in recorded if period.start - RECENT <= change.at < period.end]


async def verified(
    past: Past, catalogue: Catalogue, recorded: Sequence[Recorded], period: Period
) -> tuple[Change, ...]:
    """What those changes did, as of the period's end; raises DatabaseError when the connection is lost."""
    found = []
    for change in of_period(recorded, period):
        result = await verify_change(past, catalogue, change, period.end)
        effects = tuple(effect(catalogue, recorded, result, one) for one in result.found)
        found.append(Change(change.id, change.at, change.kind, change.title, effects))
    return tuple(found)


def effect(catalogue: Catalogue, recorded: Sequence[Recorded], result: Verified, found: Verification) -> Effect:
    """A KPI's part: the estimate that the verdict rests on with its always-valid interval, and the verdict in words."""
    look = found.basis.look if found.basis is not None else None
    words = [VERDICTS[found.verdict], REASONS[found.reason], again(found, catalogue.timezone)]
    if found.basis is not None and look is not None:
        words.insert(1, ESTIMATES[found.basis.kind])
    if others := confounders(result.change, recorded, found):
        names = ", ".join(others)
        words.append(Text(zh=f"同期另有变更 {names}", en=f"not to be told apart from {names}"))
    said = [each for each in words if each is not None and each.zh]
    verdict = Text(zh="；".join(each.zh for each in said), en="; ".join(each.en for each in said))
    if look is None:
        return Effect(found.kpi, None, None, None, verdict)
    return Effect(found.kpi, look.estimate, (look.lower, look.upper), look.p_value, verdict)
