"""`demo --alerts`: messages come, what is shipped is what runs, and nothing is left however it ends."""

from __future__ import annotations

import os
import signal
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml

import exporter
from exporter.cli import main
from exporter.demo import alertfiles
from exporter.demo.alertfiles import adapted, lay_out, relay_file, shipped_rules
from exporter.demo.alerting import AlertServers, find_programs
from exporter.demo.folder import remove_leftovers
from exporter.demo.place import reachable
from exporter.demo.postgres import EmbeddedPostgres
from exporter.errors import RunError, UsageError
from exporter.generate.rules.model import Options
from tests.demo.test_demo import ROOT, SMALL, demo
from tests.demo.test_ending import assert_nothing_is_left, processes_in, wait_for_lock


def test_messages_come_switches_work_and_it_ends_cleanly(base: Path) -> None:
    """The heartbeat has gone all the way: rules, Prometheus, Alertmanager, relay, screen."""
    with demo(base, *SMALL, "--alerts") as running:
        page = running.until("status page").split()[-1]
        alerts = running.until("alerts ").split()[-1]
        with urllib.request.urlopen(alerts) as answer:  # noqa: S310 - the demo's own
            assert answer.status == 200
        running.until("[watchdog]")
        form = urllib.parse.urlencode({"switch": "platform_silent", "turn": "on"}).encode()
        with urllib.request.urlopen(f"{page}switches", form) as answer:  # noqa: S310
            text = answer.read().decode()
        assert "开启，自" in text
        assert alerts in text
        assert "nothing is written any more" in running.until("fault platform_silent is on")
        listening = {c.laddr.ip for p in processes_in(base) for c in p.net_connections() if c.status == "LISTEN"}
        assert listening == {"127.0.0.1"}
        running.process.send_signal(signal.SIGTERM)
        assert running.end() == (0, "")
    assert_nothing_is_left(base)


def test_kill_leaves_nothing(base: Path) -> None:
    """`kill -9`: the guard ends Prometheus and Alertmanager as it ends the database."""
    with demo(base, *SMALL, "--alerts") as running:
        running.until("alerts ")
        lock = os.open(running.folder() / "lock", os.O_RDWR)
        assert len([p for p in processes_in(base) if "config.file" in " ".join(p.cmdline())]) == 2
        running.process.kill()
        wait_for_lock(lock)
    assert_nothing_is_left(base)


async def test_servers_of_a_demo_that_died_with_its_guard_are_ended(base: Path) -> None:
    """By the next demo; here by the demo itself, whose guard alone was killed."""
    async with EmbeddedPostgres(base=base) as server:
        servers = AlertServers(find_programs(), server.supervisor, server.folder / "alerts")
        alertmanager = await servers.alertmanager("http://127.0.0.1:1", "UTC")
        prometheus = await servers.prometheus("127.0.0.1:1", "127.0.0.1:2", alertmanager)
        assert remove_leftovers(base) == 0
        assert not prometheus.end.done()
        os.kill(server.guard_pid, signal.SIGKILL)
        for running in (alertmanager, prometheus):
            with pytest.raises(RunError, match="guards the demo's programs was killed"):
                await running.end
    assert_nothing_is_left(base)


async def test_server_that_cannot_start_is_one_sentence(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the end of its log, and without a second try."""
    monkeypatch.setattr(alertfiles, "prometheus_file", lambda *_: {"no_such_key": 1})
    async with EmbeddedPostgres(base=base) as server:
        servers = AlertServers(find_programs(), server.supervisor, server.folder / "alerts")
        alertmanager = await servers.alertmanager("http://127.0.0.1:1", "UTC")
        with pytest.raises(RunError, match=r"Prometheus did not start: .*no_such_key.* Fix: check "):
            await servers.prometheus("127.0.0.1:1", "127.0.0.1:2", alertmanager)
    assert_nothing_is_left(base)


@pytest.mark.parametrize(
    ("present", "missing"),
    [((), "prometheus and alertmanager"), (("prometheus",), "alertmanager"), (("alertmanager",), "prometheus")],
)
def test_missing_servers_are_told(
    present: tuple[str, ...],
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in present:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["demo", "--alerts"]) == 2
    written = capsys.readouterr()
    assert written.err == (
        f"outcall-exporter: --alerts needs {missing}, not found on PATH. "
        "Fix: apt-get install prometheus prometheus-alertmanager (Debian, Ubuntu)\n"
    )
    assert written.out == ""


@pytest.mark.parametrize("key", ["OUTCALL_WEB_CONFIG_FILE", "OUTCALL_BEARER_TOKEN_FILE"])
def test_credentials_that_its_prometheus_has_not_are_told(
    key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(key, "file")
    assert main(["demo", "--alerts"]) == 2
    assert f"with {key} the demo's Prometheus could not scrape. Fix: unset it" in capsys.readouterr().err


def test_servers_are_found_under_either_name(tmp_path: Path) -> None:
    for name in ("prometheus", "prometheus-alertmanager"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find_programs(str(tmp_path)).alertmanager.endswith("prometheus-alertmanager")
    with pytest.raises(UsageError):
        find_programs(str(tmp_path / "elsewhere"))


def test_only_addresses_and_time_zone_of_alertmanager_are_changed() -> None:
    shipped = yaml.safe_load((ROOT / "rules" / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    changed = adapted(shipped, "http://127.0.0.1:5", "Etc/GMT-3")
    urls = [hook["url"] for receiver in changed["receivers"] for hook in receiver["webhook_configs"]]
    assert urls
    assert all(url.startswith("http://127.0.0.1:5/alerts/") for url in urls)
    assert {times["location"] for of in changed["time_intervals"] for times in of["time_intervals"]} == {"Etc/GMT-3"}
    assert adapted(changed, "", "Asia/Shanghai")["route"] == shipped["route"]
    assert changed.keys() == shipped.keys()
    assert changed["inhibit_rules"] == shipped["inhibit_rules"]


def test_rules_are_the_shipped_ones(tmp_path: Path) -> None:
    files = lay_out(tmp_path / "alerts", None)
    names = {path.name for path in (ROOT / "rules").glob("*.rules.yml")}
    assert {path.name for path in (files.folder / "rules").iterdir()} == names
    assert all((files.folder / "rules" / name).read_bytes() == (ROOT / "rules" / name).read_bytes() for name in names)
    assert files.token.stat().st_mode & 0o077 == 0
    assert set(relay_file(["page", "ticket"])["receivers"]) == {"page", "ticket"}


def test_rules_that_are_missing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "__file__", str(tmp_path / "exporter" / "__init__.py"))
    with pytest.raises(RunError, match=r"rules are not part of this installation. Fix: run the demo from a checkout"):
        shipped_rules()


def test_example_of_the_documentation_names_the_job_that_the_rules_know() -> None:
    example = yaml.safe_load((ROOT / "docs" / "examples" / "prometheus.example.yml").read_text("utf-8"))
    assert Options().job in [job["job_name"] for job in example["scrape_configs"]]


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("http://127.0.0.1:9877/", "127.0.0.1:9877"),
        ("http://0.0.0.0:80/", "127.0.0.1:80"),
        ("http://[::]:80/", "[::1]:80"),
        ("http://10.0.0.0:80/", "10.0.0.0:80"),
    ],
)
def test_own_server_is_reached_on_this_machine(url: str, at: str) -> None:
    assert reachable(url) == at
