"""What people see: each KPI over the whole with its verdict, its worst slices and its last hours."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from exporter import __version__
from exporter.calldb.lanes import Lanes
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, backfill_progress, label_values, watermark, window_complete
from exporter.expose.snapshot import CollectorStatus, KpiState, KpiStatus, SliceValue, SourceStatus, Status
from exporter.kpi.evaluate import Lookup, Value, evaluate
from exporter.kpi.judge import Lines, judge, lines_for
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL
from exporter.state.buckets import HOUR
from exporter.state.cube import Key

PREFERRED_WINDOWS = ("24h", "1h", "5m")
TREND_HOURS = 24
WORST_SLICES = 3

_REASONS: dict[KpiState, tuple[str, str]] = {
    "critical": ("越过告警线", "beyond the alarm line"),
    "warning": ("未达目标", "target missed"),
    "below_goal": ("低于期望", "below goal"),
    "watch": ("越过目标线，但样本尚不足以断定", "beyond the target, but the samples do not suffice to be sure"),
    "no_data": ("窗口内无数据", "nothing in the window"),
    "incomplete": ("历史数据读取中", "history is being read"),
    "withdrawn": ("数据源不可用", "its source cannot be read"),
}


class StatusBuilder:
    """Builds the status page's values from the tracker; keeps hourly totals so that trends cost little."""

    def __init__(self, lanes: Lanes, exposition: Exposition) -> None:
        self.lanes, self.exposition = lanes, exposition
        self._lines: dict[tuple[str, Key], Lines] = {}
        self._hours: dict[tuple[str, int], tuple[array[int], list[int]]] = {}

    def build(self, runs: dict[str, CollectorRun]) -> Status:
        """Everything the page shows, as of now."""
        lanes = self.lanes
        catalogue = lanes.catalogue
        names = list(catalogue.datasets)
        progress = sum(map(lanes.background.progress, names)) / len(names)
        problems = [] if lanes.health.up else [f"call database: {lanes.health.problem}"]
        problems += [lanes.tracker.save_problem] if lanes.tracker.save_problem else []
        problems += [f"{source}: {text}" for source, text in lanes.health.source_problems.items()]
        return Status(
            version=__version__,
            timezone=catalogue.timezone,
            as_of=lanes.tracker.cube.as_of or None,
            database_up=lanes.health.up,
            ready=lanes.health.last_poll is not None,
            backfill=progress,
            kpis=tuple(self._kpi(kpi) for kpi in catalogue.kpis.values()),
            sources=tuple(self._source(name) for name in catalogue.sources),
            collectors=tuple(CollectorStatus(n, r.success, r.problem, r.last_success) for n, r in runs.items()),
            problems=tuple(problems),
            label_titles=label_values(catalogue),
        )

    def _source(self, name: str) -> SourceStatus:
        lanes = self.lanes
        complete = {w.name: window_complete(lanes, name, w) for w in lanes.catalogue.windows}
        problem = lanes.health.source_problems.get(name, "")
        return SourceStatus(
            name=name,
            ok=not problem,
            problem=problem,
            watermark=watermark(lanes, name),
            newest_event=lanes.tracker.newest.get(name),
            complete_windows=tuple(w for w, done in complete.items() if done),
            incomplete_windows=tuple(w for w, done in complete.items() if not done),
            progress=backfill_progress(lanes, name),
        )

    def _kpi(self, kpi: Kpi) -> KpiStatus:
        window = self._window(kpi)
        whole = (ALL,) * len(kpi.labels)
        value = self._value(kpi, window, whole) if window is not None else None
        lines = self._lines_for(kpi, whole)
        slices = tuple(self._worst(kpi, window)) if window else ()
        state: KpiState = self._absent(kpi, window) if value is None else judge(kpi, value, lines)
        reason = _REASONS.get(state, ("", ""))
        return KpiStatus(
            slug=kpi.slug,
            title_zh=kpi.title.zh,
            title_en=kpi.title.en,
            dimension=kpi.dimension,
            unit=kpi.unit,
            direction=kpi.direction,
            window=window or "",
            value=value.value if value else None,
            lower=value.bounds[0] if value and value.bounds else None,
            upper=value.bounds[1] if value and value.bounds else None,
            samples=value.samples if value else None,
            goal=lines.goal,
            target=lines.warning,
            alarm=lines.critical,
            state=state,
            reason_zh=reason[0],
            reason_en=reason[1],
            formula_zh=kpi.definition.zh,
            formula_en=kpi.definition.en,
            remedy_zh=kpi.remedy.zh,
            remedy_en=kpi.remedy.en,
            trend=tuple(self._trend(kpi)) if kpi.kind != "uplift" and window in PREFERRED_WINDOWS else (),
            slices=slices,
        )

    def _window(self, kpi: Kpi) -> str | None:
        """The longest window up to a day that is shown; `""` for a KPI without windows; None when none is."""
        if kpi.kind == "uplift":
            return "" if all(self.lanes.is_fresh(name) for name in kpi.datasets) else None
        have = {window.name for window in kpi.windows}
        wanted = (kpi.headline_window, *PREFERRED_WINDOWS)
        shown = [w for w in wanted if w in have and self.exposition.is_shown(kpi.slug, w)]
        return shown[0] if shown else None

    def _absent(self, kpi: Kpi, window: str | None) -> KpiState:
        if window is not None:
            return "no_data"
        readable = all(self.lanes.is_fresh(name) for name in kpi.datasets)
        return "incomplete" if readable else "withdrawn"

    def _value(self, kpi: Kpi, window: str, key: Key) -> Value | None:
        if kpi.kind == "uplift":
            return self.exposition.uplift(kpi, self.lanes.tracker.levels).get(key)
        return self.exposition.values.get((kpi.slug, window), {}).get(key)

    def _lines_for(self, kpi: Kpi, key: Key) -> Lines:
        at = (kpi.slug, key)
        if at not in self._lines:
            self._lines[at] = lines_for(kpi, dict(zip(kpi.labels, key, strict=True)))
        return self._lines[at]

    def _worst(self, kpi: Kpi, window: str) -> Iterator[SliceValue]:
        """The slices that miss their own target, farthest off first."""
        found = []
        whole = (ALL,) * len(kpi.labels)
        for key, value in self.exposition.values.get((kpi.slug, window), {}).items():
            lines = self._lines_for(kpi, key)
            # A KPI of one scenario shows every slice under `all` as well: once is enough.
            if key == whole or lines.warning is None or (kpi.scenario is not None and key[0] == kpi.scenario):
                continue
            state = judge(kpi, value, lines)
            if state in ("warning", "critical"):
                labels = {label: v for label, v in zip(kpi.labels, key, strict=True) if v != ALL}
                slice_value = SliceValue(labels, value.value, value.samples, lines.warning, state)
                found.append((abs(value.value - lines.warning), slice_value))
        found.sort(key=lambda item: -item[0])
        yield from (item for _, item in found[:WORST_SLICES])

    def _trend(self, kpi: Kpi) -> Iterator[float | None]:
        """The KPI over the whole, hour by hour, oldest first; the running hour last."""
        end = int(self.lanes.tracker.cube.as_of) // HOUR * HOUR
        for start in range(end - (TREND_HOURS - 1) * HOUR, end + HOUR, HOUR):
            covered = all((self.lanes.tracker.buckets[n].covered_from or end + HOUR) <= start for n in kpi.datasets)
            value = evaluate(kpi, self._hour_lookup(start)) if covered else None
            yield value.value if value else None

    def _hour_lookup(self, start: int) -> Lookup:
        return lambda name: self._hour_total(name, start)

    def _hour_total(self, name: str, start: int) -> Sequence[int] | None:
        """The sum of an hour's cells; kept until the hour's bucket is another one."""
        buckets = self.lanes.tracker.buckets[name]
        bucket = buckets.hours.get(start)
        if bucket is None:
            return None
        kept = self._hours.get((name, start))
        if kept is None or kept[0] is not bucket:
            total = [sum(column) for column in zip(*(vector for _, vector in buckets.rows(bucket)), strict=True)]
            kept = self._hours[name, start] = (bucket, total)
            for old in [at for at in self._hours if at[1] < start - 2 * TREND_HOURS * HOUR]:
                del self._hours[old]
        return kept[1]
