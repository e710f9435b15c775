"""Children that save for their lives: `python -m tests.faults.saver FOLDER SEED KILLS`; prints a tally as JSON.

Each child opens the state, checks it, and saves step after step until it is killed; a step is a pure function of the
seed and its number, so that the parent knows every state there may be. Forked, because a start of Python costs more
than a thousand saves. After each death the file must hold exactly what one step left: the last one that the child
told of, or the one after it, with its marks, buckets and cells together.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from exporter.state.buckets import HOUR, MINUTE, Buckets, Cells, Mark
from exporter.state.store import Changes, Store

DATASETS = ("calls", "turns", "surveys")
WIDTH, LABELS = 3, 1
FINGERPRINTS = dict.fromkeys(DATASETS, "f")
SHAPES = dict.fromkeys(DATASETS, (WIDTH, LABELS))


@dataclass(slots=True)
class World:
    """The states after step `number`, all three datasets moved together."""

    seed: str
    number: int = 0
    buckets: dict[str, Buckets] = field(default_factory=lambda: {name: Buckets(WIDTH, LABELS) for name in DATASETS})

    def step(self) -> Changes:
        """Go to the next state; returns what changed."""
        self.number += 1
        rng, changes = Random(f"{self.seed}/{self.number}"), Changes()
        for name, state in self.buckets.items():
            state.mark = Mark(float(self.number), self.number - 0.5, self.number)
            state.covered_from = -self.number
            for _ in range(rng.randint(0, 4)):
                start = rng.randrange(0, 6 * HOUR, 10 * MINUTE)
                state.replace_minute(start, self._cells(rng))
                changes.add(name, MINUTE, start)
                changes.add(name, HOUR, start - start % HOUR)
        if rng.random() < 0.1:
            before = rng.randrange(0, 6 * HOUR, HOUR)
            for state in self.buckets.values():
                state.forget(before, before)
            changes.forget = dict.fromkeys(self.buckets, (before, before))
        return changes

    def _cells(self, rng: Random) -> Cells:
        """One cell, its label new from time to time, or none."""
        label = f"label {rng.randint(0, min(self.number // 20, 50))}"
        return {(label,): (rng.randint(1, 9), self.number, 1)} if rng.random() < 0.8 else {}

    def reach(self, number: int) -> None:
        """Go on to a later state."""
        while self.number < number:
            self.step()


def contents(states: Mapping[str, Buckets]) -> dict[str, tuple[object, ...]]:
    """Everything that is kept of each dataset, comparable."""
    return {
        name: (state.mark, state.covered_from, state.cells, packed(state.minutes), packed(state.hours))
        for name, state in states.items()
        if state.mark is not None
    }


def last_step(states: Mapping[str, Buckets]) -> int:
    """The step that left these states; 0 before the first."""
    mark = states["calls"].mark if states else None
    return mark.xmin if mark else 0


def packed(buckets: Mapping[int, array[int]]) -> dict[int, bytes]:
    return {start: vector.tobytes() for start, vector in buckets.items()}


def save_until_killed(folder: Path, world: World, tell: int) -> None:
    """In the child: take the world that the file holds on from there, and tell of each step that is saved."""
    with Store(folder) as store:
        store.load(FINGERPRINTS, SHAPES)
        while True:
            changes = world.step()
            store.save(world.buckets, changes, FINGERPRINTS)
            os.write(tell, world.number.to_bytes(8, "little"))


def told(reader: int, last: bytes) -> int:
    """The last step that a dead child told of, after those read before; 0 when none."""
    while piece := os.read(reader, 1 << 16):
        last = (last + piece)[-8:]
    return int.from_bytes(last, "little")


def one_life(folder: Path, world: World, rng: Random) -> int:
    """Fork a child, let it save a while, kill it; returns the last step it told of."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        save_until_killed(folder, world, writer)
    os.close(writer)
    first = os.read(reader, 8) if rng.random() < 0.8 else b""
    until = time.perf_counter() + rng.expovariate(1) * 0.0015
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    last = told(reader, first)
    os.close(reader)
    return last


def campaign(folder: Path, seed: str, kills: int) -> dict[str, int]:
    """So many lives; raises AssertionError at the first state that no step left."""
    world, rng = World(seed), Random(seed)
    tally = {"kills": 0, "steps": 0, "one_more_than_told": 0}
    for _ in range(kills):
        last = max(one_life(folder, world, rng), world.number)
        with Store(folder) as store:
            assert store.set_aside is None, "the file is damaged"
            found = store.load(FINGERPRINTS, SHAPES)
        number = last_step(found)
        assert last <= number <= last + 1, f"step {last} was saved, the file holds {number}"
        world.reach(number)
        assert contents(found) == contents(world.buckets), f"the file is not what step {number} left"
        tally["kills"] += 1
        tally["one_more_than_told"] += number > last
    return tally | {"steps": world.number}


if __name__ == "__main__":
    print(json.dumps(campaign(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
