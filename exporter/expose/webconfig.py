"""The web configuration file: TLS, client certificates, passwords, headers, in the format of Prometheus' exporters.

The same file serves every exporter of an installation, so each key of the exporter toolkit is known here. What differs
is stricter and said in the error: TLS below 1.2 and unverified client certificates are refused. HTTP/1.1 is served
whatever `http2` says. Unknown keys are refused, and all errors are reported together, each with its line and its fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from exporter.errors import ConfigError, ConfigErrors
from exporter.expose.webchecks import check_relations, explain, tls_wanted
from exporter.semantic.yamlfile import Document, load_yaml

CipherSuite = Literal[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
]
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]
ClientAuth = Literal["NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
TlsVersion = Literal["TLS12", "TLS13"]

# A cost of 18 takes about 20 s a check; beyond that a single sign-in would occupy the checker for minutes.
_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|1[0-8])\$[./A-Za-z0-9]{53}")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+|0")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _bcrypt_hash(value: SecretStr) -> SecretStr:
    if _BCRYPT.fullmatch(value.get_secret_value()) is None:
        raise PydanticCustomError("bcrypt", "the password is not a bcrypt hash of cost 4 to 18")
    return value


def _one_line(value: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise PydanticCustomError("one_line", "the value has a line break or another control character")
    return value


def _duration(value: str) -> str:
    if _DURATION.fullmatch(value) is None:
        raise PydanticCustomError("duration", "the value is not a duration")
    return value


def _blank_is_none(value: object) -> object:
    return "NoClientCert" if value == "" else value


HeaderValue = Annotated[str, AfterValidator(_one_line)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TlsServer(_Section):
    """`tls_server_config`. Relative files are beside the configuration file."""

    cert: str | None = None
    key: SecretStr | None = None
    client_ca: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    client_ca_file: str | None = None
    client_auth_type: Annotated[ClientAuth, BeforeValidator(_blank_is_none)] = "NoClientCert"
    client_allowed_sans: list[str] = []
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"
    cipher_suites: list[CipherSuite] = []
    prefer_server_cipher_suites: bool = True
    curve_preferences: list[Curve] = []

    @property
    def wanted(self) -> bool:
        """Whether this section turns TLS on."""
        return tls_wanted(self.model_dump(exclude_defaults=True))

    def beside(self, folder: Path) -> TlsServer:
        """The same with every relative file joined to `folder`."""
        names = ("cert_file", "key_file", "client_ca_file")
        files = {name: str(folder / file) for name in names if (file := getattr(self, name))}
        return self.model_copy(update=files)


class Headers(_Section):
    """`headers`: the response headers that the toolkit lets one set; blank takes one away."""

    content_security_policy: Annotated[HeaderValue | None, Field(alias="Content-Security-Policy")] = None
    x_frame_options: Annotated[Literal["deny", "sameorigin"] | None, Field(alias="X-Frame-Options")] = None
    x_content_type_options: Annotated[Literal["nosniff"] | None, Field(alias="X-Content-Type-Options")] = None
    x_xss_protection: Annotated[HeaderValue | None, Field(alias="X-XSS-Protection")] = None
    strict_transport_security: Annotated[HeaderValue | None, Field(alias="Strict-Transport-Security")] = None

    def as_mapping(self) -> dict[str, str]:
        """Header name to value, only those that are set."""
        return {str(name): str(value) for name, value in self.model_dump(by_alias=True, exclude_none=True).items()}


class HttpServer(_Section):
    """`http_server_config`."""

    http2: bool = True
    headers: Headers = Headers()


class RateLimit(_Section):
    """`rate_limit`: one request per `interval`, `burst` of them at once; an interval of 0 means no limit."""

    interval: Annotated[str, AfterValidator(_duration)] = "0"
    burst: Annotated[int, Field(ge=0)] = 0

    @property
    def seconds(self) -> float:
        """The interval in seconds."""
        parts = re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", self.interval)
        return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


class WebConfig(_Section):
    """The whole file."""

    tls_server_config: TlsServer | None = None
    http_server_config: HttpServer = HttpServer()
    basic_auth_users: dict[str, Annotated[SecretStr, AfterValidator(_bcrypt_hash)]] = {}
    rate_limit: RateLimit = RateLimit()

    def password_hashes(self) -> dict[str, str]:
        """User to bcrypt hash."""
        return {user: secret.get_secret_value() for user, secret in self.basic_auth_users.items()}


def load_web_config(path: Path) -> WebConfig:
    """Read and validate the file; raises ConfigErrors (or ConfigError when it cannot be read at all)."""
    return parse_web_config(load_yaml(path), path.parent)


def parse_web_config(document: Document, folder: Path) -> WebConfig:
    """Validate a parsed file whose relative paths start at `folder`."""
    raw = document.data
    if not isinstance(raw, Mapping):
        raise ConfigErrors([document.error((), "the file is not a mapping", "start it with tls_server_config:")])
    filled = _without_blanks(raw)
    errors = check_relations(document, filled, folder)
    try:
        config = WebConfig.model_validate(filled)
    except ValidationError as error:
        told = {found.place for found in errors}
        located = (_located(document, detail) for detail in error.errors(include_url=False, include_input=False))
        raise ConfigErrors(errors + [found for found in located if found.place not in told]) from None
    if errors:
        raise ConfigErrors(errors)
    tls = config.tls_server_config
    return config.model_copy(update={"tls_server_config": tls.beside(folder) if tls and tls.wanted else None})


def _without_blanks(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Keys without a value count as left out, on every level."""
    return {
        key: _without_blanks(value) if isinstance(value, Mapping) else value
        for key, value in raw.items()
        if value is not None
    }


def _located(document: Document, detail: Mapping[str, Any]) -> ConfigError:
    """One of pydantic's errors at its line, in our words and without the value (it may be a secret)."""
    problem, fix = explain(detail, {"": WebConfig, "tls_server_config": TlsServer, "http_server_config": HttpServer,
                                    "headers": Headers, "rate_limit": RateLimit})  # fmt: skip
    return document.error(detail["loc"], problem, fix)
