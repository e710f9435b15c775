"""What `attribute --format json` writes, for programs. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from exporter.calldb.period import Period
from exporter.calldb.reference import Against
from exporter.commands.attribute_text import Compared
from exporter.kpi.attribution import Attribution, Effect, Part, ratio
from exporter.kpi.attribution_words import sentence
from exporter.semantic.model import Catalogue, Kpi


def as_json(catalogue: Catalogue, kpi: Kpi, compared: Compared, against: Against) -> str:
    """Everything, for programs: ratios as they are (not in percent), instants in UTC."""
    found = compared.attribution
    said = sentence(catalogue, kpi, found, compared.by)
    result = {
        "kpi": kpi.slug,
        "unit": kpi.unit,
        "window": _json_period(compared.window),
        "against": against,
        "reference": [_json_period(period) for period in compared.before],
        "basis": "period" if compared.cohort is None else "cohort",
        "cohort": _json_cohort(compared),
        "by": list(compared.by),
        **_json_effect(compared.whole, found),
        "reversals": [[compared.by[at] for at in way] for way in found.reversals],
        "sentence": {"zh": said.zh, "en": said.en},
        "slices": [
            {"labels": dict(zip(compared.by, effect.key, strict=True))} | _json_effect(effect, found)
            for effect in found.effects
        ],
    }
    return json.dumps(result, ensure_ascii=False, indent=2)


def _json_cohort(compared: Compared) -> dict[str, object] | None:
    if compared.cohort is None:
        return None
    before, after = compared.young
    left_out = {"before": before, "after": after}
    return {"of": compared.cohort.name, "days": compared.cohort.days, "not_matured": left_out}


def _json_period(period: Period) -> dict[str, str]:
    sides = {"start": period.start, "end": period.end}
    return {side: datetime.fromtimestamp(at, UTC).isoformat() for side, at in sides.items()}


def _json_effect(effect: Effect, found: Attribution) -> dict[str, object]:
    return {
        "before": _json_part(effect.before, found),
        "after": _json_part(effect.after, found),
        "change": float(effect.total),
        "rate": float(effect.rate),
        "mix": float(effect.mix),
        "p": effect.p,
        "p_adjusted": effect.q,
        "p_excess_adjusted": effect.q_excess,
    }


def _json_part(part: Part, found: Attribution) -> dict[str, float | None]:
    value = ratio(part, found.scales)
    return {
        "value": None if value is None else float(value),
        "numerator": part.n / 10 ** found.scales[0],
        "denominator": part.d / 10 ** found.scales[1],
    }
