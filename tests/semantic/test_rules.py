"""Every mistake in a catalogue file is told with file, line and fix; several of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.collectors.host import HostCollector
from exporter.errors import ConfigErrors
from exporter.expose import health
from exporter.semantic.kpi_rules import KPI_RULES
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
    """The sentence names the operator's file, the line of the mistake, and the mending; nothing else is complained of."""
    said = problems(case["file"], tmp_path)
    assert any(line.startswith(case["says"]) for line in said), said
    assert len(said) == 1 + case.get("others", 0), said
    assert all(". Fix: " in line for line in said)


def test_several_at_once(tmp_path: Path) -> None:
    """Mistakes of different rules, in different places, are told in one go, in the order of the lines."""
    names = ("two_lines", "unknown_label", "unknown_window_of_set", "no_updated_at", "reserved_name")
    text = "".join(CASES[name]["file"] for name in names)
    text = text.replace("facts:\n  dial:", "  dial:")  # one section, not two of a name
    said = problems(text, tmp_path)
    assert len(said) == len(names)
    lines = [int(line.split(":")[1]) for line in said]
    assert lines == sorted(lines)
    for name in names:
        told = CASES[name]["says"].split(": ", 1)[1]
        assert any(told in line for line in said), name


def test_every_rule_has_a_case(tmp_path: Path) -> None:
    """No rule is without a file that breaks it: each of them alone still finds one."""
    broken = set()
    for case in CASES.values():
        (tmp_path / "own.yaml").write_text(case["file"], "utf-8")
        broken |= broken_rules([tmp_path / "own.yaml"])
    assert broken == set(RULES)
    assert set(KPI_RULES) < set(RULES)


def broken_rules(files: list[Path]) -> set[Any]:
    from exporter.semantic.files import merge, validate

    merged = merge(files)
    try:
        spec = validate(merged)
    except ConfigErrors:
        return set()
    return {rule for rule in RULES if list(rule(spec, merged))}


def test_own_families_are_reserved() -> None:
    """No name that the exporter uses for itself is left to KPIs and measures."""
    host = [family.name for family in HostCollector().collect()]
    assert host
    assert all(is_reserved(name.removeprefix(PREFIX)) for name in host)
    assert health
