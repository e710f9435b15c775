"""Every public name in one place: metric families, reserved label members, column aliases."""

from __future__ import annotations

PREFIX = "outcall_"
ALL = "all"
OTHER = "other"
UNKNOWN = "unknown"
# What stands for the window of a KPI that has none: its latest snapshot.
LATEST = "latest"

# Labels that every KPI family carries, in the order in which they are written.
SLICE_LABELS = ("scenario", "generation", "period", "script")
KPI_DIMENSIONS = ("business", "experience", "technical", "compliance")
UNIT_SUFFIX = {"ratio": "_ratio", "cny": "_cny", "seconds": "_seconds", "score": "_score"}
# First words of the exporter's own families: no KPI and no measure may begin with one.
RESERVED = (
    "as_of",
    "attribution",
    "backfill",
    "build",
    "business",
    "change",
    "clock",
    "collector",
    "config",
    "host",
    "kpi",
    "newest_event",
    "queries",
    "query",
    "reconcile",
    "recordings_bytes",
    "recordings_files",
    "recordings_growth",
    "recordings_judged",
    "recordings_sample",
    "recordings_scan",
    "recordings_store",
    "rejected",
    "relay",
    "rows_read",
    "series",
    "source",
    "state",
    "up",
    "watermark",
    "window",
)
# Where the documentation, and in it the runbooks of the alerts, are published.
DOCUMENTS = "https://github.com/outcall-exporter/outcall-exporter/blob/main/docs"
RUNBOOKS = f"{DOCUMENTS}/runbooks"
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def kpi_metric(slug: str, unit: str) -> str:
    """`early_hangup`, `ratio` -> `outcall_early_hangup_ratio`."""
    return f"{PREFIX}{slug}{UNIT_SUFFIX[unit]}"


def bound_metric(slug: str, unit: str, side: str) -> str:
    """The Wilson bound beside a ratio; side is `lower` or `upper`."""
    return f"{kpi_metric(slug, unit)}_{side}"


def samples_metric(slug: str) -> str:
    """The denominator beside a KPI."""
    return f"{PREFIX}{slug}_samples"


def measure_metric(measure: str) -> str:
    """A measure gauge at the finest cell."""
    return f"{PREFIX}{measure}"


def is_reserved(name: str) -> bool:
    """Whether a KPI or measure of that name could collide with a family of the exporter's own."""
    return any(name == word or name.startswith(f"{word}_") for word in RESERVED)


def camel(slug: str) -> str:
    """`early_hangup` -> `EarlyHangup`."""
    return "".join(word.capitalize() for word in slug.split("_"))


def alert_name(slug: str, ending: str) -> str:
    """`early_hangup`, `High` -> `OutcallEarlyHangupHigh`."""
    return f"Outcall{camel(slug)}{ending}"


def runbook_url(alert: str) -> str:
    """The page that tells what to do."""
    return f"{RUNBOOKS}/{alert}.md"


def dashboard_url(grafana: str, uid: str) -> str:
    """A dashboard of the shipped ones; `grafana` is where the server is."""
    return f"{grafana.rstrip('/')}/d/{uid}"
