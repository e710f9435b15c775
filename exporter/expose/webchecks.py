"""What pydantic alone cannot say about a web configuration file: how keys go together, and errors in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exporter.errors import ConfigError
from exporter.semantic.yamlfile import Document

_VERIFYING = ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
_ENABLING = ("cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", "client_auth_type")
_TLS, _RATE = "tls_server_config", "rate_limit"

Finding = tuple[tuple[str, ...], str, str]


def check_relations(document: Document, raw: Mapping[str, Any], folder: Path) -> list[ConfigError]:
    """Errors between keys, and files that cannot be read. Works on unvalidated data: all errors come out together."""
    tls, rate = _mapping(raw.get(_TLS)), _mapping(raw.get(_RATE))
    errors = [document.error((_RATE, *path), problem, fix) for path, problem, fix in _rate(rate)]
    if not tls_wanted(tls):
        return errors
    findings = (*_pairs(tls), *_client_auth(tls), *_versions(tls), *_files(tls, folder))
    return errors + [document.error((_TLS, *path), problem, fix) for path, problem, fix in findings]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def tls_wanted(tls: Mapping[str, Any]) -> bool:
    """Whether a `tls_server_config` turns TLS on: as in the toolkit, when any of these keys has a value."""
    return any(tls.get(name) for name in _ENABLING)


def _rate(rate: Mapping[str, Any]) -> Iterator[Finding]:
    if rate.get("interval") not in (None, "0", "0s") and not rate.get("burst"):
        yield (), "rate_limit without a burst answers no request at all", "add burst: 20, say"


def _pairs(tls: Mapping[str, Any]) -> Iterator[Finding]:
    """A certificate and a key are needed, each given once."""
    for name in ("cert", "key"):
        if not tls.get(name) and not tls.get(f"{name}_file"):
            yield (), f"TLS is configured without {name}_file", f"add {name}_file: FILE, or remove {_TLS}"
    for name in ("cert", "key", "client_ca"):
        if tls.get(name) and tls.get(f"{name}_file"):
            yield (f"{name}_file",), f"both {name} and {name}_file are given", "remove one of the two"


def _client_auth(tls: Mapping[str, Any]) -> Iterator[Finding]:
    policy = tls.get("client_auth_type") or "NoClientCert"
    has_ca = bool(tls.get("client_ca_file") or tls.get("client_ca"))
    where = ("client_auth_type",)
    if policy in _VERIFYING and not has_ca:
        yield where, f"{policy} needs the authority that signs the clients", "add client_ca_file: FILE"
    if policy == "NoClientCert" and has_ca:
        yield (
            where,
            "a client CA is given but no client certificate is asked for",
            ("set client_auth_type: RequireAndVerifyClientCert, or remove the client CA"),
        )
    if policy in ("RequireAnyClientCert", "RequireClientCert"):
        yield (
            where,
            f"{policy} takes any certificate, even a forged one, and is not supported",
            ("set client_auth_type: RequireAndVerifyClientCert and client_ca_file"),
        )
    if tls.get("client_allowed_sans") and policy != "RequireAndVerifyClientCert":
        yield (
            ("client_allowed_sans",),
            "client_allowed_sans says nothing without verified client certificates",
            ("set client_auth_type: RequireAndVerifyClientCert"),
        )


def _versions(tls: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("min_version", "max_version"):
        if tls.get(name) in ("TLS10", "TLS11"):
            yield (name,), f"{tls[name]} is broken and not served", "use TLS12 or TLS13"
    if (tls.get("min_version"), tls.get("max_version")) == ("TLS13", "TLS12"):
        yield ("min_version",), "min_version is above max_version", "swap them"


def _files(tls: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    for name in ("cert_file", "key_file", "client_ca_file"):
        file = tls.get(name)
        if not isinstance(file, str) or not file:
            continue
        try:
            (folder / file).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            yield (
                (name,),
                f"{name} cannot be read ({reason})",
                ("check the path (a relative one starts at this file's folder) and its permissions"),
            )


def explain(detail: Mapping[str, Any], sections: Mapping[str, type[BaseModel]]) -> tuple[str, str]:
    """Problem and fix for one of pydantic's error details; `sections` names the model behind each section."""
    name = str(detail["loc"][-1])
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            parent = str(detail["loc"][-2]) if len(detail["loc"]) > 1 else ""
            return f"unknown key '{name}'", _suggest(name, sections[parent])
        case "literal_error":
            return f"'{_setting(detail)}' has a value that is not known", f"use one of {context['expected']}"
        case "bcrypt":
            return f"the password of user '{name}' is not a bcrypt hash of cost 4 to 18", (
                "make one with: htpasswd -nBC 10 USER"
            )
        case "duration":
            return f"'{name}' is not a duration", "write it like 500ms, 1s or 1m30s; 0 turns the limit off"
        case "one_line":
            return f"header '{name}' has a line break or another control character", "write it on one line"
        case "string_type":
            return f"'{_setting(detail)}' is not text", "put the value in quotes"
        case _:
            return f"'{_setting(detail)}' is wrong: {detail['msg'][:1].lower()}{detail['msg'][1:]}", "correct the value"


def _setting(detail: Mapping[str, Any]) -> str:
    """The key's name; for an element of a list that of the list."""
    return next(part for part in reversed(detail["loc"]) if isinstance(part, str))


def _suggest(name: str, model: type[BaseModel]) -> str:
    known = [field.alias or key for key, field in model.model_fields.items()]
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"remove it; known here: {', '.join(known)}"
