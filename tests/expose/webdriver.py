"""A real browser that is told what to do, by the W3C protocol of its driver."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.expose.test_statuspage_browser import chromium
from tests.support.pgtools import free_port

ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
DEADLINE = 60.0
# The name under which the protocol gives elements away.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One session of a driver."""

    def __init__(self, driver: str, folder: Path) -> None:
        arguments = [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]
        options = {"binary": chromium(), "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self._driver = driver
        self._session = f"/session/{self._ask('POST', '/session', wanted)['sessionId']}"

    def open(self, url: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": url})

    def click(self, selector: str) -> None:
        """Press the first element that the CSS selector finds."""
        found = self._ask("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        self._ask("POST", f"{self._session}/element/{found[ELEMENT]}/click", {})

    def text(self, selector: str = "body") -> str:
        found = self._ask("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return str(self._ask("GET", f"{self._session}/element/{found[ELEMENT]}/text"))

    def wait_for(self, text: str, selector: str) -> None:
        """Until the element says so: the click may return before its form has brought the next page."""
        deadline = time.monotonic() + DEADLINE
        seen = ""
        while text not in seen:
            assert time.monotonic() < deadline, f"{selector} says {seen!r}"
            # Between two pages the element that was found may be gone.
            with suppress(urllib.error.HTTPError):
                seen = self.text(selector)

    def close(self) -> None:
        self._ask("DELETE", self._session)

    def _ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(  # noqa: S310 - our own driver
            self._driver + path, body, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return json.load(answer)["value"]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile in `folder`; the driver ends with it."""
    driver = shutil.which("chromedriver")
    assert driver is not None, "install chromium-driver to run the tests of the status page"
    port = free_port()
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        session = Browser(url, folder)
        try:
            yield session
        finally:
            session.close()
    finally:
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with urllib.request.urlopen(f"{url}/status", timeout=DEADLINE):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "the driver does not answer"
            time.sleep(0.02)
