"""`relay test CHANNEL`: one message to see whether a channel works, past the queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from exporter.errors import UsageError
from exporter.relay.build import build_channel
from exporter.relay.channels.base import Channel, Letter
from exporter.relay.channels.print import Rehearsal, Say
from exporter.relay.message import Notice, parse_webhook
from exporter.relay.outcome import Outcome, Result
from exporter.relay.queue import Queue
from exporter.relay.service import RelaySetup
from exporter.relay.transport import HttpTransport

_WORDS = {
    Result.DELIVERED: "delivered",
    Result.RETRY: "not delivered; the relay would try again",
    Result.THROTTLED: "not delivered, too many messages; the relay would wait",
    Result.DOUBTFUL: "no clear answer; it may have been delivered",
    Result.NEVER: "not delivered, and the relay would give up",
}


def sample_notice(now: float) -> Notice:
    """An alert that says that it is a test."""
    annotations = {
        "title_zh": "告警通道测试",
        "title": "channel test",
        "summary_zh": "告警通道测试，无需处理",
        "summary": "This is a test of the channel, nothing is to be done",
        "where_zh": "测试",
        "where": "test",
        "value_zh": "0",
        "value": "0",
    }
    alert = {
        "status": "firing",
        "labels": {"alertname": "OutcallRelayTest", "severity": "info", "kpi": "relay"},
        "annotations": annotations,
        "startsAt": datetime.fromtimestamp(now, UTC).isoformat(),
    }
    return parse_webhook(json.dumps({"version": "4", "status": "firing", "groupKey": "test", "alerts": [alert]}))


def channel_of(setup: RelaySetup, name: str, say: Say, *, rehearse: bool) -> Channel:
    """The channel of that name; raises UsageError when there is none."""
    check_name(setup, name)
    channel = build_channel(setup.config.channels[name], setup.wording, say, "test")
    return Rehearsal(name, channel, say) if rehearse else channel


def check_name(setup: RelaySetup, name: str) -> None:
    """Raises UsageError unless the relay file has a channel of that name."""
    if name not in setup.config.channels:
        raise UsageError(f"there is no channel '{name}'", f"choose from {', '.join(setup.config.channels)}")


async def try_channel(setup: RelaySetup, name: str, say: Say, now: float, *, rehearse: bool) -> bool:
    """Send one message to each recipient of a channel, say what came of it; True when all were delivered."""
    channel = channel_of(setup, name, say, rehearse=rehearse)
    transport = HttpTransport(setup.config.tls)
    await transport.open()
    try:
        outcomes: list[Outcome] = []
        for recipient in range(channel.recipients):
            letter = Letter(int(now), "test", sample_notice(now), recipient, repeated=False)
            outcomes.append(await channel.deliver(letter, transport, now))
            if not rehearse:
                say(f"{name}: message {recipient + 1} of {channel.recipients}: {_sentence(outcomes[-1])}")
    finally:
        await transport.close()
    return all(outcome.result is Result.DELIVERED for outcome in outcomes)


def _sentence(outcome: Outcome) -> str:
    return _WORDS[outcome.result] + (f" (code {outcome.code})" if outcome.code else "")


def revive(setup: RelaySetup, folder: Path, name: str, now: float) -> int:
    """Put the dead letters of a channel back into the queue; a running relay finds them within seconds."""
    check_name(setup, name)
    queue = Queue(folder)
    try:
        return queue.revive(name, now)
    finally:
        queue.close()
