"""Secrets and telephone numbers, from files only. No error shows what a file holds."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

_MOST_BYTES = 64 * 1024
_NUMBER = re.compile(r"\+?[0-9]{5,15}")
_CHINA = re.compile(r"1[3-9][0-9]{9}")
_SECRET = re.compile(r"[\x21-\x7e]{1,4096}")


class BadSecret(ValueError):  # noqa: N818 - it is worded by whoever knows the place
    """A file that cannot be used: problem and fix."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def read_text(path: Path) -> str:
    """The file's text; raises BadSecret."""
    try:
        raw = path.read_bytes()
        if len(raw) > _MOST_BYTES:
            raise BadSecret(f"the file {path} is too large", "put one secret into it, nothing else")
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, BadSecret):
            raise
        raise BadSecret(f"the file {path} cannot be read", "check the path and its permissions") from None


def read_secret(path: Path) -> SecretStr:
    """One secret: a word of printable ASCII."""
    text = read_text(path).strip()
    if _SECRET.fullmatch(text) is None:
        raise BadSecret(f"the file {path} does not hold one word", "put the secret into it and nothing else")
    return SecretStr(text)


def read_token(path: Path) -> SecretStr:
    """A secret that is part of a URL, not a whole one: a common mistake with robots."""
    secret = read_secret(path)
    if "/" in secret.get_secret_value():
        fix = "give only its last part: what follows access_token=, key= or /hook/"
        raise BadSecret(f"the file {path} holds a URL", fix)
    return secret


def read_url(path: Path) -> SecretStr:
    """A whole URL, http or https."""
    secret = read_secret(path)
    try:
        parts = urlsplit(secret.get_secret_value())
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BadSecret(f"the file {path} does not hold a URL", "write https://host/path")
    return secret


def read_numbers(path: Path) -> tuple[SecretStr, ...]:
    """Telephone numbers, one a line, `#` begins a comment; in E.164 with plus, 11-digit ones as China's. Each once."""
    found: list[str] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        plain = re.sub(r"[ \-]", "", line.partition("#")[0].strip())
        if not plain:
            continue
        if _NUMBER.fullmatch(plain) is None:
            raise BadSecret(f"line {number} of {path} is not a telephone number", "write it like +8613800000000")
        china = plain.removeprefix("+86") if plain.startswith("+86") else plain
        found.append(f"+86{china}" if _CHINA.fullmatch(china) else f"+{plain.removeprefix('+')}")
    if not found:
        raise BadSecret(f"the file {path} holds no telephone number", "write one a line")
    return tuple(SecretStr(number) for number in dict.fromkeys(found))
