"""Every mistake in a catalogue file is told with file, line and fix; several of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.commands.families import families
from exporter.errors import ConfigErrors
from exporter.semantic.files import merge, validate
from exporter.semantic.load import load_catalogue
from exporter.semantic.names import PREFIX, is_reserved
from exporter.semantic.rules import RULES
from exporter.semantic.yamlfile import load_yaml

CASES: dict[str, dict[str, Any]] = load_yaml(Path(__file__).with_name("broken.yaml")).data


def problems(text: str, folder: Path) -> list[str]:
    """What is said of an operator's file."""
    (folder / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigErrors) as caught:
        load_catalogue([folder / "own.yaml"])
    return str(caught.value).replace(f"{folder}/", "").split("\n")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_file_line_and_fix(case: dict[str, Any], tmp_path: Path) -> None:
    """The sentence names the operator's file, the line, and the mending; nothing else is complained of."""
    said = problems(case["file"], tmp_path)
    assert any(line.startswith(case["says"]) for line in said), said
    assert len(said) == 1 + case.get("others", 0), said
    assert all(". Fix: " in line for line in said)


def test_several_at_once(tmp_path: Path) -> None:
    """Mistakes of different rules, in different places, are told in one go, in the order of the lines."""
    names = ("two_lines", "unknown_label", "unknown_window_of_set", "no_updated_at", "label_without_domain")
    said = problems("".join(CASES[name]["file"] for name in names), tmp_path)
    assert len(said) == len(names)
    lines = [int(line.split(":")[1]) for line in said]
    assert lines == sorted(lines)
    for name in names:
        assert any(CASES[name]["says"].split(": ", 1)[1] in line for line in said), name


# A case that breaks it, for each rule.
ONE_EACH = (
    "key_not_a_column", "anchor_no_instant", "unknown_label", "band_of_no_time", "window_with_a_rest", "unknown_window",
    "measure_twice", "unknown_dimension", "measure_of_a_level", "unknown_own_label", "reserved_name",
    "unknown_alert_window", "late_for_nothing", "no_tail", "no_budget", "samples_of_nothing", "alert_of_that_name",
    "no_time_of_day",
)  # fmt: skip


def test_every_rule_can_fail(tmp_path: Path) -> None:
    """No rule is idle: each is broken by a case of its own."""
    file = tmp_path / "own.yaml"
    broken = set()
    for name in ONE_EACH:
        file.write_text(CASES[name]["file"], "utf-8")
        merged = merge([file])
        spec = validate(merged)
        broken |= {rule for rule in RULES if list(rule(spec, merged))}
    assert broken == set(RULES)


def test_own_families_are_reserved() -> None:
    """No name that the exporter uses for itself is left to KPIs and measures."""
    own = [family.name for group in families(load_catalogue()).values() for family in group]
    assert len(own) > 50
    for name in own:
        assert not name.startswith(PREFIX) or is_reserved(name.removeprefix(PREFIX)), name
