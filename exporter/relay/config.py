"""The relay file, checked as a whole: every error at once, with its line and its fix, none with a secret in it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from exporter.errors import ConfigError, ConfigErrors, Place
from exporter.relay.credentials import BadSecret, read_numbers, read_secret, read_token, read_url
from exporter.relay.spec import TYPES, AnyChannel, FileSpec
from exporter.semantic.yamlfile import Document, KeyPath, load_yaml

T = TypeVar("T")
# The receiver of heartbeats in Alertmanager's configuration as shipped.
WATCHDOG = "watchdog"
_DOCS = "see docs/relay.md"

# How the file behind each key is read.
_READERS: Mapping[str, Callable[[Path], Any]] = {
    "numbers_file": read_numbers,
    "url_file": read_url,
    "access_token_file": read_token,
    "key_file": read_token,
    "token_file": read_token,
}


@dataclass(frozen=True, slots=True)
class Configured:
    """A channel with what its files hold: secrets by key without `_file`, and numbers."""

    spec: AnyChannel
    secrets: Mapping[str, SecretStr]
    numbers: tuple[SecretStr, ...]

    def secret(self, name: str) -> SecretStr:
        """A secret that the type requires."""
        return self.secrets[name]


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """Everything the relay file says. Times in seconds; notices to the receivers `heartbeats` are signs of life."""

    channels: Mapping[str, Configured]
    receivers: Mapping[str, tuple[str, ...]]
    heartbeats: frozenset[str]
    remind_after: float
    give_up_after: float
    retry_after: float
    tls: ssl.SSLContext | None

    def review_problem(self, receiver: str) -> str:
        """Why a receiver cannot be told of reviews; empty when it can."""
        sms = [name for name in self.receivers[receiver] if self.channels[name].spec.is_sms]
        if sms:
            return f"{sms[0]} of receiver {receiver} would send a text for every review"
        return f"receiver {receiver} is for heartbeats" if receiver in self.heartbeats else ""

    def secrets(self) -> list[str]:
        """Every secret and number, to be kept out of texts."""
        found: list[str] = []
        for channel in self.channels.values():
            found += [secret.get_secret_value() for secret in channel.secrets.values()]
            for number in channel.numbers:
                found += [number.get_secret_value(), number.get_secret_value().removeprefix("+86")]
        return found


def load_relay_file(path: Path) -> RelayConfig:
    """Read and check; raises ConfigError or ConfigErrors."""
    document = load_yaml(path)
    if not isinstance(document.data, dict):
        raise document.error((), "is not a mapping", f"begin with channels: and receivers:; {_DOCS}")
    problems: list[ConfigError] = []
    file = _validated(FileSpec, document.data, document, (), problems)
    channels = {
        name: channel
        for name in _mapping(document.data.get("channels"))
        if (channel := _channel(name, document, path.parent, problems)) is not None
    }
    problems += _receiver_problems(document)
    problems += _heartbeat_problems(document, channels)
    tls = None
    if file is not None:
        tls = _authorities(file, document, path.parent, problems)
    if problems or file is None:
        raise ConfigErrors(problems)
    receivers = {name: tuple(dict.fromkeys(targets)) for name, targets in file.receivers.items()}
    heartbeats = _heartbeats(document.data)
    return RelayConfig(channels, receivers, heartbeats, file.remind_after, file.give_up_after, file.retry_after, tls)


def check_reviews(config: RelayConfig, receiver: str) -> None:
    """Raises ConfigError unless a receiver can be told of reviews."""
    place, able = Place("reviews_receiver"), [name for name in config.receivers if not config.review_problem(name)]
    choice = f"choose from {', '.join(able)}" if able else "add one to the relay file with chats or webhooks only"
    if receiver not in config.receivers:
        raise ConfigError(place, f"the relay file has no receiver '{receiver[:64]}'", choice)
    if problem := config.review_problem(receiver):
        raise ConfigError(place, problem, choice)


def _channel(name: str, document: Document, folder: Path, problems: list[ConfigError]) -> Configured | None:
    path: KeyPath = ("channels", name)
    data = document.data["channels"][name]
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in TYPES:
        known = ", ".join(TYPES)
        problems.append(document.error((*path, "type"), f"channel {name} has no known type", f"type is one of {known}"))
        return None
    spec = _validated(TYPES[kind], data, document, path, problems)
    if spec is None:
        return None
    secrets: dict[str, SecretStr] = {}
    numbers: tuple[SecretStr, ...] = ()
    for key, file in spec.model_dump(exclude_none=True).items():
        if not key.endswith("_file"):
            continue
        try:
            found = _READERS.get(key, read_secret)(folder / file)
        except BadSecret as error:
            problems.append(document.error((*path, key), f"{key}: {error.problem}", error.fix))
            continue
        if isinstance(found, tuple):
            numbers = found
        else:
            secrets[key.removesuffix("_file")] = found
    return Configured(spec, secrets, numbers)


def _receiver_problems(document: Document) -> Iterator[ConfigError]:
    """Receivers without a channel, and channels that are none; what has the wrong shape is told elsewhere."""
    known, receivers = (_mapping(document.data.get(name)) for name in ("channels", "receivers"))
    for receiver, targets in receivers.items():
        if targets == []:
            yield document.error(("receivers", receiver), f"receiver {receiver} has no channel", "name at least one")
        for index, target in enumerate(targets if isinstance(targets, list) else []):
            if isinstance(target, str) and target not in known:
                alike = get_close_matches(target, known, n=1)
                fix = f"did you mean {alike[0]}?" if alike else f"channels are {', '.join(known)}"
                yield document.error(("receivers", receiver, index), f"there is no channel '{target}'", fix)


def _heartbeats(data: Mapping[str, Any]) -> frozenset[str]:
    """As the file says; unless it does, the receiver of Alertmanager's shipped configuration, if it has that one."""
    found = data.get("heartbeats")
    named = [WATCHDOG] if found is None and WATCHDOG in _mapping(data.get("receivers")) else found or []
    return frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else frozenset()


def _heartbeat_problems(document: Document, channels: Mapping[str, Configured]) -> Iterator[ConfigError]:
    """Heartbeats of no receiver, and a text every few minutes."""
    receivers = _mapping(document.data.get("receivers"))
    for name in sorted(_heartbeats(document.data)):
        if name not in receivers:
            yield document.error(
                ("heartbeats",), f"there is no receiver '{name}'", f"choose from {', '.join(receivers)}"
            )
            continue
        for index, target in enumerate(receivers[name] if isinstance(receivers[name], list) else []):
            found = channels.get(target) if isinstance(target, str) else None
            if found is not None and found.spec.is_sms:
                fix = "name another channel, or leave the receiver out of heartbeats: []"
                yield document.error(("receivers", name, index), f"{target} would send a text for every heartbeat", fix)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _authorities(
    file: FileSpec, document: Document, folder: Path, problems: list[ConfigError]
) -> ssl.SSLContext | None:
    """A context that trusts `ca_file` alone."""
    if file.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(folder / file.ca_file))
    except (OSError, ValueError):
        fix = "give certificates in PEM form, readable by this user"
        problems.append(document.error(("ca_file",), "ca_file holds no usable certificate", fix))
        return None


M = TypeVar("M", bound=BaseModel)


def _validated(
    model: type[M], data: object, document: Document, path: KeyPath, problems: list[ConfigError]
) -> M | None:
    try:
        return model.model_validate(data)
    except ValidationError as failure:
        errors = failure.errors(include_input=False, include_url=False)
        problems.extend(_explain(dict(error), model, document, path) for error in errors)
        return None


def _explain(error: dict[str, Any], model: type[BaseModel], document: Document, path: KeyPath) -> ConfigError:
    """In our words and without the value."""
    places = tuple(part for part in error["loc"] if part != "[key]")
    key = str(places[0]) if places else "the file"
    match error["type"]:
        case "extra_forbidden":
            alike = get_close_matches(key, model.model_fields, n=1)
            fix = f"did you mean {alike[0]}?" if alike else f"keys are {', '.join(model.model_fields)}"
            return document.error((*path, *places), f"unknown key '{key}'", fix)
        case "missing":
            return document.error(path, f"{key} is missing", f"add {key}: ...; {_DOCS}")
        case _:
            message = str(error["msg"]).removeprefix("Value error, ")
            return document.error((*path, *places), f"{key}: {message[:1].lower()}{message[1:]}", _DOCS)
