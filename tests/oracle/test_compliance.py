"""The oracle against cases computed by hand: compliance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.oracle.ledger import DAY, HOUR, MINUTE, NOW, SECOND, Ledger, value, values

AGO = NOW - 2 * MINUTE


async def test_compliant_speech_is_the_automatic_check_of_answered_calls(ledger: Ledger) -> None:
    """One of two scored calls violates; a person's check, an unknown score and a missed call are not counted."""
    clean, dirty, unscored = [await ledger.call() for _ in range(3)]
    missed = await ledger.missed()
    checks = [
        (clean, "auto", 0),
        (dirty, "auto", 3),
        (clean, "human", 1),
        (unscored, "auto", None),
        (missed, "auto", 0),
    ]
    for call, mode, violations in checks:
        await ledger.put("qa_checks", call_id=call, mode=mode, checked_at=AGO, violations=violations)
    by_hand_only = await ledger.call()
    await ledger.put("qa_checks", call_id=by_hand_only, mode="human", checked_at=AGO, violations=0)
    gauges = await ledger.gauges("compliant_speech", "violation", "inspection_coverage")
    assert value(gauges, "compliant_speech_ratio") == value(gauges, "violation_ratio") == 0.5
    assert value(gauges, "compliant_speech_samples") == value(gauges, "violation_samples") == 2
    assert values(gauges, "inspection_coverage_ratio") == {"5m": None, "1h": None, "24h": 0.75, "7d": 0.75, "30d": 0.75}


async def test_marketing_calls_are_counted_together_by_local_month(ledger: Ledger) -> None:
    """Acquisition and operations share two a month; the month began on 1 June in Shanghai, 31 May 16:00 UTC."""
    month = datetime(2025, 5, 31, 16, tzinfo=UTC)
    dials = [
        (month - SECOND, "acquisition"),  # May
        (month, "operations"),
        (month + DAY, "acquisition"),
        (NOW - MINUTE, "collection"),  # a limit of its own
        (NOW - MINUTE, "operations"),  # the third of June
    ]
    for dialed_at, scenario in dials:
        await ledger.missed(dialed_at=dialed_at, ended_at=dialed_at + SECOND, scenario=scenario)
    await ledger.missed(customer_id=None)
    gauges = await ledger.gauges("frequency_compliance")
    assert value(gauges, "frequency_compliance_ratio", "30d") == 4 / 5
    assert value(gauges, "frequency_compliance_ratio", "1h") == 1 / 2
    assert value(gauges, "frequency_compliance_ratio", "1h", scenario="operations") == 0


async def test_collection_calls_are_limited_to_one_a_local_day(ledger: Ledger) -> None:
    """Midnight in Shanghai parts the days; of two at the same instant the higher id is beyond; a running call waits."""
    midnight = datetime(2025, 6, 17, 16, tzinfo=UTC)
    for call_id, dialed_at in ((5, midnight - SECOND), (7, midnight), (6, midnight), (8, midnight + HOUR)):
        generation = "elderly" if call_id == 6 else "gen_y"
        changes = {"call_id": call_id, "dialed_at": dialed_at, "generation": generation}
        await ledger.missed(ended_at=dialed_at + MINUTE, scenario="collection", **changes)
    await ledger.missed(call_id=1, dialed_at=midnight, ended_at=None, scenario="collection")
    gauges = await ledger.gauges("frequency_compliance")
    assert value(gauges, "frequency_compliance_ratio", "24h") == 2 / 4
    assert value(gauges, "frequency_compliance_ratio", "24h", generation="elderly") == 1


async def test_marketing_and_collection_never_share_a_limit(ledger: Ledger) -> None:
    """Not even on the first of a month, whose day and month begin at the same instant."""
    first = datetime(2025, 5, 31, 16, tzinfo=UTC)
    for minutes, scenario in enumerate(("acquisition", "operations", "collection")):
        dialed_at = first + minutes * MINUTE
        await ledger.missed(dialed_at=dialed_at, ended_at=dialed_at + SECOND, scenario=scenario)
    gauges = await ledger.gauges("frequency_compliance")
    assert value(gauges, "frequency_compliance_ratio", "30d") == 1
    assert value(gauges, "frequency_compliance_samples", "30d") == 3


async def test_the_order_is_that_of_dialling(ledger: Ledger) -> None:
    """The higher id was dialled first, and is within the limit."""
    await ledger.missed(call_id=1, dialed_at=AGO, scenario="collection", generation="gen_x")
    await ledger.missed(call_id=2, dialed_at=AGO - SECOND, scenario="collection", generation="elderly")
    gauges = await ledger.gauges("frequency_compliance")
    assert value(gauges, "frequency_compliance_ratio", generation="gen_x") == 0
    assert value(gauges, "frequency_compliance_ratio", generation="elderly") == 1


async def test_a_dial_as_the_block_ends_is_free(ledger: Ledger) -> None:
    """The customer's only dial, at the very moment of the removal from the list."""
    await ledger.put("do_not_call", customer_id=1, added_at=AGO - HOUR, removed_at=AGO)
    await ledger.missed(dialed_at=AGO)
    gauges = await ledger.gauges("blocked_redial", "frequency_compliance")
    assert value(gauges, "blocked_redial_ratio") == 0
    assert value(gauges, "frequency_compliance_ratio") == 1


async def test_a_running_call_is_no_dial(ledger: Ledger) -> None:
    """It is judged when it has ended."""
    await ledger.missed(dialed_at=AGO, ended_at=None, scenario="collection")
    assert await ledger.gauges() == {}


async def test_do_not_call_holds_from_its_start_to_before_its_end(ledger: Ledger) -> None:
    """Listed from 10:00 to 10:30: a dial at 10:00 is blocked, one at 10:30 is not; both count for the frequency."""
    start = NOW - HOUR
    await ledger.put("do_not_call", customer_id=1, added_at=start, removed_at=start + 30 * MINUTE)
    await ledger.put("do_not_call", customer_id=2, added_at=start)
    dials = [(1, -SECOND), (1, timedelta(0)), (1, 30 * MINUTE), (2, 50 * MINUTE), (None, MINUTE)]
    for customer, after in dials:
        await ledger.missed(customer_id=customer, dialed_at=start + after, ended_at=start + after + SECOND)
    gauges = await ledger.gauges("blocked_redial", "frequency_compliance")
    assert value(gauges, "blocked_redial_ratio", "24h") == 2 / 4
    # Of customer 1: the first complies, the second is blocked, the third is the third of the month.
    assert value(gauges, "frequency_compliance_ratio", "24h") == 1 / 4


async def test_collection_keeps_to_the_day(ledger: Ledger) -> None:
    """08:00 and 21:59:59 local are permitted, 07:59:59 and 22:00 are not; marketing is not judged."""
    eight = datetime(2025, 6, 18, 0, tzinfo=UTC)
    for dialed_at in (eight - SECOND, eight, eight - 10 * HOUR, eight - 10 * HOUR - SECOND):
        await ledger.missed(dialed_at=dialed_at, ended_at=dialed_at + SECOND, scenario="collection")
    await ledger.missed(dialed_at=eight - 2 * HOUR, ended_at=eight)
    gauges = await ledger.gauges("permitted_hours")
    assert value(gauges, "permitted_hours_ratio", "24h") == 0.5
    assert value(gauges, "permitted_hours_samples", "24h") == 4


async def test_masking_counts_scans_that_found_something(ledger: Ledger) -> None:
    """All of it masked, or not; nothing sensitive and an unknown result are not counted."""
    call = await ledger.call()
    for number, (sensitive, masked) in enumerate(((3, 3), (3, 2), (0, 0), (3, None), (None, 1))):
        row = {"scan_id": number, "call_id": call, "sensitive": sensitive, "masked": masked}
        await ledger.put("masking_scans", scanned_at=AGO, **row)
    gauges = await ledger.gauges("masking")
    assert (value(gauges, "masking_ratio"), value(gauges, "masking_samples")) == (0.5, 2)


async def test_a_scan_of_no_call_is_in_the_whole_alone(ledger: Ledger) -> None:
    """A breach of none, or of a call that is not there, is a breach: missed by no window, and by every slice."""
    call = await ledger.call()
    scans = [(call, 3, 3), (None, 3, 2), (None, 3, 3), (None, 0, 0), (None, 3, None), (999, 3, 0)]
    for number, (of, sensitive, masked) in enumerate(scans):
        row = {"scan_id": number, "call_id": of, "sensitive": sensitive, "masked": masked}
        await ledger.put("masking_scans", scanned_at=AGO, **row)
    gauges = await ledger.gauges("masking")
    assert values(gauges, "masking_ratio") == dict.fromkeys(("5m", "1h", "24h", "7d", "30d"), 2 / 4)
    assert value(gauges, "masking_samples") == 4
    slices = {at for name, at in gauges if name == "outcall_masking_samples" and ("window", "1h") in at}
    whole = {labels for labels in slices if {text for _, text in labels} == {"1h", "all"}}
    assert len(whole) == 1
    assert {gauges["outcall_masking_ratio", labels] for labels in slices - whole} == {1}


async def test_recordings_of_no_call_are_judged_as_a_whole(ledger: Ledger) -> None:
    """Kept and deleted ones alike, those of a call that is not there too; they cover no call."""
    half_year_ago = datetime(2024, 12, 18, 9, 58, tzinfo=UTC)  # due at 09:58 today
    call = await ledger.call(generation="elderly")
    recordings = [(None, half_year_ago, None), (None, AGO - DAY, AGO), (call, half_year_ago, None), (999, AGO, AGO)]
    for number, (of, started_at, deleted_at) in enumerate(recordings):
        row = {"recording_id": number, "call_id": of, "started_at": started_at, "deleted_at": deleted_at}
        await ledger.put("recordings", **row)
    await ledger.call()
    gauges = await ledger.gauges("recording_retention", "recording_coverage")
    assert (value(gauges, "recording_retention_ratio"), value(gauges, "recording_retention_samples")) == (2 / 4, 4)
    assert value(gauges, "recording_retention_samples", generation="elderly") == 1
    assert value(gauges, "recording_retention_samples", generation="unknown") is None
    assert value(gauges, "recording_coverage_ratio", "24h") == 0.5


async def test_a_recording_is_judged_once(ledger: Ledger) -> None:
    """Deleted early counts at the deletion; kept counts half a year after the start, whatever happens after that."""
    call = await ledger.call()
    half_year_ago = datetime(2024, 12, 18, 9, 58, tzinfo=UTC)  # due at 09:58 today
    recordings = [
        (half_year_ago, None),
        (half_year_ago, NOW + DAY),
        (half_year_ago, datetime(2025, 6, 18, 9, 58, tzinfo=UTC)),  # the moment it may go
        (half_year_ago, AGO - 10 * DAY),
        (AGO - DAY, AGO),
        (AGO - DAY, None),
        (AGO - 300 * DAY, AGO),
    ]
    for number, (started_at, deleted_at) in enumerate(recordings):
        row = {"recording_id": number, "call_id": call, "started_at": started_at, "deleted_at": deleted_at}
        await ledger.put("recordings", **row)
    await ledger.call()
    await ledger.missed()
    gauges = await ledger.gauges("recording_retention", "recording_coverage")
    samples = {"5m": 4, "1h": 4, "24h": 4, "7d": 4, "30d": 5}
    assert values(gauges, "recording_retention_samples") == samples
    assert values(gauges, "recording_retention_ratio") == {name: 3 / count for name, count in samples.items()}
    assert value(gauges, "recording_coverage_ratio", "24h") == 0.5
    assert value(gauges, "recording_coverage_ratio", "1h") is None


async def test_half_a_year_after_31_august_is_the_end_of_february(ledger: Ledger) -> None:
    """Calendar months of the business zone: 31 August 23:30 in Shanghai is kept until 28 February 23:30 there."""
    call = await ledger.call()
    started_at = datetime(2024, 8, 31, 15, 30, tzinfo=UTC)
    due = datetime(2025, 2, 28, 15, 30, tzinfo=UTC)
    await ledger.put("recordings", recording_id=1, call_id=call, started_at=started_at, deleted_at=due - SECOND)
    await ledger.put("recordings", recording_id=2, call_id=call, started_at=started_at, deleted_at=due)
    gauges = await ledger.gauges("recording_retention", as_of=due + SECOND)
    assert value(gauges, "recording_retention_ratio", "5m") == 0.5


async def test_a_recording_from_beyond_the_calendar(ledger: Ledger) -> None:
    """Deleted before it can have begun is deleted early; the recording beside it is judged as ever."""
    for number in (1, 2, 3):
        await ledger.put("recordings", recording_id=number, started_at=AGO - DAY, deleted_at=AGO)
    for number, started_at in ((1, "294276-11-01 00:00+00"), (2, "infinity")):
        await ledger.connection.execute(
            f"UPDATE recordings SET started_at = '{started_at}' WHERE recording_id = {number}"
        )
    gauges = await ledger.gauges("recording_retention")
    assert (value(gauges, "recording_retention_ratio"), value(gauges, "recording_retention_samples")) == (0, 3)
