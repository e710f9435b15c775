"""Response headers: safe defaults, and those that the web configuration file adds or takes away."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

# `Server` is set so that aiohttp does not add its own with version numbers.
BASE_HEADERS: Mapping[str, str] = {
    "Server": "outcall-exporter",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
}

# Nothing may be loaded or run; the status page adds the hash of its own style sheet.
CONTENT_SECURITY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page_security(style_hash: str, *, forms: bool = False) -> str:
    """Content-Security-Policy of the status page: its one style sheet by hash, its icon from a data URL.

    `forms`: whether the page has forms, which may post back to us.
    """
    policy = CONTENT_SECURITY.replace("form-action 'none'", "form-action 'self'") if forms else CONTENT_SECURITY
    return f"{policy}; style-src '{style_hash}'; img-src data:"


def review_security() -> str:
    """That of a review: the styles within the page and its drawings, which each have their own; nothing else."""
    return f"{CONTENT_SECURITY}; style-src 'unsafe-inline'"


def from_elsewhere(headers: Mapping[str, str], host: str) -> bool:
    """Whether a browser sends this on behalf of another site's page; tools send neither header."""
    site = headers.get("Sec-Fetch-Site", "none")
    origin = headers.get("Origin")
    return site not in ("none", "same-origin") or (origin is not None and origin.rpartition("//")[2] != host)


def secure(headers: MutableMapping[str, str], configured: Mapping[str, str]) -> None:
    """Put the defaults under, and the configured headers over, those of a response; a blank one takes a header away."""
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
    headers.update(BASE_HEADERS)
    for name, value in configured.items():
        if value:
            headers[name] = value
        else:
            headers.pop(name, None)
