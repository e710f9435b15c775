"""Certificates for tests, made with the `openssl` command."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    cert: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self.root = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
        self._openssl(
            "req", "-x509", *_new_key(self.root), "-days", "2", "-subj", f"/CN={name}", "-out", self.root.cert
        )

    def issue(self, name: str, san: str, *, days: int = 2) -> Certificate:
        """A certificate for `san` (`DNS:a,IP:b`); one of negative `days` has expired."""
        made = Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        request, extra = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extra.write_text(f"subjectAltName={san}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl("req", *_new_key(made), "-subj", f"/CN={name}", "-out", request)
        signer = ("-CA", self.root.cert, "-CAkey", self.root.key, "-CAcreateserial", "-extfile", extra)
        self._openssl("x509", "-req", "-in", request, *signer, "-days", str(days), "-out", made.cert)
        return made

    def trusting(self, client: Certificate | None = None) -> ssl.SSLContext:
        """A client's context that trusts this authority and shows `client`'s certificate."""
        context = ssl.create_default_context(cafile=str(self.root.cert))
        if client is not None:
            context.load_cert_chain(client.cert, client.key)
        return context

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self._folder)


def _new_key(made: Certificate) -> tuple[str | Path, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made.key)
