"""The recording rules on a real page: what they record is what the page shows, for every KPI that is alerted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.generate.rules.windows import is_alerted, recorded
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL, kpi_metric
from tests.generate.promtool import evaluated
from tests.support.scrape import Samples, parse

ROOT = Path(__file__).parents[2]
CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def page() -> Samples:
    """The golden page, without label values that promtool's own syntax cannot hold."""
    samples = parse((ROOT / "tests/golden/metrics.txt").read_text("utf-8"))
    return {key: value for key, value in samples.items() if not any({'"', "\\"} & set(text) for _, text in key[1])}


def shown(page: Samples, kpi: Kpi) -> dict[str, float]:
    """What the page says of the whole, by window, in the windows that alerts look at."""
    whole = dict.fromkeys(kpi.labels, ALL) | ({"stat": "p95"} if kpi.kind == "quantile" else {})
    found = {}
    for window in recorded(kpi) or [""]:
        labels = whole | ({"window": window} if window else {})
        key = (kpi_metric(kpi.slug, kpi.unit), tuple(sorted(labels.items())))
        if key in page:
            found[window or "latest"] = page[key]
    return found


def test_what_is_recorded_is_what_the_page_shows(page: Samples, tmp_path: Path) -> None:
    """Label for label: a selector that does not fit the page would record nothing, and alert of nothing."""
    series = {}
    for (name, labels), value in page.items():
        pairs = [f'{label}="{text}"' for label, text in (*labels, ("job", "outcall"), ("instance", "a"))]
        complete = 1.0 if name == "outcall_window_complete" else value
        series[f"{name}{{{','.join(pairs)}}}"] = f"{complete!r}x1"
    expr = 'sum by (kpi, window) (outcall:kpi:value{level="whole"})'
    told = evaluated(tmp_path, [ROOT / "rules/recording.rules.yml"], series, expr)
    wanted = {
        f'kpi="{kpi.slug}", window="{window}"': pytest.approx(value, rel=1e-6)
        for kpi in filter(is_alerted, CATALOGUE.kpis.values())
        if any(target.slice in ({}, {"dialect": ALL}) for target in kpi.targets)
        for window, value in shown(page, kpi).items()
    }
    assert len(wanted) >= 8
    assert {labels: value for labels, value in told.items() if "slow_response" not in labels} == wanted
