"""The web configuration file: what the toolkit accepts is read, and every error names its line and its fix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError, ConfigErrors
from exporter.expose.gate import Gate
from exporter.expose.webconfig import WebConfig, load_web_config, parse_web_config
from exporter.semantic.yamlfile import parse_yaml
from tests.expose.certs import Authority

WebFile = Callable[[str], Path]

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
FILES = "tls_server_config:\n  cert_file: right.crt\n  key_file: right.key\n"


@pytest.fixture
def write(web_file: WebFile, authority: Authority) -> WebFile:
    """Writes a file with `right.crt` and `right.key` beside it."""

    def write_it(text: str) -> Path:
        path = web_file(text)
        for made in (authority.root.cert, authority.root.key):
            path.with_name(made.name).write_bytes(made.read_bytes())
        return path

    return write_it


def problems(path: Path) -> list[str]:
    """The errors of a file, without its folder."""
    with pytest.raises((ConfigErrors, ConfigError)) as caught:
        Gate(path)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


def test_an_empty_file_is_plain_http(write: WebFile) -> None:
    """No TLS, no users, as in the toolkit."""
    assert load_web_config(write("")) == WebConfig()
    assert load_web_config(write("tls_server_config:\nbasic_auth_users:\n")) == WebConfig()
    assert load_web_config(write("tls_server_config: {min_version: TLS13}\n")).tls_server_config is None


def test_every_key_of_the_toolkit(write: WebFile) -> None:
    """The whole format at once."""
    path = write(
        FILES + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: right.crt\n"
        "  client_allowed_sans: [a.example]\n  min_version: TLS12\n  max_version: TLS13\n"
        "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n  prefer_server_cipher_suites: false\n"
        "  curve_preferences: [X25519, CurveP256]\n"
        "http_server_config:\n  http2: false\n  headers:\n    X-Content-Type-Options: nosniff\n"
        f"basic_auth_users:\n  alice: {HASH}\nrate_limit:\n  interval: 1m1.5s\n  burst: 20\n"
    )
    config = load_web_config(path)
    assert config.tls_server_config is not None
    assert config.tls_server_config.cert_file == str(path.with_name("right.crt")), "beside the file"
    assert config.password_hashes() == {"alice": HASH}
    assert config.http_server_config.headers.as_mapping() == {"X-Content-Type-Options": "nosniff"}
    assert config.rate_limit.seconds == 61.5
    assert HASH not in repr(config)
    Gate(path).close()


ERRORS = [
    ("nonsense: 1\n", "web.yml:1: unknown key 'nonsense'. Fix: remove it; known here: tls_server_config, http"),
    ("basic_auth_user: {a: b}\n", "web.yml:1: unknown key 'basic_auth_user'. Fix: did you mean 'basic_auth_users'?"),
    (FILES + "  min_versoin: TLS12\n", "web.yml:4: unknown key 'min_versoin'. Fix: did you mean 'min_version'?"),
    ("tls_server_config:\n  cert_file: right.crt\n", "web.yml:1: TLS is configured without key_file. Fix: add"),
    ("tls_server_config:\n  key_file: right.key\n", "web.yml:1: TLS is configured without cert_file"),
    (FILES + "  cert: abc\n", "web.yml:2: both cert and cert_file are given. Fix: remove one of the two"),
    (FILES.replace("right.key", "gone.key"), "web.yml:3: key_file cannot be read (No such file or directory)"),
    (FILES.replace("right.key", "."), "web.yml:3: key_file cannot be read (Is a directory)"),
    (FILES + "  min_version: TLS11\n", "web.yml:4: TLS11 is broken and not served. Fix: use TLS12 or TLS13"),
    (FILES + "  min_version: TLS14\n", "web.yml:4: 'min_version' has a value that is not known. Fix: use one of"),
    (FILES + "  min_version: 12\n", "web.yml:4: 'min_version' has a value that is not known"),
    (FILES + "  min_version: TLS13\n  max_version: TLS12\n", "web.yml:4: min_version is above max_version"),
    (FILES + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", "web.yml:4: 'cipher_suites' has a value that is"),
    (FILES + "  curve_preferences: [P256]\n", "web.yml:4: 'curve_preferences' has a value that is not known. Fix: use"),
    (FILES + "  client_auth_type: Always\n", "web.yml:4: 'client_auth_type' has a value that is not known"),
    (FILES + "  client_auth_type: RequireAnyClientCert\n", "web.yml:4: RequireAnyClientCert takes any certificate"),
    (FILES + "  client_auth_type: RequireAndVerifyClientCert\n", "web.yml:4: RequireAndVerifyClientCert needs the"),
    (FILES + "  client_ca_file: right.crt\n", "web.yml:1: a client CA is given but no client certificate is asked for"),
    (FILES + "  client_allowed_sans: [a]\n", "web.yml:4: client_allowed_sans says nothing without"),
    (FILES + "  prefer_server_cipher_suites: 'yes'\n", "web.yml:4: 'prefer_server_cipher_suites' is wrong: in"),
    ("http_server_config:\n  headers:\n    Server: x\n", "web.yml:3: unknown key 'Server'. Fix: remove it; known"),
    ("http_server_config:\n  headers:\n    X-Frame-Options: allow\n", "web.yml:3: 'X-Frame-Options' has a value that"),
    (
        'http_server_config:\n  headers:\n    X-XSS-Protection: "a\\nb"\n',
        "web.yml:3: header 'X-XSS-Protection' has a l",
    ),
    ("basic_auth_users:\n  alice: hunter2\n", "web.yml:2: the password of user 'alice' is not a bcrypt hash of"),
    ("basic_auth_users:\n  alice: 123456\n", "web.yml:2: 'alice' is not text. Fix: put the value in quotes"),
    (f"basic_auth_users:\n  a: {HASH.replace('$10$', '$31$')}\n", "web.yml:2: the password of user 'a' is not a b"),
    (f"basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n", "web.yml:3: key 'a' stands twice"),
    ("rate_limit:\n  interval: fast\n  burst: 1\n", "web.yml:2: 'interval' is not a duration. Fix: write it like"),
    ("rate_limit:\n  interval: 1s\n", "web.yml:1: rate_limit without a burst answers no request"),
    ("rate_limit:\n  interval: 1s\n  burst: -1\n", "web.yml:3: 'burst' is wrong: input should be greater than"),
    ("[1, 2]\n", "web.yml:1: the file is not a mapping. Fix: start it with tls_server_config:"),
    ("tls_server_config: [\n", "web.yml:2: invalid YAML"),
    ("a: &x 1\nb: *x\n", "web.yml:1: unknown key 'a'"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_errors(write: WebFile, text: str, expected: str) -> None:
    """One clear sentence with file, line and fix, and never the value of a secret."""
    found = problems(write(text))
    assert found[0].startswith(expected)
    assert "Fix: " in found[0]
    assert not [secret for secret in ("hunter2", "123456", HASH[10:]) if secret in "\n".join(found)]


def test_all_errors_at_once(write: WebFile) -> None:
    """Wrong keys, wrong values and keys that do not fit together come out in one go, in the order of the file."""
    text = (
        "tls_server_config:\n  cert_file: gone.crt\n  min_version: TLS10\n  colour: red\n"
        "basic_auth_users:\n  alice: plain\nrate_limit: {burst: x}\n"
    )
    assert [line.split(": ")[0] for line in problems(write(text))] == [f"web.yml:{n}" for n in (1, 2, 3, 4, 6, 7)]


def test_a_missing_file() -> None:
    """The path is named."""
    with pytest.raises(ConfigError, match=r"/nowhere/web\.yml: cannot be read"):
        load_web_config(Path("/nowhere/web.yml"))


def test_key_of_another_certificate(write: WebFile, authority: Authority) -> None:
    """A key that does not belong to the certificate is found at start, not in the first handshake."""
    path = write(FILES.replace("right.key", "other.key"))
    path.with_name("other.key").write_bytes(authority.issue("other", "DNS:o").key.read_bytes())
    assert problems(path) == [
        "web.yml:1: the key does not belong to the certificate. Fix: give the key_file that cert_file was made with"
    ]


@pytest.mark.parametrize("name", ["right.crt", "right.key"])
def test_files_that_are_no_pem(write: WebFile, name: str) -> None:
    """Rubbish in a certificate file is one sentence at start."""
    path = write(FILES)
    path.with_name(name).write_text("rubbish")
    assert problems(path)[0].startswith("web.yml:1: certificate, key or client CA cannot be used")


def test_a_client_ca_that_is_no_pem(write: WebFile) -> None:
    """So is it in the client CA."""
    path = write(FILES + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: rubbish.crt\n")
    path.with_name("rubbish.crt").write_text("rubbish")
    assert "client CA" in problems(path)[0]


_WORDS = st.sampled_from(
    ["tls_server_config", "http_server_config", "headers", "basic_auth_users", "rate_limit", "cert_file", "interval",
     "client_auth_type", "cipher_suites", "burst", "X-Frame-Options", "min_version", "TLS13", "1s", "", HASH]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | _WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)


def errors_of(text: str) -> list[ConfigError]:
    """The errors for a file of this text; none when it is valid."""
    try:
        parse_web_config(parse_yaml(text, "web.yml"), Path("/nowhere"))
    except ConfigErrors as found:
        return found.errors
    except ConfigError as found:
        return [found]
    return []


@given(st.dictionaries(_WORDS, _VALUES, max_size=4))
def test_any_structure_is_read_or_refused(data: dict[str, object]) -> None:
    """Whatever stands where: a configuration comes out, or errors that each have a place and a fix."""
    text = json.dumps(data)  # JSON is YAML
    assert all(error.fix and error.place.line for error in errors_of(text))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text of a file leads to anything but a configuration or errors for the user."""
    assert all(error.fix for error in errors_of(text))
