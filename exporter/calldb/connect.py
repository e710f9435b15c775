"""Connections to the call database: read only, bounded in time, and honest about what went wrong.

asyncpg's error texts quote values of rows and the DSN; what leaves this module names class and SQLSTATE only.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from exporter import __version__
from exporter.calldb.clientfiles import HOME_FOLDER, unreadable
from exporter.errors import DatabaseError

# Generic only in the stubs.
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

# Everything that means "the connection is of no use any more", as opposed to "this statement is wrong".
TROUBLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the call database. Times in seconds; `pooled` for pgbouncer in transaction mode."""

    url: str
    schema: str = ""
    connect_timeout: float = 5.0
    statement_timeout: float = 5.0
    lock_timeout: float = 2.0
    pooled: bool = False

    def polling(self) -> dict[str, str]:
        """Planner settings for polls, whose statements touch few rows by index, whatever the statistics say.

        Generic plans save the planning, which else takes most of a poll; estimated for unknown bounds they would read
        whole tables, so the ways to do that are made costly (not impossible: a source without indexes still works), and
        joins go in the order in which the catalogue writes them: from what changed to what it touches.
        """
        costly = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
        as_written = ("join_collapse_limit", "from_collapse_limit")
        fixed = {**dict.fromkeys(costly, "off"), **dict.fromkeys(as_written, "1")}
        return {"plan_cache_mode": "force_generic_plan", **fixed}

    def session(self, statement_timeout: float) -> dict[str, str]:
        """Session settings: read only, UTC, no JIT (it costs more than these statements), bounded waits."""
        settings = {
            "default_transaction_read_only": "on",
            "TimeZone": "UTC",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            "statement_timeout": str(int(statement_timeout * 1000)),
            "lock_timeout": str(int(self.lock_timeout * 1000)),
            "idle_in_transaction_session_timeout": "60000",
        }
        return settings | ({"search_path": self.schema} if self.schema else {})


@asynccontextmanager
async def connection(access: Access, *, statement_timeout: float | None = None) -> AsyncIterator[Connection]:
    """A connection with the session settings, closed in bounded time; raises DatabaseError."""
    limit = access.statement_timeout if statement_timeout is None else statement_timeout
    opened = await open_connection(access, limit)
    try:
        yield opened
    finally:
        await close(opened)


async def open_connection(access: Access, statement_timeout: float) -> Connection:
    """Open a connection; raises DatabaseError with a sentence that shows no secret."""
    session = access.session(statement_timeout)
    try:
        async with asyncio.timeout(access.connect_timeout * 2):
            opened: Connection = await asyncpg.connect(
                access.url,
                timeout=access.connect_timeout,
                command_timeout=statement_timeout + access.connect_timeout,
                statement_cache_size=0 if access.pooled else 200,
                server_settings={"application_name": f"outcall-exporter {__version__}"}
                | ({} if access.pooled else session),
            )
    except PermissionError as error:
        raise explain_denied(error, access.url) from None
    except (asyncpg.PostgresError, *TROUBLE, ValueError) as error:
        raise explain_connect(error) from None
    return opened


async def close(opened: Connection) -> None:
    """Close politely for a moment, then cut the connection."""
    try:
        await opened.close(timeout=2)
    except (asyncpg.PostgresError, *TROUBLE):
        opened.terminate()


def is_trouble(error: BaseException) -> bool:
    """Whether the connection is of no use any more; a statement that was too slow leaves it usable."""
    return isinstance(error, TROUBLE) and not isinstance(error, asyncpg.QueryCanceledError)


async def begin(opened: Connection, access: Access, statement_timeout: float, *, polling: bool = False) -> None:
    """Within a transaction: settings for polls, and those of the session where a pooler forbids them at start-up."""
    settings = access.session(statement_timeout) if access.pooled else {}
    settings |= access.polling() if polling else {}
    if settings:
        calls = ", ".join(f"set_config('{name}', ${at}, true)" for at, name in enumerate(settings, start=1))
        await opened.fetchrow(f"SELECT {calls}", *settings.values())


def explain_denied(error: PermissionError, url: str) -> DatabaseError:
    """One sentence for a file that this process may not read, which asyncpg wants before it connects; else a socket."""
    denied = Path(os.fsdecode(error.filename)) if error.filename else unreadable(url)
    if denied is None:
        return DatabaseError(
            "this machine does not permit the connection to the call database",
            "check the rights of the socket's folder, or this machine's firewall",
        )
    fix = "let the exporter's user read it and enter its folder (chown, chmod)"
    at_home = HOME_FOLDER in denied.parts
    return DatabaseError(
        f"no permission to read {denied}, where the certificates for the call database are looked for",
        f"{fix}, or set HOME to another folder" if at_home else fix,
    )


# What went wrong, in words, and the fix; the first that fits.
_REFUSALS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        asyncpg.InvalidPasswordError,
        "the call database refused the password",
        # asyncpg passes over a ~/.pgpass (PGPASSFILE) that it cannot read, or that others can, without a word.
        "correct database_url, or its password file, which the exporter's user alone must be able to read",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "the call database refused the role",
        "create the role (docs/role.md) or correct database_url",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "the call database does not exist on that server",
        "correct the database name in database_url",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "the call database has no connection left for this role",
        "raise the role's CONNECTION LIMIT to 10 or close others",
    ),
    (
        asyncpg.CannotConnectNowError,
        "the call database is starting up or shutting down",
        "wait; the exporter tries again",
    ),
    (
        asyncpg.ClientConfigurationError,
        "the database URL is not valid",
        "use postgresql://user@host:5432/name in database_url",
    ),
    (TimeoutError, "the call database did not answer in time", "check host, port and firewall in database_url"),
    (
        ConnectionRefusedError,
        "nothing listens at the call database's address",
        "start PostgreSQL, or correct host and port in database_url",
    ),
    (
        ssl.SSLCertVerificationError,
        "the call database's certificate is not trusted",
        "give its authority with sslrootcert in database_url, and a host that the certificate names",
    ),
    (
        ssl.SSLError,
        "no TLS connection to the call database came about",
        "check sslmode and the certificates in database_url, and what the server's ssl settings ask for",
    ),
    (OSError, "the call database's host cannot be reached", "check host and port in database_url"),
    (ValueError, "the database URL is not valid", "use postgresql://user@host:5432/name in database_url"),
)


def explain_connect(error: Exception) -> DatabaseError:
    """One sentence for a failed connection, with the fix."""
    if type(error) is ConnectionError and "SSL" in str(error):
        fix = "switch ssl on in the server, or set sslmode=disable in database_url where the network is safe"
        return DatabaseError("the call database does not speak TLS", fix)
    for kind, problem, fix in _REFUSALS:
        if isinstance(error, kind):
            return DatabaseError(problem, fix)
    return DatabaseError(f"the call database cannot be used ({describe(error)})", "see the server's log")


def describe(error: BaseException) -> str:
    """Class and SQLSTATE of an error: never its text, which may quote a value."""
    state = getattr(error, "sqlstate", None)
    return f"{type(error).__name__}, SQLSTATE {state}" if state else type(error).__name__


def explain_query(error: BaseException, what: str) -> str:
    """One sentence for a failed statement about `what`, without values."""
    cases: tuple[tuple[type[BaseException], str], ...] = (
        (asyncpg.UndefinedTableError, "does not exist: create it, or map it under sources"),
        (asyncpg.InvalidSchemaNameError, "names a schema that does not exist: set database_schema"),
        (asyncpg.UndefinedColumnError, "lacks a column: add it, or map the source to a SELECT that has it"),
        (asyncpg.InsufficientPrivilegeError, "may not be read: GRANT SELECT on it to the exporter's role"),
        (asyncpg.QueryCanceledError, "took longer than statement_timeout: add the index that check --live names"),
        (asyncpg.LockNotAvailableError, "is locked: it is read again later"),
        (asyncpg.PostgresSyntaxError, "has a syntax error in its SELECT: correct it under sources"),
        (asyncpg.UndefinedFunctionError, "has a column of a wrong type: cast it in a SELECT under sources"),
        (asyncpg.DatatypeMismatchError, "has a column of a wrong type: cast it in a SELECT under sources"),
    )
    for kind, text in cases:
        if isinstance(error, kind):
            return f"{what} {text}"
    return f"{what} cannot be read ({describe(error)})"
