"""The account that the server runs as, and binaries which that account can run.

PostgreSQL refuses to run as root. Permissions of other people's folders are never loosened to get round that: what the
other account cannot reach is copied to where it can.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.demo.binaries import TOOLS, WHEEL, Installation, installation_parts
from exporter.errors import RunError

_UNPRIVILEGED = ("postgres", "nobody")
_OVERFLOW_ID = 65534  # the kernel's id for "nobody in particular", where no account of that name exists
_TIMEOUT_SECONDS = 10
# Parts of an installation that a server does not read; they are most of its size.
_NOT_NEEDED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "bitcode", "llvmjit*", "doc", "man", "locale")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to become before running the server."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """None when we are an ordinary user, who runs the server as himself."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    return Account(str(_OVERFLOW_ID), _OVERFLOW_ID, _OVERFLOW_ID)


def server_environment(home: Path) -> dict[str, str]:
    """What the server sees of our environment: where libraries are, and none of our settings or secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def runnable(candidates: Sequence[Installation], account: Account | None, folder: Path) -> Installation:
    """The first installation that the account can run; failing that a copy of one, made in `folder`.

    Raises RunError when there is none.
    """
    if not candidates:
        raise RunError(
            "No server binaries of PostgreSQL 13 or newer were found",
            'install PostgreSQL, or run: pip install "outcall-exporter[demo]"',
        )
    for candidate in candidates:
        if can_run(candidate, account, folder):
            return candidate
    copies = (copy_installation(candidate, folder / f"postgresql-{n}") for n, candidate in enumerate(candidates))
    for copy in copies if account else ():
        if can_run(copy, account, folder):
            return copy
    raise RunError(
        f"PostgreSQL was found in {candidates[0].bin}, but {_as_whom(account)} cannot run it there or in a copy",
        f"start the demo as an ordinary user, or install PostgreSQL system-wide, or repair the wheel {WHEEL}",
    )


def can_run(installation: Installation, account: Account | None, folder: Path) -> bool:
    """Found out by doing it: mode bits do not tell of ACLs, mount options, and libraries out of reach."""
    return all(_answers([str(installation.bin / tool), "--version"], account, folder) for tool in TOOLS)


def copy_installation(installation: Installation, target: Path) -> Installation:
    """A copy under `target` that everybody can read. Its layout is kept: a server finds files relative to itself."""
    parts = installation_parts(installation)
    root = Path(os.path.commonpath([installation.bin, *parts]))
    copied_bin = target / installation.bin.relative_to(root)
    for part in parts:
        shutil.copytree(
            part,
            target / part.relative_to(root),
            copy_function=shutil.copyfile,
            ignore=_NOT_NEEDED,
            ignore_dangling_symlinks=True,
            dirs_exist_ok=True,
        )
    copied_bin.mkdir(parents=True, exist_ok=True)
    for tool in (*TOOLS, "pg_config"):
        if (installation.bin / tool).is_file():
            shutil.copyfile(installation.bin / tool, copied_bin / tool)
    _let_everybody_read(target, executables=copied_bin)
    libraries = tuple(target / folder.resolve().relative_to(root) for folder in installation.libraries)
    return replace(installation, bin=copied_bin, libraries=libraries)


def _let_everybody_read(tree: Path, executables: Path) -> None:
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent == executables else 0o644)


def _answers(command: list[str], account: Account | None, folder: Path) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - binaries that we found
            command,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd=folder,
            env=server_environment(folder),
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _as_whom(account: Account | None) -> str:
    return f"user {account.name} (PostgreSQL refuses to run as root)" if account else "this user"
