"""Docker Compose for the tests: the installed one, else the binary of Debian's package, unpacked and not installed.

Debian 12 has no Compose 2; the package of Debian 13 holds one file that runs there too. It comes by apt from the mirror
that this machine uses, with lists, cache and sources in a folder of their own: nothing of the machine changes, and no
root is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE, SUITE = "docker-compose", "trixie"
INSIDE = "usr/libexec/docker/cli-plugins/docker-compose"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CACHE = Path(sys.prefix) / "libexec" / "docker-compose"
FIX = "install Docker Compose 2.20 or newer"


def compose_command() -> list[str]:
    """How Compose 2 is called here. Raises RuntimeError when there is none and none can be had."""
    for command in (["docker", "compose"], ["docker-compose"], [str(CACHE)]):
        if shutil.which(command[0]) and _is_v2(command):
            return command
    fetch(CACHE)
    return [str(CACHE)]


def _is_v2(command: list[str]) -> bool:
    asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and asked.stdout.strip().lstrip("v").startswith(("2.", "3.", "4.", "5."))


def fetch(target: Path) -> None:
    """The binary from Debian's package at `target`. Raises RuntimeError."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise RuntimeError(f"there is no Docker Compose 2, and no apt to fetch it with: {FIX}")
    with tempfile.TemporaryDirectory(prefix="outcall-compose-") as name:
        folder = Path(name)
        options = _options(folder)
        _run(["apt-get", *options, "--quiet", "--quiet", "update"], folder)
        _run(["apt-get", *options, "--quiet", "--quiet", "download", PACKAGE], folder)
        (package,) = folder.glob(f"{PACKAGE}_*.deb")
        _run(["dpkg-deb", "--extract", str(package), str(folder / "unpacked")], folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copy2(folder / "unpacked" / INSIDE, draft)
        draft.replace(target)


def _options(folder: Path) -> list[str]:
    """apt with everything of its own; makes the folders that it wants."""
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    line = f"deb [signed-by={KEYRING}] {mirror()} {SUITE} main\n"
    (folder / "sources.list").write_text(line, "utf-8")
    own = {
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Sandbox::User": "root" if os.getuid() == 0 else "",
    }
    return [word for key, value in own.items() for word in ("-o", f"{key}={value}")]


def mirror(sources: Path = Path("/etc/apt")) -> str:
    """The address from which this machine takes Debian itself, not its security updates. Raises RuntimeError."""
    files = [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]
    text = "\n\n".join(
        file.read_text("utf-8") for file in files if file.suffix in (".list", ".sources") and file.exists()
    )
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)):
        address = re.search(r"^URIs:\s*(\S+/debian/?)\s*$", stanza, re.MULTILINE)
        if address and "security" not in stanza:
            return address[1]
    line = re.search(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+/debian/?)\s+(?!\S*security)", text, re.MULTILINE)
    if line is None:
        raise RuntimeError(f"no mirror of Debian is known to apt here: {FIX}")
    return line[1]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{command[0]}` could not fetch {PACKAGE} ({done.stderr.strip()[-300:]}): {FIX}")
