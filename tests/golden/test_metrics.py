"""The golden page: all that stands on `/metrics` for a fixed state, but for what tells of process and interpreter."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.golden import files
from tests.golden.world import World, world
from tests.support.scrape import parse

# prometheus_client leaves these untyped.
_text: Callable[[CollectorRegistry], bytes] = generate_latest
_openmetrics: Callable[[CollectorRegistry], bytes] = generate_openmetrics

# The slug is fixed by the contract; promtool takes its last word for a unit.
OF_PERMITTED_HOURS = [
    f'outcall_permitted_hours_{part} use base unit "seconds" instead of "hours"'
    for part in ("ratio", "ratio_lower", "ratio_upper", "samples")
]


@pytest.fixture(scope="module")
def made() -> World:
    return world()


def page(made: World, render: Callable[[CollectorRegistry], bytes] = _text) -> str:
    """The page as the publisher puts it together."""
    return made.exposition.render() + render(made.registry).decode()


def steady(text: str) -> str:
    """Without the instants at which counters began, and with a fixed version of the interpreter and of the package."""
    text = re.sub(r"# HELP (\S+_created) .*\n# TYPE \1 gauge\n", "", text)
    text = re.sub(r"^\S+_created(\{.*\})? .*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"outcall_build_info\{.*\}", 'outcall_build_info{python="3",version="0"}', text)


def test_the_page_is_as_it_was(made: World) -> None:
    """Every name, help, label and number; a difference is a change of the public interface."""
    files.check(Path(__file__).parent, "*.txt", {"metrics.txt": steady(page(made))}, "tests/golden")


def test_promtool_knows_no_objection_but_one(made: World) -> None:
    """To the page as it is served."""
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=page(made), capture_output=True, text=True, check=False
    )
    assert sorted((done.stdout + done.stderr).strip().splitlines()) == OF_PERMITTED_HOURS


def test_both_formats_say_the_same(made: World) -> None:
    """But for the instants at which counters began."""
    openmetrics = page(made, _openmetrics)
    families = text_string_to_metric_families(openmetrics)  # type: ignore[no-untyped-call]
    there = {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}
    plain = parse(page(made))
    assert {key: value for key, value in plain.items() if not key[0].endswith("_created")} == {
        key: value for key, value in there.items() if not key[0].endswith("_created")
    }
    assert openmetrics.endswith("# EOF\n")


def test_every_kpi_is_on_the_page(made: World) -> None:
    """Else the golden page would not show it; but for what has no source, and what is judged over longer windows."""
    read = parse(page(made))
    names = {name for name, _ in read}
    absent = {
        slug for slug in made.lanes.catalogue.kpis if not any(name.startswith(f"outcall_{slug}_") for name in names)
    }
    assert absent == {"masking"}
