"""One dial: whether it is answered, how long it lasts, how it ends, its turns, and its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from exporter.simulate.calendar import COLLECTION, is_month_end
from exporter.simulate.case import Phase
from exporter.simulate.draws import QUANTILES, cny, lognormal
from exporter.simulate.people import ACQUISITION, Customer, Dial
from exporter.simulate.tables import Row
from exporter.simulate.unit import Unit

UNANSWERED = ("no_answer",) * 6 + ("busy",) * 2 + ("rejected", "unreachable")
FAULT_CODES = ("trunk_down", "asr_timeout", "tts_error", "media_lost")
# Most faults keep a call from being answered, some break it off.
BREAKS_OFF = 0.3
LONGEST_TALK = 900.0
TALK = (60.0, 0.7)
UNKNOWN_ANSWERER = 0.015


@dataclass(slots=True)
class Call:
    """A finished dial. Times are seconds after the start of its unit; `answered` < 0: not answered by a person."""

    call_id: int
    customer: Customer
    dial: Dial
    phase: Phase
    ended: float = 0.0
    answered: float = -1.0
    result: str = "no_answer"
    answered_by: str | None = None
    interaction: float | None = None
    hangup_by: str | None = None
    transferred: float | None = None
    fault_code: str | None = None
    written: float = 0.0

    @property
    def by_person(self) -> bool:
        """Answered in the sense of the KPIs."""
        return self.answered >= 0 and self.answered_by != "machine"

    @property
    def effective(self) -> bool:
        """An effective contact: at least 10 s of interaction with a person."""
        return self.by_person and self.interaction is not None and self.interaction >= 10

    @property
    def talk(self) -> float:
        """Seconds of talk time."""
        return self.ended - self.answered


def place_call(unit: Unit, customer: Customer, dial: Dial) -> Call:
    """Draw the course of a dial."""
    rng = unit.rng
    call = Call(unit.next_id(), customer, dial, unit.phase(dial.at))
    faulty = fault_share(unit, dial, call.phase)
    # Broken-off calls count as answered: the rest makes up for the dials that a fault keeps from it.
    answer = (unit.case.answer - faulty * BREAKS_OFF) / (1 - faulty)
    if rng.random() < faulty:
        call.fault_code = FAULT_CODES[int(rng.random() * len(FAULT_CODES))]
        answer = BREAKS_OFF
    luck = rng.random()
    if luck < answer:
        _talk_to_person(unit, call)
    elif luck < answer + unit.case.machine and call.fault_code is None:
        _talk_to_machine(unit, call)
    else:
        call.ended = dial.at + 3 + 35 * rng.random()
        call.result = "failed" if call.fault_code else UNANSWERED[int(rng.random() * len(UNANSWERED))]
    call.written = call.ended + 2 + 8 * rng.random()
    if rng.random() < unit.case.stuck:
        call.written += 7_200 + 10_800 * rng.random()
    return call


def fault_share(unit: Unit, dial: Dial, phase: Phase) -> float:
    """The share of dials that a system fault hits: more in the bursts of the month-end peak."""
    if not is_month_end(unit.case, dial.day):
        return phase.system_fault
    local = unit.at(dial.at).astimezone(unit.plan.zone)
    return phase.system_fault_burst if local.hour in unit.case.burst_hours else phase.system_fault


def _talk_to_machine(unit: Unit, call: Call) -> None:
    call.answered = call.dial.at + 8 + 15 * unit.rng.random()
    call.ended = call.answered + 5 + 20 * unit.rng.random()
    call.result, call.answered_by, call.hangup_by = "answered", "machine", "agent"
    call.interaction = 0.0


def _talk_to_person(unit: Unit, call: Call) -> None:
    """One draw places the call: too short for a contact, hung up within 30 s, or a talk that lasts."""
    random = unit.rng.random
    rates = call.phase.rates[call.customer.generation]
    call.answered = call.dial.at + 4 + 20 * random()
    call.result = "answered"
    call.answered_by = "unknown" if random() < UNKNOWN_ANSWERER else "human"
    luck = random()
    if luck < 1 - rates.contact:
        call.interaction = 1.5 + 8 * random()
        call.ended = call.answered + call.interaction + 3 + 2 * random()
        call.hangup_by = "customer"
    elif luck < rates.early_hangup:
        call.interaction = 10.5 + 9 * random()
        call.ended = call.answered + call.interaction + 1 + 8.5 * random()
        call.hangup_by = "customer"
    else:
        _long_talk(unit, call, rates.early_hangup)
    if call.fault_code is not None:
        call.hangup_by = "system"


def _long_talk(unit: Unit, call: Call, early_hangup: float) -> None:
    random = unit.rng.random
    talks = lognormal(*TALK)
    seconds = min(LONGEST_TALK, 31 + talks[int(random() * len(talks))])
    call.interaction = seconds * (0.6 + 0.35 * random())
    call.ended = call.answered + seconds
    call.hangup_by = "customer" if random() < 0.4 else "agent"
    # Only talks that last are transferred, so more of them than of all answered calls.
    if call.dial.scenario == COLLECTION and random() < call.phase.escalation / (1 - early_hangup):
        call.transferred = call.answered + seconds * (0.5 + 0.4 * random())


def write_call(unit: Unit, call: Call) -> None:
    """The call's row, once wrong and later corrected with a small chance, and its turns."""
    row = call_row(unit, call)
    if unit.rng.random() < unit.case.correction:
        unit.facts.later["calls"].append(corrected(unit, row, call.written))
        row = mistaken(unit, row)
    unit.facts.first["calls"].append(row)
    if call.by_person:
        write_turns(unit, call)


def call_row(unit: Unit, call: Call) -> Row:
    """The row as it stands when the call has ended."""
    at, dial, customer = unit.at, call.dial, call.customer
    return (
        call.call_id,
        customer.customer_id,
        dial.campaign_id,
        dial.scenario,
        customer.generation,
        customer.dialect,
        dial.script,
        at(dial.at),
        at(call.answered) if call.answered >= 0 else None,
        at(call.ended),
        call.result,
        call.answered_by,
        call.interaction,
        call.hangup_by,
        at(call.transferred) if call.transferred is not None else None,
        call.fault_code,
        cny(cost_cents(unit, call)),
        at(call.written),
    )


def cost_cents(unit: Unit, call: Call) -> int:
    """Line and talk; for acquisition also the price of the lead, which is nearly all of it."""
    if call.dial.scenario == ACQUISITION:
        mean = call.phase.dial_cost * (1 - unit.case.ledger_share)
        return int(mean * 100 * (0.5 + unit.rng.random()) + 0.5)
    return 6 + int(max(0.0, call.talk) / 10) if call.answered >= 0 else 6


def corrected(unit: Unit, row: Row, written: float) -> Row:
    """The same row, delivered again later: minutes, rarely a day."""
    delays = lognormal(1_800.0, 1.2)
    return (*row[:-1], unit.at(written + 60 + delays[int(unit.rng.random() * len(delays))]))


def mistaken(unit: Unit, row: Row) -> Row:
    """The row with a wrong value, as it is delivered before its correction: generation, hang-up or interaction."""
    wrong = list(row)
    place, value = ((4, "unknown"), (13, "agent"), (12, None))[int(unit.rng.random() * 3)]
    wrong[place] = value
    return tuple(wrong)


def opening_versions(row: Row) -> tuple[Row, ...]:
    """What the row of a running call looked like: ringing, then (if it was answered) talking."""
    dialed, answered = row[7], row[8]
    ringing = (*row[:8], *(None,) * 9, dialed + timedelta(milliseconds=200))
    if answered is None:
        return (ringing,)
    talking = (*row[:9], None, None, row[11], *(None,) * 5, answered + timedelta(milliseconds=200))
    return ringing, talking


def write_turns(unit: Unit, call: Call) -> None:
    """2 to 8 turns, each with its response latency, spread over the talk; written with the call's row."""
    random, rows, start = unit.rng.random, unit.facts.first["turns"], unit.start
    talk = call.talk
    count = min(8, 2 + int(talk / 20))
    latencies = lognormal(call.phase.latency_median, call.phase.latency_sigma)
    written = unit.at(call.written)
    for turn in range(count):
        latency = latencies[int(random() * QUANTILES)]
        user_end = call.answered + max(0.0, talk - latency) * (turn + random()) / count
        rows.append(
            (call.call_id, turn + 1, start + timedelta(0, user_end), start + timedelta(0, user_end + latency), written)
        )
