"""The Prometheus of the stage: first a builder on the blocks of the past, then the server that scrapes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from exporter.demo.alertfiles import mapped
from tests.e2e.processes import Server, program
from tests.e2e.scaled import quick_rules
from tests.support.pgtools import HOST, free_port

ROOT = Path(__file__).parents[2]
RULES, EXAMPLE = ROOT / "rules", ROOT / "docs" / "examples" / "prometheus.example.yml"
SCRAPE = "3s"
# How many times shorter than shipped an alert waits: a quarter of an hour becomes seconds.
QUICKER = 180.0
# The past is written each hour, so a sample counts until the next. Live series that vanish are marked as stale by the
# scrape, and seen to end at once; only in the past something absent is seen an hour longer than it was.
LOOK_BACK = "65m"
# Blocks as they are made, none put together: that would cost seconds, and they are thrown away.
BLOCKS = {"storage.tsdb.min-block-duration": "2h", "storage.tsdb.max-block-duration": "2h"}


# promtool reads its input once for each block: the longer a block, the fewer times. 2 h times a power of three.
LONGEST_BLOCK = "1458h"


class PrometheusFolder:
    """What the server reads and writes; `server` starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.at = f"{HOST}:{free_port()}"
        self.data.mkdir(parents=True)

    @property
    def url(self) -> str:
        return f"http://{self.at}"

    def builder(self) -> Server:
        """A server that answers of the past and scrapes nothing."""
        _write(self.folder / "builder.yml", {})
        return self._server("builder.yml")

    def server(self, exporter: str, relay: str, token: str) -> Server:
        """The server of the example in the documentation, with the shipped rules; addresses are host:port."""
        (self.folder / "outcall").mkdir()
        for path in RULES.glob("*.rules.yml"):
            _write(self.folder / "outcall" / path.name, _quick(_load(path)))
        (self.folder / "relay_token").write_text(token)
        _write(self.folder / "prometheus.yml", example({"9877": exporter, "9878": relay}))
        return self._server("prometheus.yml")

    def _server(self, config: str) -> Server:
        flags = {
            "config.file": self.folder / config,
            "storage.tsdb.path": self.data,
            "storage.tsdb.retention.time": "10y",
            **BLOCKS,
            "query.lookback-delta": LOOK_BACK,
            "web.listen-address": self.at,
            "log.level": "warn",
        }
        argv = [program("prometheus"), *(f"--{flag}={value}" for flag, value in flags.items())]
        return Server(argv, self.folder / "prometheus.log", f"{self.url}/-/ready", os.environ)


def promtool(*arguments: str) -> None:
    """Make blocks. Raises RuntimeError with promtool's words."""
    done = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"promtool {arguments[0]}: {(done.stdout + done.stderr)[-2_000:]}")


def example(ports: dict[str, str]) -> Any:
    """The example's configuration with the stage's addresses by port, its own pace, and nobody to tell of alerts."""

    def change(key: str, value: Any) -> Any:
        if key == "targets":
            return ports[value.rpartition(":")[2]]
        return SCRAPE if key.endswith("_interval") else value

    shipped = _load(EXAMPLE)
    del shipped["alerting"]
    return mapped(shipped, change)


def _quick(file: Any) -> Any:
    quick = quick_rules(file, QUICKER)
    return {**quick, "groups": [{**group, "interval": SCRAPE} for group in quick["groups"]]}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _write(path: Path, data: Any) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")
