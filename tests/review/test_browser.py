"""The page in Chromium: nothing runs off the side on screen, and it prints on A4 with page numbers."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from devtools.webdriver import Session, session
from exporter.review.model import Cadence, Review
from exporter.review.write import files
from exporter.semantic.model import Catalogue


class Page(Session):
    """Loads a file at a width; measures and prints it."""

    def open(self, path: Path, width: int) -> None:
        self._command("Emulation.setEmulatedMedia", {"media": ""})
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", screen)
        self.go(path.absolute().as_uri())

    def script(self, source: str) -> Any:
        return self.ask("POST", "/execute/sync", {"script": source, "args": []})

    def printed(self) -> bytes:
        answer = self._command("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        return base64.b64decode(answer["data"])

    def as_printed(self) -> None:
        self._command("Emulation.setEmulatedMedia", {"media": "print"})

    def _command(self, name: str, parameters: dict[str, Any]) -> Any:
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})


@pytest.mark.parametrize("cadence", ["weekly", "monthly"])
def test_the_page_on_screen_and_printed(
    reviews: dict[Cadence, Review], catalogue: Catalogue, tmp_path: Path, cadence: Cadence
) -> None:
    """At the width of a screen, of a telephone and of paper."""
    paths = []
    for name, text in files(catalogue, reviews[cadence], ["zh", "en"]).items():
        if name.endswith(".html"):
            paths.append(tmp_path / name)
            paths[-1].write_text(text, "utf-8")
    with session(Page, tmp_path) as page:
        for path in paths:
            for width in (1200, 390):
                page.open(path, width)
                assert page.script("return document.documentElement.scrollWidth") <= width
                assert page.script("return document.querySelectorAll('section').length") >= 6
            # 186 mm between the margins, at 96 dots an inch.
            page.open(path, 703)
            page.as_printed()
            widest = (
                "return Math.max(...[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right))"
            )
            assert page.script(widest) <= 703
            printed = page.printed()
            assert re.search(rb"/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", printed)
            assert len(re.findall(rb"/Type /Page\b", printed)) <= 14
