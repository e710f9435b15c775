"""What customers make of a call, surveys and complaints and blocking; and its recording."""

from __future__ import annotations

from datetime import timedelta

from exporter.simulate.calendar import COLLECTION, add_months
from exporter.simulate.calls import Call
from exporter.simulate.draws import lognormal
from exporter.simulate.quality import revisable
from exporter.simulate.unit import Unit

DAY = 86_400.0
SMS_MEDIAN, SMS_LONGEST = 1_200.0, 72 * 3_600.0
UNBLOCKED = 0.05
RETENTION_MONTHS = 6
# Deletions further ahead than this are not worked out: a run of the live stream is not that long.
LOOKAHEAD = timedelta(days=45)
FILE_HEADER, BYTES_PER_SECOND = 2_048, 20


def write_survey(unit: Unit, call: Call) -> None:
    """The answer of some customers: by keypad at the call's end, or later by text message."""
    random, case = unit.rng.random, unit.case
    if random() >= case.response:
        return
    satisfied = random() < call.phase.rates[call.customer.generation].satisfied
    if random() < case.ivr_share:
        channel, late = "ivr", call.ended + 2 * random()
    else:
        delays = lognormal(SMS_MEDIAN, 1.0)
        channel, late = "sms", call.ended + min(SMS_LONGEST, delays[int(random() * len(delays))])
    responded, written = unit.at(late), unit.at(max(late, call.written) + 3 * random())
    row = (call.call_id, call.call_id, channel, responded, satisfied, written)
    revisable(unit, "surveys", row, (call.call_id, call.call_id, channel, responded, not satisfied, written))


def write_complaint(unit: Unit, call: Call) -> None:
    """A complaint within days, and later whether it was upheld. Collection draws more of them than the rest."""
    random = unit.rng.random
    # 1.5 and 0.73 keep the mean at the case's figure, with collection's share of 35 %.
    weight = 1.5 if call.dial.scenario == COLLECTION else 0.73
    if random() >= unit.case.complaint * weight:
        return
    delays = lognormal(0.5 * DAY, 1.2)
    late = call.ended + min(15 * DAY, delays[int(random() * len(delays))])
    received = unit.at(late)
    unit.facts.first["complaints"].append((call.call_id, call.call_id, received, None, unit.at(late + 60)))
    decided = unit.at(late + DAY * (1 + 5 * random()))
    unit.facts.later["complaints"].append((call.call_id, call.call_id, received, random() < 0.4, decided))


def blocks(unit: Unit, call: Call) -> bool:
    """Whether the customer asks not to be called again; writes the entry of the do-not-call list."""
    random = unit.rng.random
    if not call.by_person or random() >= unit.case.block:
        return False
    key = (call.customer.customer_id, unit.at(call.ended))
    unit.facts.first["do_not_call"].append((*key, None, unit.at(call.ended + 5)))
    if random() < UNBLOCKED:
        removed = unit.at(call.ended + DAY * (10 + 30 * random()))
        unit.facts.later["do_not_call"].append((*key, removed, removed))
    return True


def write_recording(unit: Unit, call: Call) -> None:
    """The recording of an answered call: stored within minutes, kept for six months; a few are deleted early."""
    rng, phase = unit.rng, call.phase
    if rng.random() >= phase.recording_coverage:
        return
    started = unit.at(call.answered)
    stored = unit.at(call.ended + 60 + 240 * rng.random())
    size = FILE_HEADER + int(call.talk * BYTES_PER_SECOND)
    key = (call.call_id, call.call_id, started, stored, size, f"{rng.getrandbits(256):064x}")
    unit.facts.first["recordings"].append((*key, None, stored))
    if rng.random() < phase.file_loss:
        unit.facts.lost_files.append((call.call_id, started, stored + timedelta(seconds=1)))
    if rng.random() < phase.early_deletion:
        deleted = stored + timedelta(seconds=60 + 240 * rng.random())
        unit.facts.later["recordings"].append((*key, deleted, deleted))
    elif (kept := add_months(started, RETENTION_MONTHS)) < unit.plan.now + LOOKAHEAD:
        deleted = kept + timedelta(days=1 + 4 * rng.random())
        unit.facts.later["recordings"].append((*key, deleted, deleted))
