"""Rules with one thing wrong: each has to make a test of its alert fail.

To be quick, a mutant keeps only the recording rules that its alert needs, and no other alert.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parents[2] / "rules"
# Rules as promtool reads them.
Document = dict[str, Any]
Rule = dict[str, Any]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE = re.compile(r"(?P<how>[<>]=?) (?P<number>\d+(\.\d+)?)")
_CLAUSE = re.compile(r"^\s*(and|or|unless)\b")
_COMPLETE = re.compile(r"\n\s*and on \([a-z, ]+\) min by \([a-z, ]+\) \(outcall_window_complete\{[^\n]*\}\) == 1")


@dataclass(frozen=True, slots=True)
class Mutant:
    """The files that differ from the shipped ones, by their names."""

    alert: str
    what: str
    files: Mapping[str, Document]

    def write(self, folder: Path) -> list[Path]:
        """Rules and the tests of the alert in a folder. Returns the tests."""
        tests = folder / "rules" / "tests"
        tests.mkdir(parents=True)
        for name, document in self.files.items():
            (folder / "rules" / name).write_text(json.dumps(document), encoding="utf-8")
        found = sorted((RULES / "tests").glob(f"{self.alert}.*test.yml"))
        for path in found:
            (tests / path.name).write_bytes(path.read_bytes())
        return [tests / path.name for path in found]


def load() -> dict[str, Document]:
    """All rule files."""
    paths = sorted(RULES.glob("*.rules.yml"))
    return {path.name: yaml.load(path.read_bytes(), Loader=_LOADER) for path in paths}  # noqa: S506 - a safe one


def rules(document: Document) -> list[Rule]:
    return [rule for group in document["groups"] for rule in group["rules"]]


def alerts(files: Mapping[str, Document]) -> dict[str, str]:
    """The file of each alert."""
    return {rule["alert"]: name for name, document in files.items() for rule in rules(document) if "alert" in rule}


def mutants(files: Mapping[str, Document], alert: str) -> Iterable[Mutant]:
    """Every mutant of one alert: of each of its rules, and of what was recorded for it."""
    name = alerts(files)[alert]
    kept = {name: _only(files[name], alert), "recording.rules.yml": _recorded(files, rules(files[name]), alert)}
    yield Mutant(alert, "as shipped", kept)
    for number, rule in enumerate(rules(kept[name])):
        about = f"{rule['labels']['severity']} {rule['labels'].get('window', '')} {rule['labels'].get('level', '')}"
        for what, changed in _of_rule(rule):
            document = deepcopy(kept[name])
            rules(document)[number].clear()
            rules(document)[number].update(changed)
            yield Mutant(alert, f"{' '.join(about.split())}: {what}", kept | {name: document})
    for what, recorded in _of_recorded(kept["recording.rules.yml"]):
        yield Mutant(alert, what, kept | {"recording.rules.yml": recorded})


def _of_rule(rule: Rule) -> Iterable[tuple[str, Rule]]:
    for key in ("for", "keep_firing_for"):
        if rule.get(key, "0s") != "0s":
            yield f"no {key}", {of: value for of, value in rule.items() if of != key}
    other = "warning" if rule["labels"]["severity"] != "warning" else "critical"
    yield "another severity", rule | {"labels": rule["labels"] | {"severity": other}}
    expr = rule["expr"].replace(" unless on ()", "\nunless on ()")
    for what, changed in (*_moved(expr), *_dropped(expr)):
        yield what, rule | {"expr": changed}


def _moved(expr: str) -> Iterable[tuple[str, str]]:
    """Each line a fifth higher, and a fifth lower; what is compared to nothing, to something."""
    for found in _LINE.finditer(expr):
        at = float(found["number"])
        for to in (at * 1.2, at * 0.8) if at else (0.5,):
            changed = f"{expr[: found.start()]}{found['how']} {to:.10g}{expr[found.end() :]}"
            yield f"{found[0]} made {to:.10g} at {found.start()}", changed


def _dropped(expr: str) -> Iterable[tuple[str, str]]:
    """Without one of its clauses."""
    lines = expr.split("\n")
    for first, line in enumerate(lines):
        if _CLAUSE.match(line):
            after = first + 1
            while "".join(lines[first:after]).count("(") > "".join(lines[first:after]).count(")"):
                after += 1
            yield f"without {line.strip()}", "\n".join(lines[:first] + lines[after:])


def _of_recorded(document: Document) -> Iterable[tuple[str, Document]]:
    """Windows that are not read are believed; the replica that sees it better is."""
    for what, change in (("completeness is not asked for", _unread), ("the better replica", _better)):
        changed = deepcopy(document)
        for rule in rules(changed):
            rule["expr"] = change(rule["expr"])
        if changed != document:
            yield what, changed


def _unread(expr: str) -> str:
    return _COMPLETE.sub("", expr)


def _better(expr: str) -> str:
    return re.sub(r"^(min|max) by", lambda found: f"{'max' if found[1] == 'min' else 'min'} by", expr)


def _only(document: Document, alert: str) -> Document:
    groups = [
        group | {"rules": [rule for rule in group["rules"] if rule.get("alert") == alert]}
        for group in document["groups"]
    ]
    return {"groups": [group for group in groups if group["rules"]]}


def _recorded(files: Mapping[str, Document], among: Iterable[Rule], alert: str) -> Document:
    """What is recorded of the KPIs that the alert's expressions name, and of no KPI."""
    text = "".join(rule["expr"] for rule in among if rule["alert"] == alert)
    named = set(re.findall(r'kpi="(\w+)"', text))

    def needed(rule: Rule) -> bool:
        return rule.get("labels", {}).get("kpi", "") in named or (
            "kpi" not in rule.get("labels", {}) and not rule["record"].endswith(":title")
        )

    groups = files["recording.rules.yml"]["groups"]
    return {"groups": [group | {"rules": [rule for rule in group["rules"] if needed(rule)]} for group in groups]}
