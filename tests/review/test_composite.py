"""The composite: scores between alarm line and target, weights from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError, ConfigErrors
from exporter.kpi.evaluate import Value
from exporter.kpi.judge import crossed, lines_for
from exporter.review.composite import composite, load_weights, part, scored
from exporter.review.document import document
from exporter.review.markdown import markdown
from exporter.review.model import Cadence, Composite, KpiReview, Review, Row
from exporter.review.words import Words
from exporter.semantic.model import Catalogue
from exporter.semantic.names import ALL
from tests.kpi.kpis import kpi

EXAMPLE = Path(__file__).parents[2] / "docs/examples/composite.example.yaml"


@pytest.mark.parametrize(
    ("slug", "value", "expected"),
    [
        ("early_hangup", 0.20, 1.0),  # better than its target
        ("early_hangup", 0.25, 1.0),
        ("early_hangup", 0.275, 0.5),  # halfway to the alarm line at 30 %
        ("early_hangup", 0.30, 0.0),
        ("early_hangup", 0.90, 0.0),
        ("lead_conversion", 0.17, 0.5),  # a goal of 22 %, a warning below 12 %
        ("effective_contact", 0.30, 0.5),  # no alarm line: half its target
        ("escalation", 0.40, 0.5),  # no alarm line, less is better: twice its target
        ("acquisition_cost", 650, 0.5),
        ("masking", 0.9999, 0.0),  # zero tolerance
        ("masking", 1.0, 1.0),
        ("blocked_redial", 0.0001, 0.0),
        ("violation", 0.001, 1.0),
    ],
)
def test_scores(slug: str, value: float, expected: float) -> None:
    """By hand."""
    lines = lines_for(kpi(slug), dict.fromkeys(kpi(slug).labels, ALL))
    assert scored(kpi(slug), value, lines) == pytest.approx(expected)


@given(
    st.sampled_from(
        ["early_hangup", "csat", "lead_conversion", "escalation", "acquisition_cost", "tts_mos", "violation"]
    ),
    st.floats(0, 1000),
    st.floats(0, 1000),
)
def test_a_better_value_never_scores_less(slug: str, one: float, other: float) -> None:
    """Between 0 and 1, and as the KPI's direction goes."""
    lines = lines_for(kpi(slug), dict.fromkeys(kpi(slug).labels, ALL))
    scores = [scored(kpi(slug), value, lines) for value in (one, other)]
    assert all(0 <= score <= 1 for score in scores)
    if crossed(kpi(slug), one, other):
        assert scores[0] <= scores[1]


def test_contributions_add_up(reviews: dict[Cadence, Review]) -> None:
    """The whole is the weighted mean of what has a score; recovery's score is its buckets'."""
    kpis = {each.kpi.slug: each for review in reviews.values() for each in review.kpis}
    found = composite({"early_hangup": 3, "recovery": 1}, kpis)
    early, recovery = (part.score for part in found.parts)
    assert early is not None
    assert recovery is not None
    assert found.whole == pytest.approx((3 * early + recovery) / 4)
    buckets = [row.now.value / (row.lines.target or 1) for row in kpis["recovery"].slices if row.now]
    assert recovery == pytest.approx(sum(min(1, share) for share in buckets) / 2)


def test_the_example_is_right(catalogue: Catalogue) -> None:
    """It names KPIs that have targets; its weights are 100 together."""
    weights = load_weights(EXAMPLE, catalogue)
    assert sum(weights.values()) == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("early_hangup: 20\nearly_hangap: 3\n", ":2: there is no KPI 'early_hangap'"),
        ("csat: -1", ":1: the weight of csat is not a number above 0"),
        ("csat: .inf", ":1: the weight of csat"),
        ("csat: true", ":1: the weight of csat"),
        ("connect: 1", ":1: connect has no target"),
        ("[1, 2]", ":1: holds no weights"),
        ("", ":1: holds no weights"),
    ],
)
def test_wrong_weights_are_told_with_their_place(tmp_path: Path, catalogue: Catalogue, text: str, said: str) -> None:
    """File, line, and the fix."""
    path = tmp_path / "weights.yaml"
    path.write_text(text)
    with pytest.raises((ConfigError, ConfigErrors)) as error:
        load_weights(path, catalogue)
    assert f"weights.yaml{said}" in str(error.value)
    assert "Fix: " in str(error.value)


def row_of(slug: str, now: float | None, before: float | None, **labels: str) -> Row:
    """A KPI's whole, or a slice, with these values."""
    lines = lines_for(kpi(slug), dict.fromkeys(kpi(slug).labels, ALL) | labels)
    value, value_before = (None if each is None else Value(each) for each in (now, before))
    return Row(labels, value, value_before, lines, None)


def test_like_is_compared_with_like(catalogue: Catalogue, reviews: dict[Cadence, Review]) -> None:
    """A KPI without a value in the last period counts now, but not in the comparison; the page says so."""
    rows = {
        "early_hangup": row_of("early_hangup", 0.275, 0.20),  # 0.5, before 1
        "masking": row_of("masking", 1.0, None),  # 1, before nothing
        "escalation": row_of("escalation", None, 0.20),  # nothing, before 1
    }
    weights = {"early_hangup": 1.0, "masking": 3.0, "escalation": 2.0}
    found = composite(weights, {slug: KpiReview(kpi(slug), row) for slug, row in rows.items()})
    assert found.whole == pytest.approx((0.5 + 3) / 4)
    assert found.compared == pytest.approx((0.5, 1.0))
    assert not found.is_alike
    review = replace(reviews["weekly"], composite=found)
    zh, en = (markdown(document(Words(catalogue, language), review, None)) for language in ("zh", "en"))
    assert "87.5 of 100. What has a score in both periods: 50.0 now, 100.0 in the last." in en
    assert "本期 50.0 分，上期 100.0 分" in zh
    assert f"Without a value in the last period, not compared: {kpi('masking').title.en}" in en
    assert f"本期没有数值，未计入：{kpi('escalation').title.zh}" in zh


def test_slices_are_compared_alike_too() -> None:
    """A bucket that had no cases in the last period is not set against the others."""
    recovery = kpi("recovery")
    first, second = ({"bucket": target.slice["bucket"]} for target in recovery.targets[:2])
    line = row_of("recovery", None, None, **first).lines.target
    assert line is not None
    rows = (row_of("recovery", line / 2, line / 2, **first), row_of("recovery", 1.0, None, **second))
    found = part(KpiReview(recovery, row_of("recovery", 0.5, 0.5), rows), 1)
    assert found.score == pytest.approx(0.75)
    assert found.before == pytest.approx(0.5)
    assert found.both == pytest.approx((0.5, 0.5))
    assert not Composite((found,)).is_alike
