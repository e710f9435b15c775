"""`generate`: what follows from the catalogue and the code, written to the files of a checkout, or compared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from exporter.calldb.schema import schema_sql
from exporter.commands.base import Command, say
from exporter.commands.families import families
from exporter.errors import UsageError
from exporter.generate.calldb import call_database_reference
from exporter.generate.configuration import configuration_reference
from exporter.generate.files import COMMAND as SELF
from exporter.generate.files import Generated, drifting, marker
from exporter.generate.kpis import kpi_reference, kpi_table
from exporter.generate.metrics import metrics_reference
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue


def docs(catalogue: Catalogue) -> list[Generated]:
    """The references, and the table in the README."""
    return [
        Generated("docs/kpis.md", kpi_reference(catalogue)),
        Generated("README.md", kpi_table(catalogue, "docs/kpis.md"), marker("kpi table", "docs")),
        Generated("docs/metrics.md", metrics_reference(catalogue, families(catalogue))),
        Generated("docs/configuration.md", configuration_reference()),
        Generated("docs/call-database.md", call_database_reference(catalogue, schema_sql())),
    ]


TARGETS: Mapping[str, Callable[[Catalogue], list[Generated]]] = {"docs": docs}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)} (default: all)")
    add("--check", action="store_true", help="write nothing; exit status 1 when a file is not as it should be")
    add("--root", type=Path, default=Path(), metavar="DIR", help="the checkout (default: the working folder)")


def _run(arguments: argparse.Namespace) -> int:
    root: Path = arguments.root
    if not (root / "README.md").is_file():
        raise UsageError(
            f"{root.resolve()} is not a checkout: it has no README.md", "change to one, or name it: --root"
        )
    catalogue = load_catalogue()
    found = {name: TARGETS[name](catalogue) for name in chosen(arguments.targets)}
    if arguments.check:
        return _check(found, root)
    for file in (file for files in found.values() for file in files):
        if file.drifts(root):
            file.write(root)
            say(f"wrote {file.path}")
    return 0


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
