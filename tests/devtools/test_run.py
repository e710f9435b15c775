"""Panels' queries and annotations, against a real Prometheus."""

from __future__ import annotations

import pytest

from devtools.grafana.errors import GrafanaError
from devtools.grafana.events import events_of
from devtools.grafana.formats import Choice
from devtools.grafana.prometheus import Prometheus
from devtools.grafana.run import frames_of, run_annotation, run_panel
from devtools.grafana.timing import Span
from tests.devtools.samples import board, instant, panel, ranged, table
from tests.devtools.server import NOW

CHOICES = {"scenario": Choice("scenario", ("collection",), ("collection",), listed=True)}


def test_instant_tables(prometheus: Prometheus, span: Span) -> None:
    steps = [{"id": "merge"}, {"id": "organize", "options": {"excludeByName": {"Time": True}}}]
    queries = [
        instant('sum by (script) (hangup_ratio{scenario=~"$scenario"})'),
        instant("count(dials)", "B", hide=True),
    ]
    one = board([panel("table", "t", (0, 0, 12, 8), *queries, transformations=steps)]).panels[0]
    results = run_panel(one, prometheus, CHOICES, span)
    assert [each.expr for each in results] == ['sum by (script) (hangup_ratio{scenario=~"collection"})']
    assert table(frames_of(results, one)) == {"script": ["v1.0", "v2.0"], "Value": [0.08, 0.08]}


def test_ranges_stand_at_whole_steps(prometheus: Prometheus) -> None:
    one = board([panel("timeseries", "t", (0, 0, 24, 8), ranged("dials", interval="5m"))]).panels[0]
    results = run_panel(one, prometheus, {}, Span(NOW - 3601, NOW + 7))
    times = [at for at, _ in results[0].series[0].points]
    assert times == [NOW - 3900 + 300 * step for step in range(14)]


def test_errors_name_panel_and_query(prometheus: Prometheus, span: Span) -> None:
    for expr, said in (("sum(", r"panel 1 't', query A: .*parse error.*sum\("), ("$none", "no variable 'none'")):
        one = board([panel("stat", "t", (0, 0, 4, 4), instant(expr))]).panels[0]
        with pytest.raises(GrafanaError, match=said):
            run_panel(one, prometheus, {}, span)


def test_no_server(span: Span) -> None:
    one = board([panel("stat", "t", (0, 0, 4, 4), instant("up"))]).panels[0]
    with pytest.raises(GrafanaError, match="does not answer"):
        run_panel(one, Prometheus("http://127.0.0.1:9"), {}, span)


def test_annotations_become_regions(prometheus: Prometheus, span: Span) -> None:
    raw = {"name": "告警", "enable": True, "expr": "firing", "titleFormat": "{{alertname}}", "step": "60s"}
    annotation = board([], annotations=[raw]).annotations[0]
    (event,) = events_of(annotation, run_annotation(annotation, prometheus, {}, span).series, 60)
    assert (event.start, event.end, event.title) == (NOW - 80 * 60, NOW - 61 * 60, "Hangups")
