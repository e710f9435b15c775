"""Asking Debian's promtool: are these rules sound, and what do they give for these series?"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_GOT = re.compile(r"Labels:\{(.*)\}\n\s*Annotations:\{(.*)\}")
_SAMPLE = re.compile(r"\{([^}]*)\} (\S+?)(?:, (?=\{)|$)")


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fired, as promtool shows it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def check(*files: Path) -> str:
    """What `promtool check rules` complains of; empty when it is silent."""
    done = subprocess.run(["promtool", "check", "rules", *map(str, files)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def firing(folder: Path, rules: Iterable[Path], series: Mapping[str, str], names: Iterable[str]) -> list[Firing]:
    """The alerts of these names that fire after a minute."""
    test = {"alert_rule_test": [{"eval_time": "1m", "alertname": name, "exp_alerts": []} for name in names]}
    told = _told(folder, rules, series, test)
    return [Firing(_pairs(labels), _pairs(annotations)) for labels, annotations in _GOT.findall(told)]


def evaluated(folder: Path, rules: Iterable[Path], series: Mapping[str, str], expr: str) -> dict[str, float]:
    """What an expression gives after a minute, by its labels."""
    told = _told(folder, rules, series, {"promql_expr_test": [{"eval_time": "1m", "expr": expr, "exp_samples": []}]})
    line = next((line for line in told.splitlines() if line.strip().startswith("got:")), "")
    return {labels: float(number) for labels, number in _SAMPLE.findall(line.partition("got:")[2].strip())}


def _told(folder: Path, rules: Iterable[Path], series: Mapping[str, str], test: Mapping[str, Any]) -> str:
    """Of a test that expects nothing promtool tells everything that it got."""
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    file = {
        "rule_files": [str(path.resolve()) for path in rules],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": inputs, **test}],
    }
    path = folder / "asked.test.yml"
    path.write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    if done.returncode and "got:" not in told:
        raise AssertionError(told)
    return told


def _pairs(text: str) -> dict[str, str]:
    return {name: _unquoted(value) for name, value in _PAIR.findall(text)}


def _unquoted(text: str) -> str:
    """Of Go's escapes those that occur."""
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
