"""The shipped Alertmanager configuration: where it is, what it says, and copies of it that a test can wait for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "rules/alertmanager"
FILE = FOLDER / "alertmanager.yml"
RELAY = "http://relay:9878"
TOKEN = "token-of-the-relay"
# What the shipped file may say, and what a test waits instead.
QUICK = {
    ("group_wait", "0s"): "0s",
    ("group_wait", "5s"): "600ms",
    ("group_wait", "10s"): "800ms",
    ("group_interval", "1m"): "500ms",
    ("repeat_interval", "5m"): "1s",
    ("repeat_interval", "4h"): "4h",
    ("repeat_interval", "24h"): "24h",
}
ALWAYS = [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]
NEVER = [{"years": ["2000"]}]


def shipped() -> dict[str, Any]:
    """The configuration as data; anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return loaded


def binary(*names: str) -> str:
    """The first of the programs that is installed: Debian gives them other names than their authors do."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError(f"none of {', '.join(names)} is installed; run `make system-packages`")
    return found


def quick_copy(folder: Path, relay: str, *, night: bool = False) -> Path:
    """The shipped file in `folder`, replaced: durations, the relay's address, whether it is night. Nothing else."""
    config = _mapped(shipped(), lambda key, value: QUICK.get((key, value), value))
    config["time_intervals"][0]["time_intervals"] = ALWAYS if night else NEVER
    text = yaml.safe_dump(config, allow_unicode=True).replace(RELAY, relay)
    shutil.copytree(FOLDER / "templates", folder / "templates")
    (folder / "relay_token").write_text(TOKEN + "\n", "utf-8")
    copy = folder / "alertmanager.yml"
    copy.write_text(text, "utf-8")
    return copy


def _mapped(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The same data with every scalar passed through `change`, under the key it stands at."""
    if isinstance(value, dict):
        return {name: _mapped(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change, key) for item in value]
    return change(key, value)
