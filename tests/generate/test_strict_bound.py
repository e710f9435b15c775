"""The strict bound of short windows, as Prometheus computes it, against the exact binomial distribution."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from math import comb
from pathlib import Path
from statistics import NormalDist

import pytest

from tests.generate.promtool import evaluated

RULES = Path(__file__).parents[2] / "rules/recording.rules.yml"
WINDOWS = ("5m", "1h")
TARGETS = (0.001, 0.005, 0.05, 0.25)
SIZES = (30, 60, 200)
# KPIs and the sources that they need; of the second the good ones are counted.
KPIS = {"early_hangup": "calls", "compliant_speech": "qa_checks"}
# Standard deviations: those of the windows, and a KPI's own.
Z = {("compliant_speech", "5m"): 4, ("compliant_speech", "1h"): 3, ("early_hangup", "5m"): 5, ("early_hangup", "1h"): 5}
LABELS = re.compile(r'kpi="(\w+)", scenario="n(\d+)x(\d+)", window="(\w+)"')
REST = 'generation="all",period="all",script="all"'


@cache
def at_least(x: int, n: int, p: float) -> float:
    """P(X >= x) of n trials with probability p."""
    if x > n:
        return 0.0
    return comb(n, x) * p**x * (1 - p) ** (n - x) + at_least(x + 1, n, p)


def fewest(n: int, target: float, chance: float) -> int:
    """The fewest bad ones of n that come about with at most this chance when the target is met."""
    return next(x for x in range(n + 2) if at_least(x, n, target) <= chance)


@cache
def grid() -> list[tuple[int, int]]:
    """(n, x): around every decision that is tested, and the ends."""
    chances = [1 - NormalDist().cdf(z) for z in Z.values()]
    around = {
        (n, fewest(n, target, chance) + step)
        for n, target, chance, step in product(SIZES, TARGETS, chances, range(-4, 4))
    }
    return sorted((n, x) for n, x in {*around, *((n, n) for n in SIZES), *((n, 0) for n in SIZES)} if 0 <= x <= n)


@pytest.fixture(scope="module")
def bounds(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, int, int], float]:
    """(kpi, window, n, x) -> the bound on the share of bad ones; each pair is a scenario of its own."""
    series: dict[str, str] = {}
    for (kpi, source), window in product(KPIS.items(), WINDOWS):
        for name in (source, "calls"):
            series[f'outcall_window_complete{{job="j",instance="i",source="{name}",window="{window}"}}'] = "1x1"
        for n, x in grid():
            labels = f'{{job="j",instance="i",window="{window}",scenario="n{n}x{x}",{REST}}}'
            value = x / n if kpi == "early_hangup" else 1 - x / n
            series[f"outcall_{kpi}_ratio{labels}"] = f"{value!r}x1"
            series[f"outcall_{kpi}_samples{labels}"] = f"{n}x1"
    folder = tmp_path_factory.mktemp("strict")
    told = evaluated(folder, [RULES], series, "sum by (kpi, window, scenario) (outcall:kpi:strict_bound)")
    found = {}
    for labels, bound in told.items():
        kpi, n, x, window = LABELS.findall(labels)[0]
        found[kpi, window, int(n), int(x)] = bound if kpi == "early_hangup" else 1 - bound
    assert len(found) == len(KPIS) * len(WINDOWS) * len(grid())
    return found


@pytest.mark.parametrize(("kpi", "window"), [*product(KPIS, WINDOWS)])
def test_certain_is_what_chance_does_not_bring_about(
    bounds: dict[tuple[str, str, int, int], float], kpi: str, window: str
) -> None:
    """Nothing that is likelier than a few times the chance passes, and what is rarer does, within two of the fewest.

    At five sigma a step of one in thirty is worth a factor of ten.
    """
    chance = 1 - NormalDist().cdf(Z[kpi, window])
    few = 8 if Z[kpi, window] < 5 else 80
    for n, target in product(SIZES, TARGETS):
        least = fewest(n, target, chance)
        for x in (x for size, x in grid() if size == n):
            beyond = bounds[kpi, window, n, x] > target
            if at_least(x, n, target) > few * chance:
                assert not beyond, (n, x, target)
            if x >= least + 2:
                assert beyond, (n, x, target)


def test_the_ends(bounds: dict[tuple[str, str, int, int], float]) -> None:
    """Of none nothing is certain; of all of them, not all."""
    for (_, _, n, x), bound in bounds.items():
        assert 0 <= bound <= x / n
        if x == 0:
            assert bound == 0


def test_the_higher_the_more(bounds: dict[tuple[str, str, int, int], float]) -> None:
    """More bad ones of as many: a higher bound. A stricter window: a lower one."""
    for kpi, window, n in product(KPIS, WINDOWS, SIZES):
        row = [bounds[kpi, window, n, x] for size, x in grid() if size == n]
        assert row == sorted(row)
    for n, x in grid():
        assert bounds["compliant_speech", "5m", n, x] <= bounds["compliant_speech", "1h", n, x]
        assert bounds["early_hangup", "1h", n, x] == pytest.approx(bounds["early_hangup", "5m", n, x])
