"""Variables, against a real Prometheus."""

from __future__ import annotations

import pytest

from devtools.grafana.errors import GrafanaError
from devtools.grafana.formats import Choice
from devtools.grafana.options import chosen, custom
from devtools.grafana.prometheus import Prometheus
from devtools.grafana.timing import Span
from devtools.grafana.variables import Given, resolve
from tests.devtools.samples import Json, board


def query(name: str, text: str, **more: object) -> Json:
    return {"name": name, "type": "query", "query": {"query": text, "refId": "x"}, **more}


SCENARIO = query("scenario", "label_values(hangup_ratio, scenario)", sort=2)
SCRIPT = query("script", 'label_values(hangup_ratio{scenario="$scenario"}, script)', includeAll=True, multi=True)
KPI = query("kpi", "query_result(kpi_title)", regex='/kpi="(?<value>[^"]+)".*title="(?<text>[^"]+)"/', sort=1)


def choose(prometheus: Prometheus, span: Span, *variables: Json, given: Given | None = None) -> dict[str, Choice]:
    return dict(resolve(board([], variables), prometheus, span, given))


def test_queries_cascade_and_stand_at_their_defaults(prometheus: Prometheus, span: Span) -> None:
    found = choose(prometheus, span, SCENARIO, SCRIPT, KPI)
    assert found["scenario"].values == ("marketing",), "downwards by name"
    assert (found["script"].all, found["script"].values) == (True, ("v1.0", "v2.0"))
    assert (found["kpi"].values, found["kpi"].text) == (("early_hangup",), "开场挂断率")
    assert found["kpi"].options == (("开场挂断率", "early_hangup"), ("接通率", "answered"))


def test_the_current_value_counts_where_it_is_offered(prometheus: Prometheus, span: Span) -> None:
    def current(value: str) -> str:
        return choose(prometheus, span, {**SCENARIO, "current": {"value": value}})["scenario"].values[0]

    assert current("collection") == "collection"
    assert current("gone") == "marketing"


def test_given_values(prometheus: Prometheus, span: Span) -> None:
    found = choose(prometheus, span, SCENARIO, SCRIPT, given={"scenario": "collection", "script": ["v2.0"]})
    assert found["script"].values == ("v2.0",)
    with pytest.raises(GrafanaError, match="sample, variable scenario: no option 'x' among"):
        choose(prometheus, span, SCENARIO, given={"scenario": "x"})
    with pytest.raises(GrafanaError, match="no variable y"):
        choose(prometheus, span, SCENARIO, given={"y": "x"})


def test_other_kinds(prometheus: Prometheus, span: Span) -> None:
    source = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    window = {"name": "window", "type": "custom", "query": "一小时 : 1h, 一天 : 24h", "current": {"value": "24h"}}
    fixed = {"name": "fixed", "type": "constant", "query": "7"}
    found = choose(prometheus, span, source, window, fixed)
    assert [each.values for each in found.values()] == [("prometheus",), ("24h",), ("7",)]
    assert found["window"].text == "一天"


def test_failures_name_the_query(prometheus: Prometheus, span: Span) -> None:
    with pytest.raises(GrafanaError, match=r"variable bad: .*parse error.*sum\("):
        choose(prometheus, span, query("bad", "query_result(sum()"))
    with pytest.raises(GrafanaError, match="upside_down"):
        choose(prometheus, span, query("bad", "upside_down(x)"))
    with pytest.raises(GrafanaError, match="adhoc"):
        choose(prometheus, span, {"name": "x", "type": "adhoc"})


def test_custom_pairs() -> None:
    assert custom(r"a, b : c , 1\,5 : x:y") == [("a", "a"), ("b", "c"), ("1,5", "x:y")]


def test_orders_and_expressions() -> None:
    assert [value for _, value in chosen(["v10", "v9", "V1"], "", 3)] == ["V1", "v9", "v10"]
    assert [value for _, value in chosen(["b", "A", "c"], "", 5)] == ["A", "b", "c"]
    assert chosen(["one-1", "two-2", "x"], "/.*-(.*)/", 0) == [("1", "1"), ("2", "2")]
    assert chosen(["a1b2"], r"/(\d)/g", 0) == [("1", "1"), ("2", "2")]
    assert chosen(["x", "x"], "", 0) == [("x", "x")]
