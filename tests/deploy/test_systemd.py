"""The units: what systemd itself says of them, and that they call our program as it is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import build_parser
from exporter.settings import load_settings
from tests.deploy.stack import DEPLOY, UNITS, exec_start

PROGRAM = "/opt/outcall/bin/outcall-exporter"
# systemd's own scale: 0 nothing exposed, 10 everything.
EXPOSURE = 1.5
each = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        raise RuntimeError("systemd-analyze is not installed; run `make system-packages`")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_both_services_have_a_unit() -> None:
    assert [unit.name for unit in UNITS] == ["outcall-exporter.service", "outcall-relay.service"]


@each
def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    """Without a remark; only the program's path is replaced, by one that is here."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text("utf-8").replace(PROGRAM, sys.executable), "utf-8")
    verified = analyze("verify", "--man=no", str(copy))
    assert (verified.returncode, verified.stderr) == (0, "")


@each
def test_little_is_exposed(unit: Path) -> None:
    judged = analyze("security", "--offline=yes", f"--threshold={EXPOSURE * 10:.0f}", "--no-pager", str(unit))
    assert judged.returncode == 0, judged.stdout[-300:]


@each
def test_the_command_line_is_understood(unit: Path) -> None:
    program, *words = exec_start(unit)
    assert program == PROGRAM
    build_parser().parse_args(words)


@each
def test_the_settings_exist(unit: Path) -> None:
    text = unit.read_text("utf-8")
    load_settings(None, dict(re.findall(r"^Environment=(OUTCALL_\w+)=(\S+)$", text, re.MULTILINE)))


@each
def test_credentials_are_loaded_under_the_names_that_are_used(unit: Path) -> None:
    text = unit.read_text("utf-8")
    loaded = set(re.findall(r"^LoadCredential=(\w+):/", text, re.MULTILINE))
    assert loaded
    assert set(re.findall(r"%d/(\w+)", text)) == loaded


def test_the_relays_user_is_made() -> None:
    made = (DEPLOY / "systemd" / "outcall-relay.sysusers").read_text("utf-8")
    assert re.search(r"^u outcall-relay -", made, re.MULTILINE)
    assert "User=outcall-relay" in (DEPLOY / "systemd" / "outcall-relay.service").read_text("utf-8")
