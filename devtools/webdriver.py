"""Chromium by the W3C protocol of its driver: a session to be told what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from devtools.grafana.errors import GrafanaError

ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
)  # fmt: skip
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
DEADLINE: Final = 60.0


class Session:
    """One session of the driver at `url`, with its profile in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        binary = next((found for name in NAMES if (found := shutil.which(name))), None)
        if binary is None:
            raise GrafanaError("no chromium is installed")
        options = {"binary": binary, "args": [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{answer['sessionId']}"

    def go(self, url: str) -> None:
        """Load a page."""
        self.ask("POST", "/url", {"url": url})

    def close(self) -> None:
        self.ask("DELETE", "")

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        """What the driver answers to a command of this session."""
        return self._send(method, self._session + path, data)

    def _send(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(  # noqa: S310 - our own driver
            self._url + path, body, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return json.load(answer)["value"]


S = TypeVar("S", bound=Session)


@contextmanager
def session(make: Callable[[str, Path], S], folder: Path) -> Iterator[S]:
    """A session with a profile in `folder`; its driver ends with it."""
    driver = shutil.which("chromedriver")
    if driver is None:
        raise GrafanaError("no chromedriver is installed (Debian: chromium-driver)")
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        found = make(f"http://127.0.0.1:{_port(process)}", folder)
        try:
            yield found
        finally:
            found.close()
    finally:
        process.terminate()
        process.wait()


def _port(process: subprocess.Popen[str]) -> int:
    """The port that the driver chose, which it prints."""
    for line in process.stdout or ():
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
    raise GrafanaError("chromedriver ended without a port")
