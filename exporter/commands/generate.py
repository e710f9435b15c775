"""`generate`: what follows from the catalogue and the code, written to the files of a checkout, or compared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from exporter.calldb.schema import schema_sql
from exporter.commands.base import Command, say, settings_of
from exporter.commands.families import families
from exporter.errors import UsageError
from exporter.generate.calldb import call_database_reference
from exporter.generate.configuration import configuration_reference
from exporter.generate.files import COMMAND as SELF
from exporter.generate.files import Generated, drifting, marker
from exporter.generate.kpis import kpi_reference, kpi_table
from exporter.generate.metrics import metrics_reference
from exporter.generate.rules.files import FORMATS, generated_rules
from exporter.generate.rules.model import Options
from exporter.generate.runbooks import runbooks
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue

_USUAL = Options()
EPILOG = f"""\
Your own thresholds, and so your own rules:

  {SELF} rules --config outcall.yaml --out DIR

writes DIR/*.rules.yml for Prometheus (rule_files: [DIR/*.rules.yml]) and DIR/kubernetes/ for its operator, from the
catalogue that the configuration names; with --check it compares them, so that a pipeline sees when they have drifted.
Without --out the files of a checkout are written, from the shipped catalogue: references, rules, frames of runbooks.
"""


def docs(catalogue: Catalogue) -> list[Generated]:
    """The references, and the table in the README."""
    return [
        Generated("docs/kpis.md", kpi_reference(catalogue)),
        Generated("README.md", kpi_table(catalogue, "docs/kpis.md"), marker("kpi table", "docs")),
        Generated("docs/metrics.md", metrics_reference(catalogue, families(catalogue))),
        Generated("docs/configuration.md", configuration_reference()),
        Generated("docs/call-database.md", call_database_reference(catalogue, schema_sql())),
    ]


def dashboards(catalogue: Catalogue) -> list[Generated]:
    """Grafana's, by a library that running the exporter does not need; raises UsageError without it."""
    try:
        from exporter.generate.dashboards.files import generated_dashboards
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "grafana_foundation_sdk":
            raise
        raise UsageError(
            "dashboards need grafana-foundation-sdk, which is not installed",
            "pip install 'outcall-exporter[dashboards]'",
        ) from None
    return generated_dashboards(catalogue)


TARGETS: Mapping[str, Callable[[Catalogue], list[Generated]]] = {
    "docs": docs,
    "dashboards": dashboards,
    "rules": lambda catalogue: generated_rules(catalogue, _USUAL),
    "runbooks": runbooks,
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)} (default: all)")
    add("--check", action="store_true", help="write nothing; exit status 1 when a file is not as it should be")
    add("--root", type=Path, default=Path(), metavar="DIR", help="the checkout (default: the working folder)")
    add = parser.add_argument_group("rules").add_argument
    add("--out", type=Path, metavar="DIR", help="folder for rules of your own, instead of the checkout's")
    add("--config", type=Path, metavar="FILE", help="with --out: configuration file (or OUTCALL_CONFIG)")
    add("--format", choices=FORMATS, help="one format only (default: both)")
    add("--job", metavar="NAME", help=f"job_name of the exporter in Prometheus (default: {_USUAL.job})")
    add("--grafana-url", metavar="URL", help=f"where alerts link to (default: {_USUAL.grafana})")


def _run(arguments: argparse.Namespace) -> int:
    found = _own_rules(arguments) if arguments.out is not None else _of_checkout(arguments)
    root: Path = arguments.root if arguments.out is None else arguments.out
    if arguments.check:
        return _check(found, root)
    for file in (file for files in found.values() for file in files):
        if file.drifts(root):
            file.write(root)
            say(f"wrote {file.path}")
    return 0


def _own_rules(arguments: argparse.Namespace) -> dict[str, list[Generated]]:
    """The rules of the operator's catalogue, for a folder of theirs."""
    if arguments.targets != ["rules"]:
        raise UsageError("--out is for rules only", f"run `{SELF} rules --out {arguments.out}`")
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    return {"rules": _rules(catalogue, arguments, "")}


def _of_checkout(arguments: argparse.Namespace) -> dict[str, list[Generated]]:
    """What is shipped, from the shipped catalogue."""
    names = chosen(arguments.targets)
    if arguments.config is not None:
        raise UsageError("--config is for rules of your own", "name a folder for them: --out DIR")
    for option in ("format", "job", "grafana_url"):
        if getattr(arguments, option) is not None and names != ["rules"]:
            raise UsageError(f"--{option.replace('_', '-')} is for rules only", f"run `{SELF} rules` with it")
    root: Path = arguments.root
    if not (root / "README.md").is_file():
        raise UsageError(
            f"{root.resolve()} is not a checkout: it has no README.md", "change to one, or name it: --root"
        )
    catalogue = load_catalogue()
    if names == ["rules"]:
        return {"rules": _rules(catalogue, arguments, "rules/")}
    return {name: TARGETS[name](catalogue) for name in names}


def _rules(catalogue: Catalogue, arguments: argparse.Namespace, folder: str) -> list[Generated]:
    options = Options(arguments.job or _USUAL.job, arguments.grafana_url or _USUAL.grafana)
    return generated_rules(catalogue, options, (arguments.format,) if arguments.format else FORMATS, folder)


def chosen(targets: list[str]) -> list[str]:
    """The targets named, or all; raises UsageError for one that is none."""
    for name in targets:
        if name not in TARGETS:
            raise UsageError(f"there is no target '{name}'", f"choose from {', '.join(TARGETS)}")
    return list(dict.fromkeys(targets)) or list(TARGETS)


def _check(found: Mapping[str, list[Generated]], root: Path) -> int:
    """Name every file that drifts, and the command that mends it."""
    status = 0
    for target, files in found.items():
        if paths := drifting(files, root):
            status = 1
            print(f"not up to date: {', '.join(paths)}. Fix: run `{SELF} {target}`", file=sys.stderr)
    return status


COMMAND = Command("generate", "write again what is generated from the catalogue", _arguments, _run)
