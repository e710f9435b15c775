"""What a demo is asked to show, checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from exporter.demo.alerting import Programs, find_programs
from exporter.demo.controls import Controls
from exporter.demo.evening import evening_zone
from exporter.demo.stream import Order
from exporter.errors import UsageError
from exporter.semantic.load import DEFAULT_TIMEZONE
from exporter.settings import Settings, load_settings

# What a demo wants otherwise than a service, unless the environment says it. While the history comes in, a poll has
# weeks of it to read at once. Progress is told instead of logged.
DEFAULTS = {
    "OUTCALL_POLL_INTERVAL": "10",
    "OUTCALL_STATEMENT_TIMEOUT": "30",
    "OUTCALL_RECORDINGS_INTERVAL": "10",
    "OUTCALL_LOG_LEVEL": "warning",
}
# A short window must hold enough calls for an alert to be sure within minutes.
ALERTS_FACTOR = 40.0
BASE_BYTES, BYTES_PER_CALL = 1 << 30, 2_000


@dataclass(frozen=True, slots=True)
class Options:
    """What to show. `days` of history, the change of wording in their middle; `duration` in seconds, None: no end.

    `alerts`: Prometheus, Alertmanager and a relay too; `rate_factor`: live calls as a multiple of the history's, None:
    as many, or with alerts ALERTS_FACTOR times as many.
    """

    days: int = 60
    calls_per_day: int = 4_000
    seed: int = 1
    faults: tuple[str, ...] = ()
    duration: float | None = None
    alerts: bool = False
    rate_factor: float | None = None

    def order(self, dsn: str, timezone: str, recordings_dir: Path) -> Order:
        """What the call stream has to do."""
        return Order(
            dsn,
            self.days,
            self.calls_per_day,
            self.seed,
            timezone,
            recordings_dir=str(recordings_dir),
            faults=self.faults,
            live_factor=self.rate_factor if self.rate_factor is not None else ALERTS_FACTOR if self.alerts else 1.0,
        )

    def check(self, timezone: str) -> None:
        """Raises UsageError for what cannot be shown, before anything is started."""
        if self.days < 1:
            raise UsageError(f"--days is {self.days}", "choose 1 or more")
        if self.duration is not None and not self.duration > 0:
            raise UsageError(f"--duration is {self.duration:g}", "choose a number of seconds above 0")
        Controls(self.faults)
        order = self.order("", timezone, Path())
        order.live(order.plan(datetime.now(UTC)))


def demo_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment, with a demo's defaults. Raises ConfigError(s)."""
    return load_settings(None, {**DEFAULTS, **environment})


def with_evening(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with a time zone in which it is evening, unless it names one."""
    return {"OUTCALL_TIMEZONE": evening_zone(datetime.now(UTC), DEFAULT_TIMEZONE), **environment}


def check_alerts(settings: Settings) -> Programs:
    """The servers for `--alerts`; raises UsageError when they are missing, or could not scrape."""
    if settings.web_config_file or settings.bearer_token_file:
        key = "OUTCALL_WEB_CONFIG_FILE" if settings.web_config_file else "OUTCALL_BEARER_TOKEN_FILE"
        raise UsageError(f"with {key} the demo's Prometheus could not scrape", "unset it, or leave out --alerts")
    return find_programs()
