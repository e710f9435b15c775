"""Boards about machines and processes, from YAML: nothing in them depends on the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Literal

import yaml
from grafana_foundation_sdk.models import dashboard
from pydantic import Field

from exporter.generate.dashboards import alarms, fields, looks
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.variables import datasource, values_of
from exporter.semantic.spec import AlertName, Spec, Text

# Chosen jobs and instances, of all that are known.
WHERE = 'job=~"$job",instance=~"$instance"'
_HEIGHT = {"course": 7, "number": 4}
_WIDTH = {"course": 8, "number": 4}


class LineSpec(Spec):
    """A query and what its series are called."""

    expr: str
    legend: str


class WordSpec(Text):
    """A value in words, and their colour."""

    colour: str


class PanelSpec(Spec):
    """Lines over time, or a number for each instance. `colours`: from which value on; null: from the beginning.

    `alert`: what judges it (catalogue/alerts.yaml), by which of its lines; a number has its colours, where it has any.
    """

    key: str
    kind: Literal["course", "number"]
    title: Text
    description: Text
    unit: str
    lines: list[LineSpec]
    decimals: int | None = None
    width: int | None = None
    stacked: bool = False
    maximum: float | None = None
    legend: Literal["bottom", "right"] = "bottom"
    none: Text = Text(zh="无数据", en="not known")
    words: dict[int, WordSpec] = Field(default_factory=dict)
    colours: list[tuple[float | None, str]] = Field(default=[(None, fields.BLUE)])
    alert: AlertName = ""
    severities: list[alarms.Judged] = Field(default=[*alarms.BOTH])


class SectionSpec(Spec):
    """Panels below a heading."""

    key: str
    title: Text | None = None
    panels: list[PanelSpec]


class BoardSpec(Spec):
    """A board; `of`: a metric by which its jobs and instances are found."""

    name: str
    of: str
    title: Text
    description: Text
    sections: list[SectionSpec]


More = Mapping[str, Callable[[Context], Iterable[Block]]]


def machine_board(context: Context, name: str, more: More | None = None) -> Board:
    """The board of `<name>.yaml`; `more`: panels made otherwise that follow those of a section."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    spec = BoardSpec.model_validate(yaml.safe_load(text))
    sections = []
    for item in spec.sections:
        blocks = [_block(context, panel) for panel in item.panels]
        if more and item.key in more:
            blocks += more[item.key](context)
        sections.append(Section(item.key, context.pick(item.title) if item.title else "", blocks))
    variables = [datasource(context), *_where(context, spec.of)]
    return Board(
        spec.name,
        context.pick(spec.title),
        context.pick(spec.description),
        sections,
        variables,
        events(context, severity="critical", dimension="technical"),
    )


def at(metric: str) -> str:
    """A metric of the chosen instances."""
    return f"{metric}{{{WHERE}}}"


def _where(context: Context, metric: str) -> list[dashboard.VariableModel]:
    """Job and instance, the second of the first."""
    return [
        values_of("job", context.say("作业", "Job"), metric, "job", every=True),
        values_of("instance", context.say("实例", "Instance"), f'{metric}{{job=~"$job"}}', "instance", every=True),
    ]


def _block(context: Context, spec: PanelSpec) -> Block:
    form: Literal["range", "instant"] = "range" if spec.kind == "course" else "instant"
    queries = tuple(
        Query(chr(ord("A") + n), line.expr.replace("<where>", WHERE), line.legend, form)
        for n, line in enumerate(spec.lines)
    )
    judged = alarms.words(context, spec.alert, spec.unit, spec.severities)
    return Block(
        spec.key,
        context.pick(spec.title),
        "\n\n".join(filter(None, (context.pick(spec.description), judged))),
        spec.width or _WIDTH[spec.kind],
        _HEIGHT[spec.kind],
        queries,
        _course(context, spec) if spec.kind == "course" else _number(context, spec),
        alarms.runbooks(context, spec.alert),
    )


def _course(context: Context, spec: PanelSpec) -> dashboard.Panel:
    defaults = fields.defaults(
        context,
        unit=spec.unit,
        decimals=spec.decimals,
        minimum=0,
        maximum=spec.maximum,
        color=fields.palette(),
        custom=looks.line(width=1, fill=40 if spec.stacked else 8, stacked=spec.stacked),
        none=context.pick(spec.none),
    )
    return looks.graph(defaults, legend=spec.legend, calcs=["lastNotNull"] if spec.legend == "right" else ())


def _number(context: Context, spec: PanelSpec) -> dashboard.Panel:
    words = {str(value): (context.pick(word), word.colour) for value, word in spec.words.items()}
    defaults = fields.defaults(
        context,
        unit=spec.unit,
        decimals=spec.decimals,
        thresholds=alarms.colours(context, spec.alert, spec.severities) or fields.steps(*spec.colours),
        mappings=[fields.mapping(words)] if words else [],
        none=context.pick(spec.none),
    )
    return looks.value(defaults, names=True)
