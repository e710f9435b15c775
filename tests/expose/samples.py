"""A status as the demo shows it on a bad evening (`sample_kpis.yaml`), and snapshots around it."""

from __future__ import annotations

import gzip
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from exporter.expose.snapshot import CollectorStatus, KpiStatus, Page, SliceValue, Snapshot, SourceStatus, Status

NOW = 1_795_000_000.0

LABEL_TITLES = {
    "scenario": {"collection": "催收", "acquisition": "获客", "operations": "运营"},
    "generation": {"elderly": "老年", "gen_z": "Z 世代"},
    "period": {"evening": "晚间", "morning": "上午"},
    "dialect": {"cantonese": "粤语", "sichuanese": "川语"},
    "bucket": {"M1": "M1(1–30 天)", "M2": "M2(31–60 天)"},
}

_SOURCES = (
    SourceStatus("calls", True, "", NOW - 3, NOW - 5, ("5m", "1h", "24h", "7d", "30d"), (), 1.0),
    SourceStatus("quality_labels", True, "", NOW - 4, NOW - 90_000, ("5m", "1h", "24h"), ("7d", "30d"), 0.42),
    SourceStatus(
        "masking_scans",
        False,
        "relation callcenter.masking_scans does not exist (42P01). Fix: map the source, or create the view",
        None,
        None,
        (),
        ("5m", "1h", "24h", "7d", "30d"),
        0.0,
    ),
)
_COLLECTORS = (
    CollectorStatus("calldb", True, "", NOW - 12),
    CollectorStatus("recordings", False, "the recording store is not mounted", NOW - 7300),
)


def _trend(level: float, swing: float, hours: int, gaps: list[int]) -> tuple[float | None, ...]:
    """A daily rhythm around `level`, with nothing at the hours in `gaps`."""
    return tuple(None if hour in gaps else level + swing * math.sin(hour / 3.8) for hour in range(hours))


def _kpi(raw: dict[str, Any]) -> KpiStatus:
    slug, title_zh, title_en, dimension, state = raw["id"]
    texts = {name: raw.get(name, ("", "")) for name in ("reason", "formula", "remedy")}
    lower, upper = raw.get("bounds", (None, None))
    return KpiStatus(
        slug=slug,
        title_zh=title_zh,
        title_en=title_en,
        dimension=dimension,
        unit=raw.get("unit", "ratio"),
        direction=raw.get("direction", "higher"),
        window=raw.get("window", "24h"),
        value=raw.get("value"),
        lower=lower,
        upper=upper,
        samples=raw.get("samples"),
        goal=raw.get("goal"),
        target=raw.get("target"),
        alarm=raw.get("alarm"),
        state=state,
        **{
            f"{name}_{lang}": text
            for name, pair in texts.items()
            for lang, text in zip(("zh", "en"), pair, strict=True)
        },
        trend=_trend(*raw["wave"]) if "wave" in raw else (),
        slices=tuple(SliceValue(*part) for part in raw.get("slices", ())),
    )


def sample_status() -> Status:
    """The whole; ratios without bounds of their own get some a little to either side."""
    raw = yaml.safe_load(Path(__file__).with_name("sample_kpis.yaml").read_text(encoding="utf-8"))
    return Status(
        version="0.1.0",
        timezone="Asia/Shanghai",
        as_of=NOW - 12,
        database_up=True,
        ready=True,
        backfill=0.634,
        kpis=tuple(_bounded(_kpi(stanza)) for stanza in raw),
        sources=_SOURCES,
        collectors=_COLLECTORS,
        problems=("source masking_scans: relation does not exist (42P01)", "collector recordings: store not mounted"),
        label_titles=LABEL_TITLES,
    )


def _bounded(kpi: KpiStatus) -> KpiStatus:
    if kpi.unit != "ratio" or kpi.value is None or kpi.lower is not None:
        return kpi
    return replace(kpi, lower=kpi.value - 0.012, upper=kpi.value + 0.012)


def empty_status() -> Status:
    """What is shown before the first poll."""
    return Status(version="0.1.0", timezone="Asia/Shanghai", as_of=None, database_up=False, ready=False, backfill=0.0)


def with_kpi(**changes: Any) -> Status:
    """A status of one KPI, `early_hangup`, with some fields changed."""
    status = sample_status()
    hangup = next(kpi for kpi in status.kpis if kpi.slug == "early_hangup")
    return replace(status, kpis=(replace(hangup, **changes),))


def exposition(text: str) -> Page:
    """An exposition page of `text`."""
    return Page(text.encode(), gzip.compress(text.encode(), mtime=0))


def sample_snapshot(status: Status | None = None, text: str = "# TYPE outcall_up gauge\noutcall_up 1\n") -> Snapshot:
    """A snapshot with a tiny exposition."""
    return Snapshot(exposition(text), exposition(text + "# EOF\n"), status or sample_status())
