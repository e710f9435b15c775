"""The status page's style sheet, a data file of the package, and the hash by which the browser accepts it inline."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Style:
    """The style sheet and its CSP source, `sha256-…`."""

    css: str
    hash: str


def load_style(*more: str) -> Style:
    """Read the style sheet from the package; `more`: names of others that are put behind it."""
    folder = files("exporter.expose")
    css = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("status.css", *more))
    digest = hashlib.sha256(css.encode()).digest()
    return Style(css, f"sha256-{base64.b64encode(digest).decode()}")
