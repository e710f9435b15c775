"""A real Alertmanager on the loopback, and the webhook that it delivers to."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.alertmanager.shipped import binary
from tests.support.pgtools import HOST, free_port

PATIENCE = 30.0
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification as the relay would get it."""

    receiver: str
    authorization: str
    body: Mapping[str, Any]

    @property
    def alerts(self) -> list[Labels]:
        return [alert["labels"] for alert in self.body["alerts"]]

    def has(self, **labels: str) -> bool:
        """Whether an alert with these labels is among them."""
        return any(labels.items() <= alert.items() for alert in self.alerts)


class Inbox:
    """A webhook that keeps what it is sent; the first `refusals` requests are answered with 503."""

    def __init__(self, refusals: int = 0) -> None:
        self._refusals = refusals
        self.refused = 0
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    def wait(self, condition: Callable[[Sequence[Delivery]], bool]) -> list[Delivery]:
        """All deliveries once the condition holds; fails the test when it does not in time."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self._deliveries), PATIENCE)
            found = list(self._deliveries)
        assert held, f"not seen: {[(item.receiver, item.alerts) for item in found]}"
        return found

    def of(self, receiver: str, count: int = 1) -> list[Delivery]:
        """The deliveries to one receiver once there are `count`."""
        found = self.wait(lambda all_: sum(item.receiver == receiver for item in all_) >= count)
        return [item for item in found if item.receiver == receiver]

    def _take(self, delivery: Delivery) -> int:
        with self._changed:
            if self.refused < self._refusals:
                self.refused += 1
                return 503
            self._deliveries.append(delivery)
            self._changed.notify_all()
            return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver = self.path.removeprefix("/alerts/")
                self.send_response(take(Delivery(receiver, self.headers.get("Authorization", ""), body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Alertmanager:
    """The server process; ready when entered, gone when left."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._port = free_port()
        self._url = f"http://{HOST}:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def fire(self, *alerts: Labels) -> None:
        """Alerts that began now, for an hour unless resolved."""
        # From now: a group with an alert that is older than its group_wait is told at once, inhibited or not.
        now = time.time()
        self._post(alerts, now, now + 3600)

    def resolve(self, *alerts: Labels) -> None:
        """They end now."""
        now = time.time()
        self._post(alerts, now - 0.001, now)

    def wait_for_inhibited(self, **labels: str) -> None:
        """Until the server itself says that the alert with these labels is inhibited."""
        deadline = time.monotonic() + PATIENCE
        while not any(
            labels.items() <= alert["labels"].items() and alert["status"]["inhibitedBy"]
            for alert in json.loads(self._get("/api/v2/alerts"))
        ):
            assert time.monotonic() < deadline, f"not inhibited: {labels}"
            time.sleep(0.02)

    def _post(self, alerts: Sequence[Labels], start: float, end: float) -> None:
        times = {"startsAt": _instant(start), "endsAt": _instant(end)}
        body = [{"labels": dict(labels), "annotations": {}, **times} for labels in alerts]
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self._url}/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.status == 200

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._url + path, timeout=10) as answer:  # noqa: S310
            return bytes(answer.read())

    def __enter__(self) -> Self:
        log = (self._config.parent / "alertmanager.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [
                    binary("prometheus-alertmanager", "alertmanager"),
                    f"--config.file={self._config}",
                    f"--storage.path={self._config.parent / 'data'}",
                    f"--web.listen-address={HOST}:{self._port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            told = (self._config.parent / "alertmanager.log").read_text("utf-8", "replace")
            assert process.poll() is None, f"Alertmanager has ended: {told}"
            assert time.monotonic() < deadline, f"Alertmanager is not ready: {told}"
            try:
                self._get("/-/ready")
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
            else:
                return

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
