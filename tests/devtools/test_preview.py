"""A small dashboard, drawn with the data of a real Prometheus and looked at through a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devtools.grafana.prometheus import Prometheus
from devtools.preview.__main__ import main
from devtools.preview.browser import Browser, browser
from devtools.preview.collect import Request, collect, problems
from devtools.preview.page import NOTE, page
from tests.devtools.samples import Json, board, instant, panel, ranged
from tests.devtools.server import NOW

RATIO = {"defaults": {"unit": "percentunit", "decimals": 1, "noValue": "没有通话"}, "overrides": []}
SCENARIO = {
    "name": "scenario",
    "label": "场景",
    "type": "query",
    "query": {"query": "label_values(hangup_ratio, scenario)"},
    "includeAll": True,
    "multi": True,
}
BY_NAME = [{"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "挂断率"}}}]
BOXES = """
return [...document.querySelectorAll('[data-panel]')].map((each) => {
  const box = each.getBoundingClientRect();
  return {name: each.dataset.panel, text: each.innerText, x: box.left, y: box.top, w: box.width, h: box.height};
});
"""


def panels() -> list[Json]:
    ratio = 'hangup_ratio{scenario=~"$scenario"}'
    return [
        panel("stat", "均值 $scenario", (0, 0, 6, 4), instant(f"avg({ratio})"), id=1, fieldConfig=RATIO),
        panel("stat", "空", (6, 0, 6, 4), instant("absent_metric"), id=2, fieldConfig=RATIO),
        panel("table", "表", (12, 0, 12, 8), instant(ratio), id=3, fieldConfig=RATIO, transformations=BY_NAME),
        panel("row", "行", (0, 8, 24, 1), id=4),
        panel("timeseries", "走势", (0, 9, 12, 8), ranged(ratio, legendFormat="{{script}}"), id=5, fieldConfig=RATIO),
        panel("bargauge", "条", (12, 9, 6, 8), ranged("dials", legendFormat="{{scenario}}"), id=6),
        panel("state-timeline", "告警", (18, 9, 6, 8), ranged("firing", legendFormat="{{alertname}}"), id=7),
        panel("text", "说明", (0, 17, 24, 3), id=8, options={"content": "**$scenario** 的说明"}),
        panel("stat", "坏", (0, 20, 24, 4), instant("sum("), id=9),
    ]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


def draw(prometheus: Prometheus, session: Browser, folder: Path, width: int, theme: str = "dark") -> dict[str, Any]:
    annotation = {"name": "firing", "enable": True, "expr": "firing", "iconColor": "red"}
    one = board(panels(), [SCENARIO], [annotation])
    request = Request(width, theme, NOW, {"scenario": "collection"})
    scene, views = collect(one, prometheus, request)
    file = folder / "page.html"
    file.write_text(page(one, scene, views), encoding="utf-8")
    session.open(file, width)
    found = {each["name"]: each for each in session.script(BOXES)}
    return found | {"problems": problems(views), "audit": session.script("return window.previewAudit")}


@pytest.mark.parametrize(("width", "theme"), [(1600, "dark"), (400, "light")])
def test_a_dashboard_is_drawn(prometheus: Prometheus, session: Browser, tmp_path: Path, width: int, theme: str) -> None:
    found = draw(prometheus, session, tmp_path, width, theme)
    seen, audit = found.pop("problems"), found.pop("audit")
    texts = {name.split(" ", 1)[-1]: each["text"] for name, each in found.items()}
    assert texts["均值 collection"].split() == ["均值", "collection", "8.0%"]
    assert "没有通话" in texts["空"]
    assert texts["表"].split()[:4] == ["表", "__name__", "scenario", "script"]
    assert texts["表"].count("8.0%") == 2
    assert {"v1.0", "v2.0"} <= set(texts["走势"].split())
    assert "10.000%" in texts["走势"], "the axis in the unit, with the decimals of its steps"
    assert "marketing" in texts["条"]
    assert "Hangups" in texts["告警"]
    assert "collection 的说明" in texts["说明"]
    assert "parse error" in texts["坏"]
    assert [(name, what.split(":")[0]) for name, what in seen] == [("2 空", "no data"), ("9 坏", "error")]
    assert not [what for _, what in audit if "lies upon" in what]
    assert session.log() == []
    assert NOTE in session.script("return document.body.innerText")


def test_panels_stand_on_the_grid(prometheus: Prometheus, session: Browser, tmp_path: Path) -> None:
    wide = draw(prometheus, session, tmp_path, 1600)
    first, table, row = wide["1 均值 collection"], wide["3 表"], wide["行"]
    assert first["h"] == 4 * 38 - 8
    assert table["x"] - first["x"] == pytest.approx(12 * (first["w"] + 8) / 6, abs=1)
    assert row["y"] - first["y"] == 8 * 38
    narrow = draw(prometheus, session, tmp_path, 400)
    boxes = [each for name, each in narrow.items() if name not in {"problems", "audit"}]
    assert {each["x"] for each in boxes} == {16}
    assert [each["y"] for each in boxes] == sorted(each["y"] for each in boxes)


def test_panels_upon_each_other_are_told(prometheus: Prometheus, session: Browser, tmp_path: Path) -> None:
    one = board([panel("text", "a", (0, 0, 6, 4), id=1), panel("text", "b", (3, 2, 6, 4), id=2)])
    scene, views = collect(one, prometheus, Request(1600, "dark", NOW, {}))
    file = tmp_path / "page.html"
    file.write_text(page(one, scene, views), encoding="utf-8")
    session.open(file, 1600)
    assert ["1 a", "lies upon 2 b"] in session.script("return window.previewAudit")


def test_command(prometheus_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(board(panels()[1:2]).raw), encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text("{}", encoding="utf-8")
    options = ["--prometheus", prometheus_url, "--out", str(tmp_path / "out"), "--now", str(NOW)]
    assert main([*options, "--dashboards", str(file), str(broken)]) == 1
    said = capsys.readouterr().out
    assert "2 空: no data" in said
    assert "not a dashboard" in said
    assert (tmp_path / "out" / "sample.png").read_bytes().startswith(b"\x89PNG")
    assert "</html>" in (tmp_path / "out" / "sample.html").read_text(encoding="utf-8")
