"""Legends, as a list or as a table with calculations."""

from __future__ import annotations

from collections.abc import Sequence

from devtools.grafana.reducers import REDUCERS, title
from devtools.grafana.rows import sort_key
from devtools.preview.markup import tag, text
from devtools.preview.scene import Column, View

Item = tuple[Column, str]


def draw(view: View, found: Sequence[Column], colours: Sequence[str]) -> str:
    """The legend; nothing where the panel has none."""
    options = view.panel.options.get("legend") or {}
    if not options.get("showLegend", True) or options.get("displayMode") == "hidden":
        return ""
    items = [
        (column, css)
        for column, css in zip(found, colours, strict=True)
        if not (column.custom.get("hideFrom") or {}).get("legend")
    ]
    calculations = list(options.get("calcs") or ())
    if options.get("displayMode") == "table":
        return _table(view, _sorted(items, options.get("sortBy"), bool(options.get("sortDesc"))), calculations)
    return tag("div", "".join(_entry(view, item, calculations) for item in items), "legend list")


def swatch(css: str) -> str:
    """The mark of a series."""
    return tag("span", "", "swatch", {"background": css})


def _entry(view: View, item: Item, calculations: Sequence[str]) -> str:
    column, css = item
    values = [f"{title(each)}: {_value(view, column, each)}" for each in calculations]
    more = tag("span", text("  ".join(values)), "calc") if values else ""
    return tag("span", swatch(css) + text(column.name) + more, "entry")


def _table(view: View, items: Sequence[Item], calculations: Sequence[str]) -> str:
    head = "".join(tag("th", text(each)) for each in ["Name", *map(title, calculations)])
    rows = "".join(
        tag("tr", tag("td", swatch(css) + text(column.name)) + _cells(view, column, calculations))
        for column, css in items
    )
    return tag("div", tag("table", tag("tr", head) + rows), "legend table-legend")


def _cells(view: View, column: Column, calculations: Sequence[str]) -> str:
    return "".join(tag("td", text(_value(view, column, each))) for each in calculations)


def _value(view: View, column: Column, calculation: str) -> str:
    return str(column.show(column.calculate(calculation), view.scene).text)


def _sorted(items: Sequence[Item], by: str | None, downwards: bool) -> list[Item]:
    if not by:
        return list(items)
    if by == "Name":
        return sorted(items, key=lambda item: item[0].name, reverse=downwards)
    calculation = next((key for key, (name, _) in REDUCERS.items() if name == by), by)
    return sorted(items, key=lambda item: sort_key(item[0].calculate(calculation)), reverse=downwards)
