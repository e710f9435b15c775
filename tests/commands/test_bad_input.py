"""Bad input ends in one clear sentence that names place and fix, the right exit status, and no secret."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.semantic.yamlfile import load_yaml
from exporter.state.store import Store
from tests.commands.process import run, service
from tests.support.postgres import PASSWORD as OWNERS_PASSWORD
from tests.support.postgres import Postgres

SECRET, PASSWORD = "Gold-4711", "Silver-0815"
OWN_KPI = """kpis:
  long_calls:
    title: {zh: 长通话率, en: Long calls}
    definition: {zh: 长通话/外呼, en: long calls / dials}
    dimension: business
    direction: higher
    numerator: [dials]
    denominator: [dials]
    cadence: weekly
    windows: [24h]
    targets:
      - {severity: warning, value: 0.1, slice: {generation: gen_z}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """See the head of bad_input.yaml; `change` replaces words of OWN_KPI."""

    run: str
    says: str
    status: int
    set: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    change: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""

    def write(self, folder: Path) -> None:
        """The files that the command finds."""
        own = OWN_KPI
        for old, new in self.change.items():
            own = own.replace(old, new, 1)
        for name, text in {"own.yaml": own, **self.files}.items():
            (folder / name).write_text(text, "utf-8")


CASES = {name: Case(**case) for name, case in load_yaml(Path(__file__).with_name("bad_input.yaml")).data.items()}


@pytest.fixture(scope="module")
def places(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What placeholders stand for: a database, a careful role, a taken port and a closed one, a held state folder."""
    postgres.psql(f"CREATE ROLE careful LOGIN PASSWORD '{PASSWORD}'")
    dsn = postgres.create_database()
    held = tmp_path_factory.mktemp("held")
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as closed, Store(held):
        closed.bind(("127.0.0.1", 0))
        ports = {"taken": str(taken.getsockname()[1]), "closed": str(closed.getsockname()[1])}
        yield {"dsn": dsn, "held": str(held), "secret": SECRET, "password": PASSWORD, **ports}
    postgres.drop_database(dsn)
    postgres.psql("DROP ROLE careful")


@pytest.fixture
def spoilt(case: Case, places: dict[str, str], postgres: Postgres) -> Iterator[dict[str, str]]:
    """The placeholders, with a database of its own where the case spoils it."""
    dsn = postgres.create_database() if case.sql else places["dsn"]
    if case.sql:
        postgres.psql(case.sql, dsn.rpartition("/")[2])
    yield {**places, "dsn": dsn, "named": dsn.rpartition("@")[2]}
    if case.sql:
        postgres.drop_database(dsn)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_one_clear_sentence(case: Case, spoilt: dict[str, str], tmp_path: Path) -> None:
    """One line on stderr with place and fix, the exit status, no traceback, no secret."""
    case.write(tmp_path)
    settings = {key: filled(value, spoilt) for key, value in case.set.items()}
    done = run(*case.run.split(), folder=tmp_path, settings={"state_dir": str(tmp_path / "state"), **settings})
    assert filled(case.says, spoilt) in done.err
    assert re.fullmatch(r"outcall-exporter: [^\n]+\. Fix: [^\n]+\n", done.err)
    assert done.status == case.status
    assert_no_secret(done.out + done.err)


def filled(text: str, names: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced."""
    for name, meaning in names.items():
        text = text.replace(f"{{{name}}}", meaning)
    return text


def assert_no_secret(text: str) -> None:
    assert "Traceback" not in text
    for secret in (SECRET, PASSWORD, OWNERS_PASSWORD):
        assert secret not in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("nix", "argument COMMAND: invalid choice: 'nix'"),
        ("chek", "Fix: did you mean check?"),
        ("check --lively", "unrecognized arguments: --lively. Fix: run `outcall-exporter --help`"),
        ("explain", "the following arguments are required: KPI. Fix: run `outcall-exporter explain --help`"),
        ("serve now", "unrecognized arguments: now"),
        ("", "the following arguments are required: COMMAND. Fix: run `outcall-exporter --help`"),
    ],
)
def test_wrong_command_line(words: str, says: str, tmp_path: Path) -> None:
    """An unknown or missing command, argument or option is told as everything is: one sentence with the fix."""
    done = run(*words.split(), folder=tmp_path)
    assert says in done.err
    assert re.fullmatch(r"outcall-exporter: [^\n]+\. Fix: [^\n]+\n", done.err)
    assert done.status == 2


def test_everything_at_once(tmp_path: Path) -> None:
    """All problems of settings are told together, and so are all problems of all own files."""
    (tmp_path / "bad.yaml").write_text("overlap: never\nnix: 1\n")
    done = run("check", "--config", "bad.yaml", folder=tmp_path, settings={"nix": "1", "log_level": "loud"})
    assert done.status == 2
    for place in ("bad.yaml:1", "bad.yaml:2", "OUTCALL_NIX", "OUTCALL_LOG_LEVEL"):
        assert f"{place}: " in done.err
    (tmp_path / "one.yaml").write_text("kpis: {a: 1, a: 2}")
    (tmp_path / "two.yaml").write_text("- nothing")
    given = {"catalogue_files": "[one.yaml, two.yaml, three.yaml]", "listen": "x"}
    done = run("check", folder=tmp_path, settings=given)
    assert done.status == 2
    for place in ("one.yaml:1", "two.yaml:1", "three.yaml", "listen"):
        assert f"{place}: " in done.err


def test_serve_waits_for_the_password(postgres: Postgres, tmp_path: Path) -> None:
    """A wrong password at the start is told, the page says that the database is not up, and a mended one heals it."""
    dsn = postgres.create_database()
    postgres.psql("CREATE ROLE patient LOGIN PASSWORD 'other'")
    postgres.psql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO patient", dsn.rpartition("/")[2])
    url = f"postgresql://patient:{SECRET}@{dsn.rpartition('@')[2]}"
    settings = {"database_url": url, "poll_interval": "0.2", "listen": "127.0.0.1:0", "state_dir": str(tmp_path / "s")}
    with service(tmp_path, settings) as running:
        running.await_log("the call database refused the password. Fix: correct database_url")
        running.await_page("outcall_up 0.0")
        postgres.psql(f"ALTER ROLE patient PASSWORD '{SECRET}'")
        running.await_page("outcall_up 1.0")
        assert_no_secret("".join(running.log) + running.page())
    assert running.process.returncode == 0
    postgres.drop_database(dsn)
    postgres.psql("DROP ROLE patient")


def test_serve_waits_for_the_server(places: dict[str, str], tmp_path: Path) -> None:
    """Nobody at the database's address is told in the log, and the service goes on."""
    url = f"postgresql://u:{SECRET}@127.0.0.1:{places['closed']}/x"
    settings = {"database_url": url, "listen": "127.0.0.1:0", "state_dir": str(tmp_path / "s")}
    with service(tmp_path, settings) as running:
        running.await_log("nothing listens at the call database's address")
        running.await_page("outcall_up 0.0")
        assert_no_secret("".join(running.log) + running.page())
    assert running.process.returncode == 0
