"""What `verify --format json` writes, for programs: shares as they are (not in percent), instants in UTC. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from exporter.calldb.sides import Verified
from exporter.kpi.beforeafter import Span
from exporter.kpi.significance import Arms, Counts, Effect
from exporter.kpi.verification import Tested, Verification, confounders, left_out
from exporter.kpi.verification_words import sentence
from exporter.semantic.changes import Change, Scope
from exporter.semantic.model import Catalogue


def as_json(catalogue: Catalogue, changes: Sequence[Change], verified: Verified) -> str:
    """Everything that is known."""
    change = verified.change
    result = {
        "change": change.id,
        "kind": change.kind,
        "at": _iso(change.at),
        "until": None if change.until is None else _iso(change.until),
        "title": change.title.model_dump(),
        "scope": _json_scope(change.scope),
        "compare": None if change.compare is None else _json_scope(change.compare),
        "as_of": _iso(verified.now),
        "kpis": [_json_kpi(catalogue, changes, change, found) for found in verified.found],
        "failed": verified.failed,
    }
    return json.dumps(result, ensure_ascii=False, indent=2)


def _json_kpi(
    catalogue: Catalogue, changes: Sequence[Change], change: Change, found: Verification
) -> dict[str, object]:
    said = sentence(found, catalogue.timezone)
    return {
        "kpi": found.kpi,
        "verdict": found.verdict.value,
        "reason": found.reason.value,
        "falls_short": found.falls_short,
        "basis": found.basis.kind if found.basis is not None and found.basis.look is not None else None,
        "expected": {"higher": found.aim.higher, "delta": found.aim.delta, "worth": found.worth},
        "required_per_arm": found.required,
        "before": _json_span(found.before),
        "after": _json_span(found.after),
        "treated": _json_arms(found.treated),
        "untouched": None if found.untouched is None else _json_arms(found.untouched),
        "tests": [_json_tested(tested) for tested in (found.difference, found.did) if tested is not None],
        "look_again": None if found.again is None else _iso(found.again),
        "other_changes": list(confounders(change, changes, found)),
        "left_out_of_untouched": list(left_out(change, changes, found)),
        "trend_before": None if found.trend is None else {"a_day": found.trend.slope, "p": found.trend.p_value},
        "drift": found.drift,
        "sentence": said.model_dump(),
    }


def _json_tested(tested: Tested) -> dict[str, object]:
    return {
        "kind": tested.kind,
        "dispersion": tested.dispersion,
        "fixed": _json_effect(tested.fixed) | {"days": tested.fixed_days, "at_plan": tested.at_plan},
        "looks": [None if look is None else _json_effect(look) for look in tested.looks],
        "proven_days": tested.proven_days,
        "needed_days": tested.needed_days,
    }


def _json_scope(scope: Scope) -> dict[str, list[str]]:
    return {label: sorted(values) for label, values in scope.items()}


def _json_span(span: Span) -> dict[str, str]:
    return {"start": _iso(span.start), "end": _iso(span.end)}


def _json_arms(arms: Arms) -> dict[str, object]:
    return {"before": _json_counts(arms.before), "after": _json_counts(arms.after)}


def _json_counts(counts: Counts) -> dict[str, float | None]:
    rate = counts.rate if counts.trials else None
    return {"numerator": counts.successes, "denominator": counts.trials, "rate": rate}


def _json_effect(found: Effect) -> dict[str, object]:
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper, "p": found.p_value}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
