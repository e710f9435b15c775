"""The kinds of panel that the boards use, each with the options that all of its kind share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from grafana_foundation_sdk.models import bargauge, common, dashboard, stat, statetimeline, table, text, timeseries

from exporter.generate.dashboards.fields import Override

_LAST = common.ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")


def _panel(
    kind: str, options: object, defaults: dashboard.FieldConfig | None, overrides: Iterable[Override]
) -> dashboard.Panel:
    config = dashboard.FieldConfigSource(defaults or dashboard.FieldConfig(), list(overrides))
    return dashboard.Panel(type_val=kind, options=options, field_config=config)


def value(
    defaults: dashboard.FieldConfig,
    overrides: Iterable[Override] = (),
    *,
    names: bool = False,
    graph: bool = False,
    filled: bool = False,
) -> dashboard.Panel:
    """Large numbers; `filled`: with the colour behind them."""
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.AREA if graph else common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND if filled else common.BigValueColorMode.VALUE,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME if names else common.BigValueTextMode.VALUE,
        text=common.VizTextDisplayOptions(title_size=12, value_size=24) if names else None,
        reduce_options=_LAST,
        orientation=common.VizOrientation.VERTICAL if names else common.VizOrientation.AUTO,
    )
    return _panel("stat", options, defaults, overrides)


def rows(defaults: dashboard.FieldConfig, overrides: Iterable[Override] = ()) -> dashboard.Panel:
    """A table."""
    options = table.Options(
        cell_height=common.TableCellHeight.SM, footer=common.TableFooterOptions(show=False, reducer=[])
    )
    defaults.custom = defaults.custom or table.FieldConfig()
    return _panel("table", options, defaults, overrides)


def graph(
    defaults: dashboard.FieldConfig,
    overrides: Iterable[Override] = (),
    *,
    calcs: Sequence[str] = (),
    legend: Literal["bottom", "right"] = "bottom",
) -> dashboard.Panel:
    """Lines over time; with `calcs` the legend is a table of them."""
    options = timeseries.Options(
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST,
            placement=common.LegendPlacement.RIGHT if legend == "right" else common.LegendPlacement.BOTTOM,
            show_legend=True,
            calcs=list(calcs),
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING),
    )
    defaults.custom = defaults.custom or line()
    return _panel("timeseries", options, defaults, overrides)


def line(
    *, width: float = 2, fill: float = 0, stacked: bool = False, soft_maximum: float | None = None
) -> common.GraphFieldConfig:
    """A line; what is absent stays a gap."""
    return common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_width=width,
        fill_opacity=fill,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,
        axis_soft_max=soft_maximum,
        stacking=common.StackingConfig(
            mode=common.StackingMode.NORMAL if stacked else common.StackingMode.NONE, group="A"
        ),
    )


def bars(defaults: dashboard.FieldConfig, overrides: Iterable[Override] = ()) -> dashboard.Panel:
    """A bar for each series, side by side to be compared."""
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.COLOR,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        show_unfilled=True,
        sizing=common.BarGaugeSizing.MANUAL,
        min_viz_height=16,
        max_viz_height=36,
        reduce_options=_LAST,
        orientation=common.VizOrientation.HORIZONTAL,
    )
    return _panel("bargauge", options, defaults, overrides)


def timeline(defaults: dashboard.FieldConfig, overrides: Iterable[Override] = ()) -> dashboard.Panel:
    """States over time."""
    options = statetimeline.Options(
        show_value=common.VisibilityMode.NEVER,
        row_height=0.8,
        merge_values=True,
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=True
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE),
    )
    defaults.custom = statetimeline.FieldConfig(line_width=0, fill_opacity=80)
    return _panel("state-timeline", options, defaults, overrides)


def words(markdown: str) -> dashboard.Panel:
    """Text."""
    options = text.Options(mode=text.TextMode.MARKDOWN, content=markdown)
    return _panel("text", options, dashboard.FieldConfig(), ())
