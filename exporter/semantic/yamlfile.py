"""YAML with places: plain data, and for each path in it the line where it stands.

Safe loader only; duplicate keys, anchors (billion laughs), oversized and too deeply nested files are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.errors import ConfigError, ConfigErrors, Place

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: `data` as plain Python values, `lines` from key path to 1-based line."""

    file: str
    data: Any
    lines: dict[KeyPath, int]

    def place(self, path: Iterable[str | int] = ()) -> Place:
        """The place of the deepest known ancestor of `path` (a missing key has its parent's line)."""
        key = tuple(path)
        while key and key not in self.lines:
            key = key[:-1]
        return Place(self.file, self.lines.get(key, 1))

    def error(self, path: Iterable[str | int], problem: str, fix: str = "") -> ConfigError:
        """A configuration error at `path`."""
        return ConfigError(self.place(path), problem, fix)


def load_yaml(path: Path, *, shown_as: str = "") -> Document:
    """Parse the file at `path`; raises ConfigError naming file and line."""
    name = shown_as or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            Place(name), f"cannot be read ({error.strerror})", "check the path and its permissions"
        ) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(Place(name), f"is larger than {MAX_BYTES} bytes", "split it into several files")
    try:
        return parse_yaml(raw.decode("utf-8"), name)
    except UnicodeDecodeError:
        raise ConfigError(Place(name), "is not UTF-8", "save it as UTF-8") from None


def parse_yaml(text: str, name: str) -> Document:
    """Parse `text`; `name` is what errors call the file."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        problem = getattr(error, "problem", None) or "unreadable"
        raise ConfigError(Place(name, line), f"invalid YAML: {problem}", "correct the syntax at this line") from None
    except RecursionError:
        raise ConfigError(Place(name), "is nested too deeply", f"keep it under {MAX_DEPTH} levels") from None
    reader = _Reader(name)
    data = reader.value(node, ()) if node is not None else {}
    if reader.errors:
        raise ConfigErrors(reader.errors)
    return Document(name, data, reader.lines)


class _Reader:
    """Turns composed nodes into plain values, remembering lines and collecting errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.errors: list[ConfigError] = []
        self._seen: set[int] = set()
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAX_DEPTH:
            self._fail(node, "is nested too deeply", f"keep it under {MAX_DEPTH} levels")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._seen:
            self._fail(node, "an alias is used", "write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._mapping(node, path)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError):
            # PyYAML does not check what an explicit tag promises: `!!bool maybe` is a KeyError.
            self._fail(node, f"is not a valid {node.tag.rpartition(':')[2]}", "correct or quote the value")
            return None

    def _mapping(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fail(key_node, "a key is not plain text", "use a plain word as key")
                continue
            key = key_node.value
            if key in result:
                self._fail(key_node, f"key '{key}' stands twice", "remove one of the two")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.value(child, (*path, key))
        return result

    def _fail(self, node: yaml.Node, problem: str, fix: str) -> None:
        self.errors.append(ConfigError(Place(self.name, node.start_mark.line + 1), problem, fix))
