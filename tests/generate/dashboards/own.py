"""Catalogues of operators: with KPIs of their own, without some of the shipped, elsewhere."""

from __future__ import annotations

from pathlib import Path

from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue

VOICEMAIL = """
kpis:
  voicemail:
    title: {zh: 语音信箱占比, en: Voicemail share}
    definition: {zh: 语音信箱接听数 / 总外呼数, en: Dials answered by a machine / dials}
    dimension: technical
    numerator: [machine_answered_dials]
    denominator: [dials]
    direction: lower
    cadence: weekly
    targets:
      - {severity: warning, value: 0.15}
      - {severity: critical, value: 0.25}
      - {severity: warning, value: 0.20, slice: {generation: elderly}}
    remedy: {zh: 更换外呼时段, en: Call at other hours}
    measures:
      machine_answered_dials:
        fact: dial
        count: "calls.answered_at IS NOT NULL AND calls.answered_by = 'machine'"
        help: Dials answered by a machine
"""
NO_CSAT = "kpis: {csat: {enabled: false}}\n"
# A mean in another unit without any line, a line for slices only, another headline window, few samples.
OTHERS = """
kpis:
  talk_time:
    title: {zh: 平均通话时长, en: Mean talk time}
    definition: {zh: 通话秒数 / 接通数, en: Seconds of calls / answered calls}
    dimension: experience
    kind: mean
    unit: seconds
    numerator: [talk_seconds]
    denominator: [answered_calls]
    direction: higher
    cadence: monthly
    headline_window: 7d
    min_samples: 50
    measures:
      talk_seconds: {fact: dial, sum: "extract(epoch FROM calls.ended_at - calls.answered_at)", help: Seconds of calls}
  connect:
    targets: [{severity: critical, value: 0.1, slice: {generation: gen_z}}]
    windows: [1h, 24h]
"""
# One of each unit, and a ratio for each review.
FEW = ("early_hangup", "csat", "acquisition_cost", "response_latency", "slow_response", "tts_mos", "violation")


def with_files(folder: Path, *texts: str, timezone: str | None = None) -> Catalogue:
    """The shipped catalogue with these files over it."""
    paths = [folder / f"own{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    return load_catalogue(paths, timezone=timezone) if timezone else load_catalogue(paths)


def only(slugs: tuple[str, ...]) -> str:
    """A file that switches all other KPIs off."""
    others = [slug for slug in load_catalogue().kpis if slug not in slugs]
    return "kpis:\n" + "".join(f"  {slug}: {{enabled: false}}\n" for slug in others)
