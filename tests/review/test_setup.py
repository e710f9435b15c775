"""What the settings say of reviews: refused with the place and the fix, at start, at a reload and by `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError, ConfigErrors, OutcallError
from exporter.review.setup import ReviewSetup
from exporter.semantic.model import Catalogue
from exporter.semantic.timetable import Monthly, Weekly
from exporter.settings import Settings, default_state_dir, load_settings
from tests.commands.process import run


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("reviews_weekly: monday", "reviews_weekly: is no weekday and time of the form 'mon 08:00'"),
        ("reviews_monthly: 31 08:00", "reviews_monthly: the day of the month is not 1 to 28: not every month has it"),
        ("reviews_monthly: 1", "reviews_monthly: input should be a valid string"),
        ("external_url: outcall.example", "external_url: is not an address of the form https://host"),
        ("external_url: https://me:secret-word@outcall.example/", "external_url: holds a user or password"),
        ("relay_url: ftp://relay", "relay_url: is not an address of the form https://host"),
        ("relay_url: http://relay:99999", "relay_url: is not an address of the form https://host"),
        ("prometheus_url: 'http://prometheus/?x=secret-word'", "prometheus_url: is not an address"),
        ("review_dir: reviews", "unknown key 'review_dir'. Fix: did you mean reviews_dir?"),
    ],
)
def test_a_wrong_value(tmp_path: Path, line: str, problem: str) -> None:
    """Told with file, line and an example that is right; the value is not shown."""
    file = tmp_path / "own.yaml"
    file.write_text(f"listen: 127.0.0.1:0\n{line}\n", "utf-8")
    with pytest.raises(ConfigErrors) as refused:
        load_settings(file, {})
    assert str(refused.value).startswith(f"{file}:2: {problem}")
    assert "Fix: " in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_addresses_have_no_slash_at_their_end() -> None:
    given = {
        "OUTCALL_EXTERNAL_URL": "https://outcall.example/calls/",
        "OUTCALL_PROMETHEUS_URL": "http://u:p@host:9090/",
    }
    settings = load_settings(None, given)
    assert settings.external_url == "https://outcall.example/calls"
    assert settings.prometheus_url == "http://u:p@host:9090"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("reviews_dir: reviews\ncomposite_file: weights.yaml\n", "utf-8")
    settings = load_settings(tmp_path / "own.yaml", {})
    assert (settings.reviews_dir, settings.composite_file) == (tmp_path / "reviews", tmp_path / "weights.yaml")


def settings_of(folder: Path, **given: Any) -> Settings:
    return Settings.model_validate({"reviews_dir": folder / "reviews", **given})


def test_as_it_is_unless_told_otherwise(tmp_path: Path, catalogue: Catalogue) -> None:
    found = ReviewSetup.from_settings(settings_of(tmp_path), catalogue)
    assert found is not None
    monday, first = found.plan.tables["weekly"], found.plan.tables["monthly"]
    assert isinstance(monday, Weekly)
    assert isinstance(first, Monthly)
    assert (monday.weekday, first.day, monday.at.hour, first.at.hour) == (0, 1, 8, 8)
    assert (found.plan.timezone, found.receiver) == ("Asia/Shanghai", "")
    assert ReviewSetup.from_settings(Settings(), catalogue) is None
    given = {"reviews_weekly": "never", "reviews_monthly": ""}
    none = ReviewSetup.from_settings(settings_of(tmp_path, **given), catalogue)
    assert none is not None
    assert not none.plan.tables


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"reviews_dir": None, "relay": True},
            "reviews_receiver: there are no reviews to tell of. Fix: set reviews",
        ),
        ({}, "reviews_receiver: there is no relay that could tell of reviews. Fix: set relay: true, or relay_url"),
        ({"relay_url": "http://relay:9878"}, "relay_token_file: the relay is not told of reviews without a token"),
    ],
)
def test_a_receiver_that_nobody_could_tell(
    tmp_path: Path, catalogue: Catalogue, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        ReviewSetup.from_settings(settings_of(tmp_path, reviews_receiver="reviews", **given), catalogue)
    assert str(refused.value).startswith(problem)


def test_weights_are_checked_though_no_review_is_written(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "weights.yaml").write_text("early_hangup: 20\nno_such: 1\n", "utf-8")
    with pytest.raises(OutcallError, match=r"weights.yaml:2: there is no KPI 'no_such'"):
        ReviewSetup.from_settings(Settings(composite_file=tmp_path / "weights.yaml"), catalogue)


def test_check_finds_all_of_it(tmp_path: Path) -> None:
    """And `review` takes the weights and the server of the settings, unless told otherwise."""
    (tmp_path / "weights.yaml").write_text("early_hangup: -1\n", "utf-8")
    (tmp_path / "relay.yml").write_text("channels: {p: {type: print, form: sms}}\nreceivers: {sms: [p]}\n", "utf-8")
    settings = {
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "reviews_dir": "reviews",
        "reviews_receiver": "sms",
        "relay": "true",
        "relay_file": "relay.yml",
        "composite_file": "weights.yaml",
    }
    done = run("check", folder=tmp_path, settings=settings)
    assert done.status == 2
    assert "weights.yaml:1: the weight of early_hangup is not a number above 0" in done.err
    assert "reviews_receiver: p of receiver sms would send a text for every review" in done.err
    done = run("review", "weekly", folder=tmp_path, settings=settings)
    assert done.status == 2
    assert "weights.yaml:1: the weight of early_hangup" in done.err
    (tmp_path / "right.yaml").write_text("early_hangup: 1\n", "utf-8")
    done = run("review", "weekly", "--composite", "right.yaml", folder=tmp_path, settings=settings)
    assert (done.status, "nothing listens at the call database's address" in done.err) == (1, True)


def test_an_empty_path_is_none(tmp_path: Path) -> None:
    """Not the folder of the file, where the secrets are."""
    file = tmp_path / "outcall.yaml"
    file.write_text('reviews_dir: ""\nrecordings_dir: ""\nstate_dir: ""\nrelay_file: ""\n', "utf-8")
    settings = load_settings(file, {})
    assert (settings.reviews_dir, settings.recordings_dir, settings.relay_file) == (None, None, None)
    assert settings.state_dir == default_state_dir()
