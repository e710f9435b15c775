"""The shipped file is valid, its night is the business zone's, and what is critical is never muted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from exporter.semantic.load import load_catalogue
from tests.alertmanager.shipped import FILE, FOLDER, QUICK, RELAY, binary, quick_copy, shipped

Route = Mapping[str, Any]


def routes(route: Route) -> Iterator[Route]:
    """The route and all below it."""
    yield route
    for child in route.get("routes", ()):
        yield from routes(child)


def check(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary("amtool"), "check-config", str(file)], capture_output=True, text=True, check=False)


def test_the_shipped_file_is_valid() -> None:
    """And so are its templates."""
    found = check(FILE)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1 templates" in found.stdout


def test_a_broken_file_is_found(tmp_path: Path) -> None:
    """The check can fail."""
    broken = tmp_path / "alertmanager.yml"
    broken.write_text(FILE.read_text("utf-8").replace("receiver: page", "receiver: pgae"), "utf-8")
    assert check(broken).returncode != 0


def test_every_receiver_is_the_relay_behind_its_token() -> None:
    """No redirect is followed, no token stands in the file, no message passes the relay's limit of size."""
    receivers = {receiver["name"]: receiver["webhook_configs"] for receiver in shipped()["receivers"]}
    assert set(receivers) == {"page", "ticket", "review", "compliance", "watchdog"}
    for name, (hook,) in receivers.items():
        assert hook["url"] == f"{RELAY}/alerts/{name}"
        assert hook["http_config"]["authorization"] == {"type": "Bearer", "credentials_file": "relay_token"}
        assert hook["http_config"]["follow_redirects"] is False
        assert 0 < hook["max_alerts"] <= 100


def test_night_is_from_22_to_8_in_the_business_zone() -> None:
    """Minute by minute over a day, by the intervals as written."""
    (night,) = shipped()["time_intervals"]
    (interval,) = night["time_intervals"]
    assert interval["location"] == load_catalogue().timezone
    zone = ZoneInfo(interval["location"])
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    for instant in (midnight + timedelta(minutes=minute) for minute in range(24 * 60)):
        local = f"{instant.astimezone(zone):%H:%M}"
        muted = any(times["start_time"] <= local < times["end_time"] for times in interval["times"])
        assert muted == (local >= "22:00" or local < "08:00"), local


def test_only_what_is_not_critical_sleeps() -> None:
    """Mute times are not inherited: each route below a muted one says so again."""
    for route in routes(shipped()["route"]):
        if 'severity="critical"' in route.get("matchers", ()) or route.get("receiver") in ("page", "watchdog"):
            assert not any("mute_time_intervals" in below for below in routes(route))
    for muted in (route for route in routes(shipped()["route"]) if route.get("mute_time_intervals")):
        assert all(below.get("mute_time_intervals") == ["night"] for below in routes(muted))


def test_the_quick_copy_differs_in_durations_only(tmp_path: Path) -> None:
    """So that what is seen with it holds for the shipped file."""
    copy = yaml.safe_load(quick_copy(tmp_path, RELAY).read_text("utf-8"))
    ours = shipped()
    assert copy["inhibit_rules"] == ours["inhibit_rules"]
    assert copy["receivers"] == ours["receivers"]
    for mine, theirs in zip(routes(ours["route"]), routes(copy["route"]), strict=True):
        for key in {*mine, *theirs} - {"routes"}:
            assert theirs[key] == QUICK.get((key, str(mine[key])), mine[key])


def test_the_folder_holds_no_token() -> None:
    """It is the operator's to put there."""
    assert sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()) == [
        "alertmanager.yml",
        "templates/outcall.tmpl",
    ]


@pytest.mark.parametrize("key", ["group_wait", "group_interval", "repeat_interval"])
def test_every_duration_has_a_quick_one(key: str) -> None:
    """Otherwise a test would wait for hours."""
    said = {route[key] for route in routes(shipped()["route"]) if key in route}
    assert said <= {value for known, value in QUICK if known == key}
