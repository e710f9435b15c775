"""The parser: what Alertmanager sends is understood, nothing else gets in, and no input brings it down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.relay.message import NotAWebhook, parse_webhook
from tests.relay.webhooks import alert, resolved, webhook

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_webhook_is_understood() -> None:
    """Instants with nine digits, the zero time, levels in order."""
    whole, part = alert(), alert(fingerprint="bb", labels={"level": "slice"})
    notice = parse_webhook(webhook(part, whole, resolved(fingerprint="cc")))
    assert [a.fingerprint for a in notice.firing] == ["1a30ba71cca2921f", "bb"]
    assert [a.fingerprint for a in notice.resolved] == ["cc"]
    assert notice.lead.started == pytest.approx(1763791500.123456)
    assert (notice.lead.ended, notice.resolved[0].ended) == (0.0, 1763793300.0)


def test_the_key_is_what_is_said() -> None:
    """Neither values nor the order matter; states, members and starts do."""
    one, two = alert(), alert(fingerprint="bb")
    same = parse_webhook(webhook(two, alert(annotations={"value": "35 %"}))).key
    assert parse_webhook(webhook(one, two)).key == same
    others = [
        webhook(one),
        webhook(one, two, key="other"),
        webhook(one, alert(fingerprint="bb", startsAt="2025-11-22T07:00:00Z")),
        webhook(one, resolved(fingerprint="bb")),
    ]
    assert same not in {parse_webhook(body).key for body in others}


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "3"},
        {"version": None},
        {"alerts": []},
        {"alerts": {}},
        {"alerts": [1]},
        {"alerts": [alert()] * 1001},
        {"groupKey": ""},
        {"groupKey": 1},
        {"status": "fine"},
        {"truncatedAlerts": -1},
        {"truncatedAlerts": True},
        {"alerts": [alert(labels={"alertname": ""})]},
        {"alerts": [alert(labels={"x": 1})]},
        {"alerts": [alert(labels={f"l{n}": "" for n in range(70)})]},
        {"alerts": [alert(annotations={"summary": "x" * 16_385})]},
        {"alerts": [alert(startsAt="yesterday")]},
        {"alerts": [alert(startsAt="2025-11-22T06:05:00")]},
        {"alerts": [resolved()]},
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAWebhook):
        parse_webhook(webhook(**changes))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_input_brings_it_down(body: bytes) -> None:
    with pytest.raises(NotAWebhook):
        parse_webhook(body)


@given(st.sampled_from(["alerts", "status", "groupKey", "version", "truncatedAlerts"]), JSON)
def test_no_member_brings_it_down(name: str, value: Any) -> None:
    data = json.loads(webhook()) | {name: value}
    try:
        parse_webhook(json.dumps(data))
    except NotAWebhook:
        return


@given(st.sampled_from(["labels", "annotations", "startsAt", "endsAt", "fingerprint", "status"]), JSON)
def test_no_member_of_an_alert_brings_it_down(name: str, value: Any) -> None:
    body = json.dumps(json.loads(webhook()) | {"alerts": [alert() | {name: value}]})
    try:
        parse_webhook(body).key.encode()
    except NotAWebhook:
        return


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(NotAWebhook):
        parse_webhook("[" * 100_000)


def test_lone_surrogates_are_replaced() -> None:
    notice = parse_webhook(webhook(alert(annotations={"where_zh": "PLACE"})).replace("PLACE", "\\ud800"))
    assert notice.lead.annotations["where_zh"] == "?"
