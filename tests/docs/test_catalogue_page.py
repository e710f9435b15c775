"""docs/catalogue.md names every key that the catalogue knows, and no other."""

from __future__ import annotations

import re
from typing import Literal, get_args, get_origin

import pytest

from exporter.semantic import spec
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/catalogue.md").read_text("utf-8")
SPECS = [found for found in vars(spec).values() if isinstance(found, type) and issubclass(found, spec.Spec)]
STANZAS = [found for found in SPECS if found is not spec.Spec]


def table(name: str) -> dict[str, tuple[bool, str]]:
    """The table of one stanza: key -> (required, description)."""
    found = re.search(rf"<!-- spec: {name} -->\n\|.*\n\|.*\n((?:\|.*\n)+)", PAGE)
    assert found is not None, f"docs/catalogue.md has no table `<!-- spec: {name} -->`"
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]
    keys = [re.fullmatch(r"`(\w+)`", row[0]) for row in rows]
    return {
        str(key[1]): (len(row) == 3 and row[1] == "yes", row[-1]) for key, row in zip(keys, rows, strict=True) if key
    }


def choices(annotation: object) -> set[str]:
    """The words that a closed key may have."""
    inner = set().union(*map(choices, get_args(annotation)))
    return set(map(str, get_args(annotation))) if get_origin(annotation) is Literal else inner


@pytest.mark.parametrize("stanza", STANZAS, ids=lambda stanza: stanza.__name__)
def test_every_key_is_described(stanza: type[spec.Spec]) -> None:
    """Keys, whether they are required, and the words that a closed key may have."""
    described = table(stanza.__name__)
    fields = {field.alias or name: field for name, field in stanza.model_fields.items()}
    assert set(described) == set(fields)
    for key, field in fields.items():
        required, text = described[key]
        assert required == field.is_required(), key
        missing = {word for word in choices(field.annotation) if f"`{word}`" not in text}
        assert not missing, (key, missing)
