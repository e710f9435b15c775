"""The stage: everything started in its order, the past written meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import yaml

from devtools.stage import recorded
from devtools.stage.changes import changes
from devtools.stage.platform import Platform, own_environment
from devtools.stage.schedule import jobs
from devtools.stage.server import ROOT, RULES, PrometheusFolder
from exporter.demo.alertfiles import relay_file
from exporter.demo.evening import evening_zone
from exporter.semantic.load import load_catalogue
from tests.e2e.processes import Server, get, until
from tests.faults.service import Service
from tests.relay.conftest import channel, secret_files
from tests.support.pgtools import HOST, free_port
from tests.support.postgres import Postgres

PREFERRED, AFTERNOON = "Asia/Shanghai", 14
TOKEN = "token-of-the-relay"  # noqa: S105 - of a relay on the loopback that sends nothing
# Jobs of the past at a time.
CORES = 2
PATIENCE = 120.0
# Rates need a few scrapes.
SCRAPES = 3


class Stage:
    """A context manager; when it is entered every server is up, the past is there and alerts fire.

    It is afternoon in its business time zone, whenever it is started: at night the short windows would be empty.
    `url` is that of Prometheus, `dsn` that of the call database, `exporter` and `relay` are host:port; the written past
    ends at `now`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.timezone = evening_zone(datetime.now(UTC), PREFERRED, hour=AFTERNOON)
        self.relay = f"{HOST}:{free_port()}"
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()
        self._exit = ExitStack()
        self.platform: Platform
        self.service: Service
        self.prometheus: PrometheusFolder
        self.now = 0.0
        self.dsn = ""

    @property
    def url(self) -> str:
        return self.prometheus.url

    @property
    def exporter(self) -> str:
        return f"{HOST}:{self.service.port}"

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            enter = parts.enter_context
            self.folder.mkdir(parents=True, exist_ok=True)
            self.dsn = dsn = enter(Postgres()).create_database()
            self.platform = enter(Platform(dsn, self.folder, self.timezone))
            self._note("history")
            self.now = time.time()
            self.prometheus = PrometheusFolder(self.folder / "prometheus")
            self.service = Service(dsn, self.folder, self._settings())
            enter(self.service)
            enter(self._relay())
            self._write_past(dsn)
            self._note("past of the gauges")
            self._evaluate_rules()
            self._note("past of the rules")
            enter(self.prometheus.server(self.exporter, self.relay, TOKEN))
            until("the windows are covered, scraped and judged", self._is_live, PATIENCE)
            self._note("live")
            self._exit = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def firing(self) -> set[tuple[str, str]]:
        """Names and severities of the alerts that fire now."""
        answer = get(f"{self.url}/api/v1/alerts")
        active = json.loads(answer)["data"]["alerts"] if answer else []
        return {(one["labels"]["alertname"], one["labels"]["severity"]) for one in active if one["state"] == "firing"}

    def _note(self, what: str) -> None:
        """How long the start has taken up to here."""
        self.seconds[what] = round(time.monotonic() - self._began, 1)

    def _settings(self) -> dict[str, str]:
        return {
            "TIMEZONE": self.timezone,
            # Gauges are withdrawn after two intervals, and a poll may take seconds on a busy machine.
            "POLL_INTERVAL": "10",
            "SWEEP_INTERVAL": "30",
            "HOST_INTERVAL": "5",
            "STATEMENT_TIMEOUT": "10",
            "BACKGROUND_TIMEOUT": "60",
            "LINK_CAPACITY": json.dumps({path.name: 1e9 for path in Path("/sys/class/net").iterdir()}),
            "RECORDINGS_DIR": str(self.platform.recordings),
            "RECORDINGS_INTERVAL": "5",
            "CHANGES_FILE": str(self._changes()),
        }

    def _changes(self) -> Path:
        path = self.folder / "changes.yaml"
        path.write_text(changes(datetime.fromtimestamp(self.now, ZoneInfo(self.timezone))), "utf-8")
        return path

    def _write_past(self, dsn: str) -> None:
        """Every job of the past in a process of its own, the longest first."""
        words = {
            "dsn": dsn,
            "now": self.now,
            "covered-from": self.platform.covered_from,
            "timezone": self.timezone,
            "target": self.exporter,
            "data": self.prometheus.data,
        }
        options = [word for name, value in words.items() for word in (f"--{name}", str(value))]

        def run(job: str) -> None:
            argv = [sys.executable, "-m", "devtools.stage.write", "--job", job, *options]
            subprocess.run(["setpriv", "--pdeathsig", "KILL", *argv], cwd=ROOT, check=True)

        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(run, [job.name for job in jobs(load_catalogue([], timezone=self.timezone), self.now)]))

    def _evaluate_rules(self) -> None:
        """First what is recorded, then the alerts that look at it: a server sees new blocks when it starts."""
        prometheus = self.prometheus
        for evaluate in (recorded.record, recorded.alert):
            with prometheus.builder():
                evaluate(prometheus.url, prometheus.folder, prometheus.data, self.now)

    def _relay(self) -> Server:
        folder = self.folder / "relay"
        folder.mkdir()
        shipped = yaml.safe_load((RULES / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
        receivers = [receiver["name"] for receiver in shipped["receivers"]]
        secret_files(folder, f"http://{self.relay}")
        file = relay_file(receivers)
        # A channel with a daily budget, by which nothing is ever sent: there is no Alertmanager.
        file["channels"]["duty_sms"] = channel("aliyun_sms", f"http://{self.relay}")
        (folder / "relay.yml").write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
        (folder / "relay_token").write_text(TOKEN)
        environment = own_environment(
            RELAY_LISTEN=self.relay,
            RELAY_FILE=folder / "relay.yml",
            RELAY_TOKEN_FILE=folder / "relay_token",
            STATE_DIR=folder / "state",
            TIMEZONE=self.timezone,
        )
        argv = [sys.executable, "-m", "exporter.cli", "relay"]
        return Server(argv, folder / "relay.log", f"http://{self.relay}/-/ready", environment, TOKEN)

    def _is_live(self) -> bool | None:
        """Whether both targets were scraped a few times, every window covered, changes verified, and alerts fire."""
        scraped = self._value(f"min(count_over_time(up[5m]) * up) >= {SCRAPES}")
        complete = self._value(
            "min(outcall_window_complete) == 1 and on () time() - max(outcall_as_of_timestamp_seconds) < 60"
        )
        verified = self._value("count(outcall_change_verdict)")
        return (
            bool(
                scraped
                and complete
                and verified
                and {"critical", "warning"} <= {severity for _, severity in self.firing()}
            )
            or None
        )

    def _value(self, expr: str) -> list[Any]:
        answer = get(f"{self.url}/api/v1/query?query={urllib.parse.quote(expr)}")
        return list(json.loads(answer)["data"]["result"]) if answer else []
