"""Small pieces of HTML, with everything in them escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping


def tag(name: str, inner: str = "", css: str = "", style: Mapping[str, str] | None = None, **attributes: str) -> str:
    """An element; `inner` is HTML already, attributes are text. `for_` and the like lose their underscore."""
    written = {"class": css, "style": declarations(style or {}), **attributes}
    parts = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in written.items() if value
    )
    return f"<{name}{parts}>{inner}</{name}>"


def declarations(style: Mapping[str, str]) -> str:
    """CSS declarations."""
    return ";".join(f"{key}:{value}" for key, value in style.items())


def text(value: object) -> str:
    """Text as HTML."""
    return html.escape(str(value))


def empty(message: str) -> str:
    """What a panel shows in the place of data."""
    return tag("div", text(message), "no-data")
