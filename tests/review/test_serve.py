"""Reviews that `serve` writes and tells of, as a process: at once what is due, once, whatever kills it."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import yaml

from exporter.review.schedule import Plan, lately
from exporter.semantic.timetable import Weekly
from exporter.simulate.plan import SimulationPlan
from tests.commands.process import command, environment
from tests.e2e import processes
from tests.e2e.processes import Server, Vendors, get
from tests.relay.conftest import BEARER, channel, relay_file, secret_files
from tests.relay.vendors import Vendor
from tests.review.test_child import has_ended, locked
from tests.support.pgtools import free_port
from tests.support.postgres import Postgres
from tests.support.simulated import simulated

T = TypeVar("T")
# A review takes seconds, on a machine with other work many; a second attempt at one is made after a minute.
DEADLINE = 150.0
ENDINGS = (".zh.html", ".zh.md", ".en.html", ".en.md", ".json")


@pytest.fixture(scope="module")
def recent(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with calls of the last weeks, up to now; to be read only."""
    plan = SimulationPlan(seed=20261123, now=datetime.now(UTC), days=23, calls_per_day=60)
    with simulated(postgres, plan) as dsn:
        yield dsn


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendors() as one:
        yield one


class Place:
    """A folder with the configuration of a `serve`, and what it leaves there."""

    def __init__(self, folder: Path, dsn: str, url: str, **more: Any) -> None:
        self.folder, self.port, self.relay_port = folder, free_port(), free_port()
        secret_files(folder, url)
        channels = {"screen": channel("print", "", language="zh"), "web": channel("webhook", url)}
        relay_file(folder, channels, receivers={"reviews": ["screen", "web"]})
        self.settings = {
            "database_url": dsn,
            "listen": f"127.0.0.1:{self.port}",
            "state_dir": "state",
            "reviews_dir": "reviews",
            "reviews_monthly": "never",
            "reviews_receiver": "reviews",
            "external_url": "https://outcall.example/",
            "relay_listen": f"127.0.0.1:{self.relay_port}",
            "relay_file": "relay.yml",
            "relay_token_file": "bearer",
        } | more
        self.log = folder / "serve.log"
        plan = Plan("Asia/Shanghai", {"weekly": Weekly(0, time(8))})
        self.stem = lately(plan, datetime.now(UTC).timestamp())[0].stem

    def until(self, what: str, find: Callable[[], T | None]) -> T:
        """The first thing found; what the processes said, if nothing is."""
        try:
            return processes.until(what, find, DEADLINE)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text('utf-8')[-3000:]}") from None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def serve(self, **more: Any) -> Server:
        return self._process(("serve",), f"{self.url}-/healthy", more, "")

    def relay(self) -> Server:
        return self._process(("relay",), f"http://127.0.0.1:{self.relay_port}/-/healthy", {}, BEARER)

    def _process(self, words: tuple[str, ...], ready: str, more: dict[str, Any], token: str) -> Server:
        file = self.folder / "outcall.yaml"
        file.write_text(yaml.safe_dump(self.settings | more), "utf-8")
        argv = command((*words, "--config", str(file)))
        return Server(argv, self.log, ready, environment(self.folder, {}), token)

    def written(self) -> bool | None:
        """True once all files of the review are there."""
        found = all((self.folder / "reviews" / f"{self.stem}{ending}").exists() for ending in ENDINGS)
        return found or None

    def told(self) -> bool | None:
        return (self.folder / "reviews" / f"{self.stem}.sent").exists() or None

    def page(self, path: str) -> str:
        return (get(self.url + path) or b"").decode()

    def succeeds(self, expected: int) -> bool | None:
        """Whether the collector's metric says so, with a run that it knows of."""
        line = f'outcall_collector_success{{collector="reviews"}} {expected:.1f}'
        return (line in self.page("metrics").splitlines()) or None

    def reload(self) -> None:
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}-/reload", method="POST")) as answer:  # noqa: S310
            assert answer.status == 200

    def printed(self) -> int:
        return self.log.read_text("utf-8").count("[reviews] 周复盘 ")


@contextmanager
def nobodys(port: int) -> Iterator[None]:
    """A port that refuses, and that no other program can take meanwhile."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", port))
        yield


def known(place: Place) -> bool | None:
    """Once the folder was looked at after a start: what is to be told, is told before the next notice."""
    head = 'outcall_collector_last_success_timestamp_seconds{collector="reviews"}'
    return (head in place.page("metrics")) or None


def test_what_is_due_is_written_and_told_once(recent: str, vendor: Vendor, tmp_path: Path) -> None:
    """At the start, over HTTP, to every channel of the receiver; a restart and a reload repeat nothing."""
    place = Place(tmp_path, recent, vendor.url, relay=True)
    with place.serve():
        place.until("the review is written", place.written)
        place.until("it is told", place.told)
        place.until("the webhook has it", lambda: vendor.count(place.stem) or None)
        place.until("it is printed", lambda: place.printed() or None)
        place.until("the collector is well", lambda: place.succeeds(1))
        assert f'href="{place.stem}.zh.html"' in place.page("reviews/")
        assert "结论" in place.page(f"reviews/{place.stem}.zh.html")
        assert place.page(f"reviews/{place.stem}.en.md").startswith("# Weekly review ")
        assert 'href="/reviews/"' in place.page("")
        stamp = (tmp_path / "reviews" / f"{place.stem}.zh.html").stat().st_mtime_ns
        place.reload()
    with place.serve():
        place.until("the folder was looked at", lambda: known(place))
        place.reload()
        # What is told later comes later: the queue of each channel keeps the order.
        (tmp_path / "reviews" / f"{place.stem}.sent").unlink()
        place.reload()
        place.until("it is noted again", place.told)
        place.until("the collector is well", lambda: place.succeeds(1))
    assert (tmp_path / "reviews" / f"{place.stem}.zh.html").stat().st_mtime_ns == stamp
    assert vendor.count(place.stem) == 1
    assert place.printed() == 1
    [(_, body)] = vendor.delivered
    found = json.loads(body)
    assert found["zh"]["url"] == f"https://outcall.example/reviews/{place.stem}.zh.html"
    for file in found["files"]:
        assert file["text"] == (tmp_path / "reviews" / file["name"]).read_text("utf-8")
    assert not list(tmp_path.glob("reviews/.*.part"))


def test_killed_between_writing_and_telling(recent: str, vendor: Vendor, tmp_path: Path) -> None:
    """The relay in its own process is not up at first: the collector says so, and it is told after the restart."""
    place = Place(tmp_path, recent, vendor.url)
    place.settings["relay_url"] = f"http://127.0.0.1:{place.relay_port}"
    with nobodys(place.relay_port), place.serve():
        place.until("the review is written", place.written)
        place.until("the collector fails", lambda: place.succeeds(0))
        said = "is written, but not told: the relay at relay_url did not answer"
        place.until("the status page says why", lambda: (said in place.page("")) or None)
        assert not place.told()
    with place.relay(), place.serve():
        place.until("it is told", place.told)
        place.until("the webhook has it", lambda: vendor.count(place.stem) or None)
        place.until("the collector is well", lambda: place.succeeds(1))
    assert vendor.count(place.stem) == 1


def test_a_reload_with_other_settings(database: str, vendor: Vendor, tmp_path: Path) -> None:
    """A folder is given, a wrong one refused, and taken away again: pages and metrics come and go with it."""
    place = Place(tmp_path, database, vendor.url, relay=True)
    reviews = {"reviews_dir": None, "reviews_receiver": ""}
    with place.serve(**reviews):
        assert get(f"{place.url}reviews/") is None
        place.serve()
        place.reload()
        place.until("an empty review is written and told", place.told)
        assert place.stem in place.page("reviews/")
        place.serve(reviews_receiver="nobody")
        with pytest.raises(urllib.error.HTTPError):
            place.reload()
        place.serve(**reviews)
        place.reload()
        assert get(f"{place.url}reviews/") is None
        place.until("no collector is told of", lambda: None if 'collector="reviews"' in place.page("metrics") else True)


def test_a_failing_review_is_told_and_tried_again(database: str, vendor: Vendor, tmp_path: Path) -> None:
    """Its own sentence on the status page; a reload tries at once."""
    place = Place(tmp_path, database, vendor.url, relay=True)
    (tmp_path / "reviews").write_text("in the way")
    with place.serve():
        place.until("the collector fails", lambda: place.succeeds(0))
        place.until("the status page says why", lambda: ("cannot be used" in place.page("")) or None)
        (tmp_path / "reviews").unlink()
        place.reload()
        place.until("the review is told", place.told)
        place.until("the collector is well", lambda: place.succeeds(1))


def test_killed_while_writing(recent: str, vendor: Vendor, tmp_path: Path) -> None:
    """It leaves no process behind, and the next start writes what was due."""
    place = Place(tmp_path, recent, vendor.url, relay=True)
    with locked(recent), place.serve(lock_timeout=600, statement_timeout=600):
        process = place.until("it reads", lambda: writing(tmp_path / "reviews"))
    place.until("it has ended", lambda: has_ended(process))
    assert not place.written()
    with place.serve():
        place.until("the review is written", place.written)
        place.until("it is told", place.told)


def writing(folder: Path) -> psutil.Process | None:
    """The process that writes into the folder, once it is connected."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            if "--child" in words and str(folder) in words and process.net_connections():
                return process
    return None
