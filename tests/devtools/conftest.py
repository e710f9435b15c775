"""One Prometheus for all tests of the developers' tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devtools.grafana.prometheus import Prometheus
from devtools.grafana.timing import Span
from tests.devtools.server import NOW, serving


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


@pytest.fixture(scope="session")
def prometheus(prometheus_url: str) -> Prometheus:
    return Prometheus(prometheus_url)


@pytest.fixture
def span() -> Span:
    return Span(NOW - 7200, NOW)
