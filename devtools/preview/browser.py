"""Chromium draws the pages."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devtools.grafana.errors import GrafanaError
from devtools.webdriver import DEADLINE, Session, session


class Browser(Session):
    """Loads a preview, looks at it, and takes its picture."""

    def open(self, path: Path, width: int) -> None:
        """Load a page at a width, and wait until its graphs are drawn."""
        screen = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", screen)
        self.go(path.absolute().as_uri())
        deadline = time.monotonic() + DEADLINE
        while not self.script("return window.previewAudit !== undefined"):
            if time.monotonic() > deadline:
                raise GrafanaError(
                    f"{path.name}: not drawn within {DEADLINE:g} s; {'; '.join(self.log()) or 'no error'}"
                )
            time.sleep(0.02)

    def script(self, source: str) -> Any:
        """What a script in the page returns."""
        return self.ask("POST", "/execute/sync", {"script": source, "args": []})

    def log(self) -> list[str]:
        """Errors and warnings of the page since the last call."""
        entries = self.ask("POST", "/se/log", {"type": "browser"})
        return [str(each["message"]) for each in entries if each["level"] in {"SEVERE", "WARNING"}]

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        size = self.script("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        area = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        taken = self._command("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": area})
        path.write_bytes(base64.b64decode(taken["data"]))

    def _command(self, name: str, parameters: dict[str, Any]) -> Any:
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser; its driver ends with it."""
    with session(Browser, folder) as found:
        yield found
