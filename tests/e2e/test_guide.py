"""The worked example of docs/alerting.md, done as it stands, but in a folder of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.docs.pages import blocks
from tests.e2e.stack import ROOT

GUIDE = ROOT / "docs" / "alerting.md"


def test_installation_is_accepted_by_both_servers(tmp_path: Path) -> None:
    """Every command succeeds, and what they installed passes the servers' own checks."""
    (script,) = (block for block in blocks(GUIDE, "sh") if "promtool check config" in block)
    folder = tmp_path / "prometheus"
    done = subprocess.run(
        ["sh", "-eu"],
        input=script.replace("/etc/prometheus", str(folder)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rules = len(list((ROOT / "rules").glob("*.rules.yml")))
    assert done.stdout.count("rules found") == rules
    assert (folder / "relay_token").stat().st_mode & 0o007 == 0
