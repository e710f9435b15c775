"""A storm of writers in a process of its own: `python -m tests.faults.storm` with a Storm as JSON on standard input.

Sixteen sessions write at once as real platforms do: upserts, savepoints rolled back in part, two-phase commits settled
later by another session, transactions that idle before their first write or between two, roll-backs, and clocks that
lie. The process ends when so many transactions are committed, with nothing left open, and prints its tally as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.writer import Ending, Notary, Writer, open_session

ROOT = Path(__file__).parents[2]

# What a writer may say of the time of a change. The first two are honest: the moment of the statement, and the start
# of its transaction, which may lie seconds before. `untouched` leaves `updated_at` as it was.
HONEST = ("clock", "clock", "clock", "start")
SKEWED = ("clock", "start", "past", "past", "ahead", "untouched", "untouched")

# Levels and birth dates have no time of their own beside `updated_at`: where it lies, only a reconcile sees a change.
TIMELESS = ("customers", "ltv_snapshots")

STAMPS = """
CREATE OR REPLACE FUNCTION storm_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := CASE coalesce(current_setting('storm.stamp', true), '')
        WHEN 'start' THEN now()
        WHEN 'past' THEN clock_timestamp() - make_interval(secs => 600 + random() * 5000)
        WHEN 'ahead' THEN clock_timestamp() + make_interval(secs => random() * 300)
        WHEN 'untouched' THEN CASE TG_OP WHEN 'UPDATE' THEN OLD.updated_at ELSE clock_timestamp() END
        ELSE clock_timestamp()
    END;
    RETURN NEW;
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'outcall_touch' LOOP
        IF name <> ALL (ARRAY{timeless}) THEN
            EXECUTE format('DROP TRIGGER outcall_touch ON %s', name);
            EXECUTE format('CREATE TRIGGER storm_stamp BEFORE INSERT OR UPDATE ON %s'
                           ' FOR EACH ROW EXECUTE FUNCTION storm_stamp()', name);
        END IF;
    END LOOP;
END $$;
"""


@dataclass(frozen=True, slots=True)
class Storm:
    """What is asked of the writers; the same seed makes the same choices, though not the same interleaving."""

    dsn: str
    seed: int
    writers: int = 16
    transactions: int = 10_000
    stamps: tuple[str, ...] = HONEST


@dataclass(slots=True)
class Blowing:
    """A storm that blows: ask `over`, and when it is, `tally`."""

    process: asyncio.subprocess.Process
    tally: dict[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.process.returncode is not None

    async def end(self) -> None:
        """Wait for the last transaction; the tally is there then."""
        out, _ = await self.process.communicate()
        assert self.process.returncode == 0, "a writer failed: see its traceback on standard error"
        self.tally = json.loads(out)


@asynccontextmanager
async def blowing(storm: Storm) -> AsyncIterator[Blowing]:
    """The storm, begun; it is ended with the block at the latest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.storm", json.dumps(asdict(storm))),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield Blowing(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def prepare(dsn: str) -> None:
    """Give the tables triggers that stamp `updated_at` as the session wants, honest unless it says otherwise."""
    session = await open_session(dsn)
    await session.execute(STAMPS.replace("{timeless}", str(list(TIMELESS))))
    await session.close()


async def blow(storm: Storm) -> Counter[str]:
    """Write until so many transactions are committed; returns how many of each kind there were."""
    tally: Counter[str] = Counter()
    notary = Notary(await open_session(storm.dsn), tally)
    sessions = [await open_session(storm.dsn) for _ in range(storm.writers)]
    ending = Ending(tally, storm.transactions)
    writers = [
        Writer(number, storm.seed, storm.stamps, session, notary, ending) for number, session in enumerate(sessions)
    ]
    await writers[0].found_customers()
    async with asyncio.TaskGroup() as group:
        settling = group.create_task(notary.run())
        await asyncio.gather(*(writer.run() for writer in writers))
        await notary.finish()
        settling.cancel()
    await asyncio.gather(*(session.close() for session in (notary.session, *sessions)))
    return tally


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(blow(Storm(**asked | {"stamps": tuple(asked["stamps"])})))))
