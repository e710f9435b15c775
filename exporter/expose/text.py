"""Text blocks of gauge families, kept line by line so that only what changed is written again.

The text format 0.0.4 and OpenMetrics agree on gauges, so one block serves both; everything that is not a gauge goes
through prometheus_client. (Rendering 30,000 series through its objects takes a quarter of a second per page.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Key = tuple[str, ...]


def escape_label(value: str) -> str:
    """A label value as the exposition formats want it."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def escape_help(text: str) -> str:
    """A help text. Quotes stay: the text format has no escape for them here, and readers of OpenMetrics need none."""
    return text.replace("\\", r"\\").replace("\n", r"\n")


def label_text(names: Iterable[str], values: Iterable[str]) -> str:
    """`{a="x",b="y"}`, or nothing without labels."""
    pairs = [f'{name}="{escape_label(value)}"' for name, value in zip(names, values, strict=True)]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def number_text(value: float) -> str:
    """A finite number, shortest form that reads back the same."""
    return repr(value)


@dataclass(slots=True)
class Block:
    """The lines of one family in one window, and their text."""

    lines: dict[Key, str] = field(default_factory=dict)
    text: str = ""
    stale: bool = False

    def put(self, key: Key, line: str | None) -> None:
        """Set or (None) remove a line."""
        if line is None:
            if self.lines.pop(key, None) is not None:
                self.stale = True
        elif self.lines.get(key) != line:
            self.lines[key] = line
            self.stale = True

    def clear(self) -> None:
        if self.lines:
            self.lines.clear()
            self.stale = True

    def render(self) -> str:
        if self.stale:
            self.text = "".join(sorted(self.lines.values()))
            self.stale = False
        return self.text


@dataclass(slots=True)
class Family:
    """A gauge family: its head and one block per window (`""` where there is none)."""

    name: str
    help: str
    blocks: dict[str, Block] = field(default_factory=dict)

    def block(self, window: str) -> Block:
        return self.blocks.setdefault(window, Block())

    def series(self) -> int:
        return sum(len(block.lines) for block in self.blocks.values())

    def render(self) -> str:
        """The family's text, empty without series."""
        body = "".join([block.render() for block in self.blocks.values()])
        if not body:
            return ""
        return f"# HELP {self.name} {escape_help(self.help)}\n# TYPE {self.name} gauge\n{body}"
