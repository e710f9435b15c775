"""The exception hierarchy: errors meant for users, apart from bugs.

    OutcallError            something a user can mend; shown as one sentence, never a traceback
      UsageError            wrong command line                                   exit status 2
      ConfigError           wrong configuration: file, line, problem, fix        exit status 2
        ConfigErrors        several of them, reported together                   exit status 2
      RunError              right configuration, but the work failed             exit status 1
        DatabaseError       the call database refused, or cannot be reached      exit status 1
        StateError          the state folder cannot be used                      exit status 1

Anything else that escapes is a bug. No text of these errors carries a secret or a value from a row.
"""

from __future__ import annotations

from dataclasses import dataclass


class OutcallError(Exception):
    """A problem that the user can mend: `problem` says what, `fix` says how."""

    exit_status = 1

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.problem}. Fix: {self.fix}" if self.fix else self.problem


class UsageError(OutcallError):
    """Wrong command line."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; `line` is 1-based, 0 when only the file is known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class ConfigError(OutcallError):
    """Wrong configuration at a known place."""

    exit_status = 2

    def __init__(self, place: Place, problem: str, fix: str = "") -> None:
        super().__init__(problem, fix)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}"


class ConfigErrors(OutcallError):  # noqa: N818 - several errors, plural on purpose
    """All problems found in one validation, so that they can be mended in one go."""

    exit_status = 2

    def __init__(self, errors: list[ConfigError]) -> None:
        super().__init__(f"{len(errors)} configuration error(s)")
        self.errors = sorted(errors, key=lambda e: (e.place.file, e.place.line))

    def __str__(self) -> str:
        return "\n".join(str(e) for e in self.errors)


class RunError(OutcallError):
    """The configuration is right, but the work failed."""


class DatabaseError(RunError):
    """The call database refused, or cannot be reached. Carries class and SQLSTATE, never a value or a DSN."""


class StateError(RunError):
    """The state folder cannot be used."""
