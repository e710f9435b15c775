"""What Prometheus, Alertmanager and the relay of a demo read: the shipped files, with only addresses and token put in.

alerts/                       the account's that runs the two servers
    prometheus.yml            made here
    rules/*.rules.yml         as shipped
    alertmanager.yml          as shipped, but for the relay's address and the time zone of the mute times
    templates/*.tmpl          as shipped
    relay_token
    relay.yml                 every receiver printed
    prometheus/ alertmanager/ their data
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import exporter
from exporter.demo.account import Account
from exporter.errors import RunError
from exporter.generate.rules.model import Options

# Where the shipped configuration expects the relay.
SHIPPED_RELAY = "http://relay:9878"
SCRAPE = "5s"


@dataclass(frozen=True, slots=True)
class AlertFiles:
    """The folder of the alerting servers, and what is where in it."""

    folder: Path

    @property
    def prometheus(self) -> Path:
        return self.folder / "prometheus.yml"

    @property
    def alertmanager(self) -> Path:
        return self.folder / "alertmanager.yml"

    @property
    def relay(self) -> Path:
        return self.folder / "relay.yml"

    @property
    def token(self) -> Path:
        return self.folder / "relay_token"


def shipped_rules() -> Path:
    """`rules/` of the installation or of the checkout; raises RunError when neither has it."""
    package = Path(exporter.__file__).parent
    for folder in (package / "rules", package.parent / "rules"):
        if (folder / "recording.rules.yml").is_file() and (folder / "alertmanager").is_dir():
            return folder
    raise RunError("The alerting rules are not part of this installation", "run the demo from a checkout: make demo")


def lay_out(folder: Path, account: Account | None) -> AlertFiles:
    """The folder with everything that does not depend on addresses. Raises RunError."""
    files, rules = AlertFiles(folder), shipped_rules()
    folder.mkdir(mode=0o700)
    shutil.copytree(rules / "alertmanager" / "templates", folder / "templates")
    (folder / "rules").mkdir()
    for file in rules.glob("*.rules.yml"):
        shutil.copyfile(file, folder / "rules" / file.name)
    files.token.touch(mode=0o600)
    files.token.write_text(secrets.token_hex(24))
    receivers = (receiver["name"] for receiver in _load(rules / "alertmanager" / "alertmanager.yml")["receivers"])
    files.relay.write_text(_dump(relay_file(receivers)))
    for data in ("prometheus", "alertmanager"):
        (folder / data).mkdir()
    if account:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid)
    return files


def write_alertmanager(files: AlertFiles, relay_url: str, timezone: str) -> None:
    """Alertmanager's configuration. Raises RunError."""
    shipped = _load(shipped_rules() / "alertmanager" / "alertmanager.yml")
    files.alertmanager.write_text(_dump(adapted(shipped, relay_url, timezone)), encoding="utf-8")


def write_prometheus(files: AlertFiles, exporter_at: str, relay_at: str, alertmanager_at: str) -> None:
    """Prometheus's configuration; the addresses are `host:port`."""
    files.prometheus.write_text(_dump(prometheus_file(exporter_at, relay_at, alertmanager_at)), encoding="utf-8")


def adapted(shipped: Mapping[str, Any], relay_url: str, timezone: str) -> Any:
    """Alertmanager's configuration with another address of the relay and time zone of its mute times."""

    def change(key: str, value: Any) -> Any:
        if key == "location":
            return timezone
        return value.replace(SHIPPED_RELAY, relay_url, 1) if key == "url" else value

    return mapped(shipped, change)


def mapped(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The same data with every scalar passed through `change`, with the key that it stands under."""
    if isinstance(value, Mapping):
        return {name: mapped(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [mapped(item, change, key) for item in value]
    return change(key, value)


def prometheus_file(exporter_at: str, relay_at: str, alertmanager_at: str) -> dict[str, Any]:
    """Scrapes exporter and relay, evaluates the rules beside it, tells Alertmanager."""

    def job(name: str, at: str) -> dict[str, Any]:
        return {"job_name": name, "static_configs": [{"targets": [at]}]}

    relay = {**job("outcall-relay", relay_at), "authorization": {"credentials_file": "relay_token"}}
    return {
        "global": {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE},
        "rule_files": ["rules/*.rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager_at]}]}]},
        "scrape_configs": [job(Options().job, exporter_at), relay],
    }


def relay_file(receivers: Any) -> dict[str, Any]:
    """Everything that would go to a phone or a chat is printed."""
    channels = {"screen": {"type": "print"}, "phone": {"type": "print", "form": "sms"}}
    paged = {name: ["screen", "phone"] if name == "page" else ["screen"] for name in receivers}
    return {"channels": channels, "receivers": paged}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _dump(data: Any) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
