"""`review` as it is typed: files, exit statuses, sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.process import run

EXAMPLE = Path(__file__).parents[2] / "docs/examples/composite.example.yaml"


def test_it_writes_both_languages(past: str, tmp_path: Path) -> None:
    """Four files, whose names it prints, and no word on stderr when nobody watches."""
    words = ("review", "weekly", "--period", "2026-W12", "--out", "reviews", "--composite", str(EXAMPLE))
    done = run(*words, folder=tmp_path, settings={"database_url": past})
    assert (done.status, done.err) == (0, "")
    names = [f"review-weekly-2026-W12.{language}.{ending}" for language in ("zh", "en") for ending in ("html", "md")]
    assert done.out.split() == [f"reviews/{name}" for name in names]
    assert (tmp_path / "reviews" / names[0]).read_text("utf-8").startswith("<!doctype html>")
    assert "## 综合绩效" in (tmp_path / "reviews" / names[1]).read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--period", "2026-W99"), "is no week, month or range of days"),
        (("--period", "2999-01"), "lies in the future"),
        (("--prometheus", "nowhere"), "--prometheus is not an address"),
        (("--composite", "none.yaml"), "none.yaml: cannot be read"),
        (("--language", "fr"), "invalid choice"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Status 2, one sentence, no traceback."""
    settings = {"database_url": "postgresql://nobody@127.0.0.1:1/none"}
    done = run("review", "weekly", *words, folder=tmp_path, settings=settings)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not list(tmp_path.glob("review*"))


def test_a_database_that_is_down(tmp_path: Path) -> None:
    """Status 1, and nothing is written."""
    settings = {"database_url": "postgresql://nobody@127.0.0.1:1/none"}
    done = run("review", "monthly", folder=tmp_path, settings=settings)
    assert done.status == 1
    assert "nothing listens at the call database's address" in done.err
    assert not list(tmp_path.glob("review*"))


def test_a_folder_that_cannot_be_written(database: str, tmp_path: Path) -> None:
    """Status 1 and the way out."""
    (tmp_path / "taken").write_text("")
    done = run("review", "weekly", "--out", "taken", folder=tmp_path, settings={"database_url": database})
    assert done.status == 1
    assert "the review cannot be written to taken" in done.err
    assert "Traceback" not in done.err
