"""Whatever an operator's file says, loading it gives a catalogue or a ConfigError: never a traceback."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.calldb.tracker import Tracker
from exporter.errors import ConfigError, ConfigErrors
from exporter.expose.families import Exposition
from exporter.generate.rules.files import rule_files
from exporter.generate.rules.model import Options
from exporter.semantic import files
from exporter.semantic.load import load_catalogue
from exporter.semantic.yamlfile import Document

ROOT = resources.files("exporter.catalogue")
SHIPPED = files.package_documents()
TEXTS = [(ROOT / name).read_text("utf-8") for name in ("sources.yaml", "dimensions.yaml", "facts.yaml")]
TEXTS += [(ROOT / "kpis" / f"{name}.yaml").read_text("utf-8") for name in ("business", "technical")]
DATA = [yaml.safe_load(text) for text in TEXTS]
# Values that are something else than what stood there: another type, another reference, a surprise.
SURPRISES: tuple[Any, ...] = (
    None, True, -1, 0, 2**70, 1.5, float("inf"), float("nan"), "", " ", "²", "{", "{x}", "{relation:nix}", "calls",
    "dials", "turns", "ltv", "scenario", "script", "minute", "30d", "all", "a'b", "\n", "count(*)", "08:00", "99:99",
    "true", "uplift", "quantile", [], ["dials"], ["x"], [[]], {}, {"x": "y"}, {"band_of": "now()"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped files are parsed once: thousands of examples lie over the same ones."""
    monkeypatch.setattr(files, "package_documents", lambda: fresh(SHIPPED))


def fresh(documents: list[Document]) -> list[Document]:
    """Copies, since merging writes into the first file's data."""
    return [Document(document.file, copied(document.data), document.lines) for document in documents]


def copied(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: copied(value) for key, value in data.items()}
    return [copied(item) for item in data] if isinstance(data, list) else data


def load(text: str, folder: Path) -> None:
    """Load and use as the service does; errors must be the user's."""
    file = folder / "own.yaml"
    file.write_text(text, "utf-8")
    told = ""
    try:
        catalogue = load_catalogue([file])
    except (ConfigError, ConfigErrors) as error:
        told = str(error)
    else:
        tracker = Tracker(catalogue)
        assert tracker.fingerprints.keys() == catalogue.datasets.keys()
        Exposition(catalogue).update(tracker.cube, tracker.levels, lambda *_: True)
        assert rule_files(catalogue, Options())
    assert not told or "Fix: " in told


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in items for place in ((*path, key), *paths(value, (*path, key)))]


PLACES = [(number, path) for number, data in enumerate(DATA) for path in paths(data)]


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with the value at `path` replaced, or the key taken away (`...`)."""
    result = copied(data)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return result


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=st.sampled_from((*SURPRISES, ...)))
@example(place=(1, ("dimensions", "generation", "bands", "from")), value={"abc": "gen_x"})
@example(place=(1, ("parameters", "retention_months")), value="²")
@example(place=(1, ("windows", "5m", "seconds")), value=61)
def test_one_value_replaced(place: tuple[int, tuple[Any, ...]], value: Any, tmp_path: Path) -> None:
    """Each value of the shipped catalogue, turned into something else."""
    number, path = place
    load(yaml.safe_dump(changed(DATA[number], path, value), allow_unicode=True), tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(TEXTS), data=st.data())
def test_text_damaged(text: str, data: st.DataObject, tmp_path: Path) -> None:
    """A piece of the text cut out, doubled, moved or overwritten."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    to = data.draw(st.integers(0, len(text)))
    instead = data.draw(
        st.sampled_from(["", text[start:end] * 2, "{", "}", ":", "&a ", "*a", "\t", "- ", "'", '"', "\x00"])
    )
    damaged = text[:start] + instead + text[end:]
    moved = damaged[:to] + text[start:end] + damaged[to:]
    for version in (damaged, moved):
        load(version, tmp_path)
