"""What recorded changes have done to KPIs so far, as the exporter verifies them (docs/changes.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, document, to_board
from exporter.semantic.change_rules import is_countable
from exporter.semantic.model import Kpi
from exporter.semantic.names import PREFIX
from exporter.semantic.spec import Text

BEGUN = f"{PREFIX}change_timestamp_seconds"
# Nine columns of each: a panel has at most 200 series.
NEWEST = 20
# What can be verified is a share: its effects are read in points.
_POINTS = promql.PERCENT
_EFFECTS = tuple((kind, part) for kind in ("difference", "did") for part in ("", "_lower", "_upper"))
_SMALL_P = 0.001

# The numbers of `outcall_change_verdict`, and the values of the label `kind`, in the words of `verify`.
VERDICTS: Mapping[str, tuple[Text, str]] = {
    "0": (Text(zh="尚无定论", en="undecided"), fields.GREY),
    "1": (Text(zh="有效", en="works"), fields.GREEN),
    "2": (Text(zh="无效", en="does not work"), fields.ORANGE),
    "3": (Text(zh="适得其反", en="moves the wrong way"), fields.RED),
}
KINDS: Mapping[str, Text] = {
    "script": Text(zh="话术", en="script"),
    "lexicon": Text(zh="词库", en="lexicon"),
    "model": Text(zh="模型", en="model"),
    "other": Text(zh="其他", en="other"),
}


def verifiable(kpis: Iterable[Kpi]) -> list[Kpi]:
    """The KPIs that changes may be verified by."""
    return [kpi for kpi in kpis if is_countable(kpi)]


def change_table(context: Context, slugs: str = promql.KPI, variables: Sequence[str] = ()) -> Block:
    """A row for each change and KPI, the newest first. `slugs`: alternatives of a regular expression.

    On a board of several KPIs `variables` are what the drill-down of a row keeps.
    """
    say = context.say
    columns = _columns(context, several=bool(variables))
    words = say(
        "正在验证的变更对指标的效果，比率为百分点，区间与 p 值天天看都成立（95%）。前后差：变更后减变更前；"
        "双重差分：再减去未受影响切片同期的变化。结论取双重差分，没有足够大的对照时取前后差。"
        "变更后数据成熟满一天才有，约两周；更早的用 outcall-exporter verify 或看复盘。",
        "What the changes that are being verified did to KPIs, in points; intervals (95 %) and p hold however often "
        "one looks. Diff.: after less before; DiD: less what the untouched slice did meanwhile. The verdict is "
        "DiD's, or the difference's without a slice large enough. From the first whole day of settled facts on, for "
        "about two weeks; older ones: outcall-exporter verify, or the reviews.",
    )
    none = say("近期没有可验证的变更", "no recent change to verify")
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=none)
    return Block(
        "changes",
        say("变更的效果（百分点）", "Effect of changes (points)"),
        words,
        24,
        8 if variables else 6,
        _queries(context, slugs, several=bool(variables)),
        looks.rows(defaults, _overrides(context, columns, variables)),
        [document(say("怎样验证", "How changes are verified"), f"{context.documents}/changes.md")],
        (
            tables.merged(),
            tables.sorted_by("Value #B"),
            tables.organized(columns, ["change"] if variables else ["change", "kpi"]),
        ),
    )


def _queries(context: Context, slugs: str, *, several: bool) -> tuple[Query, ...]:
    """Verdict (with names), instant, p, and both estimates with their bounds; all of the newest."""

    def of(name: str, **labels: str) -> str:
        found = promql.selector(f"{PREFIX}change_{name}", {"kpi": f"=~{slugs}" if several else slugs} | labels)
        return f"max by (change, kpi) ({found})"

    verdict, title = of("verdict"), f"title_{context.language}"
    begun = f"{verdict} * 0 + on (change) group_left () max by (change) ({BEGUN})"
    newest = f"and on (change, kpi) topk({NEWEST}, {begun})"
    # A KPI's title is called the same.
    named = f'label_replace(topk by (change) (1, {BEGUN}), "what", "$1", "{title}", "(.+)")'
    names = f"\n* on (change) group_left (kind, what) (max by (change, kind, what) ({named}) * 0 + 1)"
    if several:
        names += f"\n* on (kpi) group_left ({title}) {promql.titles(title)}"
    effects = (f"{of(f'effect{part}', kind=kind)} * {_POINTS} {newest}" for kind, part in _EFFECTS)
    exprs = (f"{verdict}{names}\n{newest}", f"topk({NEWEST}, {begun}) * 1000", f"{of('p_value')} {newest}", *effects)
    return tuple(Query(ref, expr, form="table") for ref, expr in zip("ABCDEFGHI", exprs, strict=True))


def _columns(context: Context, *, several: bool) -> dict[str, str]:
    say = context.say
    lower, upper = say("下界", " lower"), say("上界", " upper")
    difference, did = say("前后差", "Diff."), say("双重差分", "DiD")
    title = {f"title_{context.language}": say("指标", "KPI")} if several else {}
    return {
        "Value #B": say("生效", "Since"),
        "what": say("变更", "Change"),
        "kind": say("类型", "Kind"),
        **title,
        "Value #A": say("结论", "Verdict"),
        "Value #C": say("p 值", "p"),
        "Value #D": difference,
        "Value #E": difference + lower,
        "Value #F": difference + upper,
        "Value #G": did,
        "Value #H": did + lower,
        "Value #I": did + upper,
        **({"kpi": "slug"} if several else {}),
    }


def _overrides(context: Context, columns: Mapping[str, str], variables: Sequence[str]) -> list[fields.Override]:
    verdicts = fields.mapping({number: (context.pick(words), colour) for number, (words, colour) in VERDICTS.items()})
    kinds = fields.named({kind: context.pick(words) for kind, words in KINDS.items()})
    found = [
        fields.gaps(),
        fields.column(columns["Value #A"], decimals=0, **fields.state(verdicts, 150)),
        fields.column(columns["Value #B"], unit="dateTimeAsIso", custom__width=150),
        fields.column(columns["Value #C"], decimals=3, mappings=[_small_p()], custom__width=80),
        fields.column(columns["kind"], mappings=[kinds], custom__width=70),
        *(fields.column(columns[f"Value #{ref}"], custom__width=100) for ref in "DEFGHI"),
    ]
    if variables:
        url = to_board(context, "drilldown", ["var-kpi=${__data.fields.slug}", *variables])
        link = data_link(context.say("下钻", "Drill down"), url)
        found.append(fields.column(columns[f"title_{context.language}"], links=[link], custom__width=200))
        found.append(fields.column(columns["kpi"], **fields.hidden()))
    return found


def _small_p() -> dashboard.RangeMap:
    """Nobody needs to know how small it is."""
    result = dashboard.ValueMappingResult(text=f"< {_SMALL_P}")
    return dashboard.RangeMap(dashboard.DashboardRangeMapOptions(0, _SMALL_P, result))
