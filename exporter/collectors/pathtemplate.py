"""Where a recording's file is: a path built from the database's row by a template of the configuration.

    {root}/{started_at:%Y/%m/%d}/{recording_id}.wav

Fields: `recording_id`, `call_id`, and `started_at` with a strftime format, in the business time zone. A template is
checked when it is built, with every mistake a user can make, so that a wrong one never looks like lost recordings; and
no row, whatever it holds, leads outside the root.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from string import Formatter
from zoneinfo import ZoneInfo

from exporter.collectors.sample import RecordingRow
from exporter.errors import UsageError

DEFAULT_TEMPLATE = "{root}/{started_at:%Y/%m/%d}/{recording_id}.wav"
PREFIX = "{root}/"
IDENTIFIERS = ("recording_id", "call_id")
FIELDS = (*IDENTIFIERS, "started_at")
EXAMPLE = RecordingRow(1, 2, datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC), 0)


class UnknownPathError(ValueError):
    """The row does not tell where its file is: a field that the template needs is NULL, or is no part of a path."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A checked template; `pattern` is relative to the root of the store."""

    pattern: str
    timezone: ZoneInfo
    fields: frozenset[str]

    def path(self, row: RecordingRow) -> PurePosixPath:
        """The file's path below the root. Raises UnknownPathError."""
        values = {name: self._value(name, getattr(row, name)) for name in self.fields}
        try:
            path = PurePosixPath(self.pattern.format_map(values))
        except (ValueError, TypeError, OverflowError):
            raise UnknownPathError("a value does not fit the format of its field") from None
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise UnknownPathError("the path leaves the root")
        return path

    def _value(self, name: str, value: object) -> object:
        if value is None:
            raise UnknownPathError(f"{name} is NULL")
        if isinstance(value, datetime):
            return value.astimezone(self.timezone)
        if isinstance(value, str) and (set(value) & {"/", "\0"} or not value):
            raise UnknownPathError(f"{name} is no part of a path")
        return value


def parse_template(text: str, timezone: ZoneInfo) -> PathTemplate:
    """Check a template. Raises UsageError: one sentence that names the mistake and the fix."""
    pattern = text.removeprefix(PREFIX)
    problem = _problem(pattern)
    if problem:
        raise UsageError(
            f"the path template of the recordings, {text!r}, {problem}", f"write it like {DEFAULT_TEMPLATE}"
        )
    template = PathTemplate(pattern, timezone, frozenset(name for _, name, _, _ in Formatter().parse(pattern) if name))
    try:
        template.path(EXAMPLE)
    except UnknownPathError as error:
        raise UsageError(
            f"the path template of the recordings, {text!r}, makes no path: {error}",
            f"write it like {DEFAULT_TEMPLATE}",
        ) from None
    return template


def _problem(pattern: str) -> str:
    """The first mistake in a pattern; empty when there is none."""
    try:
        parts = [(name, spec or "", conversion) for _, name, spec, conversion in Formatter().parse(pattern)]
    except ValueError as error:
        return f"cannot be read: {error}"
    used = [part for part in parts if part[0] is not None]
    checks = (
        (pattern.startswith("/"), "leads outside the root"),
        (".." in pattern.split("/"), "leads outside the root"),
        ("\0" in pattern, "holds a NUL character"),
        *((name not in FIELDS, f"has the unknown field {{{name}}}") for name, _, _ in used),
        *((conversion is not None, f"converts {{{name}!{conversion}}}") for name, _, conversion in used),
        *(("{" in spec, f"nests a field in {{{name}}}") for name, spec, _ in used),
        *((name == "started_at" and "%" not in spec, "needs a format in {started_at}") for name, spec, _ in used),
        (not any(name in IDENTIFIERS for name, _, _ in used), "does not tell one recording from another"),
    )
    return next((text for wrong, text in checks if wrong), "")
