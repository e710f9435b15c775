"""Pieces of PromQL. Pure text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.semantic.names import PREFIX

# Recorded series: one per KPI, level, window and slice, over all replicas, only where complete.
VALUE = "outcall:kpi:value"
SAMPLES = "outcall:kpi:samples"
# The bound on the good side, which has to lie beyond the target; and the other one, which shows recovery.
BOUND = "outcall:kpi:bound"
OPPOSITE = "outcall:kpi:opposite_bound"
STRICT = "outcall:kpi:strict_bound"
BAD_COUNT = "outcall:kpi:bad"
DIALLING = "outcall:platform:dialling"

# Which side of a line is bad, and which replica is believed: the one that sees it worse.
BAD = {"lower": ">", "higher": "<"}
GOOD = {"lower": "<=", "higher": ">="}
WORSE = {"lower": "max", "higher": "min"}


def number(value: float) -> str:
    """A literal: `0.3`, `1500`."""
    return f"{value:.12g}"


def regex(names: Iterable[str]) -> str:
    """Alternatives for `=~`. Names are of the catalogue and hold nothing special but dots and pluses."""
    return "|".join(name.replace(".", "\\\\.").replace("+", "\\\\+") for name in names)


def selector(metric: str, matchers: Mapping[str, str]) -> str:
    """`metric{...}`; a value that begins with an operator (`!=`, `=~`, `!~`) is matched by it, others by `=`."""
    parts = []
    for label, value in matchers.items():
        operator = next((start for start in ("!=", "=~", "!~") if value.startswith(start)), "=")
        text = value.removeprefix(operator) if operator != "=" else value
        parts.append(f'{label}{operator}"{text}"')
    return f"{metric}{{{','.join(parts)}}}" if parts else metric


def among(names: Iterable[str]) -> str:
    """A matcher for one of several names."""
    several = list(names)
    return several[0] if len(several) == 1 and not set(".+") & set(several[0]) else f"=~{regex(several)}"


def complete(sources: Iterable[str], windowed: bool, window: str = "", ago: str = "") -> str:
    """1 for each replica (and window) in which everything that a KPI needs is read."""
    by = ("job", "instance", "window") if windowed else ("job", "instance")
    matchers = {"source": among(sorted(sources))} | ({"window": window} if window else {})
    return f"min by ({', '.join(by)}) ({selector(f'{PREFIX}window_complete', matchers)}{ago}) == 1"


def over_replicas(how: str, by: Iterable[str], expr: str, sources: Iterable[str], windowed: bool) -> str:
    """`expr` of the complete replicas, put together."""
    on = "job, instance, window" if windowed else "job, instance"
    of = f"{how} by ({', '.join(by)})" if list(by) else how
    return "\n".join([f"{of} (", f"  {expr}", f"  and on ({on}) {complete(sources, windowed)}", ")"])


def strict_bound(bad: str, samples: str, z: float, direction: str) -> str:
    """The bound on the good side of a proportion, right where few are counted too (x bad ones of n, p = x / n).

    p (1 - 1/(9 x) - z/3 sqrt((1 - p)/x))^3: Byar's approximation of the exact bound for a count (Rothman and Boice,
    1979), with a proportion's variance. Wilson's lets one in 50 pass for certain where one in 1,000 is the target.
    """
    share = f"{bad}\n/ {samples}\n"
    cubed = (
        f"* clamp_min(\n  1 - 1 / (9 * {bad})\n  - {number(z)} / 3 * sqrt((1 - {bad} / {samples}) / {bad}), 0\n) ^ 3"
    )
    return share + cubed if direction == "lower" else f"1 - {share}{cubed}"
