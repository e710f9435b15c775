"""The command line: `outcall-exporter COMMAND`. Exit status 0 done, 1 failed, 2 wrong usage or configuration."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from exporter import __version__
from exporter.commands import COMMANDS
from exporter.errors import OutcallError, UsageError


class Parser(argparse.ArgumentParser):
    """A parser that tells what is wrong as every other error is told: one sentence with the fix."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, f"{_likely(message)}run `{self.prog} --help`")


def _likely(message: str) -> str:
    """For an unknown command, the one that it is most like, if any."""
    unknown = re.search(r"argument COMMAND: invalid choice: '([^']*)'", message)
    alike = get_close_matches(unknown[1], [command.name for command in COMMANDS], n=1) if unknown else []
    return f"did you mean {alike[0]}? If not, " if alike else ""


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command; wrong usage raises UsageError."""
    parser = Parser(
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
