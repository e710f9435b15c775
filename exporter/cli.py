"""The command line: `outcall-exporter COMMAND`. Exit status 0 done, 1 failed, 2 wrong usage or configuration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from exporter import __version__
from exporter.commands import COMMANDS
from exporter.errors import OutcallError


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = argparse.ArgumentParser(
        prog="outcall-exporter",
        description="Exact KPI gauges from a PostgreSQL call database, for AI outbound calling in consumer finance.",
        epilog="Every key of the configuration file is also an environment variable OUTCALL_<KEY>.",
    )
    parser.add_argument("--version", action="version", version=f"outcall-exporter {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        child = commands.add_parser(command.name, help=command.summary, description=command.summary)
        child.add_argument("--version", action="version", version=f"outcall-exporter {__version__}")
        command.arguments(child)
        child.set_defaults(run=command.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        arguments = build_parser().parse_args(argv)
        status: int = arguments.run(arguments)
    except OutcallError as error:
        for line in str(error).splitlines():
            print(f"outcall-exporter: {line}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
