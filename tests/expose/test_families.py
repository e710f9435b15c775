"""Laws of the page: written line by line it is what it would be if written anew, whatever came, changed or went."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.expose.families import Exposition, Projection
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Dataset
from exporter.semantic.names import ALL, SLICE_LABELS, kpi_metric, measure_metric, samples_metric
from exporter.state.buckets import Buckets, RawLabels, Vector
from exporter.state.cube import Cube
from tests.expose.pages import samples

CATALOGUE = load_catalogue()
WINDOWS = [window.name for window in CATALOGUE.windows]
NOW = 1_790_000_000.0
# Two facts of one KPI, labels of their own, money, a histogram, no labels at all.
NAMES = ("dial", "complaint", "case_entry", "repayment", "turn", "rule_violation", "incident", "ledger_entry")
VALUES = {
    "scenario": ("acquisition", "collection", None),
    "generation": ("gen_z", "elderly"),
    "period": ("noon", "evening"),
    "script": ('A "quoted"', "back\\slash", "话术 乙", "🙂", "line\nbreak", None),
    "bucket": ("M1", "M2"),
    "rule_code": ("R1", "R2"),
}


def cells(dataset: Dataset) -> st.SearchStrategy[dict[RawLabels, Vector]]:
    """What a minute may hold: no more of anything than there are rows."""

    def vector(parts: list[int]) -> Vector:
        return (*parts[: dataset.width], max(parts))

    labels = st.tuples(*(st.sampled_from(VALUES[label]) for label in dataset.labels))
    vectors = st.lists(st.integers(0, 9), min_size=dataset.width, max_size=dataset.width).filter(any).map(vector)
    return st.dictionaries(labels, vectors, max_size=3)


@dataclass
class World:
    """A cube and what of it may be shown."""

    buckets: dict[str, Buckets] = field(
        default_factory=lambda: {n: Buckets(d.width + 1, len(d.slices)) for n, d in CATALOGUE.datasets.items()}
    )
    levels: dict[str, dict[tuple[str, ...], Vector]] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    as_of: float = NOW

    def __post_init__(self) -> None:
        self.cube = Cube(CATALOGUE, self.buckets)
        self.cube.advance(self.as_of)

    def shown(self, name: str, window: str) -> bool:
        return (name, window) not in self.hidden

    def put(self, name: str, start: int, content: dict[RawLabels, Vector]) -> None:
        self.cube.change(name, "minute", [(start, self.buckets[name].replace_minute(start, content))])

    def begin_anew(self, name: str) -> None:
        self.buckets[name] = Buckets(self.buckets[name].width, self.buckets[name].labels)
        self.cube.rebuild(name)

    def page(self) -> str:
        """Written anew. (Before it the other exposition has taken what is dirty.)"""
        fresh = Exposition(CATALOGUE)
        fresh.update(self.cube, self.levels, self.shown)
        return fresh.render()


def step(world: World, data: st.DataObject) -> None:
    """Something happens."""
    match data.draw(st.sampled_from(("put", "put", "put", "advance", "hide", "show", "anew", "level"))):
        case "put":
            name = data.draw(st.sampled_from(NAMES))
            start = int(world.as_of) // 60 * 60 - 60 * data.draw(st.integers(0, 6))
            world.put(name, start, data.draw(cells(CATALOGUE.datasets[name])))
        case "advance":
            world.as_of += data.draw(st.sampled_from((30.0, 61.0, 400.0, 3700.0, 90_000.0)))
            world.cube.advance(world.as_of)
        case "hide":
            name = data.draw(st.sampled_from((*NAMES, "ltv")))
            windows = ("",) if name == "ltv" else data.draw(st.sampled_from((WINDOWS, WINDOWS[:2], WINDOWS[3:])))
            world.hidden |= {(name, window) for window in windows}
        case "show":
            world.hidden.clear()
        case "anew":
            world.begin_anew(data.draw(st.sampled_from(NAMES)))
        case _:
            keys = st.sampled_from((("operations", ALL, ALL, ALL), ("other", ALL, ALL, ALL)))
            world.levels["ltv"] = data.draw(st.dictionaries(keys, st.just((3, 3) + (7,) * 12), max_size=2))


@settings(max_examples=25)
@given(st.data())
def test_line_by_line_is_as_written_anew(data: st.DataObject) -> None:
    """After every step of any history, to the byte; and the page is sound in both formats."""
    world, exposition = World(), Exposition(CATALOGUE)
    for _ in range(data.draw(st.integers(1, 10))):
        step(world, data)
        exposition.update(world.cube, world.levels, world.shown)
        page = exposition.render()
        assert page == world.page()
    read = samples(page)
    assert len(read) == exposition.series()
    assert all(
        ("window", window) in labels for window in WINDOWS for _, labels in read if dict(labels).get("window") == window
    )


def filled() -> World:
    """A world with a little of everything."""
    world = World()
    for name, dataset in CATALOGUE.datasets.items():
        labels = tuple(VALUES.get(label, ("x",))[0] for label in dataset.labels)
        world.put(name, int(NOW) // 60 * 60, {labels: tuple(range(dataset.width + 1, 0, -1))})
    world.levels["ltv"] = {("operations", ALL, ALL, ALL): (3, 3) + (7,) * 12}
    return world


def by_family(page: str) -> dict[str, list[str]]:
    """The lines of each family."""
    blocks = page.split("# HELP ")[1:]
    return {block.split(" ")[0]: block.splitlines()[2:] for block in blocks}


def test_what_is_withdrawn_is_gone_and_comes_back_whole() -> None:
    """The KPIs and measures of a dataset that is not fresh, all windows; what does not need it stays as it is."""
    world, exposition = filled(), Exposition(CATALOGUE)
    exposition.update(world.cube, world.levels, world.shown)
    before = exposition.render()
    for name, dataset in CATALOGUE.datasets.items():
        gone, verdicts = {measure_metric(measure.name) for measure in dataset.measures}, []
        for kpi in (kpi for kpi in CATALOGUE.kpis.values() if name in kpi.datasets):
            value = kpi_metric(kpi.slug, kpi.unit)
            gone |= {value, f"{value}_lower", f"{value}_upper", samples_metric(kpi.slug)}
            verdicts.append(f'kpi="{kpi.slug}"')
        world.hidden = {(name, window) for window in WINDOWS}
        exposition.update(world.cube, world.levels, world.shown)
        kept = {family: lines for family, lines in by_family(before).items() if family not in gone}
        states = [line for line in kept["outcall_kpi_state"] if not any(kpi in line for kpi in verdicts)]
        kept["outcall_kpi_state"] = states
        assert by_family(exposition.render()) == kept
        assert len(kept) < len(by_family(before))
        world.hidden.clear()
        exposition.update(world.cube, world.levels, world.shown)
        assert exposition.render() == before


def test_a_window_that_is_not_covered_is_absent() -> None:
    """Only that one."""
    world, exposition = filled(), Exposition(CATALOGUE)
    world.hidden = {("dial", "24h")}
    exposition.update(world.cube, world.levels, world.shown)
    windows = {dict(labels)["window"] for name, labels in samples(exposition.render()) if name == "outcall_dials"}
    assert windows == {"5m", "1h", "7d", "30d"}


def test_a_level_without_its_source_is_absent() -> None:
    """Its measures and the KPIs made of them."""
    world, exposition = filled(), Exposition(CATALOGUE)
    exposition.update(world.cube, world.levels, world.shown)
    assert "outcall_ltv_uplift_ratio{" in exposition.render()
    world.hidden = {("ltv", "")}
    exposition.update(world.cube, world.levels, world.shown)
    assert not [
        name for name, _ in samples(exposition.render()) if name.startswith(("outcall_ltv", "outcall_reborrow"))
    ]


def test_labels_of_a_family() -> None:
    """The contract's labels in its order: window, slice, the KPI's own; measures at the finest cell, without `all`."""
    world, exposition = filled(), Exposition(CATALOGUE)
    exposition.update(world.cube, world.levels, world.shown)
    page = exposition.render()
    assert (
        'outcall_recovery_ratio{window="5m",scenario="all",generation="all",period="all",script="all",bucket="M1"} '
        in page
    )
    quantile = (
        'outcall_response_latency_seconds{window="5m",scenario="all",generation="all",period="all",script="all",stat='
    )
    assert page.count(quantile) == 4
    assert 'outcall_ltv_uplift_ratio{scenario="operations",generation="all",period="all",script="all"} ' in page
    for name, labels in samples(page):
        if name == "outcall_dials":
            assert ALL not in dict(labels).values()


def test_info_and_targets() -> None:
    """Constant, from the catalogue: every KPI once, every line with its slice."""
    read = samples(Exposition(CATALOGUE).render())
    info = [dict(labels) for name, labels in read if name == "outcall_kpi_info"]
    assert sorted(labels["kpi"] for labels in info) == sorted(CATALOGUE.kpis)
    assert next(labels for labels in info if labels["kpi"] == "early_hangup") == {
        "kpi": "early_hangup",
        "dimension": "experience",
        "unit": "ratio",
        "direction": "lower",
        "cadence": "weekly",
        "title_zh": "30秒内挂断率",
        "title_en": "Early hang-up rate (30 s)",
    }
    lines = {labels: value for (name, labels), value in read.items() if name == "outcall_kpi_target"}
    assert len(lines) == sum(len(kpi.targets) for kpi in CATALOGUE.kpis.values())
    own = ("bucket", "dialect", "task")
    whole = dict.fromkeys((*SLICE_LABELS, *own), ALL)
    elderly = {"kpi": "early_hangup", "severity": "critical", **whole, "generation": "elderly"}
    assert lines[tuple(sorted(elderly.items()))] == 0.4
    assert lines[tuple(sorted({"kpi": "recovery", "severity": "warning", **whole, "bucket": "M2"}.items()))] == 0.35
    assert {name for name, _ in read} == {"outcall_kpi_info", "outcall_kpi_target"}


OWN = st.sampled_from(((), ("bucket",), ("dialect",), ("bucket", "dialect"), ("dialect", "bucket")))
PARTS = st.lists(st.sampled_from((ALL, "x")), min_size=6, max_size=6)


@given(OWN, OWN, PARTS)
def test_projections_are_inverse(kpi_own: tuple[str, ...], dataset_own: tuple[str, ...], parts: list[str]) -> None:
    """There and back is the same key, or there is no way: a label that the other side does not have is not `all`."""
    projection = Projection(kpi_own, dataset_own)
    key = tuple(parts[: len(SLICE_LABELS) + len(kpi_own)])
    there = projection.to_dataset(key)
    own = dict(zip(kpi_own, key[len(SLICE_LABELS) :], strict=True))
    assert (there is None) == any(value != ALL for label, value in own.items() if label not in dataset_own)
    assert there is None or projection.to_kpi(there) == key
    key = tuple(parts[: len(SLICE_LABELS) + len(dataset_own)])
    back = projection.to_kpi(key)
    assert back is None or projection.to_dataset(back) == key
