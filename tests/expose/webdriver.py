"""A real browser that is told what to do, by the W3C protocol of its driver."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.webdriver import DEADLINE, Session, session

# The name under which the protocol gives elements away.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser(Session):
    """Presses and reads."""

    def open(self, url: str) -> None:
        self.go(url)

    def click(self, selector: str) -> None:
        """Press the first element that the CSS selector finds."""
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        self.ask("POST", f"/element/{found[ELEMENT]}/click", {})

    def text(self, selector: str = "body") -> str:
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        return str(self.ask("GET", f"/element/{found[ELEMENT]}/text"))

    def wait_for(self, text: str, selector: str) -> None:
        """Until the element says so: the click may return before its form has brought the next page."""
        deadline = time.monotonic() + DEADLINE
        seen = ""
        while text not in seen:
            assert time.monotonic() < deadline, f"{selector} says {seen!r}"
            # Between two pages the element that was found may be gone.
            with suppress(urllib.error.HTTPError):
                seen = self.text(selector)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile in `folder`; the driver ends with it."""
    with session(Browser, folder) as found:
        yield found
