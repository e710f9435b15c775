"""Ways to spoil a board, one or more for each law: which law, which board, what is done to its JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exporter.semantic.names import DOCUMENTS
from tests.generate.dashboards.boards import Json

Spoil = Callable[[Json], object]


@dataclass(frozen=True)
class Case:
    """`spoil` changes the JSON; `law` has to notice, and to name what stands in `told`."""

    law: str
    board: str
    spoil: Spoil
    told: str = ""


def panel(raw: Json, kind: str) -> Json:
    """The first of a kind that asks something."""
    return next(dict_of(one) for one in raw["panels"] if one["type"] == kind)


def dict_of(one: Any) -> Json:
    assert isinstance(one, dict)
    return one


def target(raw: Json, kind: str = "stat") -> Json:
    return dict_of(panel(raw, kind)["targets"][0])


def replace(one: Json, name: str, old: str, new: str) -> None:
    """Within a text; it has to be there."""
    assert old in one[name], f"{old} is not in {one[name]}"
    one[name] = one[name].replace(old, new)


def variable(raw: Json, name: str) -> Json:
    return next(dict_of(one) for one in raw["templating"]["list"] if one["name"] == name)


def link(raw: Json, kind: str = "stat", part: str = "var-kpi=") -> Json:
    """The first data link of a panel of a kind whose address has that part."""
    of = [one["fieldConfig"]["defaults"]["links"] for one in raw["panels"] if one["type"] == kind]
    return dict_of(next(one for links in of for one in links if part in one["url"]))


def column_link(raw: Json, part: str) -> Json:
    """The first link of a table's column whose address has that part."""
    links = [
        one
        for panel in raw["panels"]
        for override in panel.get("fieldConfig", {}).get("overrides", [])
        for item in override["properties"]
        if item["id"] == "links"
        for one in item["value"]
        if part in one["url"]
    ]
    return dict_of(links[0])


def organize(raw: Json) -> Json:
    steps = panel(raw, "table")["transformations"]
    return next(dict_of(step["options"]) for step in steps if step["id"] == "organize")


def override(raw: Json, matcher: str) -> Json:
    """The matcher of the first override of a kind."""
    found = [
        one["matcher"]
        for panel in raw["panels"]
        for one in panel.get("fieldConfig", {}).get("overrides", [])
        if one["matcher"]["id"] == matcher
    ]
    return dict_of(found[0])


def defaults(raw: Json, kind: str) -> Json:
    return dict_of(panel(raw, kind)["fieldConfig"]["defaults"])


def without_samples(raw: Json) -> None:
    """Of the first panel that asks for a KPI's samples."""
    of = [one for one in raw["panels"] if any("_samples{" in each["expr"] for each in one.get("targets", []))]
    of[0]["targets"] = [each for each in of[0]["targets"] if "_samples{" not in each["expr"]]


def without_lines(raw: Json) -> None:
    """Of the first tile that is coloured at a line."""
    of = [one for one in raw["panels"] if "_ratio{" in str(one.get("targets")) and one["type"] == "stat"]
    lined = next(one for one in of if len(one["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 2)
    del lined["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]


def move(raw: Json, **to: int) -> None:
    panel(raw, "stat")["gridPos"] |= to


def swap_variables(raw: Json) -> None:
    found = raw["templating"]["list"]
    found[-1], found[-2] = found[-2], found[-1]


def drop_annotation(raw: Json, part: str) -> None:
    found = raw["annotations"]["list"]
    found[:] = [one for one in found if part not in one["expr"]]


def one_more_key(raw: Json) -> None:
    panel(raw, "stat")["colour"] = "red"


def copy_id(raw: Json) -> None:
    raw["panels"][1]["id"] = raw["panels"][0]["id"]


def copy_ref(raw: Json) -> None:
    targets = panel(raw, "table")["targets"]
    targets[1]["refId"] = targets[0]["refId"]


def ask_twice(raw: Json) -> None:
    targets = panel(raw, "table")["targets"]
    targets[1]["expr"] = targets[0]["expr"]


Z, E = "outcall-{}", "outcall-{}-en"
OVERVIEW, OVERVIEW_EN, DRILL = Z.format("overview"), E.format("overview"), Z.format("drilldown")
TECHNICAL, EXPORTER, HOST = Z.format("technical"), Z.format("exporter"), Z.format("host")
CASES = (
    Case("parses", OVERVIEW, lambda raw: replace(target(raw), "expr", ")", "))"), "no PromQL"),
    Case(
        "parses", DRILL, lambda raw: replace(variable(raw, "script")["query"], "query", "{", "{{"), "variable 'script'"
    ),
    Case("metrics_exist", OVERVIEW, lambda raw: replace(target(raw), "expr", "kpi_state", "kpi_sate"), "kpi_sate"),
    Case(
        "metrics_exist",
        OVERVIEW,
        lambda raw: replace(target(raw, "table"), "expr", "early_hangup|", "early_hang_up|"),
        "outcall_(early_hang_up)",
    ),
    Case("metrics_exist", DRILL, lambda raw: raw["annotations"]["list"][2].update(expr="outcall_incidents > 0")),
    Case("labels_exist", OVERVIEW, lambda raw: replace(target(raw), "expr", "by (kpi)", "by (slug)"), "`by (slug)`"),
    Case("labels_exist", TECHNICAL, lambda raw: target(raw).update(expr='outcall_csat_ratio{age="x"}'), "no label age"),
    Case("labels_exist", OVERVIEW, lambda raw: target(raw).update(expr="up * on (kpi) outcall_up"), "`on (kpi)`"),
    Case(
        "labels_exist", HOST, lambda raw: target(raw).update(expr="up * on () group_left (x) outcall_up"), "`group (x)`"
    ),
    Case("legends_name_labels", EXPORTER, lambda raw: target(raw).update(legendFormat="{{host}}"), "host"),
    Case("legends_name_labels", HOST, lambda raw: raw["annotations"]["list"][0].update(titleFormat="{{rule}}"), "rule"),
    Case("variables_exist", TECHNICAL, lambda raw: replace(target(raw), "expr", "$window", "$windows"), "windows"),
    Case("variables_answer", HOST, lambda raw: replace(variable(raw, "job")["query"], "query", ", job", ", jobs")),
    Case("variables_answer", DRILL, lambda raw: replace(variable(raw, "kpi"), "regex", "title_zh", "title"), "title"),
    Case("variables_cascade", HOST, swap_variables, "refers to job"),
    Case("choices_agree", TECHNICAL, lambda raw: variable(raw, "window")["options"].pop(), "other options"),
    Case("choices_agree", DRILL, lambda raw: variable(raw, "kpi")["current"].update(value="hangups"), "hangups"),
    Case("datasource_templated", OVERVIEW, lambda raw: target(raw)["datasource"].update(uid="prometheus"), "query A"),
    Case("datasource_templated", HOST, lambda raw: panel(raw, "stat").pop("datasource"), "panel"),
    Case("datasource_templated", DRILL, lambda raw: variable(raw, "kpi").pop("datasource"), "variable 'kpi'"),
    Case("titled", OVERVIEW, lambda raw: panel(raw, "table").update(title=" "), "no title"),
    Case("titled", OVERVIEW, lambda raw: panel(raw, "table").pop("description"), "no description"),
    Case("units_known", TECHNICAL, lambda raw: defaults(raw, "timeseries").update(unit="percents"), "percents"),
    Case("units_known", TECHNICAL, lambda raw: defaults(raw, "timeseries").pop("unit"), "None"),
    Case("no_value_said", DRILL, lambda raw: defaults(raw, "table").update(noValue="No data")),
    Case("no_value_said", DRILL, lambda raw: defaults(raw, "table").pop("noValue")),
    Case("thresholds_ascend", OVERVIEW, lambda raw: defaults(raw, "stat")["thresholds"]["steps"].reverse()),
    Case("ids_are_single", OVERVIEW, copy_id, "2 times"),
    Case("ids_are_single", OVERVIEW, copy_ref, "refId"),
    Case("placed", OVERVIEW, lambda raw: move(raw, x=1), "overlaps"),
    Case("placed", OVERVIEW, lambda raw: move(raw, x=22), "outside"),
    Case("placed", OVERVIEW, lambda raw: raw["panels"][-1]["gridPos"].update(y=500), "is empty"),
    Case("samples_beside_ratios", TECHNICAL, without_samples, "without its samples"),
    Case("lines_are_shown", TECHNICAL, without_lines, "neither lines nor colours"),
    Case("transformations_refer", OVERVIEW, lambda raw: organize(raw)["renameByName"].update(slug="S"), "names slug"),
    Case("transformations_refer", OVERVIEW, lambda raw: organize(raw)["indexByName"].pop("dimension"), "a place"),
    Case("transformations_refer", OVERVIEW, lambda raw: panel(raw, "table")["transformations"].append({"id": "sum"})),
    Case("overrides_refer", OVERVIEW, lambda raw: override(raw, "byName").update(options="State?"), "State?"),
    Case("overrides_refer", TECHNICAL, lambda raw: override(raw, "byFrameRefID").update(options="Z"), "'Z'"),
    Case("queries_differ", OVERVIEW, ask_twice, "2 times"),
    Case("links_resolve", OVERVIEW, lambda raw: replace(link(raw), "url", "drilldown?", "drill?"), "outcall-drill"),
    Case(
        "links_resolve", OVERVIEW_EN, lambda raw: replace(link(raw), "url", "drilldown-en?", "drilldown?"), "language"
    ),
    Case("links_resolve", OVERVIEW, lambda raw: link(raw).update(url="https://example.org"), "neither"),
    Case("links_resolve", OVERVIEW, lambda raw: raw["links"][0].update(tags=["outcall"]), "tags"),
    Case("twin_is_linked", OVERVIEW, lambda raw: raw["links"].pop(1), "outcall-overview-en"),
    Case("links_keep_time", OVERVIEW, lambda raw: replace(link(raw), "url", "&${__url_time_range}", ""), "time"),
    Case("links_keep_time", OVERVIEW, lambda raw: raw["links"][0].update(keepTime=False), "drops time"),
    Case(
        "links_choose", OVERVIEW, lambda raw: link(raw).update(url=f"{link(raw)['url']}&viewPanel=panel-1"), "panel-1"
    ),
    Case("links_choose", OVERVIEW, lambda raw: replace(link(raw), "url", "var-scenario", "var-scene"), "scene"),
    Case("links_choose", OVERVIEW, lambda raw: replace(link(raw), "url", "var-kpi=", "var-kpi=x"), "no value x"),
    Case("links_choose", TECHNICAL, lambda raw: replace(link(raw), "url", "{window:", "{script:"), "passes on script"),
    Case("links_choose", OVERVIEW, lambda raw: link(raw).update(url=f"{link(raw)['url']}&var-kpi=csat"), "once"),
    Case("links_keep_choices", TECHNICAL, lambda raw: replace(link(raw), "url", "&${window:queryparam}", ""), "window"),
    Case(
        "links_read_values",
        OVERVIEW,
        lambda raw: replace(column_link(raw, "fields.slug"), "url", "fields.slug", "fields.kpi"),
        "no column kpi",
    ),
    Case(
        "links_read_values",
        DRILL,
        lambda raw: replace(link(raw, "timeseries", "field.labels."), "url", "field.labels.", "field.labels.x"),
        "no label x",
    ),
    Case("documents_exist", OVERVIEW, lambda raw: replace(raw["links"][2], "url", "kpis.md", "kpi.md"), "docs/kpi.md"),
    Case(
        "documents_exist",
        TECHNICAL,
        lambda raw: panel(raw, "stat")["links"][0].update(url=f"{DOCUMENTS}/kpis.md#nothing"),
    ),
    Case("introduced", OVERVIEW, lambda raw: raw.update(uid="outcall-overview-zh"), "its uid"),
    Case("introduced", OVERVIEW, lambda raw: raw.update(tags=["outcall"]), "its tags"),
    Case("shows_time", OVERVIEW, lambda raw: raw.update(timezone="browser"), "browser"),
    Case("shows_time", OVERVIEW, lambda raw: raw.update(graphTooltip=0), "crosshair"),
    Case("shows_time", OVERVIEW, lambda raw: raw.update(refresh=""), "refreshed"),
    Case("events_are_drawn", OVERVIEW, lambda raw: drop_annotation(raw, "ALERTS"), "alerts"),
    Case("events_are_drawn", OVERVIEW, lambda raw: drop_annotation(raw, "incidents"), "incidents"),
    Case("speaks_chinese", OVERVIEW, lambda raw: panel(raw, "table").update(title="Every KPI"), "Every KPI"),
    Case("speaks_english", OVERVIEW_EN, lambda raw: panel(raw, "table").update(title="KPI：all"), "KPI：all"),
    Case("kpis_have_their_panels", OVERVIEW, lambda raw: raw["panels"].pop(), "the tile of"),
    Case("kpis_are_explained", TECHNICAL, lambda raw: panel(raw, "stat").update(description="Formula"), "lacks"),
    Case("kpis_are_explained", TECHNICAL, lambda raw: panel(raw, "stat")["links"].pop(), "no link to"),
    Case("survives_the_sdk", OVERVIEW, one_more_key, "drops it"),
)
