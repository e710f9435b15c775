"""A real Alertmanager, a real webhook: one incident is one notification, and nobody hears of what follows from it."""

from __future__ import annotations

from pathlib import Path

from tests.alertmanager.alerts import compliant, csat, failure, hangup, other, violation
from tests.alertmanager.servers import Alertmanager, Inbox
from tests.alertmanager.shipped import TOKEN, quick_copy

DATABASE_DOWN = other("OutcallDatabaseDown", "exporter", "critical")


def test_one_incident_is_one_notification(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Three windows of one KPI come together, another KPI apart; what joins later has the same group key."""
    elderly = [hangup("critical", generation="elderly", window=window) for window in ("5m", "1h", "24h")]
    alertmanager.fire(*elderly, failure("critical"))
    first = inbox.of("page", 2)
    assert sorted(len(item.alerts) for item in first) == [1, 3]
    (key,) = {item.body["groupKey"] for item in first if len(item.alerts) == 3}
    alertmanager.fire(hangup("critical", scenario="collection", window="5m"))
    found = inbox.wait(lambda all_: any(item.has(scenario="collection") for item in all_))
    assert [item.body["groupKey"] for item in found if item.has(kpi="early_hangup")] == [key, key]
    assert {item.authorization for item in found} == {f"Bearer {TOKEN}"}


def test_two_scenarios_are_two_tickets(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Each has its own people; on the page they are one incident."""
    alertmanager.fire(*(csat("warning", scenario=name) for name in ("acquisition", "collection")))
    assert {item.body["groupLabels"]["scenario"] for item in inbox.of("ticket", 2)} == {"acquisition", "collection"}


def test_a_second_machine_is_a_second_page(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """It has a group key, hence a text, of its own; so has a second channel, or source. One machine's are one."""
    incidents = [
        (other("OutcallDiskFilling", "host", "critical", instance="a:9877", mountpoint="/"), "page"),
        (other("OutcallDiskFilling", "host", "critical", instance="b:9877", mountpoint="/"), "page"),
        (other("OutcallRelayDeliveryFailed", "relay", "critical", channel="duty_sms"), "page"),
        (other("OutcallRelayDeliveryFailed", "relay", "critical", channel="ops_chat"), "page"),
        (other("OutcallCollectorFailed", "exporter", "warning", instance="a:9877", collector="cpu"), "ticket"),
        (other("OutcallCollectorFailed", "exporter", "warning", instance="b:9877", collector="cpu"), "ticket"),
        (other("OutcallSourceSilent", "platform", "warning", source="turns"), "ticket"),
        (other("OutcallSourceSilent", "platform", "warning", source="surveys"), "ticket"),
    ]
    alertmanager.fire(*(alert for alert, _ in incidents), {**incidents[0][0], "mountpoint": "/srv"})
    found = [*inbox.of("page", 4), *inbox.of("ticket", 4)]
    assert len({item.body["groupKey"] for item in found}) == len(found) == len(incidents)
    assert all(any(item.receiver == to and alert in item.alerts for item in found) for alert, to in incidents)
    assert sorted(len(item.alerts) for item in found) == [1] * 7 + [2]


def test_a_second_recording_store_is_told_to_compliance_too(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """A copy is not less than what it is a copy of."""
    lost = [
        other("OutcallRecordingLost", "host", "critical", dimension="compliance", instance=name)
        for name in ("a:9877", "b:9877")
    ]
    alertmanager.fire(*lost)
    assert len({item.body["groupKey"] for item in inbox.of("compliance", 2)}) == 2


def test_resolved_is_told(alertmanager: Alertmanager, inbox: Inbox) -> None:
    alertmanager.fire(hangup("critical"))
    inbox.of("page")
    alertmanager.resolve(hangup("critical"))
    assert [item.body["status"] for item in inbox.of("page", 2)] == ["firing", "resolved"]


def test_critical_inhibits_the_warning_beside_it(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Of the same KPI and slice, whatever the window; another KPI's warning comes."""
    alertmanager.fire(hangup("critical", window="5m"), hangup("warning", window="24h"))
    alertmanager.wait_for_inhibited(kpi="early_hangup", severity="warning")
    alertmanager.fire(csat("warning"))
    assert [item.alerts for item in inbox.of("ticket")] == [[csat("warning")]]
    assert [item.alerts for item in inbox.of("page")] == [[hangup("critical", window="5m")]]


def test_whole_inhibits_its_slices(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Of the same severity or milder."""
    whole = hangup("critical")
    alertmanager.fire(whole, hangup("critical", generation="elderly"), hangup("warning", scenario="operations"))
    alertmanager.wait_for_inhibited(generation="elderly")
    alertmanager.wait_for_inhibited(scenario="operations")
    alertmanager.fire(csat("warning"))
    assert [item.alerts for item in inbox.of("ticket")] == [[csat("warning")]]
    assert [item.alerts for item in inbox.of("page")] == [[whole]]


def test_a_warning_of_the_whole_does_not_hide_a_critical_slice(alertmanager: Alertmanager, inbox: Inbox) -> None:
    elderly = hangup("critical", generation="elderly")
    alertmanager.fire(hangup("warning"), elderly)
    assert [item.alerts for item in inbox.of("page")] == [[elderly]]
    assert [item.alerts for item in inbox.of("ticket")] == [[hangup("warning")]]


def test_database_down_hides_what_cannot_be_known(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """KPIs, the platform's silence, sources that lag; not the host. When it is back, what is still true comes."""
    hidden = [
        hangup("critical"),
        other("OutcallNoNewCalls", "platform", "critical"),
        other("OutcallSourceSilent", "platform", "warning", source="surveys"),
        other("OutcallWatermarkBehind", "exporter", "warning", source="calls"),
    ]
    cpu = other("OutcallCpuHigh", "host", "critical", instance="a:9877")
    alertmanager.fire(DATABASE_DOWN, *hidden)
    for alert in hidden:
        alertmanager.wait_for_inhibited(alertname=alert["alertname"])
    alertmanager.fire(cpu)
    page = inbox.of("page", 2)
    assert sorted(item.alerts[0]["alertname"] for item in page) == ["OutcallCpuHigh", "OutcallDatabaseDown"]
    alertmanager.resolve(DATABASE_DOWN)
    inbox.wait(lambda all_: any(item.has(kpi="early_hangup") for item in all_))


def test_one_replica_down_hides_nothing(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """The other one still knows."""
    alertmanager.fire(other("OutcallExporterDown", "exporter", "warning", instance="a:9877"), hangup("critical"))
    assert inbox.of("page")[0].alerts == [hangup("critical")]
    assert inbox.of("ticket")[0].has(alertname="OutcallExporterDown")


def test_all_replicas_down_hides_each_of_them(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """One page, no tickets beside it."""
    replicas = [other("OutcallExporterDown", "exporter", "warning", instance=name) for name in ("a:9877", "b:9877")]
    alertmanager.fire(other("OutcallExporterDown", "exporter", "critical", job="outcall"), *replicas)
    for replica in replicas:
        alertmanager.wait_for_inhibited(instance=replica["instance"])
    alertmanager.fire(other("OutcallMemoryHigh", "host", "warning", instance="c:9877"))
    assert [item.alerts[0]["alertname"] for item in inbox.of("ticket")] == ["OutcallMemoryHigh"]
    (page,) = inbox.of("page")
    assert page.alerts == [other("OutcallExporterDown", "exporter", "critical", job="outcall")]


def test_no_calls_hides_silent_sources(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """One silence, one page."""
    alertmanager.fire(
        other("OutcallNoNewCalls", "platform", "critical"),
        other("OutcallSourceSilent", "platform", "warning", source="turns"),
    )
    alertmanager.wait_for_inhibited(source="turns")
    assert inbox.of("page")[0].has(alertname="OutcallNoNewCalls")


def test_alarms_of_one_host_do_not_hide_warnings_of_another(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Machines are no slices of each other."""
    alertmanager.fire(
        other("OutcallCpuHigh", "host", "critical", instance="a:9877"),
        other("OutcallCpuHigh", "host", "warning", instance="a:9877"),
        other("OutcallCpuHigh", "host", "warning", instance="b:9877"),
        other("OutcallMemoryHigh", "host", "warning", instance="a:9877"),
    )
    inbox.of("page")
    tickets = inbox.of("ticket", 2)
    told = {(alert["alertname"], alert["instance"]) for item in tickets for alert in item.alerts}
    assert told == {("OutcallCpuHigh", "b:9877"), ("OutcallMemoryHigh", "a:9877")}


def test_a_violation_goes_to_both(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Whoever is on duty, and the compliance people."""
    alertmanager.fire(violation("critical"))
    assert inbox.of("page")[0].alerts == inbox.of("compliance")[0].alerts == [violation("critical")]


def test_a_violation_is_told_once(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Compliant speech is its complement. Alone, or where only it is critical, that one is told."""
    alertmanager.fire(violation("warning"), compliant("warning"), compliant("critical", window="1h"))
    alertmanager.wait_for_inhibited(kpi="compliant_speech", severity="warning")
    assert inbox.of("page")[0].alerts == [compliant("critical", window="1h")]
    alertmanager.fire(violation("critical"))
    alertmanager.wait_for_inhibited(kpi="compliant_speech", severity="critical")
    found = inbox.wait(lambda all_: any(item.receiver == "page" and item.has(kpi="violation") for item in all_))
    assert not any(item.receiver == "ticket" and item.has(kpi="compliant_speech") for item in found)


def test_only_critical_wakes_anybody(tmp_path: Path, inbox: Inbox) -> None:
    """At night: warnings fire first and would be told first."""
    with Alertmanager(quick_copy(tmp_path, inbox.url, night=True)) as alertmanager:
        alertmanager.fire(
            csat("warning"), csat("warning", scenario="collection"), violation("warning"),
            other("OutcallMemoryHigh", "host", "warning"), other("OutcallSeriesDropped", "exporter", "info"),
        )  # fmt: skip
        alertmanager.fire(other("OutcallWatchdog", "exporter", "info"))
        inbox.of("watchdog", 2)
        alertmanager.fire(hangup("critical"))
        inbox.of("page")
    assert {item.receiver for item in inbox.wait(lambda _: True)} == {"page", "watchdog"}


def test_the_heartbeat_goes_on(alertmanager: Alertmanager, inbox: Inbox) -> None:
    """Again and again while all is well; its end is not told, it would be taken for a sign of life."""
    alertmanager.fire(other("OutcallWatchdog", "exporter", "info"))
    assert {item.body["status"] for item in inbox.of("watchdog", 3)} == {"firing"}


def test_a_relay_that_refuses_is_asked_again(tmp_path: Path) -> None:
    """503 says that a retry helps; it comes once in the end."""
    with Inbox(refusals=2) as inbox, Alertmanager(quick_copy(tmp_path, inbox.url)) as alertmanager:
        alertmanager.fire(hangup("critical"))
        assert [item.alerts for item in inbox.of("page")] == [[hangup("critical")]]
        assert inbox.refused == 2
