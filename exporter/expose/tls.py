"""TLS as the web configuration asks for it, in Python's `ssl`, with certificates that renew themselves.

Three of Go's settings have no exact counterpart, and the difference is always towards the stricter side: of several
`curve_preferences` only the first is offered; `RequestClientCert` asks for nothing, as nothing would depend on it;
`RequireAnyClientCert` (which would take a forged certificate) is refused by the validation.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.expose.webconfig import TlsServer

logger = logging.getLogger(__name__)

PeerCheck = Callable[[Mapping[str, Any] | None], bool]

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
_VERIFY = {"VerifyClientCertIfGiven": ssl.CERT_OPTIONAL, "RequireAndVerifyClientCert": ssl.CERT_REQUIRED}

# Seconds between looks at the certificate files; many handshakes in one second share one look.
WATCH_SECONDS = 1.0


def build_context(tls: TlsServer) -> ssl.SSLContext:
    """A server context for `tls`; raises OSError or ssl.SSLError when a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = _VERSIONS[tls.min_version], _VERSIONS[tls.max_version]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _restrict_ciphers(context, tls.cipher_suites)
    if tls.curve_preferences:
        context.set_ecdh_curve(_CURVES[tls.curve_preferences[0]])
    _load_certificate(context, tls)
    _verify_clients(context, tls)
    return context


def _restrict_ciphers(context: ssl.SSLContext, suites: Sequence[str]) -> None:
    """Go's names to OpenSSL's. Those of TLS 1.3 cannot be chosen (nor can they in Go): alone, they rule out TLS 1.2."""
    older = [openssl_cipher(name) for name in suites if "_WITH_" in name]
    if older:
        context.set_ciphers(":".join(older))
    elif suites:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def openssl_cipher(go_name: str) -> str:
    """`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is OpenSSL's `ECDHE-RSA-AES128-GCM-SHA256`."""
    exchange, _, cipher = go_name.removeprefix("TLS_").partition("_WITH_")
    cipher = cipher.replace("AES_128", "AES128").replace("AES_256", "AES256").replace("_CBC_SHA", "_SHA")
    return f"{exchange}_{cipher.replace('CHACHA20_POLY1305_SHA256', 'CHACHA20_POLY1305')}".replace("_", "-")


def _load_certificate(context: ssl.SSLContext, tls: TlsServer) -> None:
    """The server's certificate chain and key. `ssl` reads only files: inline text passes through a private folder."""
    key = tls.key.get_secret_value() if tls.key is not None else None
    with tempfile.TemporaryDirectory(prefix="outcall-tls-") as folder:
        cert_file = _as_file(tls.cert, tls.cert_file, Path(folder, "cert.pem"))
        key_file = _as_file(key, tls.key_file, Path(folder, "key.pem"))
        # Without a password callback OpenSSL would ask on the terminal for that of an encrypted key.
        context.load_cert_chain(cert_file, key_file, password=lambda: "")


def _as_file(text: str | None, file: str | None, spare: Path) -> str:
    if file:
        return file
    spare.write_text(text or "", encoding="utf-8")
    return str(spare)


def _verify_clients(context: ssl.SSLContext, tls: TlsServer) -> None:
    if tls.client_auth_type not in _VERIFY:
        return
    context.verify_mode = _VERIFY[tls.client_auth_type]
    context.load_verify_locations(cafile=tls.client_ca_file or None, cadata=tls.client_ca or None)


def allows_peer(allowed: Sequence[str]) -> PeerCheck:
    """A check that a verified client certificate carries one of the `allowed` subject alternative names exactly."""
    wanted = {_normal(name) for name in allowed}

    def check(certificate: Mapping[str, Any] | None) -> bool:
        names: Sequence[tuple[str, str]] = (certificate or {}).get("subjectAltName", ())
        return any(_normal(value) in wanted for kind, value in names if kind in ("DNS", "IP Address", "email", "URI"))

    return check


def _normal(name: str) -> str:
    """IP addresses in one spelling; other names as they are."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name


class LiveTls:
    """The context for the next handshake: rebuilt when a certificate file changes, the last good one kept meanwhile."""

    def __init__(self, tls: TlsServer) -> None:
        self._tls = tls
        self._context = build_context(tls)
        self._seen = self._stamp()
        self._looked = time.monotonic()
        self.peer_check = allows_peer(tls.client_allowed_sans) if tls.client_allowed_sans else None

    def context(self) -> ssl.SSLContext:
        """The context to shake hands with now; looks at the files at most once in WATCH_SECONDS."""
        if time.monotonic() - self._looked >= WATCH_SECONDS:
            self._looked = time.monotonic()
            self.refresh()
        return self._context

    def refresh(self) -> None:
        """Take up changed files. Half-written or mismatched ones are tried again at the next look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            self._context = build_context(self._tls)
        except (OSError, ValueError) as error:
            logger.warning("the TLS certificate changed but cannot be used (%s); keeping the last good one", error)
            return
        self._seen = stamp
        logger.info("the TLS certificate changed and is in use from now on")

    def _stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        files = (self._tls.cert_file, self._tls.key_file, self._tls.client_ca_file)
        return tuple(_file_stamp(file) for file in files if file)


def _file_stamp(file: str) -> tuple[int, int, int] | None:
    """What changes when a file is rewritten or replaced; None while it is missing."""
    try:
        info = os.stat(file)  # noqa: PTH116  # a path from the configuration, already joined
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino
