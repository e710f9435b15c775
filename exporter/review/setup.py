"""What the settings say about reviews that `serve` writes: checked together at start, at a reload and by `check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ConfigError, Place
from exporter.review.composite import load_weights
from exporter.review.model import Cadence
from exporter.review.schedule import Plan
from exporter.semantic.model import Catalogue
from exporter.semantic.timetable import Timetable, parse_monthly, parse_weekly
from exporter.settings import Settings


@dataclass(frozen=True, slots=True)
class ReviewSetup:
    """Where and when reviews are written, and who is told of them. `receiver` and `external_url` may be empty."""

    folder: Path
    plan: Plan
    receiver: str
    external_url: str

    @classmethod
    def from_settings(cls, settings: Settings, catalogue: Catalogue) -> ReviewSetup | None:
        """None where no folder is given; raises ConfigError(s)."""
        if settings.composite_file is not None:
            load_weights(settings.composite_file, catalogue)
        if settings.reviews_receiver:
            check_receiver(settings)
        if settings.reviews_dir is None:
            return None
        read: dict[Cadence, Timetable | None] = {
            "weekly": parse_weekly(settings.reviews_weekly),
            "monthly": parse_monthly(settings.reviews_monthly),
        }
        tables = {cadence: table for cadence, table in read.items() if table is not None}
        plan = Plan(settings.timezone, tables)
        return cls(settings.reviews_dir, plan, settings.reviews_receiver, settings.external_url)


def check_receiver(settings: Settings) -> None:
    """Raises ConfigError where nobody could be told."""
    place = Place("reviews_receiver")
    if settings.reviews_dir is None:
        raise ConfigError(place, "there are no reviews to tell of", "set reviews_dir, or leave reviews_receiver out")
    if not settings.relay and not settings.relay_url:
        fix = "set relay: true, or relay_url to the address of a relay in another process"
        raise ConfigError(place, "there is no relay that could tell of reviews", fix)
    if not settings.relay and settings.relay_token_file is None:
        fix = "name the file with the token that the relay at relay_url wants to see"
        raise ConfigError(Place("relay_token_file"), "the relay is not told of reviews without a token", fix)
