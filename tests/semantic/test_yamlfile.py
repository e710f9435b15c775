"""YAML with places: plain data, the line of every key, and a clear refusal of everything else."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import ConfigError, ConfigErrors
from exporter.semantic.yamlfile import MAX_BYTES, MAX_DEPTH, load_yaml, parse_yaml

KEYS = st.text("abcdefgh_", min_size=1, max_size=4)
# PyYAML itself does not read back every control character that it writes.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
PLAIN = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, PLAIN, max_size=4))
def test_plain_data(data: dict[str, Any]) -> None:
    """What PyYAML writes is read back as it was."""
    assert parse_yaml(yaml.safe_dump(data, allow_unicode=True), "x").data == data


@settings(deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=8, unique=True))
def test_lines(keys: list[str]) -> None:
    """Every key knows its line; what is not there has the line of the nearest that is."""
    document = parse_yaml("# a comment\n" + "".join(f"{key}:\n  - 1\n  - in: 2\n" for key in keys), "x.yaml")
    for number, key in enumerate(keys):
        assert str(document.place((key,))) == f"x.yaml:{2 + 3 * number}"
        assert document.place((key, 1, "in")).line == 4 + 3 * number
        assert document.place((key, 1, "in", "nothing")).line == 4 + 3 * number
    assert document.place(("absent?",)).line == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "x:3: key 'a' stands twice. Fix: remove one of the two"),
        ("a: {b: 1, b: 2}", "x:1: key 'b' stands twice"),
        ("a: &one [1]\nb: *one", "x:1: an alias is used. Fix: write the value out"),
        ("a: &a [*a]", "x:1: an alias is used"),
        ("a: &a {b: 1}\nc: {<<: *a}", "x:1: an alias is used"),
        ("? [1, 2]\n: 3", "x:1: a key is not plain text"),
        ("a: [", "x:1: invalid YAML"),
        ("a: 1\n\tb: 2", "x:2: invalid YAML"),
        ("a: b\nc: d: e", "x:2: invalid YAML: mapping values are not allowed here. Fix: correct the syntax"),
        ("a: \x00", "x: invalid YAML"),
        ("a: *nobody", "x:1: invalid YAML"),
        ("--- 1\n--- 2", "x:2: invalid YAML"),
        ("a: 2026-13-40", "x:1: is not a valid timestamp. Fix: correct or quote the value"),
        ("a: !!bool maybe", "x:1: is not a valid bool"),
        ("a: !!timestamp soon", "x:1: is not a valid timestamp"),
        ("a: !!int ten", "x:1: is not a valid int"),
        ("a: !!float x", "x:1: is not a valid float"),
        ("a: !!python/name:os.system", "x:1: is not a valid os.system"),
        ("a: !!binary ü", "x:1: is not a valid binary"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "x:1: is nested too deeply. Fix: keep it under 20 levels"),
        ("[" * 5000, "x"),
        ("a: " + "{b: " * 5000, "x"),
        ("- " * 5000, "x"),
    ],
)
def test_refusals(text: str, says: str) -> None:
    """One sentence with line and fix, whatever the text."""
    with pytest.raises((ConfigError, ConfigErrors)) as caught:
        parse_yaml(text, "x")
    assert str(caught.value).startswith(says)
    assert "Fix: " in str(caught.value)


def test_all_at_once() -> None:
    """Problems that do not hinder reading on are told together."""
    with pytest.raises(ConfigErrors) as caught:
        parse_yaml("a: 1\na: 2\nb: !!int x\n? {c: 1}\n: 4", "x")
    assert [error.place.line for error in caught.value.errors] == [2, 3, 4]


def test_no_bomb() -> None:
    """Ten lines that stand for a billion: refused at the first alias, at once."""
    rows = [f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi")]
    bomb = "a: &a [x, x]\n" + "".join(rows)
    with pytest.raises(ConfigErrors, match="an alias is used"):
        parse_yaml(bomb, "x")


def test_files(tmp_path: Path) -> None:
    """Files too large, not UTF-8, absent or folders are refused by name; an empty one is an empty mapping."""
    file = tmp_path / "a.yaml"
    for content, says in ((b"a" * (MAX_BYTES + 1), "is larger than"), (b"a: \xff", "is not UTF-8")):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match=f"a.yaml: {says}"):
            load_yaml(file)
    file.write_bytes(b"")
    assert load_yaml(file).data == {}
    for path in (tmp_path, tmp_path / "nix"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_yaml(path)


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("ab:- \n[]{}&*!|>'\"#%@`,?\t", max_size=60))
def test_any_text(text: str) -> None:
    """Any text is data, or a ConfigError that names the file."""
    with suppress(ConfigError, ConfigErrors):
        assert parse_yaml(text, "x").file == "x"
