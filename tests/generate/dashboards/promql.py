"""What can be known of a query without asking it: whether it parses, which families it reads, which labels come back.

Labels are those that series may have: of several families, all that any of them has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import promql_parser as parser

Labels = frozenset[str]
NONE: Labels = frozenset()
NAME = "__name__"
# These keep the labels of what they choose from.
CHOOSING = ("topk", "bottomk", "limitk", "limit_ratio")
SETS = ("and", "unless")
ALTERNATIVES = re.compile(r"\((?!\?)([^()]+)\)")


@dataclass
class Answer:
    """Labels that may come back, families that are read, and what is wrong, by kind: parse, metric, label."""

    labels: Labels = NONE
    families: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)


def answer(text: str, families: Mapping[str, Labels], anywhere: Labels = NONE) -> Answer:
    """Of a query in which no variable is left. `families`: the labels of each metric family; `anywhere`: all labels
    that some catalogue may have, for matchers that match their absence too.
    """
    found = Answer()
    try:
        parsed = parser.parse(text)
    except ValueError as error:
        found.problems.append(("parse", f"it is no PromQL ({error})"))
        return found
    found.labels = _Look(families, anywhere, found).of(parsed)
    return found


class _Look:
    """Goes through a query."""

    def __init__(self, families: Mapping[str, Labels], anywhere: Labels, found: Answer) -> None:
        self.families, self.anywhere, self.found = families, anywhere, found

    def of(self, expr: parser.Expr) -> Labels:
        kinds: list[tuple[type, Callable[..., Labels]]] = [
            (parser.VectorSelector, self._selector),
            (parser.MatrixSelector, lambda e: self._selector(e.vector_selector)),
            (parser.AggregateExpr, self._aggregate),
            (parser.BinaryExpr, self._binary),
            (parser.Call, self._call),
            (parser.ParenExpr, lambda e: self.of(e.expr)),
            (parser.SubqueryExpr, lambda e: self.of(e.expr)),
            (parser.UnaryExpr, lambda e: self.of(e.expr)),
        ]
        return next((look(expr) for kind, look in kinds if isinstance(expr, kind)), NONE)

    def _wrong(self, kind: str, text: str) -> None:
        self.found.problems.append((kind, text))

    def _selector(self, expr: parser.VectorSelector) -> Labels:
        labels: Labels = NONE
        for branch in expr.matchers.or_matchers or [expr.matchers.matchers]:
            named = next((one for one in branch if one.name == NAME), None)
            labels |= self._branch(expr.name or "", named, [one for one in branch if one is not named])
        return labels

    def _branch(self, name: str, named: parser.Matcher | None, matchers: list[parser.Matcher]) -> Labels:
        read = self._read(name, named)
        self.found.families |= read
        labels: Labels = frozenset().union(*(self.families[one] for one in read))
        for one in matchers if read else ():
            # What matches nothing too is meant for families that lack the label.
            known = labels | self.anywhere if matches_nothing(one) and one.op != parser.MatchOp.NotEqual else labels
            if one.name not in known:
                self._wrong("label", f"{name or named} has no label {one.name}: it has {', '.join(sorted(labels))}")
        return labels

    def _read(self, name: str, named: parser.Matcher | None) -> set[str]:
        """The families of a selector; each alternative of a regular expression has to name one."""
        if named is None or named.op == parser.MatchOp.Equal:
            wanted = name or (named.value if named else "")
            if wanted not in self.families:
                self._wrong("metric", f"there is no metric {wanted}")
            return {wanted} & set(self.families)
        read: set[str] = set()
        for pattern in alternatives(named.value):
            some = {one for one in self.families if re.fullmatch(pattern, one)}
            if not some:
                self._wrong("metric", f"no metric is called {pattern}")
            read |= some
        return read

    def _aggregate(self, expr: parser.AggregateExpr) -> Labels:
        inner = self.of(expr.expr)
        how = str(expr.op)
        if expr.param is not None and how != "count_values":
            self.of(expr.param)
        by = NONE if expr.modifier is None else frozenset(expr.modifier.labels)
        if expr.modifier is not None:
            self._known("by", by, inner)
            if expr.modifier.type == parser.AggModifierType.Without:
                by = inner - by
        if how == "count_values" and isinstance(expr.param, parser.StringLiteral):
            return by | {expr.param.val}
        return inner if how in CHOOSING else by

    def _known(self, word: str, labels: Labels, inner: Labels) -> None:
        for label in sorted(labels - inner):
            self._wrong("label", f"`{word} ({label})`, of series with {', '.join(sorted(inner)) or 'no labels'}")

    def _binary(self, expr: parser.BinaryExpr) -> Labels:
        left, right, how = self.of(expr.lhs), self.of(expr.rhs), str(expr.op)
        at = expr.modifier
        on = frozenset(at.matching.labels) if at is not None and at.matching is not None else NONE
        ignored = at is not None and at.matching is not None and at.matching.type == parser.LabelModifierType.Exclude
        for side in (left, right):
            self._known("ignoring" if ignored else "on", on - (left | right if ignored else NONE), side)
        if how in SETS:
            return left
        if how == "or":
            return left | right
        if _scalar(expr.lhs) or _scalar(expr.rhs):
            return left | right
        return self._matched(at, left, right, on, ignored)

    def _matched(self, at: parser.BinModifier | None, left: Labels, right: Labels, on: Labels, ignored: bool) -> Labels:
        if at is not None and at.group_labels is not None:
            many_left = at.card == parser.VectorMatchCardinality.ManyToOne
            kept, one = (left, right) if many_left else (right, left)
            added = frozenset(at.group_labels)
            self._known("group", added, one)
            return kept | added
        if at is None or at.matching is None:
            return left
        return left - on if ignored else on

    def _call(self, expr: parser.Call) -> Labels:
        name = str(expr.func.name)
        inner: Labels = frozenset().union(*(self.of(one) for one in expr.args))
        texts = [one.val for one in expr.args if isinstance(one, parser.StringLiteral)]
        if name == "label_replace":
            self._known("label_replace", frozenset({texts[2]}) - {NAME}, inner)
            return inner | {texts[0]}
        if name == "label_join":
            return inner | {texts[0]}
        if name == "histogram_quantile":
            self._known("histogram_quantile", frozenset({"le"}), inner)
            return inner - {"le"}
        return NONE if name in ("scalar", "vector", "time", "absent") else inner


def matches_nothing(one: parser.Matcher) -> bool:
    """Whether a matcher lets series pass that lack the label."""
    if one.op == parser.MatchOp.Equal:
        return not one.value
    if one.op == parser.MatchOp.NotEqual:
        return bool(one.value)
    matched = re.fullmatch(one.value, "") is not None
    return matched if one.op == parser.MatchOp.Re else not matched


def alternatives(pattern: str) -> list[str]:
    """A regular expression for each alternative of its first group."""
    first = ALTERNATIVES.search(pattern)
    if first is None:
        return [pattern]
    return [f"{pattern[: first.start()]}({one}){pattern[first.end() :]}" for one in first[1].split("|")]


def _scalar(expr: parser.Expr) -> bool:
    if isinstance(expr, parser.ParenExpr | parser.UnaryExpr):
        return _scalar(expr.expr)
    if isinstance(expr, parser.BinaryExpr):
        return _scalar(expr.lhs) and _scalar(expr.rhs)
    if isinstance(expr, parser.Call):
        return str(expr.func.name) in ("scalar", "time", "pi")
    return isinstance(expr, parser.NumberLiteral)
