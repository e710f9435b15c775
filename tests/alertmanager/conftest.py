"""A real Alertmanager for each test, on a quick copy of the shipped configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alertmanager.servers import Alertmanager, Inbox
from tests.alertmanager.shipped import quick_copy


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as opened:
        yield opened


@pytest.fixture
def alertmanager(tmp_path: Path, inbox: Inbox) -> Iterator[Alertmanager]:
    """In the daytime."""
    with Alertmanager(quick_copy(tmp_path, inbox.url)) as started:
        yield started
