"""Reading a page of `/metrics`, and telling how it differs from what the oracle says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isclose

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]

RELATIVE_TOLERANCE = 1e-9
ABSOLUTE_TOLERANCE = 1e-12  # a bound that is exactly 0 on paper comes out as 1e-17


def parse(text: str) -> Samples:
    """Samples of a page in the Prometheus text format: (name, sorted label items) -> value.

    Raises ValueError when the page has the same series twice, which a Prometheus server would refuse too.
    """
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            if key in samples:
                raise ValueError(f"series twice on the page: {series(key)}")
            samples[key] = sample.value
    return samples


def compare(
    expected: Mapping[tuple[str, Labels], float],
    actual: Mapping[tuple[str, Labels], float],
    *,
    families: Collection[str] | None = None,
    zero_is_absent: Collection[str] = (),
) -> list[str]:
    """Readable differences, empty when there are none: missing, unexpected and different series, in order.

    `families` names the metrics that are compared (default: those of `expected`); in those of `zero_is_absent` a
    series of value 0 is as good as none.
    """
    names = {name for name, _ in expected} if families is None else set(families)
    wanted = selection(expected, names, zero_is_absent)
    found = selection(actual, names, zero_is_absent)
    lines: list[str] = []
    for key in sorted(wanted.keys() | found.keys()):
        if key not in found:
            lines.append(f"missing    {series(key)}: expected {wanted[key]!r}")
        elif key not in wanted:
            lines.append(f"unexpected {series(key)}: {found[key]!r}")
        elif not same(wanted[key], found[key]):
            lines.append(f"different  {series(key)}: expected {wanted[key]!r}, is {found[key]!r}")
    return lines


def selection(
    samples: Mapping[tuple[str, Labels], float], names: Collection[str], zero_is_absent: Collection[str]
) -> Samples:
    """The samples of the named metrics, less the zeros that say nothing."""
    return {
        key: value
        for key, value in samples.items()
        if key[0] in names and not (value == 0 and key[0] in zero_is_absent)
    }


def same(expected: float, actual: float) -> bool:
    """Equal but for the rounding of floating point."""
    return isclose(expected, actual, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)


def series(key: tuple[str, Labels]) -> str:
    """A series as PromQL writes it."""
    name, labels = key
    matchers = ",".join(f'{label}="{value}"' for label, value in labels)
    return f"{name}{{{matchers}}}"
