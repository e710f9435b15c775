"""The files that asyncpg reads before it connects over TLS: those of the URL, of the environment, else of the home.

OpenSSL's PermissionError names no file, so the one that may not be read is looked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

HOME_FOLDER = ".postgresql"
# Parameter of the URL -> the file's name in HOME_FOLDER. What proves who the client is is read for any TLS, what
# proves who the server is only where TLS is a must.
CLIENT = {"sslkey": "postgresql.key", "sslcert": "postgresql.crt"}
SERVER = {"sslrootcert": "root.crt", "sslcrl": "root.crl"}
STRICT = frozenset({"require", "verify-ca", "verify-full"})


def tls_files(url: str, environment: Mapping[str, str], home: Path | None) -> Iterator[Path]:
    """Where key, certificates and revocation list are looked for, whether they are there or not.

    `home` is None where the user has none. Parameters, variables and names are libpq's.
    """
    given = parse_qs(urlsplit(url).query)

    def setting(name: str) -> str:
        return given[name][-1] if name in given else environment.get(f"PG{name.upper()}", "")

    host = setting("host") if "host" in given else unquote(urlsplit(url).netloc.rpartition("@")[2]) or setting("host")
    mode = setting("sslmode") or ("disable" if host.startswith("/") else "prefer")
    names = {} if mode == "disable" else CLIENT | SERVER if mode in STRICT else CLIENT
    for name, default in names.items():
        if chosen := setting(name):
            yield Path(chosen)
        elif home is not None:
            yield home / HOME_FOLDER / default


def unreadable(url: str) -> Path | None:
    """The first of them that this process has no right to read."""
    return next((file for file in tls_files(url, os.environ, _home()) if _is_denied(file)), None)


def _home() -> Path | None:
    try:
        return Path.home()
    except (RuntimeError, KeyError):
        return None


def _is_denied(file: Path) -> bool:
    try:
        file.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
