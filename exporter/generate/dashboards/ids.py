"""Names that links rely on. No library is needed to know them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
# Chinese comes first: its boards have the plain names.
_SUFFIX: Mapping[Language, str] = {"zh": "", "en": "-en"}
_IDS = 2**31 - 1


def uid(name: str, language: Language) -> str:
    """`drilldown`, `en` -> `outcall-drilldown-en`."""
    return f"outcall-{name}{_SUFFIX[language]}"


def panel_id(board: str, key: str) -> int:
    """By the panel's name, not its place: links to it hold when others come and go."""
    return 1 + zlib.crc32(f"{board}/{key}".encode()) % _IDS
