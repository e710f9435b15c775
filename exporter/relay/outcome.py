"""What came of an attempt to deliver, as the queue acts on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

# Of what a vendor answers only its code is kept: its sentences may quote a number or a token.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


class Result(Enum):
    """The five ways an attempt can end."""

    DELIVERED = "delivered"
    RETRY = "retry"  # certainly not delivered; later it may be
    THROTTLED = "throttled"  # certainly not delivered; the vendor wants less
    DOUBTFUL = "doubtful"  # no answer, or none that says anything: it may have been delivered
    NEVER = "dead"  # certainly not delivered, and the same again would not be


@dataclass(frozen=True, slots=True)
class Outcome:
    """`until` is the Unix instant before which nothing more is tried: by this message, or if `whole` by the channel."""

    result: Result
    code: str = ""
    until: float = 0.0
    whole: bool = False


DELIVERED = Outcome(Result.DELIVERED)


def code_of(value: object) -> str:
    """A vendor's code in a form that is safe to log; `?` for anything that is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) and not re.fullmatch(r"\+?\d{7,}", text) else "?"


def retry(code: object) -> Outcome:
    """Not delivered; try again after the usual pause."""
    return Outcome(Result.RETRY, code_of(code))


def doubtful(code: object) -> Outcome:
    """Nobody knows."""
    return Outcome(Result.DOUBTFUL, code_of(code))


def never(code: object) -> Outcome:
    """Not delivered, and it is no use to try again as it is."""
    return Outcome(Result.NEVER, code_of(code))


def throttled(code: object, until: float, *, whole: bool) -> Outcome:
    """Not delivered; not again before `until` (Unix seconds)."""
    return Outcome(Result.THROTTLED, code_of(code), until, whole)
