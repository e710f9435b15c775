"""The live stage, started once for all tests of the dashboards."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from devtools.grafana.timing import DEFAULT_SCRAPE
from devtools.stage.stage import Stage
from tests.dashboards.asking import Asking


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Real servers on the simulated case, with a past of sixty days."""
    with Stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture(scope="session")
def asking(stage: Stage) -> Asking:
    """The dashboards as they are opened on the stage, all at one instant.

    Ranges end at a full step, and where there is no past that must not lie before the first scrapes: so the next one.
    """
    return Asking(stage.url, math.ceil(time.time() / DEFAULT_SCRAPE) * DEFAULT_SCRAPE, stage.timezone)
