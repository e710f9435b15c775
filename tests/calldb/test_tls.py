"""What is told when TLS with the call database does not come about: the reason, and not that the host is away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.calldb.connect import Access, connection
from exporter.errors import DatabaseError
from tests.expose.certs import Authority
from tests.support.pgtools import server_user
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[str]:
    """DSN of a server that speaks TLS, with a certificate for its address."""
    made = authority.issue("server", "IP:127.0.0.1")
    with Postgres() as postgres:
        postgres.stop()
        for name, file in (("server.crt", made.cert), ("server.key", made.key)):
            path = postgres.folder / "data" / name
            path.write_bytes(file.read_bytes())
            path.chmod(0o600)
            if os.geteuid() == 0:
                os.chown(path, server_user().pw_uid, server_user().pw_gid)
        with (postgres.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\nssl = on\n")
        postgres.start()
        yield postgres.dsn()


async def refusal(url: str) -> str:
    """What is told of a connection that does not come about."""
    with pytest.raises(DatabaseError) as caught:
        async with connection(Access(url)):
            pass
    assert "password@" not in str(caught.value)
    return str(caught.value)


async def test_trusted(server: str, authority: Authority) -> None:
    """With its authority there is a connection, and it is encrypted."""
    async with connection(Access(f"{server}?sslmode=verify-full&sslrootcert={authority.root.cert}")) as opened:
        assert await opened.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


async def test_not_trusted(server: str, tmp_path: Path) -> None:
    """Another authority's."""
    other = Authority(tmp_path, "other")
    said = await refusal(f"{server}?sslmode=verify-full&sslrootcert={other.root.cert}")
    assert "certificate is not trusted" in said
    assert "sslrootcert" in said


async def test_another_name(server: str, authority: Authority) -> None:
    """The certificate is for an address, not for this name of it."""
    named = server.replace("127.0.0.1", "localhost")
    said = await refusal(f"{named}?sslmode=verify-full&sslrootcert={authority.root.cert}")
    assert "a host that the certificate names" in said


async def test_no_certificate(server: str, tmp_path: Path) -> None:
    """A file that holds none."""
    (tmp_path / "root.crt").write_text("no certificate\n")
    said = await refusal(f"{server}?sslmode=verify-full&sslrootcert={tmp_path / 'root.crt'}")
    assert "no TLS connection" in said


async def test_server_without_tls(database: str) -> None:
    """A server that has none is no host that is away."""
    said = await refusal(f"{database}?sslmode=require")
    assert "does not speak TLS" in said
