"""Bad input ends in one clear sentence that names place and fix, the right exit status, and no secret."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.state.store import Store
from tests.commands.process import run, service
from tests.support.postgres import Postgres

SECRET = "Gold-4711"
ROLE = "careful"

OWN_KPI = """
kpis:
  long_calls:
    title: {zh: 长通话率, en: Long calls}
    definition: {zh: 长通话/外呼, en: long calls / dials}
    dimension: business
    numerator: [MEASURE]
    denominator: [dials]
    direction: higher
    cadence: weekly
    windows: [WINDOW]
    targets:
      - {severity: warning, value: 0.1, slice: {LABEL: gen_z}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A command, what it is given, and what it has to say.

    In settings and words, {dsn} is a working database URL, {server} its part up to the name, {closed} a port where
    nobody listens, {folder} the test's folder.
    """

    name: str
    words: str
    says: str
    status: int
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""


CHECK, LIVE, SERVE = "check", "check --live", "serve"
OWN = {"catalogue_files": "[own.yaml]"}


def own(measure: str = "dials", window: str = "1h", label: str = "generation") -> Mapping[str, str]:
    """An operator's file with one KPI."""
    text = OWN_KPI.replace("MEASURE", measure).replace("WINDOW", window).replace("LABEL", label)
    return {"own.yaml": text}


def config(text: str) -> Mapping[str, str]:
    return {"outcall.yaml": text}


WITH = "--config outcall.yaml"
CASES = (
    # The command line.
    Case("unknown_kpi", "explain early_hangups", "no KPI 'early_hangups'. Fix: did you mean early_hangup", 2),
    Case("nothing_like_it", "explain qqq", "no KPI 'qqq'. Fix: run `outcall-exporter check`", 2),
    Case("unknown_fault", "simulate --fault rain", "rain", 2, {"database_url": "{dsn}"}),
    Case("schema_is_no_name", "init-db --schema a,b", "'a,b' is not the name of one schema", 2, {"database_url": "{dsn}"}),
    Case("views_in_the_way", "init-db --role --schema outcall", "for the role's views", 2, {"database_url": "{dsn}"}),
    Case("nameless_schema", "init-db --create-schema", "--create-schema needs", 2, {"database_url": "{dsn}"}),
    # The configuration file and the environment.
    Case("no_such_file", f"{CHECK} --config nix.yaml", "nix.yaml: cannot be read (No such file", 2),
    Case("invalid_yaml", f"{CHECK} {WITH}", "outcall.yaml:2: invalid YAML", 2, files=config("listen: a\n b: [")),
    Case("duplicate_key", f"{CHECK} {WITH}", "outcall.yaml:2: key 'overlap' stands twice", 2, files=config("overlap: 1\noverlap: 2")),
    Case("unknown_key", f"{SERVE} {WITH}", "outcall.yaml:1: unknown key 'poll'", 2, files=config("poll: 5")),
    Case("misspelt_key", f"{CHECK} {WITH}", "did you mean poll_interval", 2, files=config("poll_intervall: 5")),
    Case("not_a_mapping", f"{CHECK} {WITH}", "outcall.yaml:1: is not a mapping", 2, files=config("- a")),
    Case("not_a_number", f"{SERVE} {WITH}", "outcall.yaml:2: poll_interval", 2, files=config("overlap: 1\npoll_interval: soon")),
    Case("out_of_range", CHECK, "OUTCALL_POLL_INTERVAL: poll_interval", 2, {"poll_interval": "0"}),
    Case("unknown_variable", SERVE, "OUTCALL_POLL_INTERVALL: is not a setting. Fix: did you mean OUTCALL_POLL_INTERVAL", 2, {"poll_intervall": "5"}),
    Case("unknown_zone", SERVE, "OUTCALL_TIMEZONE: timezone: 'Asia/Shangai' is not a known time zone", 2, {"timezone": "Asia/Shangai"}),
    Case("unknown_zone_in_file", f"{CHECK} {WITH}", "outcall.yaml:1: timezone", 2, files=config("timezone: Mars/Base")),
    Case("not_an_address", CHECK, "listen: 'here' is not a listen address", 2, {"listen": "here"}),
    Case("no_secret_file", LIVE, "database_url_file: the file", 2, {"database_url_file": "nix"}),
    Case("unknown_log_level", CHECK, "OUTCALL_LOG_LEVEL: log_level", 2, {"log_level": "loud"}),
    Case("broken_list", CHECK, "OUTCALL_CATALOGUE_FILES: cannot be parsed", 2, {"catalogue_files": "[a"}),
    # The database's address.
    Case("no_database", LIVE, "database_url: no call database is given", 2),
    Case("no_database_to_serve", SERVE, "database_url: no call database is given", 2),
    Case("keyword_dsn", SERVE, "database_url: is not a PostgreSQL URL", 2, {"database_url": f"host=h password={SECRET}"}),
    Case("unquoted_password", LIVE, "database_url: is not a PostgreSQL URL", 2, {"database_url": f"postgresql://u:{SECRET}/7@h/x"}),
    Case("wrong_port", LIVE, "nothing listens", 1, {"database_url": f"postgresql://u:{SECRET}@127.0.0.1:{{closed}}/x"}),
    Case("wrong_host", "init-db", "host cannot be reached", 1, {"database_url": f"postgresql://u:{SECRET}@db.invalid/x"}),
    Case("wrong_password", LIVE, "refused the password", 1, {"database_url": f"postgresql://{ROLE}:{SECRET}@{{server}}/postgres"}),
    Case("wrong_password_to_fill", "simulate --days 1", "refused the password", 1, {"database_url": f"postgresql://{ROLE}:{SECRET}@{{server}}/postgres"}),
    Case("unknown_database", LIVE, "does not exist on that server", 1, {"database_url": "{dsn}_nix"}),
    # What is in the database.
    Case("unknown_schema", LIVE, "database_schema: no schema of the search path exists", 1, {"database_url": "{dsn}", "database_schema": "nix"}),
    Case("missing_table", LIVE, "source incidents: does not exist", 1, {"database_url": "{dsn}"}, sql="DROP TABLE incidents"),
    Case("missing_column", LIVE, "source calls: has no column script, fault_code", 1, {"database_url": "{dsn}"}, sql="ALTER TABLE calls DROP COLUMN script, DROP COLUMN fault_code"),
    Case("wrong_type", LIVE, "calls.ended_at is timestamp, not timestamptz", 1, {"database_url": "{dsn}"}, sql="ALTER TABLE calls ALTER ended_at TYPE timestamp"),
    Case("view_without_updated_at", LIVE, "source surveys: has no column updated_at", 1, {"database_url": "{dsn}"}, sql="ALTER TABLE surveys RENAME TO s; CREATE VIEW surveys AS SELECT survey_id, call_id, responded_at, satisfied FROM s"),
    Case("no_right", LIVE, "source calls: may not be read. Fix: GRANT SELECT", 1, {"database_url": f"postgresql://{ROLE}:right@{{named}}"}, sql=f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}; REVOKE SELECT ON calls FROM {ROLE}"),
    Case("nowhere_to_make", "init-db --schema nix", "the schema does not exist; nothing was changed. Fix: name another one, or add --create-schema", 1, {"database_url": "{dsn}"}),
    Case("no_right_to_make", "init-db --schema own --create-schema", "may not make", 1, {"database_url": f"postgresql://{ROLE}:right@{{named}}"}),
    Case("not_our_table", "init-db", "lacks a column", 1, {"database_url": "{dsn}"}, sql="DROP TABLE calls; CREATE TABLE calls (id bigint)"),
    Case("a_view_in_the_way", "init-db", "a view stands", 1, {"database_url": "{dsn}"}, sql="ALTER TABLE calls RENAME TO c; CREATE VIEW calls AS SELECT * FROM c"),
    Case("no_tables_to_fill", "simulate --days 1 --calls-per-day 10 --no-live", "init-db", 1, {"database_url": "{dsn}"}, sql="DROP TABLE calls"),
    # The operator's own catalogue.
    Case("unknown_measure", CHECK, "own.yaml:7: KPI 'long_calls': unknown measure 'dialz'", 2, OWN, own(measure="dialz")),
    Case("unknown_window", CHECK, "own.yaml:11: unknown window '2h'", 2, OWN, own(window="2h")),
    Case("unknown_label", SERVE, "own.yaml:13: KPI 'long_calls' has no label 'region'", 2, OWN | {"database_url": "{dsn}"}, own(label="region")),
    Case("unknown_section", CHECK, "own.yaml:1: kpi: unknown key", 2, OWN, {"own.yaml": "kpi: {}"}),
    Case("several_selects", CHECK, "holds a semicolon", 2, OWN, {"own.yaml": "sources: {calls: {select: 'SELECT 1; DROP TABLE x'}}"}),
    Case("no_own_file", CHECK, "own.yaml: cannot be read", 2, OWN),
    # The service.
    Case("port_taken", SERVE, "cannot listen on 127.0.0.1:{taken}", 1, {"database_url": "{dsn}", "listen": "127.0.0.1:{taken}"}),
    Case("unwritable_state", SERVE, "file/state cannot be used", 1, {"database_url": "{dsn}", "state_dir": "file/state"}, {"file": ""}),
    Case("state_in_use", SERVE, "is in use by another process", 1, {"database_url": "{dsn}", "state_dir": "{folder}/held"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def places(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What placeholders stand for: a database, a careful role, a taken port and a closed one, a held state folder."""
    postgres.psql(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'right'")
    dsn = postgres.create_database()
    held = tmp_path_factory.mktemp("held")
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as closed, Store(held):
        closed.bind(("127.0.0.1", 0))
        ports = {"taken": str(taken.getsockname()[1]), "closed": str(closed.getsockname()[1])}
        yield {"dsn": dsn, "server": f"127.0.0.1:{postgres.port}", "held": str(held), **ports}
    postgres.drop_database(dsn)
    postgres.psql(f"DROP ROLE {ROLE}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_clear_sentence(case: Case, places: dict[str, str], postgres: Postgres, tmp_path: Path) -> None:
    """One line on stderr with place and fix, the exit status, no traceback, no secret."""
    dsn = postgres.create_database() if case.sql else places["dsn"]
    if case.sql:
        postgres.psql(case.sql, dsn.rpartition("/")[2])
    names = {**places, "dsn": dsn, "named": dsn.rpartition("@")[2]}
    settings = {key: value.replace("{folder}/held", names["held"]) for key, value in case.settings.items()}
    for key, value in settings.items():
        for name, meaning in names.items():
            value = value.replace(f"{{{name}}}", meaning)
        settings[key] = value
    for name, text in case.files.items():
        (tmp_path / name).write_text(text, "utf-8")
    done = run(*case.words.split(), folder=tmp_path, settings={"state_dir": str(tmp_path / "state"), **settings})
    if case.sql:
        postgres.drop_database(dsn)
    assert done.status == case.status, done.err
    assert case.says.replace("{taken}", places["taken"]) in done.err
    assert re.fullmatch(r"outcall-exporter: [^\n]+\. Fix: [^\n]+\n", done.err)
    assert_no_secret(done.out + done.err)


def assert_no_secret(text: str) -> None:
    assert "Traceback" not in text
    for secret in (SECRET, "outcall-test-password", ":right@"):
        assert secret not in text


@pytest.mark.parametrize("words", ["nix", "check --lively", "explain", "serve now", ""])
def test_wrong_command_line(words: str, tmp_path: Path) -> None:
    """An unknown command or option is told with the usage."""
    done = run(*words.split(), folder=tmp_path)
    assert done.status == 2
    assert done.err.startswith("usage: outcall-exporter")
    assert "error: " in done.err.splitlines()[-1]


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
    assert [line.split(": ")[-3 if "Fix" in line else 0] for line in done.err.splitlines()]
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
