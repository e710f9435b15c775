"""Chromium, told by the W3C protocol of its driver to draw pages."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from devtools.grafana.errors import GrafanaError

ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
)  # fmt: skip
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
DEADLINE: Final = 60.0


class Browser:
    """One session of the driver at `url`, with its profile in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        binary = next((found for name in NAMES if (found := shutil.which(name))), None)
        if binary is None:
            raise GrafanaError("no chromium is installed")
        options = {"binary": binary, "args": [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{answer['sessionId']}"

    def open(self, path: Path, width: int) -> None:
        """Load a page at a width, and wait until its graphs are drawn."""
        screen = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", screen)
        self._ask("POST", f"{self._session}/url", {"url": path.absolute().as_uri()})
        deadline = time.monotonic() + DEADLINE
        while not self.script("return window.previewAudit !== undefined"):
            if time.monotonic() > deadline:
                raise GrafanaError(
                    f"{path.name}: not drawn within {DEADLINE:g} s; {'; '.join(self.log()) or 'no error'}"
                )
            time.sleep(0.02)

    def script(self, source: str) -> Any:
        """What a script in the page returns."""
        return self._ask("POST", f"{self._session}/execute/sync", {"script": source, "args": []})

    def log(self) -> list[str]:
        """Errors and warnings of the page since the last call."""
        entries = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [str(each["message"]) for each in entries if each["level"] in {"SEVERE", "WARNING"}]

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        size = self.script("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        area = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        taken = self._command("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": area})
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        self._ask("DELETE", self._session)

    def _command(self, name: str, parameters: dict[str, Any]) -> Any:
        return self._ask("POST", f"{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def _ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(  # noqa: S310 - our own driver
            self._url + path, body, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return json.load(answer)["value"]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser; its driver ends with it."""
    driver = shutil.which("chromedriver")
    if driver is None:
        raise GrafanaError("no chromedriver is installed (Debian: chromium-driver)")
    process = subprocess.Popen(
        [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        session = Browser(f"http://127.0.0.1:{_port(process)}", folder)
        try:
            yield session
        finally:
            session.close()
    finally:
        process.terminate()
        process.wait()


def _port(process: subprocess.Popen[str]) -> int:
    """The port that the driver chose, which it prints."""
    for line in process.stdout or ():
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
    raise GrafanaError("chromedriver ended without a port")
