"""A real Prometheus with a small past: ten series over two hours, made into blocks by promtool."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.pgtools import HOST, free_port

# A round instant: whole hours, days and the steps of queries fall upon it.
NOW = 1_750_003_200
MINUTES = 120
PATIENCE = 60.0

SCENARIOS = ("collection", "marketing")
SCRIPTS = ("v1.0", "v2.0")


def samples() -> Iterator[str]:
    """OpenMetrics: a ratio that falls, a count that grows, a switch that is on in the middle."""
    minutes = [(minute, NOW - 60 * (MINUTES - minute)) for minute in range(MINUTES + 1)]
    yield "# TYPE hangup_ratio gauge\n"
    for scenario in SCENARIOS:
        for script in SCRIPTS:
            base = 0.2 if scenario == "collection" else 0.4
            labels = f'scenario="{scenario}",script="{script}"'
            yield from (f"hangup_ratio{{{labels}}} {base - minute / 1000:.4f} {at}\n" for minute, at in minutes)
    yield "# TYPE dials gauge\n"
    for scenario in SCENARIOS:
        yield from (f'dials{{scenario="{scenario}"}} {minute * 10} {at}\n' for minute, at in minutes)
    yield "# TYPE firing gauge\n"
    yield from (f'firing{{alertname="Hangups"}} {int(40 <= minute < 60)} {at}\n' for minute, at in minutes)
    yield "# TYPE kpi_title gauge\n"
    for slug, title in (("early_hangup", "开场挂断率"), ("answered", "接通率")):
        yield from (f'kpi_title{{kpi="{slug}",title="{title}"}} 1 {at}\n' for _, at in minutes)
    yield "# EOF\n"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The server's address; it ends with the block."""
    text, data = folder / "samples.txt", folder / "data"
    text.write_text("".join(samples()), encoding="utf-8")
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    config = folder / "prometheus.yml"
    config.write_text("{}\n")
    address = f"{HOST}:{free_port()}"
    storage = [f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", *storage, f"--web.listen-address={address}"],
            stdout=log,
            stderr=log,
        )
        try:
            _wait(f"http://{address}", process)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "Prometheus ended"
            assert time.monotonic() < deadline, "Prometheus is not ready"
            time.sleep(0.02)
