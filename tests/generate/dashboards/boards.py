"""Dashboards as they are shipped: their JSON, and what a law asks of it. Nothing is known here of how it is made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Json = dict[str, Any]
# What Grafana replaces: `$name`, `${name}`, `${name:format}`, `${name.field}`, `${name["field"]}`.
VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?P<rest>[^}]*)\})")
LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)", re.DOTALL)
QUERY_RESULT = re.compile(r"query_result\((?P<expr>.+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL and where it stands."""

    where: str
    ref: str
    expr: str
    legend: str = ""
    form: str = "time_series"


@dataclass(frozen=True)
class Panel:
    """A panel, or the heading of a row."""

    raw: Json

    @property
    def id(self) -> int:
        return int(self.raw["id"])

    @property
    def kind(self) -> str:
        return str(self.raw["type"])

    @property
    def title(self) -> str:
        return str(self.raw.get("title", ""))

    @property
    def where(self) -> str:
        return f"panel {self.raw.get('id')} '{self.title}'"

    @property
    def numeric(self) -> bool:
        """Whether it shows values."""
        return self.kind not in ("row", "text")

    @property
    def defaults(self) -> Json:
        found: Json = self.raw.get("fieldConfig", {}).get("defaults", {})
        return found

    @property
    def overrides(self) -> list[Json]:
        return list(self.raw.get("fieldConfig", {}).get("overrides", []))

    @property
    def queries(self) -> list[Query]:
        return [
            Query(
                f"{self.where}, query {one.get('refId')}",
                one.get("refId", ""),
                one.get("expr", ""),
                one.get("legendFormat", ""),
                one.get("format", "time_series"),
            )
            for one in self.raw.get("targets", [])
        ]

    def properties(self, name: str) -> list[tuple[Json, Any]]:
        """The values of a property in overrides, each with its matcher."""
        return [
            (one["matcher"], item["value"])
            for one in self.overrides
            for item in one["properties"]
            if item["id"] == name
        ]

    @property
    def links(self) -> list[tuple[str, Json]]:
        """Of the panel, of all its values, of single columns (with the column)."""
        found = [("", link) for link in [*self.raw.get("links", []), *self.defaults.get("links", [])]]
        return found + [(matcher["options"], link) for matcher, links in self.properties("links") for link in links]


@dataclass(frozen=True)
class Board:
    """A dashboard of `grafana/<language>/<name>.json`."""

    language: str
    name: str
    raw: Json

    @classmethod
    def read(cls, path: str, text: str) -> Board:
        """`path`: ends in language and file."""
        language, file = path.split("/")[-2:]
        return cls(language, file.removesuffix(".json"), json.loads(text))

    @property
    def path(self) -> str:
        return f"grafana/{self.language}/{self.name}.json"

    @property
    def uid(self) -> str:
        return str(self.raw["uid"])

    @cached_property
    def panels(self) -> list[Panel]:
        """With those of folded rows."""
        found: list[Panel] = []
        for raw in self.raw["panels"]:
            found += [Panel(raw), *map(Panel, raw.get("panels", []))]
        return found

    def panel(self, number: int) -> Panel | None:
        return next((panel for panel in self.panels if panel.id == number), None)

    @cached_property
    def variables(self) -> dict[str, Json]:
        return {one["name"]: one for one in self.raw["templating"]["list"]}

    @property
    def annotations(self) -> list[Json]:
        return list(self.raw["annotations"]["list"])

    @cached_property
    def queries(self) -> list[Query]:
        """All that are sent: of panels, annotations and variables."""
        found = [query for panel in self.panels for query in panel.queries]
        for one in self.annotations:
            where = f"annotation '{one['name']}'"
            found += [Query(where, "", text) for text in {one["expr"], one["target"]["expr"]}]
        return [*found, *(query for name in self.variables for query in self._of_variable(name))]

    def _of_variable(self, name: str) -> Iterator[Query]:
        one = self.variables[name]
        if one["type"] == "query":
            for text in {one["definition"], one["query"]["query"]}:
                yield Query(f"variable '{name}'", "", asked(text))

    @property
    def links(self) -> list[tuple[str, str, Json]]:
        """Everywhere: where it stands, its column, and the link."""
        found = [("the board", "", link) for link in self.raw["links"]]
        return found + [(panel.where, column, link) for panel in self.panels for column, link in panel.links]


def asked(text: str) -> str:
    """The PromQL in a variable's query."""
    for shape, name in ((LABEL_VALUES, "selector"), (QUERY_RESULT, "expr")):
        if found := shape.fullmatch(text):
            return found[name]
    return text


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Everything in a JSON value that is neither list nor object, with the way to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path, value


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text with variables replaced; those that are not known stay, as in Grafana."""

    def replace(found: re.Match[str]) -> str:
        return values.get(found["plain"] or found["name"], found[0])

    return VARIABLE.sub(replace, text)


def used(texts: Iterable[str]) -> set[str]:
    """The names of variables in texts; `$1` belongs to regular expressions."""
    found = {match["plain"] or match["name"] for text in texts for match in VARIABLE.finditer(text)}
    return {name for name in found if not name.isdigit()}
