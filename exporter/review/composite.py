"""The composite (综合绩效): weighted scores of KPIs against their targets. Weights are the operator's, from a file.

A KPI's score is 1 at its target or better, 0 at its alarm line or worse, and linear in between: so a KPI that is paged
for earns nothing, one that reaches its target earns all, and exceeding it cannot pay for another's failure. Where there
is no alarm line the score is the ratio to the target (target to value, where less is better), at most 1. Where target
and alarm line are one (zero tolerance) it is 1 or 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

from exporter.errors import ConfigError, ConfigErrors
from exporter.kpi.evaluate import Value
from exporter.kpi.judge import Lines, crossed
from exporter.review.model import Composite, KpiReview, Part
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.yamlfile import Document, load_yaml

_FIX = "write one `kpi: weight` per line, e.g. `early_hangup: 20`"


def load_weights(path: Path, catalogue: Catalogue) -> dict[str, float]:
    """Weights by KPI from a YAML file; raises ConfigError or ConfigErrors with file, line and fix."""
    document = load_yaml(path)
    if not isinstance(document.data, dict) or not document.data:
        raise document.error((), "holds no weights", _FIX)
    problems = [error for slug in document.data if (error := _problem(document, slug, catalogue))]
    if problems:
        raise ConfigErrors(problems)
    return {slug: float(weight) for slug, weight in document.data.items()}


def _problem(document: Document, slug: str, catalogue: Catalogue) -> ConfigError | None:
    weight = document.data[slug]
    kpi = catalogue.kpis.get(slug)
    if kpi is None:
        return document.error((slug,), f"there is no KPI '{slug[:64]}'", "use a name of docs/kpis.md")
    if not kpi.targets:
        return document.error((slug,), f"{slug} has no target to be scored against", "leave it out, or give it one")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight) or weight <= 0:
        return document.error((slug,), f"the weight of {slug} is not a number above 0", _FIX)
    return None


def composite(weights: Mapping[str, float], kpis: Mapping[str, KpiReview]) -> Composite:
    """The scores of weighted KPIs, in the order of the weights' file."""
    return Composite(tuple(part(kpis[slug], weight) for slug, weight in weights.items()))


def part(review: KpiReview, weight: float) -> Part:
    """A KPI's scores; of one whose whole has no line (recovery), the means over its slices that have."""
    whole = review.whole
    rows = (whole,) if whole.lines.target is not None else review.slices
    scores = [(_score(review.kpi, row.now, row.lines), _score(review.kpi, row.before, row.lines)) for row in rows]
    both = [(now, before) for now, before in scores if now is not None and before is not None]
    pair = (fmean(now for now, _ in both), fmean(before for _, before in both)) if both else None
    now, before = (_mean(score[at] for score in scores) for at in (0, 1))
    return Part(review.kpi, weight, now, before, pair)


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None


def _score(kpi: Kpi, value: Value | None, lines: Lines) -> float | None:
    return None if value is None or lines.target is None else scored(kpi, value.value, lines)


def scored(kpi: Kpi, value: float, lines: Lines) -> float:
    """The score of a value against its lines, 0 to 1; `lines` has a target."""
    target, alarm = lines.target, worst(kpi, lines)
    assert target is not None  # noqa: S101 - the caller has looked
    if not crossed(kpi, value, target):
        return 1.0
    if alarm is not None:
        return 0.0 if alarm == target else _clip((value - alarm) / (target - alarm))
    if kpi.direction == "higher":
        return _clip(value / target) if target > 0 else 0.0
    return _clip(target / value)


def worst(kpi: Kpi, lines: Lines) -> float | None:
    """The line that is worst to cross, where there is one beside the target."""
    if lines.critical is not None:
        return lines.critical
    return lines.warning if lines.goal is not None else None


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))
