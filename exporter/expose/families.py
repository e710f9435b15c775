"""KPI and measure gauges: from the cube's changed sums to changed lines of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.expose.text import Block, Family, Key, label_text, number_text
from exporter.kpi.evaluate import Value, evaluate
from exporter.kpi.judge import STATES, judge, lines_for
from exporter.kpi.value import quotient
from exporter.semantic.lines import slice_of
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import (
    ALL,
    LATEST,
    PREFIX,
    QUANTILES,
    SLICE_LABELS,
    bound_metric,
    kpi_metric,
    measure_metric,
    samples_metric,
)
from exporter.state.cube import Cube, full_labels

_STATE_HELP = (
    "Verdict on each KPI, over the whole and where a slice has lines of its own: "
    f"{', '.join(f'{n} {state}' for n, state in enumerate(STATES))}"
)

LevelCells = Mapping[str, Mapping[Key, Sequence[int]]]
# Whether a dataset (or level) may be shown in a window: fresh, and the window covered.
Shown = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Projection:
    """How the keys of a KPI and of one of its datasets correspond: their own labels differ."""

    kpi_own: tuple[str, ...]
    dataset_own: tuple[str, ...]

    def to_kpi(self, key: Key) -> Key | None:
        """The KPI's key for a dataset's, or None when that is finer than the KPI shows."""
        own = dict(zip(self.dataset_own, key[len(SLICE_LABELS) :], strict=True))
        if any(value != ALL and label not in self.kpi_own for label, value in own.items()):
            return None
        return (*key[: len(SLICE_LABELS)], *(own.get(label, ALL) for label in self.kpi_own))

    def to_dataset(self, key: Key) -> Key | None:
        """The dataset's key for a KPI's, or None when the dataset does not have that label."""
        own = dict(zip(self.kpi_own, key[len(SLICE_LABELS) :], strict=True))
        if any(value != ALL and label not in self.dataset_own for label, value in own.items()):
            return None
        return (*key[: len(SLICE_LABELS)], *(own.get(label, ALL) for label in self.dataset_own))


class Exposition:
    """All gauge families of the catalogue, kept as lines."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.families: dict[str, Family] = {}
        self._own = {name: full_labels(d)[len(SLICE_LABELS) :] for name, d in catalogue.datasets.items()}
        self._own |= dict.fromkeys(catalogue.levels, ())
        self._labels: dict[tuple[tuple[str, ...], str, Key], str] = {}
        # What the page shows, for the status page: (slug, window) -> key -> value.
        self.values: dict[tuple[str, str], dict[Key, Value]] = {}
        self._projections: dict[tuple[str, str], Projection] = {}
        self._was_shown: set[tuple[str, str]] = set()
        own = sorted({label for kpi in catalogue.kpis.values() for label in kpi.labels[len(SLICE_LABELS) :]})
        self.slice_labels = (*SLICE_LABELS, *own)
        self._judged = {slug: _judged(kpi) for slug, kpi in catalogue.kpis.items()}
        self._write_static()
        self._declare()

    def update(self, cube: Cube, levels: LevelCells, shown: Shown) -> None:
        """Bring every line up to date with the cube; consumes its dirty keys."""
        rolls = {at: sums.rolls.take_dirty() for at, sums in cube.sums.items()}
        cells = {at: sums.cells.take_dirty() for at, sums in cube.sums.items()}
        for kpi in self.catalogue.kpis.values():
            if kpi.kind == "uplift":
                self._update_uplift(kpi, levels, shown)
                continue
            for window in kpi.windows:
                self._update_kpi(kpi, window.name, cube, rolls, shown)
        for (dataset, at), dirty in cells.items():
            self._update_measures(dataset, at, cube, dirty, shown)
        for level in self.catalogue.levels:
            self._update_level(level, levels, shown)
        self._update_states()

    def render(self) -> str:
        """The text of all families."""
        return "".join([family.render() for family in self.families.values()])

    def series(self) -> int:
        """How many series the page has from here."""
        return sum(family.series() for family in self.families.values())

    def _turn(self, what: str, window: str, is_shown: bool) -> tuple[bool, bool]:
        """(whether to write all, whether to clear) when something appears or is withdrawn."""
        was = (what, window) in self._was_shown
        (self._was_shown.add if is_shown else self._was_shown.discard)((what, window))
        return is_shown and not was, was and not is_shown

    def _update_kpi(
        self, kpi: Kpi, window: str, cube: Cube, dirty: Mapping[tuple[str, str], set[Key]], shown: Shown
    ) -> None:
        everything, withdraw = self._turn(kpi.slug, window, all(shown(name, window) for name in kpi.datasets))
        if withdraw:
            self._clear(kpi, window)
        if (kpi.slug, window) not in self._was_shown:
            return
        changed = None if everything else {name: dirty[name, window] for name in kpi.datasets}
        kept = self.values.setdefault((kpi.slug, window), {})
        for key in self.keys(kpi, window, cube, changed):
            value = self.value(kpi, window, cube, key)
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
            self._write_kpi(kpi, window, key, value)

    def is_shown(self, slug: str, window: str) -> bool:
        """Whether a KPI stands on the page in a window."""
        return (slug, window) in self._was_shown

    def keys(self, kpi: Kpi, window: str, cube: Cube, changed: Mapping[str, set[Key]] | None = None) -> set[Key]:
        """The KPI's label combinations in a window: all, or those of changed dataset keys."""
        found: set[Key] = set()
        for name in kpi.datasets:
            projection = self._projection(kpi, name)
            raw = cube.sums[name, window].rolls.sums if changed is None else changed[name]
            found.update(key for at in raw if (key := projection.to_kpi(at)) is not None)
        return found

    def value(self, kpi: Kpi, window: str, cube: Cube, key: Key) -> Value | None:
        """A KPI's value at one combination of labels."""

        def lookup(name: str) -> Sequence[int] | None:
            at = self._projection(kpi, name).to_dataset(key)
            return None if at is None else cube.sums[name, window].rolls.sums.get(at)

        return evaluate(kpi, lookup)

    def _projection(self, kpi: Kpi, dataset: str) -> Projection:
        at = (kpi.slug, dataset)
        if at not in self._projections:
            self._projections[at] = Projection(kpi.labels[len(SLICE_LABELS) :], self._own[dataset])
        return self._projections[at]

    def _blocks(self, kpi: Kpi, window: str) -> dict[str, Block]:
        """The blocks of a KPI: value, samples, and for ratios the bounds."""
        names = {"value": kpi_metric(kpi.slug, kpi.unit)}
        if kpi.kind != "uplift":
            names["samples"] = samples_metric(kpi.slug)
        if kpi.kind == "ratio":
            names |= {side: bound_metric(kpi.slug, kpi.unit, side) for side in ("lower", "upper")}
        return {part: self._family(name, _help(kpi, part)).block(window) for part, name in names.items()}

    def _clear(self, kpi: Kpi, window: str) -> None:
        self.values.pop((kpi.slug, window), None)
        for block in self._blocks(kpi, window).values():
            block.clear()

    def _write_kpi(self, kpi: Kpi, window: str, key: Key, value: Value | None) -> None:
        labels = self._label_text(kpi.labels, window, key)
        for part, block in self._blocks(kpi, window).items():
            number = None if value is None else _part(value, part)
            name = kpi_metric(kpi.slug, kpi.unit) if part == "value" else samples_metric(kpi.slug)
            if part in ("lower", "upper"):
                name = bound_metric(kpi.slug, kpi.unit, part)
            if part == "value" and kpi.kind == "quantile":
                self._write_quantiles(block, name, labels, key, value)
            else:
                block.put(key, None if number is None else f"{name}{labels} {number_text(number)}\n")

    @staticmethod
    def _write_quantiles(block: Block, name: str, labels: str, key: Key, value: Value | None) -> None:
        for stat in (*QUANTILES, "mean"):
            number = value.quantiles[stat] if value is not None and value.quantiles else None
            line = None if number is None else f'{name}{labels[:-1]},stat="{stat}"}} {number_text(number)}\n'
            block.put((*key, stat), line)

    def _update_measures(self, dataset: str, window: str, cube: Cube, dirty: Iterable[Key], shown: Shown) -> None:
        everything, withdraw = self._turn(f"measures of {dataset}", window, shown(dataset, window))
        spec = self.catalogue.datasets[dataset]
        sums = cube.sums[dataset, window].cells.sums
        names = full_labels(spec)
        for measure in (m for m in spec.measures if not m.bounds):
            block = self._family(measure_metric(measure.name), measure.help).block(window)
            if withdraw:
                block.clear()
            elif shown(dataset, window):
                for key in sums if everything else dirty:
                    self._write_measure(block, measure, self._label_text(names, window, key), key, sums.get(key))

    @staticmethod
    def _write_measure(block: Block, measure: Measure, labels: str, key: Key, vector: Sequence[int] | None) -> None:
        if measure.scenario is not None and key[0] != measure.scenario:
            return
        line = None
        if vector is not None:
            number = vector[measure.offset]
            text = str(number) if not measure.scale else number_text(quotient(number, 1, measure.scale))
            line = f"{measure_metric(measure.name)}{labels} {text}\n"
        block.put(key, line)

    def _update_level(self, name: str, levels: LevelCells, shown: Shown) -> None:
        cells = levels.get(name, {}) if shown(name, "") else {}
        for measure in self.catalogue.levels[name].measures:
            block = self._family(measure_metric(measure.name), measure.help).block("")
            for key in set(block.lines) | set(cells):
                self._write_measure(block, measure, self._label_text(SLICE_LABELS, "", key), key, cells.get(key))

    def uplift(self, kpi: Kpi, levels: LevelCells) -> dict[Key, Value]:
        """An uplift KPI's values, per key and rolled up."""
        totals: dict[Key, dict[str, list[int]]] = {}
        for name in kpi.datasets:
            for key, vector in levels.get(name, {}).items():
                for rolled in {key, (ALL,) * len(SLICE_LABELS)}:
                    kept = totals.setdefault(rolled, {}).setdefault(name, [0] * len(vector))
                    kept[:] = map(int.__add__, kept, vector)
        values = {key: evaluate(kpi, total.get) for key, total in totals.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _update_uplift(self, kpi: Kpi, levels: LevelCells, shown: Shown) -> None:
        values = self.uplift(kpi, levels) if all(shown(name, "") for name in kpi.datasets) else {}
        self.values[kpi.slug, ""] = values
        for key in set(self._blocks(kpi, "")["value"].lines) | set(values):
            self._write_kpi(kpi, "", key, values.get(key))

    def _update_states(self) -> None:
        """`outcall_kpi_state`: the verdict in the headline window, as the status page has it.

        Of the whole, and of each slice that has a line of its own.
        """
        block = self._family(f"{PREFIX}kpi_state", _STATE_HELP).block("")
        for kpi in self.catalogue.kpis.values():
            window = kpi.headline_window if kpi.windows else ""
            values = self.values.get((kpi.slug, window), {})
            for at in self._judged[kpi.slug]:
                value, lines = values.get(tuple(at.values())), lines_for(kpi, at)
                verdict = "no_target" if value is None else judge(kpi, value, lines)
                slices = dict.fromkeys(self.slice_labels, ALL) | at
                labels = label_text(("kpi", "window", *slices), (kpi.slug, window or LATEST, *slices.values()))
                line = None if verdict == "no_target" else f"{PREFIX}kpi_state{labels} {STATES.index(verdict)}\n"
                block.put((kpi.slug, *at.values()), line)

    def _label_text(self, names: tuple[str, ...], window: str, key: Key) -> str:
        at = (names, window, key)
        text = self._labels.get(at)
        if text is None:
            labels, values = (("window", *names), (window, *key)) if window else (names, key)
            text = self._labels[at] = label_text(labels, values)
        return text

    def _family(self, name: str, help_text: str) -> Family:
        family = self.families.get(name)
        if family is None:
            family = self.families[name] = Family(name, help_text)
        return family

    def _declare(self) -> None:
        """All families, empty, in the catalogue's order: the page does not depend on what was shown first."""
        for kpi in self.catalogue.kpis.values():
            for at in [window.name for window in kpi.windows] or [""]:
                self._blocks(kpi, at)
        for dataset in self.catalogue.datasets.values():
            for measure in (m for m in dataset.measures if not m.bounds):
                for window in self.catalogue.windows:
                    self._family(measure_metric(measure.name), measure.help).block(window.name)
        self._family(f"{PREFIX}kpi_state", _STATE_HELP)

    def _write_static(self) -> None:
        """`outcall_kpi_info` and `outcall_kpi_target`: what the catalogue says."""
        info = self._family(f"{PREFIX}kpi_info", "What each KPI is; always 1").block("")
        target = self._family(f"{PREFIX}kpi_target", "Target (warning), alarm line (critical) or goal of a KPI").block(
            ""
        )
        for kpi in self.catalogue.kpis.values():
            names = ("kpi", "dimension", "unit", "direction", "cadence", "title_zh", "title_en")
            values = (kpi.slug, kpi.dimension, kpi.unit, kpi.direction, kpi.cadence, kpi.title.zh, kpi.title.en)
            info.put((kpi.slug,), f"{PREFIX}kpi_info{label_text(names, values)} 1\n")
            for line in kpi.targets:
                slices = {label: line.slice.get(label, ALL) for label in self.slice_labels}
                labels = label_text(("kpi", "severity", *slices), (kpi.slug, line.severity, *slices.values()))
                target.put((labels,), f"{PREFIX}kpi_target{labels} {number_text(line.value)}\n")


def _judged(kpi: Kpi) -> list[dict[str, str]]:
    """The whole, and the slices that have a line of their own, as labels in the order of the KPI's keys."""
    whole = dict.fromkeys(kpi.labels, ALL)
    found = [whole, *(whole | slice_of(target) for target in kpi.targets)]
    return [at for n, at in enumerate(found) if at not in found[:n]]


def _part(value: Value, part: str) -> float | None:
    if part == "value":
        return value.value
    if part == "samples":
        return value.samples
    if value.bounds is None:
        return None
    return value.bounds[0 if part == "lower" else 1]


def _help(kpi: Kpi, part: str) -> str:
    title = f"{kpi.title.zh} {kpi.title.en}"
    if part == "samples":
        return f"{title}: denominator"
    if part in ("lower", "upper"):
        return f"{title}: Wilson 95 % {part} bound"
    return f"{title}: {kpi.definition.en}"
