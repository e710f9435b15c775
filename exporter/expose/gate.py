"""The web policy in force (TLS, credentials, headers, rate), and its reload: validated first, swapped in one step."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ConfigErrors
from exporter.expose.access import Authenticator, PasswordChecker
from exporter.expose.tls import LiveTls
from exporter.expose.webconfig import RateLimit, WebConfig, parse_web_config
from exporter.semantic.yamlfile import Document, load_yaml

logger = logging.getLogger(__name__)


class Pace:
    """A token bucket: `burst` requests at once, then one per `interval` seconds; an interval of 0 never says no."""

    def __init__(self, limit: RateLimit) -> None:
        self._interval, self._burst = limit.seconds, limit.burst
        self._tokens, self._filled = float(limit.burst), time.monotonic()

    def allows(self) -> bool:
        """Take a token if there is one."""
        if not self._interval:
            return True
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) / self._interval)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class Policy:
    """One valid web configuration, ready for use."""

    config: WebConfig
    authenticator: Authenticator
    tls: LiveTls | None
    headers: Mapping[str, str]
    pace: Pace


class Gate:
    """Holds the policy in force. `file` is the web configuration file; without one: plain HTTP, no passwords."""

    def __init__(self, file: Path | None = None, bearer_token: str | None = None) -> None:
        """Load the first policy; raises ConfigError or ConfigErrors."""
        self._file = file
        self._token = bearer_token
        self._checker = PasswordChecker()
        self.policy = self.prepare()

    def prepare(self) -> Policy:
        """Read the file anew into a policy that is not in force yet; raises ConfigError or ConfigErrors."""
        config, tls = WebConfig(), None
        if self._file is not None:
            document = load_yaml(self._file)
            config = parse_web_config(document, self._file.parent)
            tls = _live_tls(document, config)
        users = Authenticator(config.password_hashes(), self._token, self._checker)
        return Policy(config, users, tls, config.http_server_config.headers.as_mapping(), Pace(config.rate_limit))

    def adopt(self, policy: Policy) -> bool:
        """Put a prepared policy in force; True when the TLS settings changed, so that old connections should end."""
        changed = policy.config.tls_server_config != self.policy.config.tls_server_config
        self.policy = policy
        return changed

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """The context for a connection that is accepted now; None for plain HTTP."""
        return self.policy.tls.context() if self.policy.tls is not None else None

    def close(self) -> None:
        """Stop the password checker."""
        self._checker.close()


def _live_tls(document: Document, config: WebConfig) -> LiveTls | None:
    if config.tls_server_config is None:
        return None
    try:
        return LiveTls(config.tls_server_config)
    except (OSError, ValueError) as error:
        raise ConfigErrors([document.error(("tls_server_config",), *_tls_trouble(error))]) from None


def _tls_trouble(error: Exception) -> tuple[str, str]:
    """Problem and fix for what OpenSSL says; its own words name neither file nor key."""
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate", "give the key_file that cert_file was made with"
    if reason in ("BAD_DECRYPT", "BAD_PASSWORD_READ", "PROBLEMS_GETTING_PASSWORD"):
        return "the key is encrypted", "store it without a passphrase, readable by this user only"
    if reason == "NO_CERTIFICATE_OR_CRL_FOUND" or "cadata" in str(error):
        return "the client CA holds no certificate in PEM form", "give a PEM file in client_ca_file"
    shown = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    return f"certificate, key or client CA cannot be used{shown}", "give PEM files: certificate chain, key, client CA"
