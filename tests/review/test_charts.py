"""Daily courses as inline SVG."""

from __future__ import annotations

import importlib.util
import re
import sys
from xml.etree import ElementTree

import pytest

from exporter.review.charts import drawing, embedded
from exporter.review.model import Cadence, Review


def test_drawings_need_matplotlib_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra there is no drawing, with it there is."""
    assert (drawing() is None) == (importlib.util.find_spec("matplotlib") is None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert drawing() is None


def test_a_drawing_stands_among_others() -> None:
    """No prologue, no size of its own, names that no other drawing has, and no outside document."""
    raw = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "x" "http://www.w3.org/x.dtd">\n'
        '<svg height="10pt" version="1.1" viewBox="0 0 2 2" width="20pt" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">\n<metadata><x/></metadata>\n'
        '<defs><path id="m1"/></defs><use xlink:href="#m1" clip-path="url(#p2)"/></svg>\n'
    )
    text = embedded(raw, "csat")
    assert text.startswith("<svg ")
    assert not re.search(r'height="10pt"|width="20pt"|metadata|DOCTYPE', text)
    assert 'id="csat-m1"' in text
    assert 'href="#csat-m1"' in text
    assert "url(#csat-p2)" in text
    ElementTree.fromstring(text)  # noqa: S314 - written above


def test_every_kpi_with_days_is_drawn(reviews: dict[Cadence, Review]) -> None:
    """Well-formed, the same every time, and silent about fonts."""
    draw = drawing()
    if draw is None:
        return
    for each in (each for each in reviews["weekly"].kpis if each.days):
        svg = draw(each)
        assert svg == draw(each)
        ElementTree.fromstring(svg)  # noqa: S314 - matplotlib's
