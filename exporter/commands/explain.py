"""`explain KPI`: what it means, where it comes from, the SQL, its names in Prometheus, its alerts and panels."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from exporter.commands.base import Command, add_config, say, settings_of
from exporter.commands.explain_text import explanation
from exporter.errors import UsageError
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import kpi_metric


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("kpi", metavar="KPI", help="name, Chinese title or metric, e.g. early_hangup")


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    say(explanation(catalogue, find(catalogue, arguments.kpi)))
    return 0


def find(catalogue: Catalogue, text: str) -> Kpi:
    """The KPI of that name, title or metric; raises UsageError with those that are spelt alike."""
    wanted = text.strip()
    names = {name: kpi for kpi in catalogue.kpis.values() for name in _names(kpi)}
    if wanted in names:
        return names[wanted]
    alike = get_close_matches(wanted, names, n=9, cutoff=0.5)
    slugs = list(dict.fromkeys(names[name].slug for name in alike))[:3]
    fix = f"did you mean {', '.join(slugs)}?" if slugs else "run `outcall-exporter check` for the list of all KPIs"
    raise UsageError(f"there is no KPI '{wanted[:64]}'", fix)


def _names(kpi: Kpi) -> tuple[str, ...]:
    return kpi.slug, kpi.title.zh, kpi.title.en, kpi_metric(kpi.slug, kpi.unit)


COMMAND = Command("explain", "explain one KPI: definition, SQL, metrics, targets, alerts, panels", _arguments, _run)
