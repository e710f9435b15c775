"""A checkout of its own for each test, up to date, to be spoilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.commands.generate import docs
from exporter.generate.files import END, Generated, marker
from exporter.semantic.load import load_catalogue

START = marker("kpi table", "docs")


@pytest.fixture(scope="session")
def generated() -> list[Generated]:
    return docs(load_catalogue())


@pytest.fixture
def checkout(tmp_path: Path, generated: list[Generated]) -> Path:
    (tmp_path / "README.md").write_text(f"# A project\n\n{START}\n{END}\n", encoding="utf-8")
    for file in generated:
        file.write(tmp_path)
    return tmp_path
