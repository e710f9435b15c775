"""Placeholders in catalogue SQL: `{relation:NAME}`, `{term}`, `{term:ALIAS}`, `{parameter}`, `{timezone}`, `{now}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.semantic.spec import SourceSpec

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z_][a-z0-9_]*))?\}")
_IDENTIFIER = r'(?:[A-Za-z_][A-Za-z0-9_$]*|"[^"]+")'
_RELATION = re.compile(rf"^{_IDENTIFIER}(?:\.{_IDENTIFIER})?$")
_MAX_DEPTH = 5


# `JOIN {relation:NAME} AS ALIAS ON CONDITION`, up to the next JOIN or the end.
_LOOKUP = re.compile(r"\bJOIN \{relation:(\w+)\} AS (\w+) ON (.*?)(?=\s+JOIN \{relation:|$)", re.DOTALL)


class SqlTextError(ValueError):
    """A placeholder or relation that cannot be resolved."""


def literal(value: str | float) -> str:
    """A value as an SQL literal."""
    return str(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"


def relation_sql(name: str, spec: SourceSpec) -> str:
    """What stands behind a source in FROM: its own name, the mapped relation, or the operator's SELECT."""
    if spec.select is not None:
        text = spec.select.strip()
        if ";" in text:
            raise SqlTextError("`select` holds a semicolon: give one SELECT without it")
        if not re.match(r"(?is)^(select|with)\b", text):
            raise SqlTextError("`select` does not start with SELECT or WITH")
        return f"({text})"
    relation = spec.relation or name
    if not _RELATION.match(relation):
        raise SqlTextError("`relation` is not a name like crm.calls (quote names with capitals)")
    return relation


def as_lookups(from_clause: str, sources: Mapping[str, SourceSpec]) -> str:
    """Each JOIN as a look-up per row on its left, as written; OFFSET 0 keeps the planner from turning it round.

    What changed is few rows or, after a mass update, many: a look-up costs the same whatever the statistics say,
    while a join the other way round would read everything for every poll.
    """

    def lateral(match: re.Match[str]) -> str:
        name, alias, condition = match.groups()
        if name not in sources:
            return match[0]
        columns = ", ".join(f"{alias}.{column}" for column in sources[name].columns)
        rows = f"SELECT {columns} FROM {{relation:{name}}} AS {alias} WHERE {condition} OFFSET 0"
        return f"CROSS JOIN LATERAL ({rows}) AS {alias}"

    return _LOOKUP.sub(lateral, from_clause.strip())


@dataclass(frozen=True, slots=True)
class SqlText:
    """Expands placeholders; every name is known or an error."""

    relations: Mapping[str, str]
    terms: Mapping[str, str]
    values: Mapping[str, str]

    def expand(self, sql: str, depth: int = 0) -> str:
        """`sql` with every placeholder replaced; raises SqlTextError naming the unknown one."""
        if depth > _MAX_DEPTH:
            raise SqlTextError("terms refer to each other without end")

        def replace(match: re.Match[str]) -> str:
            return self._one(match[1], match[2], depth)

        return _PLACEHOLDER.sub(replace, sql)

    def _one(self, name: str, argument: str | None, depth: int) -> str:
        if name == "relation":
            if argument is None or argument not in self.relations:
                raise SqlTextError(f"unknown source '{argument}' in {{relation:{argument}}}")
            return self.relations[argument]
        if name in self.terms:
            return self.expand(self.terms[name].replace("$", argument or "calls"), depth + 1)
        if name in self.values and argument is None:
            return self.values[name]
        raise SqlTextError(f"unknown placeholder '{{{name}}}'")
