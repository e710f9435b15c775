"""promtool's test files as text: series over phases of time, and the alerts that are to fire at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

# What no phase has said: no sample.
MISSING = "_"


@dataclass(slots=True)
class Test:
    """One test of a file. `interval` (minutes) is that of the samples; every phase adds some to each series."""

    __test__ = False
    name: str
    interval: int = 5
    steps: int = 0
    series: dict[str, list[str]] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)

    def phase(self, steps: int, values: Mapping[str, float]) -> int:
        """`steps` more samples of these series. Returns the minute of the first."""
        start = self.steps
        for name, value in values.items():
            samples = self.series.setdefault(name, [MISSING] * start)
            samples += [f"{value:.10g}"] * steps
        self.steps += steps
        for samples in self.series.values():
            samples += [MISSING] * (self.steps - len(samples))
        return start * self.interval

    def firing(
        self, minute: int, alert: str, expected: Iterable[Mapping[str, str]], why: str, matchers: str = ""
    ) -> None:
        """Exactly these alerts fire at a minute: all their labels but the name and the state."""
        full = [{"alertname": alert, "alertstate": "firing"} | dict(labels) for labels in expected]
        samples = "".join(f"\n          - {{labels: '{series('ALERTS', labels)}', value: 1}}" for labels in full)
        expr = f'ALERTS{{alertname="{alert}",alertstate="firing"{matchers}}}'
        self.checks.append(
            f"      # {why}\n"
            f"      - eval_time: {minute}m\n"
            f"        expr: {expr}\n"
            f"        exp_samples:{samples or ' []'}\n"
        )

    def text(self) -> str:
        lines = "".join(f"      - {{series: '{name}', values: {runs(of)}}}\n" for name, of in self.series.items())
        head = f'  - name: "{self.name}"\n    interval: {self.interval}m\n    input_series:\n'
        return f"{head}{lines}    promql_expr_test:\n{''.join(self.checks)}"


def series(metric: str, labels: Mapping[str, str]) -> str:
    """`metric{a="b"}`."""
    matchers = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{metric}{{{matchers}}}"


def runs(samples: Iterable[str]) -> str:
    """promtool's notation: `1x3` is four samples, `_x3` three missing ones."""
    parts = []
    for value, of in groupby(samples):
        count = len(list(of))
        times = count if value == MISSING else count - 1
        parts.append(f"{value}x{times}" if times else value)
    return " ".join(parts)


def document(head: str, rules: Iterable[str], groups: Iterable[str], interval: str, tests: Iterable[Test]) -> str:
    """A whole file."""
    files = ", ".join(f"../{name}.rules.yml" for name in rules)
    body = "\n".join(test.text() for test in tests)
    return (
        f"{head}\nrule_files: [{files}]\nevaluation_interval: {interval}\n"
        f"group_eval_order: [{', '.join(groups)}]\ntests:\n{body}"
    )
