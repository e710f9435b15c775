"""What quality assurance finds out about an answered call: analysis, checks, labels, masking scans."""

from __future__ import annotations

from exporter.simulate.calls import Call
from exporter.simulate.draws import binomial, score
from exporter.simulate.tables import Row
from exporter.simulate.unit import Unit

RULES = ("guaranteed_approval", "no_interest", "threat", "impersonation", "privacy", "third_party")
ANALYSED = 0.98
CHECKED = 0.99
HUMAN_CHECK = 0.03
SCANNED = 0.2
SENSITIVE = (0, 0, 0, 1, 1, 2, 3)
ASR_TEXTS, INTENTS, EMOTIONS = 15, 4, 2
AUDITED_VIOLATION = 0.5
HOUR = 3_600


def write_quality(unit: Unit, call: Call) -> None:
    """All rows of quality assurance on a call that a person answered."""
    if unit.rng.random() < ANALYSED:
        _analysis(unit, call)
    violations = _checks(unit, call)
    if unit.rng.random() < SCANNED:
        _scan(unit, call)
    mandarin = call.customer.dialect == "mandarin"
    share = call.phase.label_share if mandarin else call.phase.label_share_dialect
    sampled = unit.rng.random() < share
    if sampled:
        _labels(unit, call)
    if sampled or (violations and unit.rng.random() < AUDITED_VIOLATION):
        _audit(unit, call, violations)


def revisable(unit: Unit, table: str, row: Row, wrong: Row) -> None:
    """Add a row; with a small chance the wrong one first, and the right one as its correction an hour or so later."""
    if unit.rng.random() < unit.case.correction:
        unit.facts.first[table].append(wrong)
        late = (row[-1] - unit.start).total_seconds() + 60 + 7_200 * unit.rng.random()
        unit.facts.later[table].append((*row[:-1], unit.at(late)))
    else:
        unit.facts.first[table].append(row)


def _analysis(unit: Unit, call: Call) -> None:
    random = unit.rng.random
    late = call.ended + 60 + (HOUR - 60) * random()
    repeats = 2 + int(2 * random()) if random() < call.phase.repeat else int(2 * random())
    analysed, written = unit.at(late), unit.at(late + 5 * random())
    row = (call.call_id, analysed, repeats, written)
    revisable(unit, "call_analyses", row, (call.call_id, analysed, 4 - repeats, written))


def _checks(unit: Unit, call: Call) -> int:
    """The automatic check of nearly every call, a person's of a sample. Returns the violations found automatically."""
    random, phase = unit.rng.random, call.phase
    violations, codes = 0, list[str]()
    if random() >= phase.compliance:
        violations = 1 if random() < 0.85 else 2
        codes = unit.rng.sample(RULES, violations)
    if random() < CHECKED:
        least, most = phase.qa_delay
        late = call.ended + least + (most - least) * random()
        checked, written = unit.at(late), unit.at(late + 2 * random())
        row = (call.call_id, "auto", checked, violations, codes, written)
        wrong = (call.call_id, "auto", checked, 0 if violations else 1, [] if violations else ["privacy"], written)
        revisable(unit, "qa_checks", row, wrong)
    if random() < HUMAN_CHECK:
        at = unit.at(call.ended + 86_400 * (0.5 + 2 * random()))
        unit.facts.first["qa_checks"].append((call.call_id, "human", at, violations, codes, at))
    return violations


def _scan(unit: Unit, call: Call) -> None:
    """A scan at the next full hour, or within two minutes while leaks are being looked for."""
    random = unit.rng.random
    leaking = call.phase.masking_leak > 0.001
    late = call.ended + 120 * random() if leaking else (call.ended // HOUR + 1) * HOUR + 120 * random()
    sensitive = SENSITIVE[int(random() * len(SENSITIVE))]
    masked = sensitive - 1 if sensitive and random() < call.phase.masking_leak else sensitive
    at = unit.at(late)
    unit.facts.first["masking_scans"].append((call.call_id, call.call_id, at, sensitive, masked, at))


def _labels(unit: Unit, call: Call) -> None:
    """What people say about a sampled call, days later."""
    rng, phase = unit.rng, call.phase
    mandarin = call.customer.dialect == "mandarin"
    least, most = phase.label_delay if mandarin else phase.label_delay_dialect
    late = call.ended + least + (most - least) * rng.random()
    recognised = phase.asr_mandarin if mandarin else phase.asr_dialect
    for place, (kind, total, p) in enumerate(
        (("asr", ASR_TEXTS, recognised), ("intent", INTENTS, phase.intent), ("emotion", EMOTIONS, phase.emotion))
    ):
        correct = binomial(rng, total, p)
        _label(unit, call, place, late, (kind, total, correct, None), (kind, total, total - correct, None))
    opinions = score(phase.mos)
    opinion = opinions[int(rng.random() * len(opinions))]
    _label(unit, call, 3, late, ("tts_mos", None, None, opinion), ("tts_mos", None, None, 6 - opinion))


def _audit(unit: Unit, call: Call, violations: int) -> None:
    """A person listens for violations; now and then one that the automatic check missed."""
    rng = unit.rng
    missed = sum(rng.random() >= call.phase.detection for _ in range(violations))
    found = ("audit", violations + missed, violations, None)
    least, most = call.phase.label_delay
    if call.phase.qa_delay[1] < 120:
        least, most = call.phase.qa_delay
    _label(unit, call, 4, call.ended + least + (most - least) * rng.random(), found, found)


def _label(unit: Unit, call: Call, place: int, late: float, found: Row, wrong: Row) -> None:
    labelled, written = unit.at(late), unit.at(late + 5)
    label_id = call.call_id * 8 + place
    row = (label_id, call.call_id, *found, labelled, written)
    revisable(unit, "quality_labels", row, (label_id, call.call_id, *wrong, labelled, written))
