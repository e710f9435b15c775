"""What may happen to a row after it was written: it is completed, judged anew, moved in time or to another slice.

Each function gives the columns that change; an empty row says that there is nothing to change. The first two groups
concern a fact's own row, so that the next poll has to see them; the last two are mended by the next reconcile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tests.support import rows
from tests.support.instants import SECOND
from tests.support.world import Row, World, instant, integer

HALF_A_YEAR_AT_LEAST = timedelta(days=180)

# Instants that are NULL until they are known.
PENDING: Mapping[str, tuple[str, ...]] = {
    "call_analyses": ("analysed_at",),
    "quality_labels": ("labelled_at",),
    "masking_scans": ("scanned_at",),
    "surveys": ("responded_at",),
    "credit_applications": ("applied_at", "granted_at"),
    "cost_ledger": ("booked_at",),
    "collection_cases": ("entered_at",),
    "repayments": ("paid_at", "reversed_at"),
    "service_tasks": ("needed_at", "completed_at"),
    "do_not_call": ("removed_at",),
    "complaints": ("received_at",),
    "incidents": ("opened_at", "resolved_at"),
}

# Tables whose rows count without a call too, and whether a row may lose its call again: without its recording a call
# is covered no more, which is the next reconcile's to find.
CALL_MAY_BE_UNKNOWN: Mapping[str, bool] = {
    "masking_scans": True,
    "recordings": False,
    "complaints": True,
    "surveys": True,
    "quality_labels": True,
}

# The instant that places a row; the others of the row move with it when it is corrected.
ANCHORS: Mapping[str, str] = {
    "calls": "ended_at",
    "turns": "bot_start_at",
    "call_analyses": "analysed_at",
    "quality_labels": "labelled_at",
    "qa_checks": "checked_at",
    "masking_scans": "scanned_at",
    "recordings": "started_at",
    "surveys": "responded_at",
    "credit_applications": "applied_at",
    "cost_ledger": "booked_at",
    "collection_cases": "entered_at",
    "repayments": "paid_at",
    "service_tasks": "needed_at",
    "complaints": "received_at",
    "incidents": "resolved_at",
}


def completed(world: World, table: str, row: Row) -> Row:
    """The next step of a row's life: a running call ends, a case is granted, resolved, reversed, deleted.

    Of which call a row tells becomes known, or turns out to have been wrong.
    """
    if table in CALL_MAY_BE_UNKNOWN and world.chance(0.5):
        if row["call_id"] is None:
            return {"call_id": world.call_id()}
        if CALL_MAY_BE_UNKNOWN[table]:
            return {"call_id": None}
    if table == "calls":
        return rows.call_end(world, instant(row["dialed_at"])) if row["ended_at"] is None else {}
    if table == "recordings":
        return deleted_early(world, row)
    if table == "turns":
        return answered_after_all(world, row)
    pending = [column for column in PENDING.get(table, ()) if row[column] is None]
    return {world.rng.choice(pending): world.instants.recent()} if pending else {}


def answered_after_all(world: World, row: Row) -> Row:
    """The system's answer to a turn, of which only the question was known."""
    if row["bot_start_at"] is not None or row["user_end_at"] is None:
        return {}
    return {"bot_start_at": instant(row["user_end_at"]) + timedelta(seconds=world.rng.choice(rows.LATENCIES))}


def deleted_early(world: World, row: Row) -> Row:
    """A deletion before the retention ended; where it has ended, the judgement would move: a correction."""
    young = instant(row["started_at"]) > world.instants.now - HALF_A_YEAR_AT_LEAST
    return {"deleted_at": world.instants.recent()} if young and row["deleted_at"] is None else {}


def judged_anew(world: World, table: str, row: Row) -> Row:
    """Another verdict, amount or campaign, in place and at the same time."""
    judge = JUDGES.get(table)
    return {} if judge is None else judge(world, row)


def judged_call_anew(world: World, row: Row) -> Row:
    if row["ended_at"] is None:
        return {}
    if world.chance(0.3):  # first contacts of both campaigns move
        return {"campaign_id": world.rng.choice((1, 2, None))}
    fault = world.rng.choice(("E_MEDIA", None))
    known: Row = {"cost_cny": world.cny(3), "fault_code": fault}
    if row["answered_at"] is None:
        return known
    transferred = row["ended_at"] if world.chance(0.5) else None
    return known | rows.judged_call(world) | {"transferred_at": transferred}


def heard_anew(world: World, row: Row) -> Row:
    if row["bot_start_at"] is None:
        return {}
    return {"user_end_at": instant(row["bot_start_at"]) - timedelta(seconds=world.rng.choice(rows.LATENCIES))}


def opened_anew(world: World, row: Row) -> Row:
    if row["resolved_at"] is None:
        return {}
    return {"opened_at": instant(row["resolved_at"]) - world.rng.choice((-5, 60, 900, 8000)) * SECOND}


def blocked_anew(world: World, row: Row) -> Row:
    return {"removed_at": rows.block_end(world, instant(row["added_at"]))}


JUDGES: Mapping[str, Callable[[World, Row], Row]] = {
    "calls": judged_call_anew,
    "turns": heard_anew,
    "call_analyses": lambda world, row: rows.judged_analysis(world),
    "quality_labels": lambda world, row: rows.judged_label(world, row["kind"]),
    "qa_checks": lambda world, row: rows.judged_check(world),
    "masking_scans": lambda world, row: rows.judged_scan(world),
    "surveys": lambda world, row: rows.judged_survey(world),
    "cost_ledger": lambda world, row: {"amount_cny": world.cny(5000)},
    "collection_cases": lambda world, row: {"overdue_cny": world.cny(9000)},
    "repayments": lambda world, row: {"amount_cny": world.cny(3000)},
    "ltv_snapshots": lambda world, row: rows.judged_value(world),
    "do_not_call": blocked_anew,
    "complaints": lambda world, row: {"upheld": world.chance(0.5)},
    "incidents": opened_anew,
    "customers": lambda world, row: {"dialect": world.rng.choice(world.domains.dialect)},
}


def moved(world: World, table: str, row: Row) -> Row:
    """The same fact at another time: all its instants shift together; a check is scored again."""
    column = ANCHORS.get(table)
    if column is None or row[column] is None:
        return {}
    target = world.instants.any()
    if table == "recordings":
        target = world.instants.half_a_year_before(target)
    by = target - instant(row[column])
    shifted: Row = {name: value + by for name, value in row.items() if isinstance(value, datetime)}
    return shifted | (rows.judged_check(world) if table == "qa_checks" else {})


def recut(world: World, table: str, row: Row) -> Row:
    """Another slice: a label or a reference of the row is corrected."""
    choices = SLICES.get(table)
    return {} if choices is None else choices(world, row)


def call_recut(world: World, row: Row) -> Row:
    domains, rng = world.domains, world.rng
    column = rng.choice(("scenario", "generation", "dialect", "script", "customer_id", "answered_by"))
    values: dict[str, tuple[str | int | None, ...]] = {
        "scenario": domains.scenario,
        "generation": domains.generation,
        "dialect": domains.dialect,
        "script": domains.script,
        "customer_id": (world.customer(),),
        "answered_by": ("human", "machine") if row["answered_at"] is not None else (None,),
    }
    return {column: rng.choice(values[column])}


def birth_recut(world: World, row: Row) -> Row:
    return {"birth_date": rows.customer(world, integer(row["customer_id"]))["birth_date"]}


def of_other_call_or_none(world: World, row: Row) -> Row:
    return {"call_id": world.call_id_or_none()}


def application_recut(world: World, row: Row) -> Row:
    return {"source_call_id": world.call_id()} if world.chance(0.5) else {"customer_id": world.customer()}


def case_recut(world: World, row: Row) -> Row:
    if world.chance(0.5):
        return {"bucket": world.rng.choice(world.domains.bucket)}
    return {"generation": world.rng.choice(world.domains.generation)}


def of_other_case(world: World, row: Row) -> Row:
    cases = [integer(case["case_id"]) for case in world.rows["collection_cases"].values()]
    return {"case_id": world.rng.choice(cases)} if cases else {}


def task_recut(world: World, row: Row) -> Row:
    if world.chance(0.5):
        return {"task": world.rng.choice(world.domains.task)}
    return {"customer_id": world.rng.randint(1, world.customers)}


SLICES: Mapping[str, Callable[[World, Row], Row]] = {
    "customers": birth_recut,
    "calls": call_recut,
    "quality_labels": of_other_call_or_none,
    "masking_scans": of_other_call_or_none,
    "recordings": of_other_call_or_none,
    "surveys": of_other_call_or_none,
    "complaints": of_other_call_or_none,
    "credit_applications": application_recut,
    "cost_ledger": lambda world, row: {"scenario": world.rng.choice(world.domains.scenario)},
    "collection_cases": case_recut,
    "repayments": of_other_case,
    "service_tasks": task_recut,
}
