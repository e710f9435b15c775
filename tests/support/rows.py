"""One maker per table: a new random row. `late` asks for an anchor days ago."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from tests.support.instants import DAY, HOUR, MINUTE, SECOND
from tests.support.world import KEYS, Row, World, instant, integer, key_of, shifted

TALK_SECONDS = (0, 1, 12, 29, 29.999999, 30, 30.000001, 31, 45, 90, 240)
LATENCIES = (-0.4, 0, 0.2, 0.25, 0.6, 0.9, 1.1, 1.1, 1.3, 1.5, 1.8, 2, 2.000001, 2.4, 3.7, 5, 10, 14.5)
BIRTH_YEARS = (1940, 1964, 1965, 1979, 1980, 1994, 1995, 2009, 2010, None)
AT_THE_END = (
    "answered_at",
    "answered_by",
    "ended_at",
    "result",
    "interaction_seconds",
    "hangup_by",
    "transferred_at",
    "fault_code",
    "cost_cny",
)


def customer(world: World, customer_id: int) -> Row:
    year = world.rng.choice(BIRTH_YEARS)
    month, day = world.rng.choice(((1, 1), (7, 9), (12, 31)))
    birth = None if year is None else date(year, month, day)
    return {"customer_id": customer_id, "birth_date": birth, "dialect": world.rng.choice(world.domains.dialect)}


def call(world: World, late: bool) -> Row:
    """A new call, now and then one that is still running."""
    row = finished_call(world, late, world.new_id())
    return row | dict.fromkeys(AT_THE_END) if not late and world.chance(0.08) else row


def finished_call(world: World, late: bool, call_id: int) -> Row:
    domains, rng = world.domains, world.rng
    moment = world.moment(late)
    row: Row = {
        "call_id": call_id,
        "customer_id": world.customer(),
        "campaign_id": rng.choice((1, 1, 2, None)),
        "scenario": rng.choice(domains.scenario),
        "generation": rng.choice(domains.generation),
        "dialect": rng.choice(domains.dialect),
        "script": rng.choice(domains.script),
        "dialed_at": moment,
        **call_end(world, moment),
    }
    # Half of the time the drawn instant is the end of the call, not its dialling.
    return shifted(row, moment - instant(row["ended_at"])) if world.chance(0.5) else row


def call_end(world: World, dialed_at: datetime) -> Row:
    """How a call dialled at that time went: answered (three in four) or not."""
    picked_up = dialed_at + world.rng.randint(2, 30) * SECOND
    row: Row = {
        **dict.fromkeys(AT_THE_END),
        "fault_code": world.rng.choice(("E_MEDIA", "E_TRUNK")) if world.chance(0.06) else None,
        "cost_cny": world.cny(3),
    }
    if world.chance(0.25):
        result = world.rng.choice(("no_answer", "busy", "rejected", "unreachable", "failed"))
        return row | {"ended_at": picked_up, "result": result}
    ended = picked_up + timedelta(seconds=world.rng.choice(TALK_SECONDS))
    by = world.rng.choice(("human", "human", "human", "unknown", "machine"))
    return row | {
        "result": "answered",
        "answered_at": picked_up,
        "answered_by": by,
        "ended_at": ended,
        **judged_call(world),
        "transferred_at": ended if world.chance(0.2) else None,
    }


def judged_call(world: World) -> Row:
    """What is measured on an answered call, and may be mended later."""
    return {
        "interaction_seconds": world.rng.choice((0.0, 9.5, 10.0, 10.5, 25.0, 60.0, 60.0, 60.0, None)),
        "hangup_by": world.rng.choice(("customer", "customer", "agent", "system", None)),
    }


def turn(world: World, late: bool) -> Row:
    call_id = world.call_id()
    used = [integer(row["seq"]) for row in world.rows["turns"].values() if row["call_id"] == call_id]
    start = world.moment(late)
    heard = start - timedelta(seconds=world.rng.choice(LATENCIES))
    return {
        "call_id": call_id,
        "seq": max(used, default=0) + 1,
        "user_end_at": None if world.chance(0.05) else heard,
        "bot_start_at": None if world.chance(0.05) else start,
    }


def analysis(world: World, late: bool) -> Row:
    taken = frozenset(call_id for (call_id,) in world.rows["call_analyses"])
    return {"call_id": world.call_id(taken), "analysed_at": world.anchor(late), **judged_analysis(world)}


def judged_analysis(world: World) -> Row:
    return {"repeat_count": world.rng.choice((0, 0, 1, 2, 3, None))}


def label(world: World, late: bool) -> Row:
    kind = world.rng.choice(("asr", "intent", "emotion", "tts_mos", "audit"))
    return {
        "label_id": world.new_id(),
        "call_id": world.call_id_or_none(),
        "kind": kind,
        "labelled_at": world.anchor(late),
        **judged_label(world, kind),
    }


def judged_label(world: World, kind: object) -> Row:
    """A score for the voice (halves: exact in any float), `correct` of `total` for the other kinds."""
    if kind == "tts_mos":
        return {"total": None, "correct": None, "score": world.rng.choice((1.0, 2.5, 3.5, 4.0, 4.5, 5.0, None))}
    total = world.rng.choice((0, 1, 4, 20, None))
    correct = None if total is None or world.chance(0.05) else world.rng.randint(0, total)
    return {"total": total, "correct": correct, "score": None}


def check(world: World, late: bool) -> Row:
    mode = "auto" if world.chance(0.8) else "human"
    taken = frozenset(call_id for call_id, taken_mode in world.rows["qa_checks"] if taken_mode == mode)
    return {"call_id": world.call_id(taken), "mode": mode, "checked_at": world.moment(late), **judged_check(world)}


def judged_check(world: World) -> Row:
    violations = world.rng.choice((0, 0, 0, 1, 2, None))
    return {"violations": violations, "rule_codes": ["R1", "R2"][: violations or 0]}


def scan(world: World, late: bool) -> Row:
    at = world.anchor(late)
    return {"scan_id": world.new_id(), "call_id": world.call_id_or_none(), "scanned_at": at, **judged_scan(world)}


def judged_scan(world: World) -> Row:
    sensitive = world.rng.choice((0, 1, 3, 3, None))
    masked = None if sensitive is None or world.chance(0.05) else max(0, sensitive - world.rng.choice((0, 0, 0, 1)))
    return {"sensitive": sensitive, "masked": masked}


def recording(world: World, late: bool) -> Row:
    """Mostly one that is about half a year old: its retention is judged about now."""
    moment = world.moment(late)
    started = world.instants.half_a_year_before(moment) if world.chance(0.7) else moment
    return {
        "recording_id": world.new_id(),
        "call_id": world.call_id_or_none(),
        "started_at": started,
        "stored_at": started + 60 * SECOND,
        "bytes": world.rng.randint(1, 10**6),
        "sha256": f"{world.rng.getrandbits(256):064x}",
        "deleted_at": world.moment(late) if world.chance(0.25) else None,
    }


def survey(world: World, late: bool) -> Row:
    return {
        "survey_id": world.new_id(),
        "call_id": world.call_id_or_none(),
        "channel": world.rng.choice(("ivr", "sms")),
        "responded_at": world.anchor(late),
        **judged_survey(world),
    }


def judged_survey(world: World) -> Row:
    return {"satisfied": world.rng.choice((True, True, False, None))}


def application(world: World, late: bool) -> Row:
    call_id = world.call_id()
    source = world.rows["calls"].get((call_id,))
    applied = world.anchor(late)
    return {
        "application_id": world.new_id(),
        "customer_id": source["customer_id"] if source is not None and world.chance(0.8) else world.customer(),
        "source_call_id": call_id,
        "applied_at": applied,
        "granted_at": applied + world.instants.within(DAY) if applied is not None and world.chance(0.4) else None,
    }


def ledger_entry(world: World, late: bool) -> Row:
    return {
        "entry_id": world.new_id(),
        "booked_at": world.anchor(late),
        "scenario": world.rng.choice(world.domains.scenario),
        "amount_cny": world.cny(5000),
    }


def case(world: World, late: bool) -> Row:
    return known_case(world, late, world.new_id())


def known_case(world: World, late: bool, case_id: int) -> Row:
    return {
        "case_id": case_id,
        "customer_id": world.customer(),
        "generation": world.rng.choice(world.domains.generation),
        "entered_at": world.anchor(late),
        "bucket": world.rng.choice(world.domains.bucket),
        "overdue_cny": world.cny(9000),
    }


def repayment(world: World, late: bool) -> Row:
    cases = [integer(row["case_id"]) for row in world.rows["collection_cases"].values()]
    paid = world.anchor(late)
    return {
        "repayment_id": world.new_id(),
        "case_id": world.rng.choice(cases) if cases and world.chance(0.95) else world.new_id(),
        "amount_cny": world.cny(3000),
        "paid_at": paid,
        "posted_at": None if paid is None else paid + DAY,
        "reversed_at": paid + DAY if paid is not None and world.chance(0.15) else None,
    }


def task(world: World, late: bool) -> Row:
    return {
        "task_id": world.new_id(),
        "customer_id": world.rng.randint(1, world.customers),
        "source_call_id": world.call_id() if world.chance(0.8) else None,
        "task": world.rng.choice(world.domains.task),
        "needed_at": world.anchor(late),
        "completed_at": world.moment(late) if world.chance(0.6) else None,
    }


def value_snapshot(world: World, late: bool) -> Row:
    """One of the monthly snapshots; a late one belongs to an older month."""
    row: Row = {}
    month = world.instants.now.date().replace(day=1) - world.rng.choice((0, 1)) * DAY
    while not row or key_of("ltv_snapshots", row) in world.rows["ltv_snapshots"]:
        as_of = month - 40 * DAY if late else month
        arm = world.rng.choice(("before", "after"))
        row = {"customer_id": world.rng.randint(1, world.customers), "as_of": as_of, "arm": arm}
        month -= DAY * world.chance(0.1)  # in the end a free key is found, however long the history
    return row | judged_value(world)


def judged_value(world: World) -> Row:
    reborrowed = world.rng.choice((True, False, None))
    return {"value_cny": world.cny(9000), "reborrowed": reborrowed, "credit_limit_cny": world.cny(50_000)}


def block(world: World, late: bool) -> Row:
    """An entry of the do-not-call list, sometimes taken off it again."""
    added = world.moment(late)
    customer_id = world.rng.randint(1, 3 if world.chance(0.5) else world.customers)
    while (customer_id, added) in world.rows["do_not_call"]:
        added += SECOND
    return {"customer_id": customer_id, "added_at": added, "removed_at": block_end(world, added)}


def block_end(world: World, added_at: datetime) -> datetime | None:
    """Minutes to days later: lists that never end would soon hold everybody."""
    lasting = world.rng.choice((5 * MINUTE, 5 * MINUTE, HOUR, HOUR, 5 * DAY))
    return added_at + world.instants.within(lasting) if world.chance(0.85) else None


def complaint(world: World, late: bool) -> Row:
    upheld = world.rng.choice((True, False, None))
    at = world.anchor(late)
    call_id = world.call_id_or_none()
    return {"complaint_id": world.new_id(), "call_id": call_id, "received_at": at, "upheld": upheld}


def incident(world: World, late: bool) -> Row:
    """Sometimes open still, sometimes resolved before it was opened: a row to reject."""
    resolved = world.moment(late)
    opened = resolved - world.rng.choice((-60, 0, 300, 900, 7200)) * SECOND
    return {
        "incident_id": world.new_id(),
        "opened_at": None if world.chance(0.05) else opened,
        "resolved_at": None if world.chance(0.2) else resolved,
    }


MAKERS: Mapping[str, Callable[[World, bool], Row]] = {
    "calls": call,
    "turns": turn,
    "call_analyses": analysis,
    "quality_labels": label,
    "qa_checks": check,
    "masking_scans": scan,
    "recordings": recording,
    "surveys": survey,
    "credit_applications": application,
    "cost_ledger": ledger_entry,
    "collection_cases": case,
    "repayments": repayment,
    "service_tasks": task,
    "ltv_snapshots": value_snapshot,
    "do_not_call": block,
    "complaints": complaint,
    "incidents": incident,
}
assert MAKERS.keys() == KEYS.keys() - {"customers"}, "customers are a pool of their own"
