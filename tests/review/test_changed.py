"""Changes in a review: those of the period and the weeks before, as verified at its end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from exporter.calldb.connect import Access
from exporter.expose.changes import MOST_VERIFIED
from exporter.review.changed import newest, of_period
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

MARK = "kind: other, title: {zh: 记号, en: A mark}"


async def test_other_changes_are_named(past: str, catalogue: Catalogue, tmp_path: Path) -> None:
    """Those of the same calls, which cannot be told apart, and those of what it is compared with; not all of them."""
    path = tmp_path / "changes.yaml"
    more = [
        f"  - {{id: same-{n}, at: 2026-03-0{n}T00:00:00+08:00, {MARK}, scope: {{generation: elderly}}}}"
        for n in range(3, 8)
    ]
    more.append(f"  - {{id: young, at: 2026-03-05T00:00:00+08:00, {MARK}, scope: {{generation: gen_z}}}}")
    path.write_text(FILE.format(name="plain-words", at="2026-03-02T00:00:00+08:00") + "\n".join(more), "utf-8")
    span = span_of("2026-W12", "weekly", datetime.now(UTC).date())
    review = await collect(Access(past), catalogue, Request("weekly", span, changes=load_changes(path, catalogue)))
    (effect,) = review.changes.told[0].effects
    assert "同期另有变更 same-3, same-4, same-5 等 5 项，无法分开" in effect.verdict.zh
    assert "not to be told apart from same-3, same-4, same-5 and 2 more" in effect.verdict.en
    assert "compared without the slices of young" in effect.verdict.en


async def test_a_change_is_told_with_its_verdict(past: str, catalogue: Catalogue, tmp_path: Path) -> None:
    """In both languages, with the estimate's interval; another month's change is not."""
    path = tmp_path / "changes.yaml"
    path.write_text(FILE.format(name="plain-words", at="2026-03-02T00:00:00+08:00"), "utf-8")
    recorded = load_changes(path, catalogue)
    span = span_of("2026-W12", "weekly", datetime.now(UTC).date())
    review = await collect(Access(past), catalogue, Request("weekly", span, changes=recorded))
    (change,) = review.changes.told
    (effect,) = change.effects
    assert (change.name, effect.slug) == ("plain-words", "early_hangup")
    assert effect.difference is not None
    assert effect.interval is not None
    assert effect.interval[0] <= effect.difference <= effect.interval[1]
    zh, en = (markdown(document(Words(catalogue, language), review, None)) for language in ("zh", "en"))
    assert effect.verdict.zh.split("；")[0] in zh
    assert "### Plain wording (plain-words · script" in en
    assert "### 通俗话术 (plain-words · 话术" in zh


def test_which_changes_belong_to_a_period(catalogue: Catalogue, tmp_path: Path) -> None:
    """Those in it and the four weeks before it; not those to come."""
    period = period_of(span_of("2026-W12", "weekly", date(2026, 4, 2)), "Asia/Shanghai")
    for at, belongs in (("2026-02-10", False), ("2026-02-17", True), ("2026-03-22", True), ("2026-03-23", False)):
        path = tmp_path / "changes.yaml"
        path.write_text(FILE.format(name="one", at=f"{at}T00:00:00+08:00"), "utf-8")
        assert bool(of_period(load_changes(path, catalogue), period)) == belongs, at


def test_the_newest_are_told_of(catalogue: Catalogue, tmp_path: Path) -> None:
    """As many as have gauges, in the order of time; marks, which cost nothing, do not displace them."""
    aimed = [f"{{id: aimed-{n}, at: 2026-03-01T{n % 24:02}:00:00Z, kpis: [connect], {MARK}}}" for n in range(30)]
    marks = [f"{{id: mark-{n}, at: 2026-03-02T{n % 24:02}:00:00Z, {MARK}}}" for n in range(23)]
    path = tmp_path / "changes.yaml"
    path.write_text("changes:\n" + "".join(f"  - {each}\n" for each in (*aimed, *marks)), "utf-8")
    recorded = load_changes(path, catalogue)
    found = newest(recorded)
    assert [each for each in recorded if each in found] == found
    assert sum(bool(each.aims) for each in found) == MOST_VERIFIED == 20
    assert len(found) == 2 * MOST_VERIFIED
    assert recorded[0] not in found
    assert newest(recorded[-23:-20]) == list(recorded[-23:-20])
