"""An optional panel of switches on the status page. The service has none; the demo has one for its simulated faults.

Forms without a script: a button posts, the answer leads back to the page. A page of another site cannot press a button,
see `headers.from_elsewhere`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from aiohttp import web

from exporter.expose.format import clock
from exporter.expose.headers import from_elsewhere
from exporter.expose.wording import Link, both

PATH = "/switches"

# Only where there is a panel: without it the browser does not say by Origin whose page the button was on.
HEAD = '<meta name="referrer" content="same-origin">'
STYLE = "panel.css"


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch as it stands: `since`, Unix seconds, while it is on, else None."""

    name: str
    title_zh: str
    title_en: str
    effect_zh: str
    effect_en: str
    since: float | None

    @property
    def on(self) -> bool:
        return self.since is not None


class Panel(Protocol):
    """What a panel shows and does."""

    title: tuple[str, str]
    timezone: str

    def switches(self) -> Sequence[Switch]:
        """All switches, in the order of showing."""

    def links(self) -> Sequence[Link]:
        """Where else to look."""

    def turn(self, name: str, *, on: bool) -> bool:
        """Turn a switch; False when there is none of that name."""


def panel_html(panel: Panel) -> str:
    """The section of the status page."""
    items = "".join(_item(switch, panel.timezone) for switch in panel.switches())
    links = "".join(f'<a href="{escape(link.href)}">{both(link.zh, link.en)}</a>' for link in panel.links())
    nav = f"<nav>{links}</nav>" if links else ""
    return f'<section id="switches" class="switches"><h2>{both(*panel.title)}</h2><ul>{items}</ul>{nav}</section>'


def _item(switch: Switch, timezone: str) -> str:
    position = both("未开启", "Off")
    if switch.since is not None:
        since = clock(switch.since, timezone)
        position = both(f"开启，自 {since}", f"On since {since}")
    verb, value = (("关闭", "Turn off"), "off") if switch.on else (("开启", "Turn on"), "on")
    return (
        f'<li class="{"on" if switch.on else "off"}"><div><h3>{both(switch.title_zh, switch.title_en)}</h3>'
        f'<p>{both(switch.effect_zh, switch.effect_en)}</p><p class="position">{position}</p></div>'
        f'<form method="post" action="{PATH}"><input type="hidden" name="switch" value="{escape(switch.name)}">'
        f'<button name="turn" value="{value}">{both(*verb)}</button></form></li>'
    )


class SwitchRoute:
    """The handler behind the buttons."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    async def turn(self, request: web.Request) -> web.Response:
        """303 back to the page; 403 for another site's button, 400 for what no button of ours sends."""
        if from_elsewhere(request.headers, request.host):
            return web.Response(status=403, text="A page of another site may not turn this switch.\n")
        form = await request.post()
        name, turn = form.get("switch"), form.get("turn")
        known = isinstance(name, str) and turn in ("on", "off") and self._panel.turn(name, on=turn == "on")
        if not known:
            return web.Response(status=400, text="There is no such switch; send switch=NAME and turn=on or turn=off.\n")
        return web.Response(status=303, headers={"Location": "/#switches"})
