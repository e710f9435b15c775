"""Laws of the cube: however it was moved, its sums are those of a cube that is built from the buckets at once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from exporter.semantic.model import GroupingSet
from exporter.state.buckets import Buckets, Cells, Delta
from exporter.state.cube import Cube, full_labels, masks
from tests.state import brute, small

CATALOGUE = small.catalogue()
NAMES = st.sampled_from(sorted(CATALOGUE.datasets))
START = 1_790_000_000.0
STEPS = (0.5, 20.0, 59.0, 60.0, 61.0, 1800.0, 3599.0, 3600.0, 7300.0, 21601.0, 100_000.0, 400_000.0)
SLOWEST = max(window.seconds for window in small.WINDOWS)


def empty_buckets() -> dict[str, Buckets]:
    return {name: Buckets(item.width + 1, len(item.labels)) for name, item in CATALOGUE.datasets.items()}


def check_names(cube: Cube, facts: Mapping[str, brute.Facts]) -> None:
    """The label values that keep their names are the declared and the busiest ones of the longest window."""
    for label in ("script", "dialect"):
        rows = brute.rows_by_value(CATALOGUE, facts, label, cube.as_of)
        exposed = {value for value in rows if value and cube.folding.value(label, value) == value}
        assert exposed - {"other", "unknown"} == brute.kept_values(CATALOGUE.dimensions[label], rows)


class Moves(RuleBasedStateMachine):
    """Buckets are replaced, time passes, datasets begin anew; beside it the facts are kept as they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.as_of = START
        self.buckets = empty_buckets()
        self.facts = {name: brute.Facts() for name in self.buckets}
        self.cube = Cube(CATALOGUE, self.buckets)
        self.cube.advance(self.as_of)
        self.seen: dict[tuple[str, str, int], brute.Table] = {}

    @property
    def minutes_from(self) -> int:
        """Minutes are kept in whole hours, as far back as the longest window of that grain."""
        return min(brute.bounds(w, self.as_of)[0] for w in small.WINDOWS if w.grain == "minute") // 3600 * 3600

    @rule(name=NAMES, data=st.data())
    def replace_minutes(self, name: str, data: st.DataObject) -> None:
        """A few minutes of one poll, also ones that lie a little ahead."""
        last = int(self.as_of) // 60 + 3
        starts = st.integers(self.minutes_from // 60, last).map(lambda minute: minute * 60)
        recent = st.integers(last - 8, last).map(lambda minute: minute * 60)
        cells = small.contents(CATALOGUE.datasets[name])
        change = data.draw(st.dictionaries(recent | starts, cells, min_size=1, max_size=3))
        deltas = [(start, self.buckets[name].replace_minute(start, new)) for start, new in change.items()]
        for start, new in change.items():
            self.facts[name].put_minute(start, new)
        self.cube.change(name, "minute", [(start, delta) for start, delta in deltas if delta])

    @rule(name=NAMES, data=st.data())
    def replace_hours(self, name: str, data: st.DataObject) -> None:
        """Hours older than the kept minutes."""
        oldest, end = int(self.as_of) - SLOWEST, self.minutes_from // 3600
        starts = st.integers(oldest // 3600, end - 1).map(lambda hour: hour * 3600)
        change = data.draw(st.dictionaries(starts, small.contents(CATALOGUE.datasets[name]), min_size=1, max_size=3))
        deltas: list[tuple[int, Delta]] = []
        for start, new in change.items():
            deltas.append((start, self.buckets[name].replace_hour(start, new)))
            self.facts[name].put_hour(start, new)
        self.cube.change(name, "hour", deltas)

    @rule(seconds=st.sampled_from(STEPS))
    def advance(self, seconds: float) -> None:
        """Time passes, and what no window needs is forgotten."""
        hour = self.as_of // 3600
        self.as_of += seconds
        self.cube.advance(self.as_of)
        if self.as_of // 3600 != hour:
            check_names(self.cube, self.facts)
        for buckets in self.buckets.values():
            buckets.forget(self.minutes_from, int(self.as_of) - SLOWEST - 3600)

    @rule(name=NAMES)
    def begin_anew(self, name: str) -> None:
        """A dataset starts over with nothing."""
        old = self.buckets[name]
        self.buckets[name] = Buckets(old.width, old.labels)
        self.facts[name] = brute.Facts()
        self.cube.rebuild(name)

    @invariant()
    def sums_are_those_of_the_facts(self) -> None:
        """Both tables of every window; keys whose sums changed since they were last looked at are dirty."""
        for (name, at), sums in self.cube.sums.items():
            window = next(w for w in small.WINDOWS if w.name == at)
            assert (sums.start, sums.end) == brute.bounds(window, self.as_of)
            facts, fold = self.facts[name], self.cube.folding.value
            expected = brute.tables(CATALOGUE, facts, name, window, self.as_of, fold)
            for number, table in enumerate((sums.cells, sums.rolls)):
                assert table.sums == expected[number]
                before, now = self.seen.get((name, at, number), {}), expected[number]
                changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
                assert changed <= table.take_dirty()
                self.seen[name, at, number] = now


Moves.TestCase.settings = settings(max_examples=50, stateful_step_count=20)
TestMoves = Moves.TestCase

Change = tuple[str, int, Cells]


def changes() -> st.SearchStrategy[list[Change]]:
    """Buckets of several datasets, each at most once."""

    def of(name: str) -> st.SearchStrategy[Change]:
        minutes = st.integers(-100, -1).map(lambda minute: int(START) // 60 * 60 + minute * 60)
        return st.tuples(st.just(name), minutes, small.contents(CATALOGUE.datasets[name]))

    return st.lists(NAMES.flatmap(of), min_size=2, max_size=5, unique_by=lambda change: change[:2])


def filled(order: tuple[Change, ...]) -> Cube:
    """A cube that saw the changes in this order, at the next full hour."""
    buckets = empty_buckets()
    cube = Cube(CATALOGUE, buckets)
    cube.advance(START)
    for name, start, cells in order:
        cube.change(name, "minute", [(start, buckets[name].replace_minute(start, cells))])
    cube.advance(START + 3600)
    return cube


@settings(max_examples=60)
@given(changes())
def test_the_order_of_arrival_does_not_matter(given_changes: list[Change]) -> None:
    """Not for the sums, nor (from the next hour on) for which label values keep their names: the busiest do."""
    orders = list(permutations(given_changes))[:: max(1, len(given_changes) * 4)]
    facts = {name: brute.Facts() for name in CATALOGUE.datasets}
    for name, start, cells in given_changes:
        facts[name].put_minute(start, cells)
    expected = filled(tuple(given_changes))
    check_names(expected, facts)
    for order in orders:
        cube = filled(order)
        assert cube.folding.folded == expected.folding.folded
        assert {at: (s.cells.sums, s.rolls.sums) for at, s in cube.sums.items()} == {
            at: (s.cells.sums, s.rolls.sums) for at, s in expected.sums.items()
        }


@settings(max_examples=60)
@given(changes())
def test_folding_loses_nothing(given_changes: list[Change]) -> None:
    """Over kept values and `other` together the sums are the raw totals, in the cells and in the roll-up to `all`."""
    cube = filled(tuple(given_changes))
    for name, item in CATALOGUE.datasets.items():
        rows = [vector for owner, _, cells in given_changes if owner == name for vector in cells.values()]
        if not rows:
            continue
        total = [sum(column) for column in zip(*rows, strict=True)]
        sums = cube.sums[name, "2d"]
        assert [sum(column) for column in zip(*sums.cells.sums.values(), strict=True)] == total
        whole = ("all",) * len(full_labels(item))
        assert sums.rolls.sums[whole] == total
        at = full_labels(item).index("script")
        if "script" in item.labels:
            by_script = [
                row for key, row in sums.rolls.sums.items() if key[at] != "all" and key.count("all") == len(key) - 1
            ]
            assert [sum(column) for column in zip(*by_script, strict=True)] == total


def test_own_labels_are_crossed_with_every_grouping_set() -> None:
    """Each set with all its subsets, times the subsets of the labels that only this dataset has."""
    found = masks(("scenario", "script", "dialect"), small.GROUPS, "6h")
    kept = [(), ("scenario",), ("script",), ("scenario", "script")]
    assert sorted(map(sorted, found)) == sorted(sorted((*k, *own)) for k in kept for own in ((), ("dialect",)))
    assert len(found) == len(set(found))


def test_without_labels_or_sets_there_is_the_whole() -> None:
    """A dataset without labels, and a window that no grouping set names, still have their total."""
    assert masks((), small.GROUPS, "5m") == [frozenset()]
    assert masks(("scenario",), (GroupingSet(("scenario",), frozenset({"1h"})),), "5m") == [frozenset()]
