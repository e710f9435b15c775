"""Nothing is lost, and nothing repeated but what a vendor or a kill left in doubt: a real process on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.relay.campaign import Campaign
from tests.relay.vendors import Vendor

SEED = os.environ.get("OUTCALL_TEST_FAULTS_SEED", "1")
WEBHOOKS = int(os.environ.get("OUTCALL_TEST_WEBHOOKS", "10000"))


async def test_some_webhooks(vendor: Vendor, tmp_path: Path) -> None:
    """The quick part: two kills."""
    account = await Campaign(tmp_path, vendor, f"{SEED}/quick", 60, 2).run()
    assert account.lost == set()
    assert account.unexcused == {}
    assert account.kills == 2
    assert vendor.bad_signatures == []


@pytest.mark.faults
@pytest.mark.timeout(7200)
async def test_ten_thousand_webhooks(vendor: Vendor, tmp_path: Path) -> None:
    """30 % of the vendors' answers are failures, the process is killed for every 250 webhooks."""
    account = await Campaign(tmp_path, vendor, SEED, WEBHOOKS, max(1, WEBHOOKS // 250)).run()
    print(account)
    assert account.lost == set()
    assert account.unexcused == {}
    assert 0.27 < account.failures / account.requests < 0.33
    assert vendor.bad_signatures == []
