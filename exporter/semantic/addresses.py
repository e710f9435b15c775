"""Addresses of servers, as settings and commands give them. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WORD = re.compile(r"[\x21-\x7e]+")


def checked_address(url: str, *, private: bool) -> str:
    """An http address without a slash at its end; `private`: it may hold a password.

    Raises ValueError with what is wrong, which does not show it.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment or _WORD.fullmatch(url) is None:
        raise ValueError("is not an address of the form https://host")
    if "@" in parts.netloc and not private:
        raise ValueError("holds a user or password, which does not belong here")
    return url.rstrip("/")
