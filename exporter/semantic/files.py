"""Catalogue files read and merged: the package's own first, the operator's over them, with places kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.errors import ConfigError, ConfigErrors, Place
from exporter.semantic.spec import CatalogueSpec
from exporter.semantic.yamlfile import Document, KeyPath, load_yaml, parse_yaml

PACKAGE = "exporter.catalogue"


@dataclass(frozen=True, slots=True)
class Merged:
    """The catalogue as plain data, and where each piece of it stands."""

    data: dict[str, Any]
    documents: tuple[Document, ...]
    own: tuple[Document, ...]

    def place(self, path: Iterable[str | int]) -> Place:
        """The place of the longest known part of `path`, the operator's file first."""
        key = tuple(path)
        while key:
            for document in reversed(self.documents):
                if key in document.lines:
                    return document.place(key)
            key = key[:-1]
        return self.documents[-1].place(())

    def error(self, path: Iterable[str | int], problem: str, fix: str = "") -> ConfigError:
        return ConfigError(self.place(path), problem, fix)

    def is_own(self, path: KeyPath) -> bool:
        """Whether the operator's files say anything about `path`."""
        return any(path in document.lines for document in self.own)


def package_documents() -> list[Document]:
    """The catalogue that ships with the package; `kpis/NAME.yaml` gives its KPIs the dimension NAME."""
    root = resources.files(PACKAGE)
    names = ("sources", "dimensions", "facts", "alerts")
    documents = [_package_file(root / f"{name}.yaml", f"{name}.yaml") for name in names]
    for entry in sorted((root / "kpis").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            document = _package_file(entry, f"kpis/{entry.name}")
            for kpi in document.data.get("kpis", {}).values():
                kpi.setdefault("dimension", entry.name.removesuffix(".yaml"))
            documents.append(document)
    return documents


def _package_file(entry: Traversable, name: str) -> Document:
    return parse_yaml(entry.read_text(encoding="utf-8"), f"exporter/catalogue/{name}")


def merge(own_files: Sequence[Path]) -> Merged:
    """Read everything; mappings merge key by key, anything else is replaced by the later file."""
    shipped = package_documents()
    own = _own_documents(own_files)
    data: dict[str, Any] = {}
    for document in (*shipped, *own):
        _merge_into(data, document.data)
    return Merged(data, (*shipped, *own), tuple(own))


def _own_documents(paths: Iterable[Path]) -> list[Document]:
    """The operator's files; the problems of all of them at once."""
    found: list[Document] = []
    errors: list[ConfigError] = []
    for path in paths:
        try:
            document = load_yaml(path)
        except ConfigErrors as several:
            errors += several.errors
        except ConfigError as error:
            errors.append(error)
        else:
            found.append(document)
    for document in found:
        if not isinstance(document.data, dict):
            errors.append(document.error((), "is not a mapping of sections", "start it with `kpis:` or `sources:`"))
    if errors:
        raise ConfigErrors(errors)
    return found


def _merge_into(base: dict[str, Any], extra: dict[str, Any]) -> None:
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge_into(base[key], value)
        else:
            base[key] = value


def validate(merged: Merged) -> CatalogueSpec:
    """The merged data as specs; raises ConfigErrors with every problem and its place."""
    try:
        return CatalogueSpec.model_validate(merged.data)
    except ValidationError as failure:
        raise ConfigErrors([_explain(merged, dict(error)) for error in failure.errors()]) from None


_FIXES = {
    "extra_forbidden": ("unknown key", "remove it or correct its spelling"),
    "missing": ("a required key is missing", "add it"),
}


def _explain(merged: Merged, error: dict[str, Any]) -> ConfigError:
    where = tuple(part for part in error["loc"] if part not in ("[key]",))
    shown = ".".join(str(part) for part in where)
    if error["type"] in _FIXES:
        problem, fix = _FIXES[error["type"]]
        return merged.error(where, f"{shown}: {problem}", fix)
    message = str(error["msg"]).removeprefix("Value error, ")
    return merged.error(where, f"{shown}: {message[:1].lower()}{message[1:]}", "see docs/catalogue.md for the format")
