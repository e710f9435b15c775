"""What is told of a file that may not be read: its name, and not that the server is away."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.calldb.clientfiles import tls_files
from exporter.calldb.connect import Access, connection
from exporter.errors import DatabaseError

NOBODY = 65534
# Nothing listens at port 1.
URL = "postgresql://reader:secret-word@127.0.0.1:1/calls"


@contextmanager
def unprivileged() -> Iterator[None]:
    """Without root's right to read everything, for a block."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that everybody may enter, unlike pytest's folders, with a folder for certificates."""
    with tempfile.TemporaryDirectory(prefix="outcall-home-") as name:
        path = Path(name)
        path.chmod(0o755)
        folder = path / ".postgresql"
        folder.mkdir()
        monkeypatch.setenv("HOME", name)
        yield path
        folder.chmod(0o755)


async def refusal(url: str) -> str:
    """What is told of a connection that does not come about."""
    with unprivileged(), pytest.raises(DatabaseError) as caught:
        async with connection(Access(url)):
            pass
    assert "secret-word" not in str(caught.value)
    return str(caught.value)


async def test_home_folder(home: Path) -> None:
    """asyncpg looks into ~/.postgresql for any connection over TCP."""
    folder = home / ".postgresql"
    folder.chmod(0)
    said = await refusal(URL)
    assert f"no permission to read {folder}/postgresql.key" in said
    assert "chown, chmod), or set HOME" in said


@pytest.mark.parametrize(("name", "given"), [(".postgresql/root.crt", False), ("given.crt", True)])
async def test_certificate(home: Path, name: str, given: bool) -> None:
    """OpenSSL does not say which file; it is found. Where the URL names it, another HOME is no cure."""
    file = home / name
    file.touch(0o000)
    said = await refusal(f"{URL}?sslmode=verify-full" + (f"&sslrootcert={file}" if given else ""))
    assert f"no permission to read {file}" in said
    assert ("or set HOME" in said) is not given


async def test_socket(home: Path) -> None:
    """A socket's folder is no certificate, and TLS is not spoken there, whatever else may not be read."""
    (home / ".postgresql").chmod(0)
    (home / "sockets").mkdir(mode=0)
    said = await refusal(f"postgresql://reader@/calls?host={home}/sockets")
    assert "does not permit the connection" in said
    assert "socket" in said


async def test_server_that_is_away(home: Path) -> None:
    """What may not be read because it is not there is no matter."""
    (home / ".postgresql").rmdir()
    assert "nothing listens" in await refusal(URL)
    (home / ".postgresql").mkdir()


async def test_password_file(home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncpg passes over an unreadable one without a word: the sentence about the password speaks of it."""
    passwords = home / "passwords"
    passwords.touch(0o000)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    account, _, place = database.rpartition("@")
    assert "user alone must be able to read" in await refusal(f"{account.rpartition(':')[0]}@{place}")


KEY, CERT = "/h/.postgresql/postgresql.key", "/h/.postgresql/postgresql.crt"
ROOT, LIST = "/h/.postgresql/root.crt", "/h/.postgresql/root.crl"


@pytest.mark.parametrize(
    ("url", "environment", "files"),
    [
        ("postgresql://a@db/b", {}, [KEY, CERT]),
        ("postgresql://a@db/b", {"PGSSLMODE": "disable"}, []),
        ("postgresql://a@db/b?sslmode=require", {}, [KEY, CERT, ROOT, LIST]),
        ("postgresql://a@db/b?sslkey=/k&sslcert=/c", {"PGSSLKEY": "/other"}, ["/k", "/c"]),
        ("postgresql://a@db/b", {"PGSSLMODE": "verify-ca", "PGSSLROOTCERT": "/r"}, [KEY, CERT, "/r", LIST]),
        ("postgresql://a@%2Frun%2Fpostgresql/b", {}, []),
        ("postgresql:///b", {"PGHOST": "/run/postgresql"}, []),
        ("postgresql:///b?host=/run/postgresql&sslmode=require", {}, [KEY, CERT, ROOT, LIST]),
    ],
)
def test_files_of_a_connection(url: str, environment: dict[str, str], files: list[str]) -> None:
    """libpq's names, and which of them matter."""
    assert list(map(str, tls_files(url, environment, Path("/h")))) == files


def test_user_without_home() -> None:
    assert list(tls_files("postgresql://a@db/b?sslcert=/c", {}, None)) == [Path("/c")]
