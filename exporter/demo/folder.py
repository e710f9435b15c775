"""The demo's folder: fresh, private, and told apart from those that dead demos left behind.

    outcall-demo-XXXXXXXX/   0700, or 0711 where the server runs as another user, who must pass through
        lock                 locked (flock) by the demo and its guard for as long as one of them lives
        data/                0700, the server's
        server.log           0600
        postgresql-N/        a copy of the binaries, where the server's user cannot reach the original
        alerts/              configuration and data of Prometheus and Alertmanager, where they run too

The lock, unlike a noted process id, cannot be mistaken: the kernel drops it when the last holder is gone, however it
went, and no later process can come by it through a reused id or a step of the clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from exporter.demo.account import Account
from exporter.demo.guard import STOP_SECONDS, remove
from exporter.errors import RunError

PREFIX = "outcall-demo-"
OTHER_PLACE = "make room, or set TMPDIR to a folder with room that every user may enter"
_RETRY_SECONDS = 0.02
_WRECK_SECONDS = 3600.0  # a folder without a lock is being made, or its maker died within the first millisecond


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A folder of ours; `lock` is the descriptor that keeps it ours."""

    path: Path
    lock: int

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    def discard(self) -> None:
        """Give it up. As a rule the guard has removed it by now; if the guard was killed, that is done here."""
        if self.path.exists():
            stop_and_remove(self.path)
        os.close(self.lock)


def create_folder(base: Path, account: Account | None, min_free_bytes: int) -> DemoFolder:
    """Raises RunError when the place is full or cannot be written to."""
    try:
        free = shutil.disk_usage(base).free
        if free < min_free_bytes:
            raise RunError(f"{base} has {free >> 20} MiB free, the demo needs {min_free_bytes >> 20} MiB", OTHER_PLACE)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        folder = DemoFolder(path, _lock(path))
        _hand_over(folder, account)
    except OSError as error:
        raise RunError(f"The temporary folder {base} cannot be used: {error.strerror}", OTHER_PLACE) from error
    return folder


def remove_leftovers(base: Path) -> int:
    """Stop the servers and remove the folders of demos that died with their guard. Returns how many."""
    ours = (path for path in base.glob(f"{PREFIX}*") if _is_ours(path))
    return sum(_remove_if_dead(path) for path in ours)


def stop_and_remove(path: Path) -> None:
    """Stop the server and the other programs that run in the folder, and remove the folder."""
    for program in _other_programs(path):
        with contextlib.suppress(psutil.NoSuchProcess):
            program.kill()
    if server := _running_server(path / "data"):
        with contextlib.suppress(psutil.NoSuchProcess):
            server.send_signal(signal.SIGQUIT)
            _wait_or_kill(server)
    remove(path)


def _lock(path: Path) -> int:
    """Locked under another name first, so that nobody ever sees the lock file without its lock."""
    lock = os.open(path / "lock.new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (path / "lock.new").rename(path / "lock")
    return lock


def _hand_over(folder: DemoFolder, account: Account | None) -> None:
    folder.data.mkdir(mode=0o700)
    if account:
        os.chown(folder.data, account.uid, account.gid)
        folder.path.chmod(0o711)


def _is_ours(path: Path) -> bool:
    """Others may write to the temporary folder too: what is theirs, or only points elsewhere, is not touched."""
    try:
        return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _remove_if_dead(path: Path) -> bool:
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return _remove_wreck(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False  # alive
    else:
        stop_and_remove(path)
        return True
    finally:
        os.close(lock)


def _remove_wreck(path: Path) -> bool:
    try:
        wrecked = time.time() - path.stat().st_mtime > _WRECK_SECONDS
    except OSError:
        return False
    if wrecked:
        remove(path)
    return wrecked


def _wait_or_kill(server: psutil.Process) -> None:
    """Not `Process.wait`: where nobody reaps orphans (a container's first process), it would wait for a zombie."""
    deadline = time.monotonic() + STOP_SECONDS
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            server.kill()
            return
        time.sleep(_RETRY_SECONDS)


def _other_programs(path: Path) -> list[psutil.Process]:
    """Those that were started with a configuration of the folder, by us or the user that its server runs as."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = process.uids().effective in (os.geteuid(), (path / "data").stat().st_uid)
            if ours and any(word.startswith(f"--config.file={path}/") for word in process.cmdline()):
                found.append(process)
    return found


def _running_server(data: Path) -> psutil.Process | None:
    """The process that `postmaster.pid` names, if it is indeed this server: the file belongs to another user."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        genuine = str(data) in process.cmdline() and process.uids().effective == data.stat().st_uid
    except (OSError, ValueError, psutil.Error):
        return None
    return process if genuine else None
