"""A catalogue small enough to compute by hand, and strategies for what its datasets may hold."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from exporter.semantic.model import Anchor, Catalogue, Dataset, GroupingSet, Measure, Slice, Window
from exporter.semantic.spec import DimensionSpec, SourceSpec, Text
from exporter.state.buckets import RawLabels, Vector

WINDOWS = (
    Window("5m", 300, "minute"),
    Window("2h", 7200, "minute"),
    Window("6h", 21600, "hour"),
    Window("2d", 172800, "hour"),
)
SHORT, LONG = frozenset({"5m", "2h"}), frozenset({"6h", "2d"})
GROUPS = (
    GroupingSet(("scenario", "generation", "period"), SHORT),
    GroupingSet(("scenario", "generation"), LONG),
    GroupingSet(("scenario", "script"), SHORT | LONG),
)
# What arrives: declared values, values of open domains, and what is to be folded (None is NULL).
RAW: Mapping[str, tuple[str | None, ...]] = {
    "scenario": ("collection", "operations", "elsewhere", None),
    "generation": ("gen_z", "elderly", ""),
    "period": ("noon",),
    "script": ("A", "B", "C", "D", None, "all", "other", "tab\t"),
    "dialect": ("mandarin", "hakka", "min"),
}


def text(word: str) -> Text:
    return Text(zh=word, en=word)


def dimension(*values: str, budget: int | None = None) -> DimensionSpec:
    return DimensionSpec(title=text("label"), values={value: text(value) for value in values}, budget=budget)


DIMENSIONS: Mapping[str, DimensionSpec] = {
    "scenario": dimension("acquisition", "collection", "operations"),
    "generation": dimension("gen_z", "elderly"),
    "period": dimension("noon"),
    "script": dimension(budget=2),
    "dialect": dimension("mandarin", budget=2),
}


def measure(dataset: str, name: str, offset: int) -> Measure:
    return Measure(f"{dataset}_{name}", dataset, offset, ("count(*)",), 0, name, None)


def dataset(name: str, *labels: str, late_hours: int = 0) -> Dataset:
    """A dataset of two measures: its vectors have three columns, the last of which counts the rows."""
    return Dataset(
        name=name,
        source="facts",
        needs=("facts",),
        anchor=Anchor("facts.happened_at", "happened_at"),
        slices=tuple(Slice(label, f"facts.{label}") for label in labels),
        join="",
        where="true",
        touches=(),
        measures=(measure(name, "count", 0), measure(name, "sum", 1)),
        rejects=(),
        late_hours=late_hours,
    )


def catalogue(windows: tuple[Window, ...] = WINDOWS) -> Catalogue:
    """Three datasets: with all slice labels, with a label of its own, without any."""
    datasets = (
        dataset("dial", "scenario", "generation", "period", "script"),
        dataset("label", "scenario", "script", "dialect", late_hours=10),
        dataset("plain"),
    )
    columns = {"happened_at": "timestamptz", "updated_at": "timestamptz"}
    source = SourceSpec.model_validate({"key": ["happened_at"], "event": "happened_at", "columns": columns})
    return Catalogue(
        timezone="Asia/Shanghai",
        sources={"facts": source},
        dimensions=DIMENSIONS,
        windows=windows,
        grouping_sets=GROUPS,
        datasets={item.name: item for item in datasets},
        levels={},
        measures={m.name: m for item in datasets for m in item.measures},
        kpis={},
    )


def labels_of(item: Dataset) -> st.SearchStrategy[RawLabels]:
    """Raw labels of one cell."""
    return st.tuples(*(st.sampled_from(RAW[label]) for label in item.labels))


VECTORS: st.SearchStrategy[Vector] = st.tuples(st.integers(0, 5), st.integers(-50, 50), st.integers(1, 9))


def contents(item: Dataset) -> st.SearchStrategy[dict[RawLabels, Vector]]:
    """What one bucket may hold; nothing at times."""
    return st.dictionaries(labels_of(item), VECTORS, max_size=4)
