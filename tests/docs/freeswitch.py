"""A FreeSWITCH call database of the example: its schema, campaigns, customers, and CDRs written as the module does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg

EXAMPLE = Path(__file__).parents[2] / "docs/examples/freeswitch"
ROLE, PASSWORD = "outcall_exporter", "for-this-test-only"

CAMPAIGNS = (
    ("acq-7", 7, "acquisition", "monthly", "0.12"),
    ("col-9", 9, "collection", None, "0.10"),
)
# Customer, number, year of birth.
CUSTOMERS = ((1, "13800000001", 1999), (2, "13800000002", 1950), (3, "13800000003", 1971), (4, "13800000004", None))
STRANGER = "13899999999"

_COLUMNS = (
    "local_ip_v4, destination_number, context, start_stamp, answer_stamp, end_stamp, duration, billsec, hangup_cause,"
    " uuid, bleg_uuid, accountcode, sip_hangup_disposition, amd_result"
)


@dataclass(frozen=True, slots=True)
class Cdr:
    """One call: it rang for 10 s; `talk` is None when nobody answered. A robot hangs up by `send_bye`."""

    ended: datetime
    phone: str = CUSTOMERS[0][1]
    account: str | None = "acq-7"
    talk: int | None = None
    cause: str = "NORMAL_CLEARING"
    hangup: str | None = None
    amd: str | None = None
    bridged: bool = False

    def values(self) -> tuple[object, ...]:
        """The row as mod_cdr_pg_csv inserts it."""
        talk = timedelta(seconds=self.talk or 0)
        started = self.ended - talk - timedelta(seconds=10)
        answered = None if self.talk is None else self.ended - talk
        seconds = int((self.ended - started).total_seconds())
        return (
            "10.0.0.5",
            self.phone,
            "outbound",
            started,
            answered,
            self.ended,
            seconds,
            self.talk or 0,
            self.cause,
            uuid4(),
            uuid4() if self.bridged else None,
            self.account,
            self.hangup,
            self.amd,
        )


async def write(owner: asyncpg.Connection[asyncpg.Record], *calls: Cdr) -> None:
    """Insert CDRs."""
    places = ", ".join(f"${number}" for number in range(1, 15))
    await owner.executemany(f"INSERT INTO cdr ({_COLUMNS}) VALUES ({places})", [call.values() for call in calls])


async def fill_lookups(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """Campaigns and customers of the operator."""
    await owner.executemany("INSERT INTO campaign VALUES ($1, $2, $3, $4, $5::text::numeric)", CAMPAIGNS)
    await owner.executemany(
        "INSERT INTO customer VALUES ($1, $2, make_date($3, 6, 1), 'mandarin')", [tuple(row) for row in CUSTOMERS]
    )
