"""`python -m devtools.stage.write`: computes one job of the past and makes its blocks, in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from devtools.stage.buckets import reading
from devtools.stage.past import Source, samples
from devtools.stage.schedule import DAY, HOUR, Job, jobs
from devtools.stage.server import LONGEST_BLOCK, promtool
from exporter.generate.rules.model import Options
from exporter.semantic.load import load_catalogue

LONGEST_WINDOW = 30 * DAY


def main() -> None:
    """Write the samples of a job, then its blocks."""
    parser = argparse.ArgumentParser(description="computes one job of the stage's past")
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--now", type=float, required=True, help="where the past ends, Unix seconds")
    parser.add_argument("--covered-from", type=int, required=True, help="where the tables begin, Unix seconds")
    parser.add_argument("--timezone", required=True)
    parser.add_argument("--target", required=True, help="host:port of the exporter, the label `instance`")
    parser.add_argument("--data", type=Path, required=True, help="folder of the blocks")
    arguments = parser.parse_args()
    catalogue = load_catalogue([], timezone=arguments.timezone)
    job = next(job for job in jobs(catalogue, arguments.now) if job.name == arguments.job)
    source = asyncio.run(_read(job, arguments))
    text = arguments.data.parent / f"{job.name}.txt"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(samples(job, source, {"job": Options().job, "instance": arguments.target}))
        file.write("# EOF\n")
    promtool("openmetrics", f"--max-block-duration={LONGEST_BLOCK}", str(text), str(arguments.data))
    text.unlink()


async def _read(job: Job, arguments: argparse.Namespace) -> Source:
    catalogue = load_catalogue([], timezone=arguments.timezone)
    first, last = job.instants[0], job.instants[-1]
    start = max(first - LONGEST_WINDOW - HOUR, arguments.covered_from) // HOUR * HOUR
    async with reading(arguments.dsn, catalogue) as past:
        buckets = await past.buckets(start, last // HOUR * HOUR + HOUR, job.minutes_from)
        levels = {at: await past.levels(at) for at in job.instants}
    return Source(buckets, levels, arguments.covered_from)


if __name__ == "__main__":
    main()
