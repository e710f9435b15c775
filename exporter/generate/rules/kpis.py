"""Alerts of KPIs: every target and alarm line of the catalogue, gated as the definitions say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.generate.rules import promql, windows
from exporter.generate.rules.annotations import Kind, Said, texts
from exporter.generate.rules.levels import Place, Watched, watched
from exporter.generate.rules.model import Alert, Group, Options, RuleFile, duration
from exporter.generate.rules.recording import sources
from exporter.generate.rules.windows import Look
from exporter.semantic.lines import lines_for
from exporter.semantic.model import Catalogue, Kpi, Window
from exporter.semantic.names import ALL, KPI_DIMENSIONS, QUANTILES, alert_name
from exporter.semantic.spec import BurnSpec, Severity

INTERVAL = 15
_ENDING = {"lower": "High", "higher": "Low"}
# The share that lies beyond the percentile which is judged.
_TAIL = 1 - QUANTILES["p95"]
# Over how long a gap what was told before is remembered, seconds: every evaluation reads as much.
_GAP = 86400


def kpi_files(catalogue: Catalogue, options: Options) -> list[RuleFile]:
    """A file for each dimension."""
    found = []
    for dimension in KPI_DIMENSIONS:
        kpis = [kpi for kpi in catalogue.kpis.values() if kpi.dimension == dimension and windows.is_alerted(kpi)]
        rules = tuple(rule for kpi in kpis for rule in alerts(catalogue, kpi, options))
        found.append(RuleFile(dimension, (Group(f"outcall-{dimension}", INTERVAL, rules),)))
    return found


def alerts(catalogue: Catalogue, kpi: Kpi, options: Options) -> list[Alert]:
    """All alerts of one KPI."""
    make = _Maker(catalogue, kpi, options)
    if kpi.zero_tolerance:
        return list(make.breaches())
    return [*make.lines(), *make.burns()]


def alert_names(catalogue: Catalogue, kpi: Kpi) -> list[str]:
    """The names of a KPI's alerts, each once."""
    if not windows.is_alerted(kpi):
        return []
    return list(dict.fromkeys(rule.alert for rule in alerts(catalogue, kpi, Options())))


class _Maker:
    """Writes the alerts of one KPI."""

    def __init__(self, catalogue: Catalogue, kpi: Kpi, options: Options) -> None:
        self.catalogue, self.kpi, self.options = catalogue, kpi, options
        self.watched = watched(catalogue, kpi)

    def lines(self) -> Iterable[Alert]:
        for of in self.watched:
            for look in windows.looks(self.kpi):
                # Of a percentile only the share beyond the alarm line is known, not that beyond the target.
                if look.strict and self.kpi.alert.tail is not None and of.severity != "critical":
                    continue
                yield self._alert("line", of.severity, look.window, of.line, of.places, self._crossed(of, look))

    def breaches(self) -> Iterable[Alert]:
        """Any one is critical; there is no warning at the same line."""
        window, bad = windows.slow_window(self.kpi), promql.BAD[self.kpi.direction]
        for places, line in self._strictest():
            now = f"{self._of(promql.VALUE, places, window.name)} {bad} {promql.number(line)}"
            yield self._alert("breach", "critical", window, line, places, now)
            if self.kpi.alert.late is not None:
                late = self._window(self.kpi.alert.late)
                yield self._alert("breach", "critical", late, line, places, self._late(places, line))

    def burns(self) -> Iterable[Alert]:
        general = [of.places for of in self.watched if of.places[0].level == "whole"]
        for burn in self.kpi.alert.burn if general else ():
            window = self._window(burn.short)
            line = burn_line(self.kpi, burn)
            expr = self._burning(burn, general[0], line)
            yield self._alert("burn", burn.severity, window, line, general[0], expr, at=burn.long)

    def _window(self, name: str) -> Window:
        return next(window for window in self.kpi.windows if window.name == name)

    def _of(self, record: str, places: tuple[Place, ...], window: str, slug: str = "") -> str:
        """A recorded series at these places."""
        level = promql.among(place.level for place in places)
        named: Mapping[str, str] = places[0].named if places[0].level == "slice" else {}
        return promql.selector(record, {"kpi": slug or self.kpi.slug, "level": level, "window": window, **named})

    def _crossed(self, of: Watched, look: Look) -> str:
        """The gate: value beyond the line, bound beyond the target, samples enough, no recovery in a shorter window."""
        bad, name = promql.BAD[self.kpi.direction], look.window.name
        parts = [f"{self._of(promql.VALUE, of.places, name)} {bad} {promql.number(of.line)}"]
        if look.strict and self.kpi.alert.tail is not None:
            strict = self._of(promql.STRICT, of.places, name, self.kpi.alert.tail)
            parts.append(f"and ignoring (kpi) {strict} > {promql.number(_TAIL)}")
        elif windows.has_bounds(self.kpi):
            bound = self._of(promql.STRICT if look.strict else promql.BOUND, of.places, name)
            parts.append(f"and {bound} {bad} {promql.number(of.target)}")
        parts += self._enough(of.places, name)
        if look.shorter is not None:
            parts.append(self._recovered(of, look.shorter))
        return "\n".join(parts)

    def _enough(self, places: tuple[Place, ...], window: str) -> list[str]:
        if self.kpi.kind == "uplift" and not self.kpi.alert.samples:
            return []
        return [f"and {self._of(promql.SAMPLES, places, window)} >= {self.kpi.min_samples}"]

    def _recovered(self, of: Watched, window: str) -> str:
        """As certain of the good side in the shorter window as the alert is of the bad one in the longer."""
        record = promql.OPPOSITE if windows.has_bounds(self.kpi) else promql.VALUE
        value = f"{self._of(record, of.places, window)} {promql.GOOD[self.kpi.direction]} {promql.number(of.line)}"
        enough = self._enough(of.places, window)
        return "\n".join(["unless ignoring (window) (", *(f"  {part}" for part in (value, *enough)), ")"])

    def _strictest(self) -> list[tuple[tuple[Place, ...], float]]:
        """For all places that share lines, the line that is crossed first."""
        choose = min if self.kpi.direction == "lower" else max
        found: list[tuple[tuple[Place, ...], float]] = []
        for of in self.watched:
            if of.places not in (places for places, _ in found):
                found.append((of.places, choose(other.line for other in self.watched if other.places == of.places)))
        return found

    def _late(self, places: tuple[Place, ...], line: float) -> str:
        """Rows that came too late for the short window: the long one has more breaches than lately, than before a gap
        of less than a day, or than none, where there was nothing to judge (and that was known) — and more by so many
        that those which the short window tells cannot be all.
        """
        window, short = self._window(str(self.kpi.alert.late)), windows.slow_window(self.kpi)
        # A little less than the short window, so that what leaves that one is not taken for something new.
        lately = duration(short.seconds * 5 // 6)
        # A gauge is scraped before it is recorded: at the first evaluations only the older instant says what was known.
        earlier = duration(short.seconds * 11 // 12)
        value = f"{self._of(promql.VALUE, places, window.name)} {promql.BAD[self.kpi.direction]} {promql.number(line)}"
        count, told = (self._of(promql.BAD_COUNT, places, name) for name in (window.name, short.name))
        before = f"last_over_time({count}[{duration(_GAP)}] offset {lately})"
        known = promql.complete(sources(self.catalogue, self.kpi), True, window.name, f" offset {earlier}")
        told_or_none = f"(sum without (window) ({told}) or sum without (window) ({count}) * 0)"
        more = (
            f"{count} - min_over_time({count}[{lately}]) > ignoring (window) {told_or_none}",
            f"or {count} - {before} > ignoring (window) {told_or_none}",
            f"or ({count} > ignoring (window) {told_or_none}) unless ignoring (window) {before} and on () max({known})",
        )
        return "\n".join([value, "and ignoring (window) (", *(f"  {part}" for part in more), ")"])

    def _burning(self, burn: BurnSpec, places: tuple[Place, ...], line: float) -> str:
        bad, target = promql.BAD[self.kpi.direction], whole_target(self.kpi)
        beyond = f"{bad} {promql.number(line)}"
        long, short = (f"{self._of(promql.VALUE, places, name)} {beyond}" for name in (burn.long, burn.short))
        record = promql.STRICT if burn.long in windows.strict(self.kpi) else promql.BOUND
        bound = f"and {self._of(record, places, burn.long)} {bad} {promql.number(target)}"
        return "\n".join([long, bound, *self._enough(places, burn.long), f"and ignoring (window) {short}"])

    def _alert(
        self,
        kind: Kind,
        severity: Severity,
        window: Window,
        line: float,
        places: tuple[Place, ...],
        expr: str,
        at: str = "",
    ) -> Alert:
        """`window` says how long it waits and lingers; `at`: the window that is looked at, where that is another."""
        kpi = self.kpi
        named = places[0].named if places[0].level == "slice" else {}
        ending = {"line": _ENDING[kpi.direction], "breach": "Breach", "burn": "Burn"}[kind]
        said = Said(alert_name(kpi.slug, ending), kind, severity, at or window.name, line, named)
        said_of_it = texts(self.catalogue, kpi, said, self.options)
        wait, keep = 0 if kind == "breach" else window.alert.wait, window.alert.keep_firing_for
        labels = {"severity": severity, "kpi": kpi.slug, "dimension": kpi.dimension, "window": said.window}
        labels |= {"level": "slice"} | named if named else {}
        return Alert(said.name, expr, wait, keep, labels, said_of_it)


def whole_target(kpi: Kpi) -> float:
    """The target of the whole, which the catalogue's rules ask of a KPI with an error budget."""
    target = lines_for(kpi, dict.fromkeys(kpi.labels, ALL)).target
    if target is None:
        raise ValueError(f"{kpi.slug} has a burn rate but no target")
    return target


def burn_line(kpi: Kpi, burn: BurnSpec) -> float:
    """The value at which the budget is spent `factor` times too fast: factor x budget on the bad side."""
    target = whole_target(kpi)
    return burn.factor * target if kpi.direction == "lower" else 1 - burn.factor * (1 - target)
