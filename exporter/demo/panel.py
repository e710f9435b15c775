"""The demo's panel on the status page: its simulated faults as switches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from exporter.demo.controls import EFFECTS_ZH, SWITCHES
from exporter.expose.panel import Switch
from exporter.expose.wording import Link

Turn = Callable[[str, bool], None]


class FaultPanel:
    """Shows which faults are on, and passes every turn of a switch on to `turn`."""

    title = ("模拟故障", "Simulated faults")

    def __init__(self, turn: Turn, timezone: str, on: Iterable[str] = ()) -> None:
        self.timezone = timezone
        self.more: tuple[Link, ...] = ()
        self._turn = turn
        self._since = dict.fromkeys(on, time.time())

    def switches(self) -> Sequence[Switch]:
        """All faults with their state."""
        return [
            Switch(f.name, f.title_zh, f.title_en, EFFECTS_ZH[f.name], f.effect, self._since.get(f.name))
            for f in SWITCHES
        ]

    def links(self) -> Sequence[Link]:
        """The alerting servers, where they run."""
        return self.more

    def turn(self, name: str, *, on: bool) -> bool:
        """Turn a switch; one that stands so already stays as it is."""
        if name not in EFFECTS_ZH:
            return False
        if on != (name in self._since):
            self._turn(name, on)
            if on:
                self._since[name] = time.time()
            else:
                del self._since[name]
        return True
