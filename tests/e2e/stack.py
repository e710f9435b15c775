"""The whole chain with real parts on 127.0.0.1: database, exporter, Prometheus, Alertmanager, relay, vendors.

Shipped are the rules, the routes, and the example of Prometheus's configuration; put in are addresses, the token, the
time zone, and shorter waits (see `scaled`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from exporter.demo.alertfiles import adapted, mapped
from exporter.demo.evening import evening_zone
from tests.e2e.calls import Platform
from tests.e2e.processes import Server, Vendors, get, program
from tests.e2e.scaled import quick_routes, quick_rules, shorter
from tests.faults.service import Service
from tests.relay.conftest import channel, secret_files
from tests.relay.vendors import Vendor
from tests.support.pgtools import HOST, free_port
from tests.support.postgres import Postgres

ROOT = Path(__file__).parents[2]
RULES, EXAMPLE = ROOT / "rules", ROOT / "docs" / "examples" / "prometheus.example.yml"
TOKEN = "token-of-the-relay"
HALF_AN_HOUR = 30


def business_zone(now: datetime) -> str:
    """A zone in which it has been evening for half an hour, and business goes on for another."""
    return evening_zone(now, "Asia/Shanghai", hour=19 if now.minute < HALF_AN_HOUR else 18)


@dataclass(frozen=True, slots=True)
class Sms:
    """A text as the vendor got it."""

    kpi: str
    where: str
    value: str
    since: str


class Stack:
    """A context manager; `factor`: how many times shorter than shipped the waits are, 1: as shipped."""

    def __init__(self, folder: Path, factor: float) -> None:
        self.folder, self.factor = folder, factor
        self.timezone = business_zone(datetime.now(UTC))
        self.cluster = Postgres()
        self._exit = ExitStack()
        ports = {name: f"{HOST}:{free_port()}" for name in ("prometheus", "alertmanager", "relay")}
        self._at = ports
        self.vendor: Vendor
        self.service: Service
        self.platform: Platform

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            enter = parts.enter_context
            self.vendor = enter(Vendors())
            enter(self.cluster)
            self._start_exporter()
            enter(self.service)
            enter(self._relay())
            enter(self._alertmanager())
            enter(self._prometheus())
            self._exit = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    # What is seen at each stage -------------------------------------------------------------------------------------

    def texts(self, word: str = "") -> list[Sms]:
        """The SMS whose first variable holds the word, in the order of delivery."""
        contents = [content for kind, content in list(self.vendor.delivered) if kind == "aliyun_sms"]
        found = [Sms(**json.loads(content.partition(" ")[2])) for content in contents]
        return [text for text in found if word in text.kpi]

    def chats(self, word: str) -> list[str]:
        """The robot's messages whose first line holds the word."""
        found = [content for kind, content in list(self.vendor.delivered) if kind == "dingtalk"]
        return [text for text in found if word in text.splitlines()[0]]

    def alerts(self, name: str, state: str = "firing", severity: str = "critical") -> list[dict[str, Any]]:
        """Prometheus's active alerts of that name and state."""
        answer = get(f"http://{self._at['prometheus']}/api/v1/alerts")
        active = json.loads(answer)["data"]["alerts"] if answer else []
        want = {"alertname": name, "severity": severity}
        return [alert for alert in active if alert["state"] == state and want.items() <= alert["labels"].items()]

    def incidents(self, name: str, severity: str = "critical") -> list[dict[str, Any]]:
        """Alertmanager's alerts of that name that are not over."""
        answer = get(f"http://{self._at['alertmanager']}/api/v2/alerts?filter=alertname={name}")
        found = json.loads(answer) if answer else []
        return [alert for alert in found if alert["labels"]["severity"] == severity]

    # The parts ------------------------------------------------------------------------------------------------------

    def _start_exporter(self) -> None:
        dsn = self.cluster.create_database()
        recordings = self.folder / "recordings"
        recordings.mkdir()
        self.platform = Platform(self.cluster, dsn.rpartition("/")[2], recordings, self.timezone)
        own = {"TIMEZONE": self.timezone, "RECORDINGS_DIR": str(recordings), "RECORDINGS_INTERVAL": "1"}
        self.service = Service(dsn, self.folder, own)

    def _relay(self) -> Server:
        folder = self.folder / "relay"
        folder.mkdir()
        secret_files(folder, self.vendor.url)
        (folder / "token").replace(folder / "robot_token")
        (folder / "relay_token").write_text(TOKEN)
        channels = {
            "duty_sms": channel("aliyun_sms", self.vendor.url),
            "ops_chat": channel("dingtalk", self.vendor.url, access_token_file="robot_token"),
            "screen": {"type": "print"},
        }
        everybody = {"page": ["duty_sms", "ops_chat"], "watchdog": ["screen"]}
        receivers = {name: everybody.get(name, ["screen"]) for name in self._receivers()}
        file = {"channels": channels, "receivers": receivers}
        (folder / "relay.yml").write_text(yaml.safe_dump(file, allow_unicode=True), encoding="utf-8")
        own = {
            "RELAY_LISTEN": self._at["relay"],
            "RELAY_FILE": str(folder / "relay.yml"),
            "RELAY_TOKEN_FILE": str(folder / "relay_token"),
            "STATE_DIR": str(folder / "state"),
            "TIMEZONE": self.timezone,
        }
        argv = [sys.executable, "-m", "exporter.cli", "relay"]
        return self._server("relay", argv, {f"OUTCALL_{key}": value for key, value in own.items()}, TOKEN)

    @staticmethod
    def _receivers() -> list[str]:
        return [receiver["name"] for receiver in _load(RULES / "alertmanager" / "alertmanager.yml")["receivers"]]

    def _alertmanager(self) -> Server:
        folder = self.folder / "alertmanager"
        shutil.copytree(RULES / "alertmanager", folder)
        shipped = _load(folder / "alertmanager.yml")
        config = quick_routes(adapted(shipped, f"http://{self._at['relay']}", self.timezone), self.factor)
        _write(folder / "alertmanager.yml", config)
        (folder / "relay_token").write_text(TOKEN)
        flags = {
            "config.file": folder / "alertmanager.yml",
            "storage.path": folder / "data",
            "cluster.listen-address": "",
        }
        return self._debian("alertmanager", program("prometheus-alertmanager", "alertmanager"), flags)

    def _prometheus(self) -> Server:
        folder = self.folder / "prometheus"
        (folder / "outcall").mkdir(parents=True)
        for path in RULES.glob("*.rules.yml"):
            _write(folder / "outcall" / path.name, quick_rules(_load(path), self.factor))
        (folder / "relay_token").write_text(TOKEN)
        _write(folder / "prometheus.yml", self._example())
        flags = {"config.file": folder / "prometheus.yml", "storage.tsdb.path": folder / "data"}
        return self._debian("prometheus", program("prometheus"), flags)

    def _example(self) -> Any:
        """The example of the documentation with our addresses, and shorter intervals."""
        ports = {"9877": f"{HOST}:{self.service.port}", "9878": self._at["relay"], "9093": self._at["alertmanager"]}

        def change(key: str, value: Any) -> Any:
            if key == "targets":
                return ports[value.rpartition(":")[2]]
            if key.endswith("_interval"):
                return shorter(value, self.factor, least=1.0)
            return value

        return mapped(_load(EXAMPLE), change)

    def _debian(self, name: str, path: str, flags: Mapping[str, object]) -> Server:
        words = {**flags, "web.listen-address": self._at[name], "log.level": "warn"}
        return self._server(name, [path, *(f"--{flag}={value}" for flag, value in words.items())], {})

    def _server(self, name: str, argv: list[str], more: dict[str, str], token: str = "") -> Server:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OUTCALL_")}
        return Server(argv, self.folder / f"{name}.log", f"http://{self._at[name]}/-/ready", {**kept, **more}, token)


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _write(path: Path, data: Any) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")
