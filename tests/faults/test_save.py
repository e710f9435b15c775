"""The state file under `kill -9` in the middle of a save, and under damage: a step's whole state, or a fresh start."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from random import Random

import pytest

from exporter.state.store import FILE_NAME, Store
from tests.faults.saver import FINGERPRINTS, SHAPES, World, contents
from tests.faults.service import ROOT

SEED = os.environ.get("OUTCALL_TEST_FAULTS_SEED", "1")
SAVE_KILLS = int(os.environ.get("OUTCALL_TEST_SAVE_KILLS", "100000"))
DAMAGES = int(os.environ.get("OUTCALL_TEST_DAMAGES", "20000"))
PARTS = 10


async def campaign(folder: Path, seed: str, kills: int) -> dict[str, int]:
    """Run `tests.faults.saver`; its assertions fail the test."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.saver", str(folder), seed, str(kills)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()[-3000:]
    tally: dict[str, int] = json.loads(out)
    print(tally)
    return tally


async def test_a_killed_save_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """Marks, buckets and cells are those of one step: the last that was told of, or the next."""
    tally = await campaign(tmp_path, SEED, 60)
    assert tally["steps"] > 60


@pytest.mark.faults
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
async def test_a_hundred_thousand_killed_saves(tmp_path: Path, part: int) -> None:
    """The same, many times."""
    tally = await campaign(tmp_path, f"{SEED}/{part}", -(-SAVE_KILLS // PARTS))
    assert tally["kills"] >= SAVE_KILLS // PARTS


def saved(folder: Path, steps: int) -> World:
    """A state of so many steps, on disk."""
    world = World("damage")
    with Store(folder) as store:
        for _ in range(steps):
            changes = world.step()
            store.save(world.buckets, changes, FINGERPRINTS)
    return world


def damaged(rng: Random, content: bytes) -> bytes:
    """Bits flipped, a page or the end lost, junk instead of a part or of all."""
    at = rng.randrange(len(content))
    match rng.randrange(6):
        case 0:
            return content[:at]
        case 1:
            return rng.randbytes(rng.randrange(4096))
        case 2:
            page = at - at % 4096
            return content[:page] + bytes(4096) + content[page + 4096 :]
        case 3:
            junk = rng.randbytes(rng.randint(1, 64))
            return content[:at] + junk + content[at + len(junk) :]
        case _:
            return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def survive(folder: Path, world: World, content: bytes) -> int:
    """Open a damaged file and use it; returns how many datasets it still held, each exactly as it was."""
    for old in folder.iterdir():
        old.unlink()
    (folder / FILE_NAME).write_bytes(content)
    whole = contents(world.buckets)
    with Store(folder) as store:
        found = store.load(FINGERPRINTS, SHAPES)
        held = contents(found)
        assert all(held[name] == whole[name] for name in held), "a damaged file gave wrong buckets"
        after = World("after")
        changes = after.step()
        store.clear("anew")
        store.save(after.buckets, changes, FINGERPRINTS)
    with Store(folder) as store:
        assert contents(store.load(FINGERPRINTS, SHAPES)) == contents(after.buckets)
    return len(found)


def damage_campaign(folder: Path, seed: str, times: int) -> None:
    world = saved(folder, 40)
    content = (folder / FILE_NAME).read_bytes()
    rng = Random(seed)
    held = [survive(folder, world, damaged(rng, content)) for _ in range(times)]
    print(f"{times} damaged files: {held.count(len(FINGERPRINTS))} read whole, {held.count(0)} not at all")


def test_a_damaged_file_gives_no_wrong_gauge(tmp_path: Path) -> None:
    """What a damaged file still tells is right; what it does not is read again. It can be used in any case."""
    damage_campaign(tmp_path, SEED, 100)


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_many_damaged_files(tmp_path: Path) -> None:
    """The same, many times."""
    damage_campaign(tmp_path, f"{SEED}/whole", DAMAGES)
