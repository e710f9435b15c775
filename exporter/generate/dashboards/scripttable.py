"""Two scripts by every ratio KPI, and what their difference is worth."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.names import ALL

_EVERY = ".+"
_PARTS = ("value", "lower", "upper")


def script(context: Context, side: str) -> dict[str, str]:
    """Matchers of one script."""
    own = dict.fromkeys(promql.own_labels(context.catalogue), f"=~{ALL}{promql.OR_NONE}")
    usual = {"scenario": "$scenario", "generation": ALL, "period": ALL, "script": f"$script_{side}"}
    return {"window": "$window"} | usual | own


def difference(a: dict[str, str], b: dict[str, str]) -> dict[str, str]:
    """B less A with Newcombe's 95 % interval: from the Wilson bounds of both (Statistics in Medicine 17, 1998).

    `a`, `b`: expressions by `value`, `lower`, `upper`; the answer has the same keys.
    """
    value = f"({b['value']} - {a['value']})"
    down = f"sqrt(({b['value']} - {b['lower']}) ^ 2 + ({a['upper']} - {a['value']}) ^ 2)"
    up = f"sqrt(({b['upper']} - {b['value']}) ^ 2 + ({a['value']} - {a['lower']}) ^ 2)"
    return {"value": value, "lower": f"{value} - {down}", "upper": f"{value} + {up}"}


def verdict(found: dict[str, str], sign: str) -> str:
    """1: B is better, -1: worse, 0: the interval holds 0. `sign`: 1 where lower is better."""
    return f"-(({found['lower']} > bool 0) - ({found['upper']} < bool 0)) * {sign}"


def verdicts(context: Context) -> dashboard.ValueMap:
    """The verdict in words."""
    return fields.mapping(
        {
            "1": (context.say("B 更好", "B is better"), fields.GREEN),
            "-1": (context.say("B 更差", "B is worse"), fields.RED),
            "0": (context.say("尚难断定", "undecided"), fields.GREY),
        }
    )


def script_table(context: Context) -> Block:
    """Every ratio KPI of both scripts."""
    columns = _columns(context)
    words = context.say(
        "每个比率指标的 A、B 与差别；一次看很多指标，总有偶然显著的。",
        "A, B and the difference of each ratio KPI; among many some differ by chance.",
    )
    defaults = fields.defaults(
        context,
        unit="percentunit",
        decimals=2,
        thresholds=fields.steps((None, "text")),
        none=context.say("没有可比的话术", "no scripts to compare"),
    )
    return Block(
        "every",
        context.say("A 与 B，逐指标", "A and B, KPI by KPI"),
        words,
        24,
        14,
        _queries(context),
        looks.rows(defaults, _overrides(context, columns)),
        transformations=(tables.merged(), tables.sorted_by("Value #F"), tables.organized(columns)),
    )


def _queries(context: Context) -> tuple[Query, ...]:
    title = f"title_{context.language}"
    ratios = f'max by (kpi) ({promql.INFO}{{unit="ratio"}})'

    def of(side: str, part: str) -> str:
        return f"({promql.slugged(promql.anyone(script(context, side), part, _EVERY), part)} and on (kpi) {ratios})"

    a, b = ({part: of(side, part) for part in _PARTS} for side in "ab")
    found = difference(a, b)
    exprs = (
        f"{a['value']} * on (kpi) group_left ({title}) {promql.titles(title)}",
        b["value"],
        found["value"],
        found["lower"],
        found["upper"],
        of("a", "samples"),
        of("b", "samples"),
        f"(({found['lower']} > bool 0) - ({found['upper']} < bool 0)) * on (kpi) {promql.GOOD_SIGN}",
    )
    return tuple(Query(ref, expr, "", "table") for ref, expr in zip("ABCDEFGH", exprs, strict=True))


def _columns(context: Context) -> dict[str, str]:
    say = context.say
    return {
        f"title_{context.language}": say("指标", "KPI"),
        "Value #H": say("结论", "Verdict"),
        "Value #A": "A",
        "Value #B": "B",
        "Value #C": "B − A",
        "Value #D": say("95% 下界", "95 % lower"),
        "Value #E": say("95% 上界", "95 % upper"),
        "Value #F": say("A 样本", "A samples"),
        "Value #G": say("B 样本", "B samples"),
        "kpi": "slug",
    }


def _overrides(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    kept = [f"${{{name}:queryparam}}" for name in ("window", "scenario", "script_a", "script_b")]
    url = to_board(context, "scripts", ["var-kpi=${__data.fields.slug}", *kept])
    link = data_link(context.say("比较它", "Compare it"), url)
    return [
        fields.gaps(),
        fields.column(columns[f"title_{context.language}"], links=[link], custom__width=230),
        fields.column(columns["Value #H"], unit="none", decimals=0, **fields.state(verdicts(context), 110)),
        *(fields.column(columns[f"Value #{ref}"], unit=fields.COUNT, decimals=0) for ref in "FG"),
        fields.column(columns["kpi"], **fields.hidden()),
    ]
