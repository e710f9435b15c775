"""Figures as people read them: medians with their range, Markdown tables, JSON beside."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def number(value: float) -> str:
    """Three significant figures or so."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def spread(values: Iterable[float]) -> str:
    """`median (min–max)`."""
    found = list(values)
    if not found:
        return "–"
    return f"{number(statistics.median(found))} ({number(min(found))}–{number(max(found))})"


def quantile(values: Sequence[float], share: float) -> float:
    """The value at a share of the sorted values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with its title."""
    print(f"\n{title}\n\n{table(head, rows)}", flush=True)


def save(folder: Path, name: str, figures: Any) -> None:
    """Write the figures as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
