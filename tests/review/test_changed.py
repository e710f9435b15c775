"""Changes in a review: those of the period and the weeks before, as verified at its end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from exporter.calldb.connect import Access
from exporter.review.changed import of_period
from exporter.review.collect import Request, collect
from exporter.review.document import document
from exporter.review.markdown import markdown
from exporter.review.periods import period_of, span_of
from exporter.review.words import Words
from exporter.semantic.changes import load_changes
from exporter.semantic.model import Catalogue

FILE = """
changes:
  - id: {name}
    at: {at}
    kind: script
    title: {{zh: 通俗话术, en: Plain wording}}
    scope: {{generation: elderly}}
    kpis: {{early_hangup: {{delta: -0.05}}}}
"""


async def test_a_change_is_told_with_its_verdict(past: str, catalogue: Catalogue, tmp_path: Path) -> None:
    """In both languages, with the estimate's interval; another month's change is not."""
    path = tmp_path / "changes.yaml"
    path.write_text(FILE.format(name="plain-words", at="2026-03-02T00:00:00+08:00"), "utf-8")
    recorded = load_changes(path, catalogue)
    span = span_of("2026-W12", "weekly", datetime.now(UTC).date())
    review = await collect(Access(past), catalogue, Request("weekly", span, changes=recorded))
    (change,) = review.changes
    (effect,) = change.effects
    assert (change.name, effect.slug) == ("plain-words", "early_hangup")
    assert effect.difference is not None
    assert effect.interval is not None
    assert effect.interval[0] <= effect.difference <= effect.interval[1]
    zh, en = (markdown(document(Words(catalogue, language), review, None)) for language in ("zh", "en"))
    assert effect.verdict.zh.split("；")[0] in zh
    assert "### Plain wording (plain-words" in en


def test_which_changes_belong_to_a_period(catalogue: Catalogue, tmp_path: Path) -> None:
    """Those in it and the four weeks before it; not those to come."""
    period = period_of(span_of("2026-W12", "weekly", date(2026, 4, 2)), "Asia/Shanghai")
    for at, belongs in (("2026-02-10", False), ("2026-02-17", True), ("2026-03-22", True), ("2026-03-23", False)):
        path = tmp_path / "changes.yaml"
        path.write_text(FILE.format(name="one", at=f"{at}T00:00:00+08:00"), "utf-8")
        assert bool(of_period(load_changes(path, catalogue), period)) == belongs, at
