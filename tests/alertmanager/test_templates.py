"""What an e-mail says: Chinese first, then English, times of the process's zone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.alertmanager.alerts import hangup
from tests.alertmanager.shipped import FOLDER, binary

ANNOTATIONS = {
    "summary_zh": "老年 30秒内挂断率过高",
    "description_zh": "41 %（线 40 %）。建议：放慢语速",
    "summary": "Early hang-ups of the elderly",
    "description": "41 % (line 40 %). Slow down",
    "runbook_url": "https://example.org/OutcallEarlyHangupHigh.md",
    "dashboard_url": "http://localhost:3000/d/x",
}


def render(folder: Path, name: str, zone: str, **changes: Any) -> str:
    """A template with one alert as data; `changes` go into it."""
    alert = {
        "status": "firing",
        "labels": hangup("critical", generation="elderly"),
        "annotations": ANNOTATIONS,
        "startsAt": "2026-11-22T11:05:00Z",
        "endsAt": "2026-11-22T12:00:00Z",
        **changes,
    }
    data = {
        "receiver": "page",
        "status": alert["status"],
        "alerts": [alert],
        "groupLabels": {"kpi": "early_hangup"},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": "http://localhost:9093",
    }
    file = folder / "data.json"
    file.write_text(json.dumps(data), "utf-8")
    found = subprocess.run(
        [
            binary("amtool"),
            *("template", "render", f"--template.glob={FOLDER}/templates/*.tmpl", f"--template.data={file}"),
            f'--template.text={{{{ template "{name}" . }}}}',
        ],
        env={"PATH": os.environ["PATH"], "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip()


def test_subject(tmp_path: Path) -> None:
    assert render(tmp_path, "outcall.subject", "UTC") == (
        "[严重 CRITICAL ×1] 老年 30秒内挂断率过高 | Early hang-ups of the elderly"
    )
    warning = render(tmp_path, "outcall.subject", "UTC", labels=hangup("warning"))
    assert warning.startswith("[告警 ALERT ×1]")
    assert render(tmp_path, "outcall.subject", "UTC", status="resolved").startswith("[恢复 RESOLVED]")


def test_text_is_chinese_first(tmp_path: Path) -> None:
    text = render(tmp_path, "outcall.text", "Asia/Shanghai")
    places = [text.index(ANNOTATIONS[name]) for name in ANNOTATIONS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("zone", "local"),
    [("Asia/Shanghai", "2026-11-22 19:05 +0800"), ("America/New_York", "2026-11-22 06:05 -0500")],
)
def test_times_are_local(tmp_path: Path, zone: str, local: str) -> None:
    """The offset is shown: a process in the wrong zone cannot lie."""
    assert f"Since: {local}" in render(tmp_path, "outcall.text", zone)


def test_resolved_says_when(tmp_path: Path) -> None:
    text = render(tmp_path, "outcall.text", "Asia/Shanghai", status="resolved")
    assert "恢复 Resolved: 2026-11-22 20:00 +0800" in text


def test_an_alert_of_somebody_else(tmp_path: Path) -> None:
    """Without annotations its name is told."""
    assert render(tmp_path, "outcall.text", "UTC", annotations={}).startswith("● OutcallEarlyHangupHigh")
