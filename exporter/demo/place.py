"""The demo's folder as the exporter and a person at a terminal need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from exporter.calldb.schema import schema_sql
from exporter.demo.options import demo_settings
from exporter.demo.postgres import RunningServer
from exporter.demo.server import DATABASE, HOST, READER
from exporter.errors import DatabaseError
from exporter.settings import Settings

_ANYWHERE = {"0.0.0.0": HOST, "[::]": "[::1]"}  # noqa: S104 - nothing is bound here


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are in the demo's folder; whatever the environment says, a demo keeps to it."""

    server: RunningServer

    @property
    def recordings(self) -> Path:
        return self.server.folder / "recordings"

    @property
    def pgpass(self) -> Path:
        return self.server.folder / "pgpass"

    def settings(self, environment: Mapping[str, str]) -> Settings:
        """The demo's settings on this server."""
        own = {
            "database_url": SecretStr(self.server.readonly_dsn),
            "database_url_file": None,
            "database_schema": "",
            "database_pooled": False,
            "state_dir": self.server.folder / "state",
            "recordings_dir": self.recordings,
            "recordings_template": "",
            "relay": False,
            "reviews_dir": None,
            "reviews_receiver": "",
            "relay_url": "",
        }
        return demo_settings(environment).model_copy(update=own)

    def psql(self) -> str:
        """How to look into the call database; the password stays in a file that only its owner reads."""
        return f"PGPASSFILE={self.pgpass} psql -h {HOST} -p {self.server.port} -U {READER} {DATABASE}"


async def prepare(place: Place) -> None:
    """Tables that the reader may read, the folder of the recordings, the password file for psql."""
    try:
        connection = await asyncpg.connect(place.server.dsn)
        try:
            await connection.execute(schema_sql())
            await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseError(f"The demo's tables could not be made ({type(error).__name__})", "start it again") from None
    place.recordings.mkdir(mode=0o700)
    password = urlsplit(place.server.readonly_dsn).password
    place.pgpass.touch(mode=0o600)
    place.pgpass.write_text(f"{HOST}:{place.server.port}:{DATABASE}:{READER}:{password}\n")


def reachable(url: str) -> str:
    """`host:port` of our own server as this machine reaches it; on the loopback if it listens everywhere."""
    host, _, port = urlsplit(url).netloc.rpartition(":")
    return f"{_ANYWHERE.get(host, host)}:{port}"
