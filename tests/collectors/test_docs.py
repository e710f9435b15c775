"""The worked example of docs/adding-a-collector.md is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from exporter.collectors.base import Collector
from tests.collectors.exposition import lint

PAGE = Path(__file__).parents[2] / "docs/adding-a-collector.md"


@pytest.fixture
def example() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_example_is_a_collector(example: dict[str, Any], tmp_path: Path) -> None:
    collector: Collector = example["FileHandlesCollector"](interval=5.0)
    assert (collector.name, collector.interval) == ("filehandles", 5.0)
    assert lint(collector.collect()) == ""
    with pytest.raises(OSError, match="file-nr"):
        example["FileHandlesCollector"](root=tmp_path).collect()


def test_the_tests_of_the_example_pass(example: dict[str, Any]) -> None:
    tests = [function for name, function in example.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()
