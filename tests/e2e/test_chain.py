"""From a row in the call database to a text on a telephone, with real parts and, but for shorter waits, as shipped.

One stack for all cases, which follow one another; each leaves it without a page. The last counts what the others have
sent: workers take whole files (`--dist loadfile`; `loadgroup` of pytest-xdist 3.8 splits groups).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.semantic.load import load_catalogue
from tests.e2e.processes import until
from tests.e2e.stack import Sms, Stack
from tests.e2e.timeline import ALERT, follow
from tests.relay.vendors import LATER, OK

FACTOR = 60.0
HANGUP, VIOLATION, RECORDING = "30秒内挂断率", "违规话术触发率", "录音"
SILENT, DATABASE, EXPORTER = "没有新通话", "通话库", "导出器"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Calls of an ordinary hour, the newest of 20 minutes ago: the platform has fallen silent since."""
    with Stack(tmp_path_factory.mktemp("chain"), FACTOR) as started:
        started.platform.calls(600, short=20, oldest=3600, newest=1200)
        yield started


def the_only_text(stack: Stack, word: str) -> Sms:
    """Its text is there, and it is one."""
    until(f"an SMS about {word}", lambda: stack.texts(word) or None)
    (text,) = stack.texts(word)
    return text


def assert_cleared(stack: Stack, name: str, word: str) -> None:
    """Alertmanager has no such page any more, the chat was told, and no second text was sent."""
    until(f"{name} is over", lambda: True if not stack.incidents(name) else None)
    until(
        f"a chat says that {word} is over",
        lambda: [t for t in stack.chats(word) if "恢复" in t.splitlines()[0]] or None,
    )
    assert len(stack.texts(word)) == 1


def test_violation_is_one_text_though_the_vendor_first_fails(stack: Stack) -> None:
    """Its error comes with HTTP 200, in the body; the relay sees it and tries again."""
    answers = iter([LATER])
    stack.vendor.plan = lambda: next(answers, OK)
    stack.platform.checks(200, violations=30)
    text = the_only_text(stack, VIOLATION)
    assert text.value.startswith("15%")
    assert stack.vendor.done[LATER] == 1
    stack.platform.score_again()
    assert_cleared(stack, "OutcallViolationHigh", VIOLATION)


def test_lost_recording_is_one_text(stack: Stack) -> None:
    """A file is gone that the database says is stored. What was found stays a page for a quarter of an hour."""
    stack.platform.store_recordings(20)[7].unlink()
    until("an SMS about it", lambda: stack.texts(RECORDING) or None)
    assert len(stack.texts(RECORDING)) == 1


def test_silent_platform_is_one_text_and_over_with_new_calls(stack: Stack) -> None:
    the_only_text(stack, SILENT)
    stack.platform.calls(200, short=20, oldest=240)
    assert_cleared(stack, "OutcallNoNewCalls", SILENT)


def test_elderly_hangup_spike_is_one_text_that_names_them(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Elderly people hang up in the evening: who, when, how bad; and how long it took, stage by stage."""
    began = stack.platform.calls(240, short=75, generations=("elderly",), oldest=30)
    timeline = follow(stack, began)
    with capsys.disabled():
        print(f"\nwaits {FACTOR:g} times shorter than shipped; {timeline}")
    text = the_only_text(stack, HANGUP)
    assert "老年" in text.where
    assert "晚间" in text.where
    stack.platform.calls(2000, short=10, oldest=30)
    assert_cleared(stack, ALERT, HANGUP)


def test_lost_database_is_one_text_and_silences_what_it_hides(stack: Stack) -> None:
    stack.cluster.stop("immediate")
    the_only_text(stack, DATABASE)
    stack.cluster.start()
    assert_cleared(stack, "OutcallDatabaseDown", DATABASE)


def test_killed_exporter_is_one_text(stack: Stack) -> None:
    stack.service.kill()
    the_only_text(stack, EXPORTER)
    stack.service.start()
    assert_cleared(stack, "OutcallExporterDown", EXPORTER)


def test_nothing_else_was_sent(stack: Stack) -> None:
    """After all of it: one text for each case, and of KPIs that were well none. (How busy this machine is may page.)"""
    for word in (HANGUP, VIOLATION, RECORDING, SILENT, DATABASE, EXPORTER):
        assert len(stack.texts(word)) == 1, word
    titles = {kpi.title.zh for kpi in load_catalogue().kpis.values()}
    assert {text.kpi for text in stack.texts()} & titles == {HANGUP, VIOLATION}
    assert stack.vendor.bad_signatures == []
