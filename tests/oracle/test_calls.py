"""The oracle against cases computed by hand, calls and the facts of calls: whoever checks others is checked first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest

from tests.oracle import FAMILIES
from tests.oracle.ledger import DAY, HOUR, MINUTE, NOW, SECOND, Ledger, value, values

AGO = NOW - 2 * MINUTE


# Calls ---------------------------------------------------------------------------------------------------------------


async def test_effective_contact_needs_ten_seconds_with_a_person(ledger: Ledger) -> None:
    """Of eight dials three are effective: a machine, 9.9 s, an unknown interaction and no answer are not."""
    await ledger.call(interaction_seconds=10.0)
    await ledger.call(answered_by="unknown")
    await ledger.call(interaction_seconds=9.9)
    await ledger.call(answered_by="machine")
    await ledger.call(interaction_seconds=None)
    await ledger.call(interaction_seconds=nan)  # not known
    await ledger.call(interaction_seconds=inf)
    await ledger.missed()
    await ledger.call(ended_at=None)  # running still: not a dial
    gauges = await ledger.gauges("effective_contact", "connect", "dials", "answered_calls", "effective_contacts")
    assert value(gauges, "effective_contact_ratio") == pytest.approx(3 / 8)
    assert value(gauges, "effective_contact_samples") == 8
    assert value(gauges, "effective_contact_ratio_lower") == pytest.approx(0.1368443)
    assert value(gauges, "effective_contact_ratio_upper") == pytest.approx(0.6942576)
    assert value(gauges, "connect_ratio") == pytest.approx(6 / 8)
    cell = {"scenario": "acquisition", "generation": "gen_z", "period": "afternoon", "script": "A"}
    measures = [value(gauges, name, **cell) for name in ("dials", "answered_calls", "effective_contacts")]
    assert measures == [8, 6, 3]
    assert value(gauges, "dials") is None  # no member `all`


async def test_early_hangup_is_the_customers_and_within_thirty_seconds(ledger: Ledger) -> None:
    """30 s of talk is early, a microsecond more is not, and the machine's own ending never is."""
    for talk, by in ((30 * SECOND, "customer"), (timedelta(seconds=30.000001), "customer"), (5 * SECOND, "system")):
        await ledger.call(answered_at=AGO - talk, hangup_by=by)
    await ledger.missed(hangup_by="customer")
    gauges = await ledger.gauges("early_hangup", "hangup", "early_hangups")
    assert value(gauges, "early_hangup_ratio") == pytest.approx(1 / 3)
    assert value(gauges, "hangup_ratio") == pytest.approx(2 / 3)
    assert sum(number for (name, _), number in gauges.items() if name == "outcall_early_hangups") == 5  # a window each


async def test_system_failure_and_escalation(ledger: Ledger) -> None:
    """One dial of five failed; of two answered collection calls one was handed over, acquisition does not count."""
    await ledger.call(scenario="collection", transferred_at=AGO)
    await ledger.call(scenario="collection")
    await ledger.missed(scenario="collection")
    await ledger.call(transferred_at=AGO)
    await ledger.missed(fault_code="E_TRUNK")
    gauges = await ledger.gauges("system_failure", "escalation")
    assert value(gauges, "system_failure_ratio") == pytest.approx(1 / 5)
    assert value(gauges, "escalation_ratio") == value(gauges, "escalation_ratio", scenario="collection") == 0.5
    assert value(gauges, "escalation_ratio", scenario="acquisition") is None


async def test_slices_come_from_the_call_and_the_local_hour(ledger: Ledger) -> None:
    """17:59:59 in Shanghai is afternoon, 18:00 evening; NULL is `unknown`; scripts are crossed with the scenario."""
    six = datetime(2025, 6, 18, 10, tzinfo=UTC)
    await ledger.call(dialed_at=six - SECOND, script="B")
    await ledger.missed(dialed_at=six, generation=None, script=None)
    await ledger.missed(dialed_at=six + SECOND, scenario=None)
    gauges = await ledger.gauges("connect")
    assert value(gauges, "connect_ratio", period="afternoon") == 1
    assert value(gauges, "connect_ratio", period="evening", generation="unknown", scenario="acquisition") == 0
    assert value(gauges, "connect_ratio", script="B", scenario="acquisition") == 1
    assert value(gauges, "connect_ratio", script="unknown") == value(gauges, "connect_ratio", scenario="unknown") == 0
    assert value(gauges, "connect_ratio", "7d", generation="gen_z") == 0.5
    assert value(gauges, "connect_ratio", "7d", period="evening") is None
    elsewhere = await ledger.gauges("connect", timezone="Europe/Berlin")
    assert value(elsewhere, "connect_samples", period="noon") == 2  # 12:00 there
    assert value(elsewhere, "connect_samples", period="morning") == 1


async def test_the_periods_of_the_day(ledger: Ledger) -> None:
    """The first second of each period, and the last one before the morning."""
    starts = {"off_hours": 21, "morning": 8, "noon": 12, "afternoon": 14, "evening": 18}
    midnight = datetime(2025, 6, 16, 16, tzinfo=UTC)  # of the 17th, in Shanghai
    for hour in starts.values():
        for dialed_at in (midnight + hour * HOUR, midnight + hour * HOUR - SECOND):
            await ledger.missed(dialed_at=dialed_at)
    await ledger.missed(dialed_at=None)
    gauges = await ledger.gauges("connect")
    samples = {period: value(gauges, "connect_samples", period=period) for period in (*starts, "unknown")}
    assert samples == {"off_hours": 2, "morning": 2, "noon": 2, "afternoon": 2, "evening": 2, "unknown": 1}


async def test_instants_beyond_the_calendar(ledger: Ledger) -> None:
    """They have no local time, and nobody answered at infinity; the rows beside them count as ever."""
    ends_of_time = ("infinity", "294276-12-31 20:00+00", "4714-11-24 00:00+00 BC")
    for dialed_at in ends_of_time:
        call = await ledger.call(hangup_by="customer", answered_at=AGO - SECOND)
        await ledger.connection.execute(f"UPDATE calls SET dialed_at = '{dialed_at}' WHERE call_id = {call}")
    for answered_at in ("infinity", "-infinity"):
        call = await ledger.call(hangup_by="customer")
        await ledger.connection.execute(f"UPDATE calls SET answered_at = '{answered_at}' WHERE call_id = {call}")
    gauges = await ledger.gauges("early_hangup", "permitted_hours", "frequency_compliance")
    assert value(gauges, "early_hangup_ratio", period="unknown") == 1
    assert value(gauges, "early_hangup_ratio", period="afternoon") == 0
    assert (value(gauges, "early_hangup_ratio"), value(gauges, "early_hangup_samples")) == (3 / 5, 5)


async def test_nothing_over_nothing_is_absent(ledger: Ledger) -> None:
    """An empty database has no gauge at all."""
    assert await ledger.gauges() == {}


async def test_every_family_comes_out_of_a_full_database(ledger: Ledger) -> None:
    """A name that the oracle promises is a name that it can answer for: none is misspelt, none forgotten."""
    await fill(ledger)
    assert {name for name, _ in await ledger.gauges()} == FAMILIES


async def fill(ledger: Ledger) -> None:
    """At least one row for every KPI."""
    call = await ledger.call(cost_cny=Decimal(2), answered_at=AGO - SECOND, hangup_by="customer")
    debt = await ledger.call(scenario="collection")
    await ledger.put("turns", call_id=call, seq=1, user_end_at=AGO - SECOND, bot_start_at=AGO)
    await ledger.put("call_analyses", call_id=call, analysed_at=AGO, repeat_count=2)
    for kind in ("asr", "intent", "emotion", "audit"):
        row = {"label_id": ledger.new_id(), "kind": kind, "total": 4, "correct": 3, "labelled_at": AGO}
        await ledger.put("quality_labels", call_id=call, **row)
    await ledger.put("quality_labels", label_id=ledger.new_id(), call_id=call, kind="tts_mos", score=4, labelled_at=AGO)
    await ledger.put("qa_checks", call_id=debt, mode="auto", checked_at=AGO, violations=0)
    await ledger.put("masking_scans", scan_id=1, call_id=call, scanned_at=AGO, sensitive=1, masked=1)
    await ledger.put("recordings", recording_id=1, call_id=call, started_at=AGO - DAY, deleted_at=AGO)
    await ledger.put("surveys", survey_id=1, call_id=call, responded_at=AGO, satisfied=True)
    applied = {"customer_id": 1, "source_call_id": call, "applied_at": AGO, "granted_at": AGO}
    await ledger.put("credit_applications", application_id=1, **applied)
    await ledger.put("collection_cases", case_id=1, entered_at=AGO, bucket="M1", overdue_cny=100)
    await ledger.put("service_tasks", task_id=1, task="limit_change", needed_at=AGO)
    await ledger.put("complaints", complaint_id=1, call_id=call, received_at=AGO)
    await ledger.put("incidents", incident_id=1, opened_at=AGO - HOUR, resolved_at=AGO)
    for arm in ("before", "after"):
        amounts = {"value_cny": 10, "reborrowed": True, "credit_limit_cny": 10}
        await ledger.put("ltv_snapshots", customer_id=1, as_of=date(2025, 6, 1), arm=arm, **amounts)


# Facts of calls ------------------------------------------------------------------------------------------------------


async def test_csat_counts_answers_that_are_known(ledger: Ledger) -> None:
    """Two of three known answers; an unknown one and an unanswered survey are not counted."""
    call = await ledger.call(generation="elderly")
    for number, satisfied in enumerate((True, True, False, None)):
        await ledger.put("surveys", survey_id=number, call_id=call, responded_at=AGO, satisfied=satisfied)
    await ledger.put("surveys", survey_id=7, call_id=call, satisfied=True)
    gauges = await ledger.gauges("csat")
    assert value(gauges, "csat_ratio", generation="elderly", scenario="acquisition") == pytest.approx(2 / 3)
    assert value(gauges, "csat_samples") == 3


async def test_repeat_question_is_of_answered_calls(ledger: Ledger) -> None:
    """Twice is a repetition, once is not; an unanswered call and an unknown count are not analysed."""
    for repeats in (2, 1, 0, None):
        await ledger.put("call_analyses", call_id=await ledger.call(), analysed_at=AGO, repeat_count=repeats)
    await ledger.put("call_analyses", call_id=await ledger.missed(), analysed_at=AGO, repeat_count=5)
    gauges = await ledger.gauges("repeat_question")
    assert (value(gauges, "repeat_question_ratio"), value(gauges, "repeat_question_samples")) == (1 / 3, 3)


async def test_labels_add_up_by_kind_and_asr_by_dialect(ledger: Ledger) -> None:
    """Sums of `correct` over sums of `total`, not means of quotients; a score is averaged."""
    plain, dialect = await ledger.call(), await ledger.call(dialect="cantonese")
    stranger, unknown = await ledger.call(dialect=None), await ledger.call(generation=None)
    labels = [
        (plain, "asr", 10, 10, None),
        (dialect, "asr", 30, 24, None),
        (dialect, "asr", None, 3, None),
        (plain, "intent", 4, 3, 1.0),
        (plain, "emotion", 5, 4, None),
        (plain, "emotion", 0, 0, None),
        (plain, "audit", 2, 1, None),
        (stranger, "asr", 1, 1, None),
        *[(unknown, kind, 1, None, None) for kind in ("asr", "intent", "emotion", "audit", "tts_mos")],
        *[(unknown, kind, None, 1, None) for kind in ("asr", "intent", "emotion", "audit", "tts_mos")],
        (plain, "tts_mos", None, None, 4.5),
        (dialect, "tts_mos", None, None, 3.0),
    ]
    for number, (call, kind, total, correct, score) in enumerate(labels):
        row = {"label_id": number, "call_id": call, "kind": kind, "labelled_at": AGO}
        await ledger.put("quality_labels", **row, total=total, correct=correct, score=score)
    gauges = await ledger.gauges()
    labelled = {name for (name, at) in gauges if ("generation", "unknown") in at}
    assert not labelled & {f"outcall_{slug}_samples" for slug in ("asr_accuracy", "intent_accuracy", "emotion_match")}
    assert not labelled & {f"outcall_{slug}_samples" for slug in ("violation_detection", "tts_mos")}
    assert value(gauges, "asr_accuracy_ratio", dialect="all") == 35 / 41
    assert value(gauges, "asr_accuracy_ratio", dialect="cantonese") == 24 / 30
    assert value(gauges, "asr_accuracy_samples", dialect="mandarin") == 10
    assert value(gauges, "asr_accuracy_samples", dialect="unknown") == 1
    assert value(gauges, "intent_accuracy_ratio") == 3 / 4
    assert value(gauges, "emotion_match_ratio") == 4 / 5
    assert value(gauges, "violation_detection_ratio") == 1 / 2
    assert value(gauges, "tts_mos_score") == 3.75
    assert value(gauges, "tts_mos_samples") == 2
    assert value(gauges, "tts_mos_score_lower") is None


async def test_response_latency(ledger: Ledger) -> None:
    """1.2 s and 2.4 s: the median is the end of the first one's bucket; three others are left out."""
    call = await ledger.call()
    for seq, latency in enumerate((1.2, 2.4, -0.1, 1_000_000.1)):
        heard = AGO - timedelta(seconds=latency)
        await ledger.put("turns", call_id=call, seq=seq, user_end_at=heard, bot_start_at=AGO)
    await ledger.put("turns", call_id=call, seq=9, bot_start_at=AGO)
    gauges = await ledger.gauges("response_latency", "slow_response")
    stats = {stat: value(gauges, "response_latency_seconds", stat=stat) for stat in ("p50", "p95", "mean")}
    assert stats == {"p50": 1.25, "p95": pytest.approx(2 + 0.5 * 0.9), "mean": pytest.approx(1.8)}
    assert value(gauges, "response_latency_samples") == value(gauges, "slow_response_samples") == 2
    assert value(gauges, "slow_response_ratio") == 0.5


async def test_no_time_at_all_is_a_time(ledger: Ledger) -> None:
    """An answer without delay and an incident resolved as it was opened count; exactly 2 s is not slow."""
    call = await ledger.call()
    await ledger.put("turns", call_id=call, seq=1, user_end_at=AGO, bot_start_at=AGO)
    await ledger.put("turns", call_id=call, seq=2, user_end_at=AGO - 2 * SECOND, bot_start_at=AGO)
    await ledger.put("incidents", incident_id=1, opened_at=AGO, resolved_at=AGO)
    gauges = await ledger.gauges("response_latency", "slow_response", "incident_resolution")
    assert value(gauges, "response_latency_seconds", stat="mean") == 1
    assert (value(gauges, "slow_response_ratio"), value(gauges, "slow_response_samples")) == (0, 2)
    assert value(gauges, "incident_resolution_seconds") == 0


async def test_complaints_beside_answered_calls(ledger: Ledger) -> None:
    """A complaint of today about a call of three days ago: two over one has no Wilson bounds."""
    old = await ledger.call(ended_at=AGO - 3 * DAY, scenario="collection")
    await ledger.call(scenario="collection")
    await ledger.missed(scenario="collection")
    for number in (1, 2):
        await ledger.put("complaints", complaint_id=number, call_id=old, received_at=AGO)
    gauges = await ledger.gauges("complaint")
    expected = {"5m": 2.0, "1h": 2.0, "24h": 2.0, "7d": 1.0, "30d": 1.0}
    assert values(gauges, "complaint_ratio", scenario="collection") == expected
    assert value(gauges, "complaint_ratio_upper", "24h") is None
    assert value(gauges, "complaint_ratio_upper", "7d") == 1.0


async def test_facts_of_no_known_call_are_in_the_whole_alone(ledger: Ledger) -> None:
    """Answers and labels that name no call, or one that is not there: no slice, no dialect; one of a call beside."""
    for number, call in enumerate((await ledger.call(), None, 999)):
        await ledger.put("surveys", survey_id=number, call_id=call, responded_at=AGO, satisfied=number == 0)
        for kind in ("asr", "intent", "emotion", "audit"):
            row = {"label_id": ledger.new_id(), "kind": kind, "total": 4, "correct": 4 - number, "labelled_at": AGO}
            await ledger.put("quality_labels", call_id=call, **row)
        row = {"label_id": ledger.new_id(), "kind": "tts_mos", "score": 5 - number, "labelled_at": AGO}
        await ledger.put("quality_labels", call_id=call, **row)
    gauges = await ledger.gauges()
    assert not [at for _, at in gauges if "unknown" in dict(at).values()]
    wholes = (("csat", 1 / 3), ("intent_accuracy", 9 / 12), ("emotion_match", 9 / 12), ("violation_detection", 9 / 12))
    for slug, expected in wholes:
        assert value(gauges, f"{slug}_ratio") == expected
        assert value(gauges, f"{slug}_ratio", scenario="acquisition", generation="gen_z") == 1
    assert value(gauges, "asr_accuracy_ratio", dialect="all") == 9 / 12
    assert value(gauges, "asr_accuracy_ratio", dialect="mandarin") == 1
    assert (value(gauges, "tts_mos_score"), value(gauges, "tts_mos_score", script="A")) == (4, 5)


async def test_a_complaint_about_no_call_is_in_the_whole_alone(ledger: Ledger) -> None:
    """It has no scenario and no time of day; so has one about a call that is not there, until it is."""
    call = await ledger.call(scenario="collection")
    await ledger.call()
    for number, about in enumerate((call, None, None, 999)):
        await ledger.put("complaints", complaint_id=number, call_id=about, received_at=AGO)
    gauges = await ledger.gauges("complaint")
    assert values(gauges, "complaint_ratio") == dict.fromkeys(("5m", "1h", "24h", "7d", "30d"), 4 / 2)
    assert value(gauges, "complaint_ratio", scenario="collection") == 1
    assert value(gauges, "complaint_ratio", scenario="acquisition") == 0
    assert not [at for _, at in gauges if ("scenario", "unknown") in at or ("period", "unknown") in at]
    await ledger.missed(call_id=999, scenario="collection")
    gauges = await ledger.gauges("complaint")
    assert value(gauges, "complaint_ratio") == value(gauges, "complaint_ratio", scenario="collection") == 2


async def test_incidents_are_averaged_whole(ledger: Ledger) -> None:
    """Ten and thirty minutes; one open, one resolved before it was opened and one of four years are left out."""
    for number, minutes in enumerate((10, 30, -1, 4 * 365 * 1440)):
        await ledger.put("incidents", incident_id=number, opened_at=AGO - minutes * MINUTE, resolved_at=AGO)
    await ledger.put("incidents", incident_id=7, opened_at=AGO)
    gauges = await ledger.gauges("incident_resolution")
    assert value(gauges, "incident_resolution_seconds") == 1200
    assert value(gauges, "incident_resolution_samples") == 2
    assert len(gauges) == 2 * 5  # value and samples in five windows, one slice
