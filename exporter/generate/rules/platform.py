"""Is anything dialled, and do its facts arrive? Silent outside business hours, and while nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.rules import health, promql
from exporter.generate.rules.model import Alert, Options, Recording, duration
from exporter.semantic.model import Catalogue
from exporter.semantic.names import PREFIX
from exporter.semantic.spec import HealthRuleSpec, HealthSpec, Text

CALLS = "calls"
# The grace after opening time in which nothing is expected yet, seconds.
_GRACE = 900
# Up to here a source is expected within a working day, beyond it nights and closed days are part of the time.
_WITHIN_A_DAY = 6 * 3600
_DAY = 86400
_DIALLED_DAY = f"{promql.DIALLING}_day"
_HOURS = f"min({PREFIX}business_open)"
_AGE = "{{ $value | humanizeDuration }}"


def dialling(catalogue: Catalogue) -> list[Recording]:
    """1 while it is business hours and calls come in, else 0; absent when nobody can tell. And was it so in a day?"""
    silent = _expected(catalogue)
    if silent is None:
        return []
    expr = f"({_since_newest(CALLS)} < bool {silent})\n* {_HOURS}\nand on () {_readable(CALLS)}"
    # Every quarter of an hour is enough of a day, which has 5760 samples.
    a_day = f"max_over_time({promql.DIALLING}[1d:15m])"
    return [Recording(promql.DIALLING, expr), Recording(_DIALLED_DAY, a_day)]


def silence_alerts(catalogue: Catalogue, options: Options) -> Iterable[Alert]:
    """No new calls; calls, but a source that has nothing new."""
    silent = _expected(catalogue)
    if silent is None:
        return
    yield _rule("NoNewCalls", _no_new_calls(silent), options, {})
    for name, source in catalogue.sources.items():
        if name != CALLS and source.expected_within is not None:
            yield _rule("SourceSilent", _source_silent(name, source.expected_within), options, {"source": name})


def _expected(catalogue: Catalogue) -> int | None:
    return catalogue.sources[CALLS].expected_within if CALLS in catalogue.sources else None


def _newest(source: str) -> str:
    return f"max({promql.selector(f'{PREFIX}newest_event_timestamp_seconds', {'source': source})})"


def _since_newest(source: str) -> str:
    """Seconds by the call database's clock, at the instant that was read: blindness is not silence."""
    return f"max({PREFIX}as_of_timestamp_seconds) - {_newest(source)}"


def _readable(source: str) -> str:
    """What cannot be read stands still while the others go on; OutcallSourceFailed tells it."""
    return f"max({promql.selector(f'{PREFIX}source_up', {'source': source})}) == 1"


def _rule(name: str, spec: HealthSpec, options: Options, own: dict[str, str]) -> Alert:
    rule = spec.rules[0]
    labels = health.labels(spec, rule.severity) | own
    annotations = health.texts(name, spec, options)
    return Alert(f"Outcall{name}", rule.expr, rule.wait, spec.keep_firing_for, labels, annotations)


def _no_new_calls(silent: int) -> HealthSpec:
    """A single sample is no quarter of an hour: a program that has just been started does not know yet."""
    open_for = duration(max(silent, _GRACE))
    expr = "\n".join(
        (
            f"{_since_newest(CALLS)} > {silent}",
            f"and on () {_readable(CALLS)}",
            f"and on () min_over_time({_HOURS}[{open_for}:1m]) == 1",
            f"and on () last_over_time({_HOURS}[5m:1m] offset {open_for}) == 1",
        )
    )
    return HealthSpec(
        about="platform",
        summary=Text(zh="营业时间内没有新通话", en="No new calls within business hours"),
        description=Text(
            zh=f"外呼平台已 {_AGE} 没有新结束的通话。措施：检查外呼平台、线路与任务排程。",
            en=f"The dialling platform has ended no call for {_AGE}. Remedy: the platform, its lines, its schedule.",
        ),
        value=f"{_AGE} (>{duration(silent)})",
        keep_firing_for=300,
        rules=[HealthRuleSpec.model_validate({"severity": "critical", "expr": expr, "for": 60})],
    )


def _source_silent(source: str, within: int) -> HealthSpec:
    """Against the newest call, not the clock; and only where calls have been made for as long as it may take."""
    if within <= _WITHIN_A_DAY:
        dialled: tuple[str, ...] = _all_of(within)
    else:
        dialled = (f"and on () {_now()}", *_days_without(source, -(-within // _DAY)))
    late = f"{_newest(CALLS)} - {_newest(source)} > {within}"
    expr = "\n".join((late, f"and on () {_readable(source)}", *dialled))
    return HealthSpec(
        about="platform",
        summary=Text(zh=f"来源 {source} 不再有新数据", en=f"The source {source} has fallen silent"),
        description=Text(
            zh=f"有新通话，但 {source} 的最新记录落后 {_AGE}。措施：检查写入它的作业。",
            en=f"Calls come in, but the newest row of {source} is {_AGE} behind. Remedy: the job that writes it.",
        ),
        where=source,
        value=f"{_AGE} (>{duration(within)})",
        keep_firing_for=900,
        rules=[HealthRuleSpec.model_validate({"severity": "warning", "expr": expr, "for": 300})],
    )


def _now() -> str:
    return f"min_over_time({promql.DIALLING}[{duration(_GRACE)}]) == 1"


def _all_of(seconds: int) -> tuple[str, str]:
    """Calls were made all this time; a Prometheus that has just been started does not know it."""
    steady = duration(seconds)
    return (
        f"and on () min_over_time({promql.DIALLING}[{steady}]) == 1",
        f"and on () last_over_time({promql.DIALLING}[{duration(_GRACE)}] offset {steady}) == 1",
    )


def _days_without(source: str, days: int) -> tuple[str, ...]:
    """Of twice as many days (of UTC) on so many there were calls, and nothing of the source.

    A weekend, a holiday, a day on which nobody dialled are no time that a source has had.
    """
    return (
        "and on () count_over_time((",
        f"  {_DIALLED_DAY} == 1",
        f"  and on () time() - {_newest(source)} > {_DAY}",
        f")[{2 * days}d:1d]) >= {days}",
    )
