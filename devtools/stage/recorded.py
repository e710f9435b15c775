"""The past of what the shipped rules record, and of the alerts: evaluated by Prometheus on the past of the gauges.

`promtool` would make a block for each rule (hundreds, which each query has to open) and knows no past of alerts. So the
rules' expressions are asked over ranges, and the answers written as samples. An alert's `for` counts where it is longer
than a step; a shorter one is over by the next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devtools.grafana.prometheus import Prometheus
from devtools.stage.schedule import DAY, DAYS, HOUR, STEP
from devtools.stage.server import LONGEST_BLOCK, RULES, promtool
from exporter.expose.text import label_text
from tests.e2e.scaled import seconds

# Recorded for the whole past: what trends show.
LONG = "outcall:kpi:headline"
# Host and exporter have no past here.
KPI_FILES = ("business", "experience", "technical", "compliance")
WORKERS = 3

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A recording rule over [start, end], every `step` seconds."""

    rule: Rule
    start: int
    end: int
    step: int


def record(url: str, folder: Path, data: Path, now: float) -> None:
    """Recorded series of the past: the trends for all of it, the rest for the last day."""
    questions = []
    for rule in _rules("recording"):
        if rule["record"].startswith(LONG):
            questions.append(Question(rule, *_aligned(now - DAYS * DAY, now - DAY, HOUR)))
        questions.append(Question(rule, *_aligned(now - DAY, now, STEP)))
    _write(url, questions, folder / "recorded.txt", data)


def alert(url: str, folder: Path, data: Path, now: float) -> None:
    """`ALERTS` of the last day, for the KPIs."""
    rules = (as_recording(rule) for name in KPI_FILES for rule in _rules(name))
    _write(url, [Question(rule, *_aligned(now - DAY, now, STEP)) for rule in rules], folder / "alerts.txt", data)


def as_recording(rule: Rule) -> dict[str, Any]:
    """An alerting rule as one that records when it would have fired."""
    expr, wait = f"({rule['expr']}) * 0 + 1", seconds(rule.get("for", "0s"))
    if wait > STEP:
        expr = f"(count_over_time(({expr})[{wait:.0f}s:{STEP}s]) >= {wait // STEP:.0f}) * 0 + 1"
    labels = {**rule.get("labels", {}), "alertname": rule["alert"], "alertstate": "firing"}
    return {"record": "ALERTS", "expr": expr, "labels": labels}


def _rules(name: str) -> Iterable[Rule]:
    file = yaml.safe_load((RULES / f"{name}.rules.yml").read_text("utf-8"))
    for group in file["groups"]:
        yield from group["rules"]


def _aligned(start: float, end: float, step: int) -> tuple[int, int, int]:
    """On the instants of the gauges; the last one is a step before `end`, or a range that follows would repeat it."""
    return int(start) // step * step + step, int(end) // step * step, step


def _write(url: str, questions: list[Question], text: Path, data: Path) -> None:
    """One block with all the answers, if there are any."""
    prometheus = Prometheus(url)
    with ThreadPoolExecutor(WORKERS) as pool:
        lines = [line for answer in pool.map(lambda one: list(_samples(prometheus, one)), questions) for line in answer]
    if lines:
        text.write_text("".join([*lines, "# EOF\n"]), "utf-8")
        promtool("openmetrics", f"--max-block-duration={LONGEST_BLOCK}", str(text), str(data))
        text.unlink()


def _samples(prometheus: Prometheus, question: Question) -> Iterator[str]:
    own: Mapping[str, str] = question.rule.get("labels", {})
    for series in prometheus.range(question.rule["expr"], question.start, question.end, question.step):
        labels = {name: value for name, value in series.labels.items() if name != "__name__"} | dict(own)
        head = question.rule["record"] + label_text(labels, labels.values())
        for at, value in series.points:
            yield f"{head} {value!r} {at:.0f}\n"
