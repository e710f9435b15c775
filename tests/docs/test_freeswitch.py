"""The mapping example: FreeSWITCH's CDRs, read through docs/examples/freeswitch/catalogue.yaml as its role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from exporter.semantic.load import load_catalogue
from exporter.semantic.names import kpi_metric
from exporter.settings import load_settings
from tests.commands.process import run
from tests.docs.freeswitch import CUSTOMERS, EXAMPLE, PASSWORD, ROLE, STRANGER, Cdr, fill_lookups, write
from tests.support.gauges import Stepper, stepper
from tests.support.postgres import Postgres
from tests.support.scrape import Samples

OWN = EXAMPLE / "catalogue.yaml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
YOUNG, ELDERLY, MIDDLE, AGELESS = (phone for _, phone, _ in CUSTOMERS)
# What can be known from calls alone.
KPIS = {
    "connect",
    "hangup",
    "early_hangup",
    "effective_contact",
    "system_failure",
    "escalation",
    "permitted_hours",
}
# The same KPIs over the CDRs themselves, in their own words: by generation, the calls of one day.
PLAIN = """
SELECT coalesce(CASE
    WHEN extract(year FROM birth_date) BETWEEN 1995 AND 2009 THEN 'gen_z'
    WHEN extract(year FROM birth_date) BETWEEN 1980 AND 1994 THEN 'gen_y'
    WHEN extract(year FROM birth_date) BETWEEN 1965 AND 1979 THEN 'gen_x'
    WHEN extract(year FROM birth_date) < 1965 THEN 'elderly' END, 'unknown') AS generation,
  count(*) AS dials,
  count(*) FILTER (WHERE talked) AS answered,
  count(*) FILTER (WHERE talked AND billsec >= 10) AS effective,
  count(*) FILTER (WHERE talked AND sip_hangup_disposition = 'recv_bye') AS hung_up,
  count(*) FILTER (WHERE talked AND sip_hangup_disposition = 'recv_bye' AND billsec <= 30) AS early,
  count(*) FILTER (WHERE hangup_cause IN ('NETWORK_OUT_OF_ORDER', 'GATEWAY_DOWN')) AS faults
FROM (SELECT *, answer_stamp IS NOT NULL AND coalesce(amd_result, '') <> 'MACHINE' AS talked FROM cdr) AS cdr
LEFT JOIN customer ON phone = destination_number
WHERE accountcode IS NOT NULL AND end_stamp >= $1 AND end_stamp < $2
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The example's database: the owner's connection, and the exporter's DSN."""

    owner: asyncpg.Connection[asyncpg.Record]
    dsn: str


@pytest.fixture
async def exchange(postgres: Postgres) -> AsyncIterator[Exchange]:
    """The example's script run as it stands, with campaigns and customers, no CDR yet."""
    postgres.start()
    owner_dsn = postgres.create_database(schema=False)
    name = owner_dsn.rpartition("/")[2]
    postgres.psql((EXAMPLE / "cdr.sql").read_text("utf-8"), name)
    postgres.psql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")
    owner = await asyncpg.connect(owner_dsn)
    await fill_lookups(owner)
    yield Exchange(owner, postgres.dsn(name, user=ROLE, password=PASSWORD))
    await owner.close()
    postgres.drop_database(owner_dsn)


def ago(**how_long: float) -> datetime:
    return datetime.now(UTC) - timedelta(**how_long)


def earlier(is_wanted: Callable[[int], bool]) -> datetime:
    """An instant 2 to 23 hours ago whose hour of the day in Shanghai is wanted."""
    times = (ago(hours=hours) for hours in range(2, 23))
    return next(at for at in times if is_wanted(at.astimezone(SHANGHAI).hour))


def shown(page: Samples, slug: str, window: str = "1h", **labels: str) -> float | None:
    """One KPI's gauge; labels that are not given are `all`."""
    wanted = {"scenario": "all", "generation": "all", "period": "all", "script": "all", "window": window} | labels
    return page.get((f"outcall_{slug}_ratio", tuple(sorted(wanted.items()))))


async def test_the_kpis_of_ten_calls(exchange: Exchange) -> None:
    """Nine campaign calls: four answered by a person, three of them for 10 s, two faults; by hand."""
    talk = partial(Cdr, hangup="recv_bye", amd="HUMAN")
    await write(
        exchange.owner,
        talk(ago(minutes=5), YOUNG, talk=40),
        talk(ago(minutes=6), ELDERLY, talk=12),
        talk(ago(minutes=7), ELDERLY, talk=5),
        Cdr(ago(minutes=8), MIDDLE, talk=60, hangup="send_bye", amd="NOTSURE"),
        Cdr(ago(minutes=9), MIDDLE, talk=20, hangup="send_bye", amd="MACHINE"),
        Cdr(ago(minutes=10), AGELESS, cause="NO_ANSWER"),
        Cdr(ago(minutes=11), AGELESS, cause="USER_BUSY"),
        Cdr(ago(minutes=12), YOUNG, cause="NETWORK_OUT_OF_ORDER"),
        Cdr(ago(minutes=13), YOUNG, cause="GATEWAY_DOWN"),
        talk(ago(minutes=14), STRANGER, account=None, talk=90),
    )
    async with stepper(exchange.dsn, own_files=[OWN]) as exporter:
        await exporter.poll()
        await exporter.backfill()
        page = exporter.gauges()
        assert shown(page, "connect") == 4 / 9
        assert shown(page, "effective_contact") == 3 / 9
        assert shown(page, "hangup") == 3 / 4
        assert shown(page, "early_hangup") == 2 / 4
        assert shown(page, "early_hangup", generation="elderly") == 1.0
        assert shown(page, "system_failure") == 2 / 9
        assert shown(page, "system_failure", script="monthly", scenario="acquisition") == 2 / 9


async def test_permitted_hours_and_transfers_of_collection(exchange: Exchange) -> None:
    """Of four collection calls one was dialled at night, and one of three answered went on to a person."""
    by_day, by_night = earlier(lambda hour: 9 <= hour < 21), earlier(lambda hour: hour >= 23 or hour < 7)
    answered = partial(Cdr, account="col-9", talk=30, amd="HUMAN")
    await write(
        exchange.owner,
        answered(by_day, bridged=True),
        answered(by_day),
        answered(by_night),
        Cdr(by_day, account="col-9", cause="NO_ANSWER"),
    )
    async with stepper(exchange.dsn, own_files=[OWN]) as exporter:
        await exporter.poll()
        await exporter.backfill()
        page = exporter.gauges()
        assert shown(page, "permitted_hours", "24h", scenario="collection") == 3 / 4
        assert shown(page, "escalation", "24h", scenario="collection") == 1 / 3


def random_cdrs(seed: int, count: int) -> list[Cdr]:
    """CDRs of the last 20 hours, of every kind."""
    draw = Random(seed)
    calls = []
    for _ in range(count):
        phone, talk = draw.choice([YOUNG, ELDERLY, MIDDLE, AGELESS, STRANGER]), draw.choice([None, draw.randint(1, 60)])
        causes = ["NORMAL_CLEARING"] if talk else ["NO_ANSWER", "USER_BUSY", "NETWORK_OUT_OF_ORDER", "GATEWAY_DOWN"]
        hangup = draw.choice(["recv_bye", "send_bye"]) if talk else None
        account, amd = draw.choice(["acq-7", "col-9", None]), draw.choice(["HUMAN", "MACHINE", "NOTSURE", None])
        ended = ago(seconds=draw.uniform(60, 72_000))
        calls.append(Cdr(ended, phone, account, talk, draw.choice(causes), hangup, amd if talk else None))
    return calls


async def assert_equal_to_plain_sql(exporter: Stepper, exchange: Exchange) -> None:
    """Every generation's KPIs over 24 h equal what plain SQL says of the CDRs."""
    end = exporter.as_of.replace(second=0, microsecond=0) + timedelta(minutes=1)
    rows = await exchange.owner.fetch(PLAIN, end - timedelta(days=1), end)
    assert rows
    page = exporter.gauges()
    for row in rows:
        ratios = {
            "connect": (row["answered"], row["dials"]),
            "effective_contact": (row["effective"], row["dials"]),
            "hangup": (row["hung_up"], row["answered"]),
            "early_hangup": (row["early"], row["answered"]),
            "system_failure": (row["faults"], row["dials"]),
        }
        for slug, (numerator, denominator) in ratios.items():
            expected = numerator / denominator if denominator else None
            assert shown(page, slug, "24h", generation=row["generation"]) == expected, (slug, row["generation"])


async def test_what_is_written_changed_and_deleted_later(exchange: Exchange) -> None:
    """New, spooled and corrected CDRs are right at the next poll, deleted ones after a reconcile."""
    await write(exchange.owner, *random_cdrs(1, 200))
    async with stepper(exchange.dsn, own_files=[OWN]) as exporter:
        await exporter.poll()
        await exporter.backfill()
        await assert_equal_to_plain_sql(exporter, exchange)
        await write(exchange.owner, *random_cdrs(2, 40))
        await exchange.owner.execute("UPDATE cdr SET hangup_cause = 'GATEWAY_DOWN' WHERE id % 7 = 0")
        await exporter.poll()
        await assert_equal_to_plain_sql(exporter, exchange)
        await exchange.owner.execute("DELETE FROM cdr WHERE id % 5 = 0")
        await exporter.poll()
        await exporter.reconcile()
        await assert_equal_to_plain_sql(exporter, exchange)
        assert exporter.lanes.reader.versions["calls"].column == "row_xmin"


async def test_what_cannot_be_known_is_absent(exchange: Exchange) -> None:
    """The missing sources are named, their KPIs are absent, the others are there."""
    await write(exchange.owner, *random_cdrs(3, 100))
    async with stepper(exchange.dsn, own_files=[OWN]) as exporter:
        await exporter.poll()
        await exporter.backfill()
        catalogue, names = exporter.lanes.catalogue, {name for name, _ in exporter.gauges()}
        assert {s for s, kpi in catalogue.kpis.items() if kpi_metric(s, kpi.unit) in names} == KPIS
        assert set(exporter.lanes.health.source_problems) == set(catalogue.sources) - {"calls"}
        assert exporter.lanes.health.up


async def test_no_number_can_be_read(exchange: Exchange) -> None:
    """The exporter's role reads its two views and no table, and no page shows a number."""
    await write(exchange.owner, *random_cdrs(4, 50))
    reader = await asyncpg.connect(exchange.dsn)
    for table in ("cdr", "customer", "campaign"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT * FROM public.{table}")
    columns = (await reader.prepare("SELECT * FROM outcall.cdr")).get_attributes()
    assert not {"destination_number", "caller_id_number", "caller_id_name"} & {column.name for column in columns}
    await reader.close()
    async with stepper(exchange.dsn, own_files=[OWN]) as exporter:
        await exporter.poll()
        exporter.gauges()
        assert "1380000000" not in exporter.exposition.render()


def test_the_check_names_what_is_missing(exchange: Exchange, tmp_path: Path) -> None:
    """`check --live` finds nothing wrong with the mapping, and ends with 1 for the sources that are not there."""
    words = ("check", "--live", "--config", str(EXAMPLE / "outcall.yaml"))
    done = run(*words, folder=tmp_path, settings={"database_url": exchange.dsn})
    missing = set(load_catalogue([OWN]).sources) - {"calls"}
    assert done.status == 1
    assert {line.partition("source ")[2].partition(":")[0] for line in done.err.splitlines()} == missing


def test_the_configuration_of_the_example_is_valid() -> None:
    """It names the catalogue beside it, which loads."""
    settings = load_settings(EXAMPLE / "outcall.yaml", {})
    assert settings.catalogue_files == [OWN]
    select = load_catalogue(settings.catalogue_files).sources["calls"].select
    assert select is not None
    assert "destination_number" not in select
