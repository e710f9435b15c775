"""Hour of day by weekday, of a KPI of choice."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context

HOURS_BACK = "28d"
# An hour's gauges are those of the moment in which it ends.
_CLOCK = "vector(time() - 1 + scalar(max(outcall_business_utc_offset_seconds)))"
_CORNER = "hour\\day"


def hour_table(context: Context) -> Block:
    """The last four weeks, local time; whole hours, each weighted by its samples."""
    say = context.say
    names = say("周一 周二 周三 周四 周五 周六 周日", "Mon Tue Wed Thu Fri Sat Sun").split()
    days = dict(zip("1234560", names, strict=True))
    columns = {_CORNER: say("时", "Hour")} | days
    colour = dashboard.FieldColor(dashboard.FieldColorModeId.CONTINUOUS_BLUES)
    overrides = [
        fields.override("byRegexp", f"/^({'|'.join(names)})$/", custom__cellOptions=fields.background()),
        fields.column(columns[_CORNER], custom__width=60),
    ]
    words = say(
        "近 4 周每个小时（业务时区），按样本加权；越亮越高。没有 1h 窗口的指标不显示。",
        "Each hour of the last four weeks, local time, weighted by samples; brighter is higher. "
        "KPIs without a window of 1h are not shown.",
    )
    return Block(
        "hours",
        say("小时 × 星期，近 4 周（比率为 %）", "Hour by weekday, four weeks (ratios in %)"),
        words,
        24,
        18,
        (Query("A", _query(context), form="table"),),
        looks.rows(
            fields.defaults(context, decimals=2, color=colour, none=say("无按小时数据", "nothing by the hour")),
            overrides,
        ),
        transformations=(
            tables.sorted_by("hour", descending=False),
            tables.matrix("day", "hour", "Value"),
            tables.organized(columns),
        ),
    )


def _query(context: Context) -> str:
    """Sum of value x samples over sum of samples: of a ratio, all its numerators over all its denominators."""
    at = promql.chosen(context.catalogue, window="1h")
    samples = f"max({promql.anyone(at, 'samples')})"
    clock = (
        f'* on () group_left (hour) count_values("hour", hour({_CLOCK}))\n'
        f'* on () group_left (day) count_values("day", day_of_week({_CLOCK}))'
    )

    def total(expr: str) -> str:
        return f"sum by (hour, day) (sum_over_time(({expr}\n{clock})[{HOURS_BACK}:1h]))"

    ratio = f"{total(f'max({promql.anyone(at)}) * {samples}')}\n/ {total(samples)}"
    return f'label_replace({promql.times(ratio, promql.factor())}, "hour", "0$1", "hour", "(.)")'
