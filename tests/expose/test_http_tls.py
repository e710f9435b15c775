"""TLS with real certificates: versions, mutual TLS, names, renewal without a restart."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from exporter.expose.server import HttpServer
from exporter.expose.tls import LiveTls, openssl_cipher
from exporter.expose.webconfig import TlsServer
from tests.expose.certs import Authority, Certificate
from tests.expose.conftest import Start

WebFile = Callable[..., Path]
NOT_WELCOME = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Clients:
    """Client certificates: the right one, and each kind of wrong one."""

    right: Certificate
    expired: Certificate
    foreign: Certificate


@pytest.fixture(scope="session")
def clients(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Client certificates of this authority and of another."""
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "stranger")
    san = "DNS:prometheus.example,IP:10.0.0.7,IP:fd00::7,email:ops@example.org,URI:spiffe://example/prom"
    return Clients(
        right=authority.issue("client", san),
        expired=authority.issue("expired", san, days=-1),
        foreign=stranger.issue("foreign", san),
    )


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    """The server's certificate."""
    return authority.issue("server", "IP:127.0.0.1,DNS:localhost")


@pytest.fixture
def tls_file(web_file: WebFile, certificate: Certificate, authority: Authority) -> WebFile:
    """Writes a web configuration with the server's files beside it and the given further lines."""

    def write(more: str = "") -> Path:
        path = web_file(f"tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n{more}")
        shutil.copy(certificate.cert, path.with_name("server.crt"))
        shutil.copy(certificate.key, path.with_name("server.key"))
        shutil.copy(authority.root.cert, path.with_name("ca.crt"))
        return path

    return write


async def status(server: HttpServer, context: ssl.SSLContext) -> int:
    """The status of a scrape over a fresh TLS connection."""
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}metrics", ssl=context) as answer:
        await answer.read()
        return answer.status


async def serial(server: HttpServer, authority: Authority) -> str:
    """The serial number of the certificate that the server shows."""
    context = authority.trusting()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    certificate = writer.get_extra_info("peercert")
    writer.close()
    return str(certificate["serialNumber"])


async def test_tls(start: Start, tls_file: WebFile, authority: Authority) -> None:
    """HTTPS answers whoever trusts the authority; plain HTTP on that port does not."""
    server = await start(web_config=tls_file())
    assert server.url.startswith("https://")
    assert await status(server, authority.trusting()) == 200
    with pytest.raises(NOT_WELCOME):
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://127.0.0.1:{server.port}/metrics")


@pytest.mark.parametrize(
    ("settings", "client_max", "works"),
    [
        ("", ssl.TLSVersion.TLSv1_2, True),
        ("  min_version: TLS13\n", ssl.TLSVersion.TLSv1_2, False),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", ssl.TLSVersion.TLSv1_2, False),
        ("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n", ssl.TLSVersion.TLSv1_2, True),
        ("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n", ssl.TLSVersion.TLSv1_2, False),
        ("  max_version: TLS12\n", ssl.TLSVersion.TLSv1_3, True),
        ("  curve_preferences: [CurveP384, X25519]\n", ssl.TLSVersion.TLSv1_3, True),
    ],
)
async def test_versions_ciphers_and_curves(
    start: Start, tls_file: WebFile, authority: Authority, settings: str, client_max: ssl.TLSVersion, works: bool
) -> None:
    """What the file restricts is refused in the handshake, the rest works."""
    server = await start(web_config=tls_file(settings))
    context = authority.trusting()
    context.maximum_version = client_max
    if works:
        assert await status(server, context) == 200
    else:
        with pytest.raises(NOT_WELCOME):
            await status(server, context)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_tls_is_refused(start: Start, tls_file: WebFile, authority: Authority) -> None:
    """TLS 1.1 does not connect, whatever the client's own leniency."""
    server = await start(web_config=tls_file())
    context = authority.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(NOT_WELCOME):
        await status(server, context)


@pytest.mark.parametrize(
    ("policy", "shown", "works"),
    [
        ("RequireAndVerifyClientCert", "right", True),
        ("RequireAndVerifyClientCert", "none", False),
        ("RequireAndVerifyClientCert", "expired", False),
        ("RequireAndVerifyClientCert", "foreign", False),
        ("VerifyClientCertIfGiven", "right", True),
        ("VerifyClientCertIfGiven", "none", True),
        ("VerifyClientCertIfGiven", "foreign", False),
        ("RequestClientCert", "foreign", True),
    ],
)
async def test_mutual_tls(
    start: Start, tls_file: WebFile, authority: Authority, clients: Clients, policy: str, shown: str, works: bool
) -> None:
    """Each policy with each kind of client certificate."""
    server = await start(web_config=tls_file(f"  client_auth_type: {policy}\n  client_ca_file: ca.crt\n"))
    context = authority.trusting(None if shown == "none" else getattr(clients, shown))
    if works:
        assert await status(server, context) == 200
    else:
        with pytest.raises(NOT_WELCOME):
            await status(server, context)


@pytest.mark.parametrize(
    ("allowed", "works"),
    [
        ("prometheus.example", True),
        ("10.0.0.7", True),
        ("'fd00:0:0::7'", True),
        ("ops@example.org", True),
        ("spiffe://example/prom", True),
        ("other.example", False),
        ("example", False),
    ],
)
async def test_allowed_names(
    start: Start, tls_file: WebFile, authority: Authority, clients: Clients, allowed: str, works: bool
) -> None:
    """client_allowed_sans: one exact name of the client's certificate has to be on the list."""
    policy = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
    server = await start(web_config=tls_file(f"{policy}  client_allowed_sans: [{allowed}]\n"))
    if works:
        assert await status(server, authority.trusting(clients.right)) == 200
    else:
        with pytest.raises(NOT_WELCOME):
            await status(server, authority.trusting(clients.right))


async def test_a_renewed_certificate_is_taken_up(
    start: Start, tls_file: WebFile, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New files serve the next handshake; half of a pair leaves the old one in use until the other half is there."""
    monkeypatch.setattr("exporter.expose.tls.WATCH_SECONDS", 0.0)
    path = tls_file()
    server = await start(web_config=path)
    before = await serial(server, authority)
    renewed = authority.issue("renewed", "IP:127.0.0.1")
    shutil.copy(renewed.cert, path.with_name("server.crt"))
    assert await serial(server, authority) == before
    shutil.copy(renewed.key, path.with_name("server.key"))
    assert await serial(server, authority) != before


async def test_tls_can_be_switched_on_by_a_reload(
    start: Start, web_file: WebFile, tls_file: WebFile, authority: Authority
) -> None:
    """The scheme follows the file; idle plain connections end."""
    server = await start(web_config=web_file(""))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"Healthy.\n")
    tls_file()
    assert await server.reload() == ""
    assert await reader.read() == b""
    writer.close()
    assert await status(server, authority.trusting()) == 200


async def test_inline_pem(start: Start, web_file: WebFile, certificate: Certificate, authority: Authority) -> None:
    """The toolkit's inline `cert` and `key`."""
    parts = [
        f"  {name}: |\n" + _indented(file) for name, file in (("cert", certificate.cert), ("key", certificate.key))
    ]
    server = await start(web_config=web_file("tls_server_config:\n" + "".join(parts)))
    assert await status(server, authority.trusting()) == 200


def _indented(file: Path) -> str:
    return "".join(f"    {line}\n" for line in file.read_text().splitlines())


async def test_configured_headers(start: Start, tls_file: WebFile, authority: Authority) -> None:
    """Headers of the file go out with every answer, over our own; a blank one takes ours away."""
    more = (
        "http_server_config:\n  http2: true\n  headers:\n    Strict-Transport-Security: max-age=1\n"
        '    X-Frame-Options: sameorigin\n    Content-Security-Policy: ""\n'
    )
    server = await start(web_config=tls_file(more))
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}nothing", ssl=authority.trusting()) as answer,
    ):
        headers = answer.headers
    assert headers["Strict-Transport-Security"] == "max-age=1"
    assert headers["X-Frame-Options"] == "sameorigin"
    assert "Content-Security-Policy" not in headers


def test_every_cipher_name_is_openssl_s() -> None:
    """Each of Go's suites below TLS 1.3 is one that OpenSSL knows by the translated name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    suites = TlsServer.model_json_schema()["properties"]["cipher_suites"]["items"]["enum"]
    for suite in (name for name in suites if "_WITH_" in name):
        context.set_ciphers(openssl_cipher(suite))
        assert openssl_cipher(suite) in {cipher["name"] for cipher in context.get_ciphers()}


def test_private_keys_are_not_left_behind(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inline keys pass through a private folder that is gone afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    LiveTls(TlsServer.model_validate({"cert": certificate.cert.read_text(), "key": certificate.key.read_text()}))
    assert list(tmp_path.iterdir()) == []
