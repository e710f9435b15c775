"""`generate`: what follows from the catalogue and the code, written to the files of a checkout, or compared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
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
from exporter.generate.traceability import traceability
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue

_USUAL = Options()
LIBRARY = "grafana_foundation_sdk"
# What can be made for an operator's own catalogue, in a folder of theirs.
OWN = ("rules", "dashboards")
EPILOG = f"""\
Your own KPIs and thresholds, and so your own rules and dashboards:

  {SELF} rules dashboards --config outcall.yaml --out DIR

writes DIR/*.rules.yml for Prometheus (rule_files: [DIR/*.rules.yml]), DIR/kubernetes/ for its operator, and DIR/zh/
and DIR/en/ for Grafana, from the catalogue and the time zone that the configuration names; with --check it compares
them, so that a pipeline sees when they have drifted. Without --out the files of a checkout are written, from the
shipped catalogue: references, dashboards, rules, frames of runbooks.
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


def dashboards(catalogue: Catalogue, others: Sequence[str] = ()) -> list[Generated]:
    """Grafana's, and the page that says which KPI is on which; raises UsageError without the library."""
    found = boards(catalogue, "grafana/", others)
    return [*found, traceability(catalogue, found)]


def boards(catalogue: Catalogue, folder: str, others: Sequence[str] = ()) -> list[Generated]:
    """Grafana's, below a folder, by a library that running the exporter does not need.

    Raises UsageError without it; `others`: targets that are wanted too, and can be had.
    """
    try:
        from exporter.generate.dashboards.files import generated_dashboards
    except ImportError as error:
        if (error.name or "").partition(".")[0] != LIBRARY:
            raise
        fix = "pip install 'outcall-exporter[dashboards]'"
        if others:
            fix += f", or do without them: `{SELF} {' '.join(others)}`"
        raise UsageError("dashboards need grafana-foundation-sdk, which is not installed", fix) from None
    return generated_dashboards(catalogue, folder)


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
    add = parser.add_argument_group("rules and dashboards of your own").add_argument
    add("--out", type=Path, metavar="DIR", help="folder for them, instead of the checkout")
    add("--config", type=Path, metavar="FILE", help="with --out: configuration file (or OUTCALL_CONFIG)")
    add = parser.add_argument_group("rules").add_argument
    add("--format", choices=FORMATS, help="one format only (default: both)")
    add("--job", metavar="NAME", help=f"job_name of the exporter in Prometheus (default: {_USUAL.job})")
    add("--grafana-url", metavar="URL", help=f"where alerts link to (default: {_USUAL.grafana})")


def _run(arguments: argparse.Namespace) -> int:
    found = _own(arguments) if arguments.out is not None else _of_checkout(arguments)
    root: Path = arguments.root if arguments.out is None else arguments.out
    if arguments.check:
        return _check(found, root, _again(arguments))
    for file in (file for files in found.values() for file in files):
        if file.drifts(root):
            file.write(root)
            say(f"wrote {file.path}")
    return 0


def _own(arguments: argparse.Namespace) -> dict[str, list[Generated]]:
    """Rules and dashboards of the operator's catalogue, for a folder of theirs."""
    names = list(dict.fromkeys(arguments.targets))
    if not names or not set(names) <= set(OWN):
        raise UsageError(
            "--out is for rules and dashboards only", f"run `{SELF} {' '.join(OWN)} --out {arguments.out}`"
        )
    _check_rules_only(arguments, names)
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    found = {}
    for name in names:
        others = [other for other in names if other != name]
        found[name] = _rules(catalogue, arguments, "") if name == "rules" else boards(catalogue, "", others)
    return found


def _check_rules_only(arguments: argparse.Namespace, names: Sequence[str]) -> None:
    """Raises UsageError for an option of rules where none are made; in a checkout, where other things are made too."""
    fits = "rules" in names if arguments.out is not None else names == ["rules"]
    for option in ("format", "job", "grafana_url"):
        if getattr(arguments, option) is not None and not fits:
            raise UsageError(f"--{option.replace('_', '-')} is for rules only", f"run `{SELF} rules` with it")


def _of_checkout(arguments: argparse.Namespace) -> dict[str, list[Generated]]:
    """What is shipped, from the shipped catalogue."""
    names = chosen(arguments.targets)
    if arguments.config is not None:
        raise UsageError("--config is for rules and dashboards of your own", "name a folder for them: --out DIR")
    _check_rules_only(arguments, names)
    root: Path = arguments.root
    if not (root / "README.md").is_file():
        raise UsageError(
            f"{root.resolve()} is not a checkout: it has no README.md", "change to one, or name it: --root"
        )
    catalogue = load_catalogue()
    if names == ["rules"]:
        return {"rules": _rules(catalogue, arguments, "rules/")}
    others = [name for name in names if name != "dashboards"]
    return {name: TARGETS[name](catalogue) if name in others else dashboards(catalogue, others) for name in names}


def _rules(catalogue: Catalogue, arguments: argparse.Namespace, folder: str) -> list[Generated]:
    options = Options(arguments.job or _USUAL.job, arguments.grafana_url or _USUAL.grafana)
    return generated_rules(catalogue, options, (arguments.format,) if arguments.format else FORMATS, folder)


def chosen(targets: list[str]) -> list[str]:
    """The targets named, or all; raises UsageError for one that is none."""
    for name in targets:
        if name not in TARGETS:
            raise UsageError(f"there is no target '{name}'", f"choose from {', '.join(TARGETS)}")
    return list(dict.fromkeys(targets)) or list(TARGETS)


def _again(arguments: argparse.Namespace) -> str:
    """The options with which the same files are made again."""
    given = {"--config": arguments.config, "--out": arguments.out} if arguments.out is not None else {}
    return "".join(f" {option} {value}" for option, value in given.items() if value is not None)


def _check(found: Mapping[str, list[Generated]], root: Path, options: str) -> int:
    """Name every file that drifts, and the command that mends it."""
    status = 0
    for target, files in found.items():
        if paths := drifting(files, root):
            status = 1
            print(f"not up to date: {', '.join(paths)}. Fix: run `{SELF} {target}{options}`", file=sys.stderr)
    return status


COMMAND = Command("generate", "write again what is generated from the catalogue", _arguments, _run)
