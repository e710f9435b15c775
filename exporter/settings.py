"""The settings of the service: one flat file, each key also an environment variable OUTCALL_<KEY>.

The only reader of the environment, whose variables override the file's keys, so that a container can be adjusted from
outside. Secrets come from the environment or from files, never from the command line.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from exporter.errors import ConfigError, ConfigErrors, Place
from exporter.semantic.addresses import checked_address
from exporter.semantic.load import DEFAULT_TIMEZONE, check_timezone
from exporter.semantic.timetable import parse_monthly, parse_weekly
from exporter.semantic.yamlfile import Document, load_yaml

PREFIX = "OUTCALL_"
# Read by the demo or by tests only, not settings of the service.
NOT_SETTINGS = frozenset({"OUTCALL_CONFIG"})
# Kubernetes sets OUTCALL_EXPORTER_PORT and more in every pod beside a Service called outcall-exporter.
NOT_SETTINGS_PREFIXES = ("OUTCALL_DEMO_", "OUTCALL_TEST_", "OUTCALL_EXPORTER_")

# A host of a database URL, of which there may be several: a name, an address, or a folder with a socket.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]@\s]*)(?::\d{1,5})?")

_KEYS = "see docs/configuration.md for all settings"

Seconds = Annotated[float, Field(gt=0, le=86400 * 7)]


def default_state_dir() -> Path:
    """`$XDG_STATE_HOME/outcall-exporter`, or `~/.local/state/outcall-exporter`."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "outcall-exporter"


class Settings(BaseModel):
    """Every key of the configuration file. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: SecretStr | None = Field(
        examples=["postgresql://outcall@db.example:5432/calls"],
        default=None,
        description="postgresql://user@host:5432/name of the call database",
    )
    database_url_file: Path | None = Field(
        examples=["secrets/database_url"],
        default=None,
        description="file that holds database_url, read at start and reload",
    )
    database_schema: str = Field(
        examples=["outcall"], default="", description="schema of the call database (empty: the role's search_path)"
    )
    database_pooled: bool = Field(default=False, description="true behind pgbouncer in transaction mode")
    connect_timeout: Seconds = Field(default=5, description="longest wait for a connection")
    statement_timeout: Seconds = Field(default=5, description="longest statement of a poll, enforced by the server")
    background_timeout: Seconds = Field(default=60, description="longest statement of backfill and reconcile")
    lock_timeout: Seconds = Field(default=2, description="longest wait for a lock")
    listen: str = Field(default="127.0.0.1:9877", description="host:port of the HTTP server")
    web_config_file: Path | None = Field(
        examples=["web.yaml"], default=None, description="TLS and basic auth, in the exporter toolkit's format"
    )
    bearer_token_file: Path | None = Field(
        examples=["secrets/token"], default=None, description="file with a token that clients must present"
    )
    state_dir: Path = Field(
        examples=["/var/lib/outcall-exporter"],
        default_factory=default_state_dir,
        description="folder for the state that survives restarts",
    )
    poll_interval: Seconds = Field(default=15, description="between two polls of the call database")
    reconcile_interval: Seconds = Field(
        default=3600, description="between two reconcile passes (deletions, corrected anchors)"
    )
    overlap: Annotated[float, Field(ge=0, le=86400)] = Field(
        default=120, description="how far behind the last poll updated_at is looked at again, for late commits"
    )
    sweep_interval: Annotated[float, Field(ge=0, le=86400)] = Field(
        default=60, description="between two sweeps by row version; 0: within every poll"
    )
    sweep_range: Annotated[int, Field(ge=60, le=86400 * 366)] = Field(
        default=7200, description="how far back a sweep looks"
    )
    timezone: str = Field(default=DEFAULT_TIMEZONE, description="business time zone (IANA)")
    catalogue_files: list[Path] = Field(
        examples=[["kpis.yaml"]], default=[], description="your own catalogue files: KPIs, thresholds, mapped sources"
    )
    changes_file: Path | None = Field(
        examples=["changes.yaml"],
        default=None,
        description="what was changed when, to be verified and marked on the dashboards (docs/changes.md)",
    )
    host_interval: Seconds = Field(default=15, description="between two readings of the host's figures")
    link_capacity: dict[str, float] = Field(
        examples=[{"eth0": 1_000_000_000}],
        default={},
        description="bits per second of network interfaces, where the system does not know",
    )
    recordings_dir: Path | None = Field(
        examples=["/srv/recordings"], default=None, description="root of the recording store (empty: not watched)"
    )
    recordings_template: str = Field(
        examples=["{started_at:%Y/%m/%d}/{recording_id}.wav"],
        default="",
        description="path of a recording below the root, e.g. {started_at:%Y/%m/%d}/{recording_id}.wav",
    )
    recordings_interval: Seconds = Field(default=60, description="between two samples of the recording store")
    reviews_dir: Path | None = Field(
        examples=["/var/lib/outcall-exporter/reviews"],
        default=None,
        description="folder where `serve` writes reviews and serves them at /reviews/ (empty: none; docs/reviews.md)",
    )
    reviews_weekly: str = Field(
        default="mon 08:00", description="when the week's review is written, business time zone (`never`: not at all)"
    )
    reviews_monthly: str = Field(
        default="1 08:00", description="when the month's review is written, day and time (`never`: not at all)"
    )
    reviews_receiver: str = Field(
        examples=["reviews"], default="", description="receiver of the relay that is told of a new review (empty: none)"
    )
    composite_file: Path | None = Field(
        examples=["composite.yaml"],
        default=None,
        description="weights of the reviews' composite, one `kpi: weight` a line (docs/reviews.md)",
    )
    prometheus_url: str = Field(
        examples=["http://127.0.0.1:9090"],
        default="",
        description="Prometheus server whose alerts the reviews list (empty: none)",
    )
    external_url: str = Field(
        examples=["https://outcall.example/"],
        default="",
        description="where people reach this exporter, for links to reviews (empty: no links)",
    )
    relay: bool = Field(default=False, description="true: `serve` also delivers alerts to SMS and chat (docs/relay.md)")
    relay_listen: str = Field(default="127.0.0.1:9878", description="host:port where the relay takes webhooks")
    relay_file: Path | None = Field(
        examples=["relay.yaml"], default=None, description="channels and receivers of the relay"
    )
    relay_token_file: Path | None = Field(
        examples=["secrets/relay_token"],
        default=None,
        description="file with the token that Alertmanager must present to the relay",
    )
    relay_url: str = Field(
        examples=["http://127.0.0.1:9878"],
        default="",
        description="relay in a process of its own that is told of reviews; not needed with `relay: true`",
    )
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error"
    )

    @field_validator("database_pooled")
    @classmethod
    def _no_schema_behind_a_pooler(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("database_schema"):
            raise ValueError("database_schema has no effect behind a pooler, ALTER ROLE ... SET search_path has")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            check_timezone(value)
        except ConfigError as error:
            raise ValueError(str(error.problem)) from None
        return value

    @field_validator("reviews_weekly")
    @classmethod
    def _weekly(cls, value: str) -> str:
        parse_weekly(value)
        return value

    @field_validator("reviews_monthly")
    @classmethod
    def _monthly(cls, value: str) -> str:
        parse_monthly(value)
        return value

    @field_validator("prometheus_url", "external_url", "relay_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        # Links are shown to everybody, and the relay is asked with its token: neither has a password.
        return checked_address(value, private=info.field_name == "prometheus_url") if value else ""

    def dsn(self) -> str:
        """The database URL; raises ConfigError when there is none, or it is not one."""
        if self.database_url is not None:
            return checked_url(self.database_url.get_secret_value(), "database_url")
        if self.database_url_file is not None:
            return checked_url(read_secret(self.database_url_file, "database_url_file"), "database_url_file")
        fix = "set database_url in the configuration file or OUTCALL_DATABASE_URL, or run `outcall-exporter demo`"
        raise ConfigError(Place("database_url"), "no call database is given", fix)


def checked_url(url: str, key: str) -> str:
    """`url` when it has the form of a PostgreSQL URL; raises ConfigError, which does not show it."""
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        sound = parts.scheme in ("postgresql", "postgres") and not parts.fragment and all(map(_HOST.fullmatch, hosts))
    except ValueError:
        sound = False
    if not sound:
        fix = "write postgresql://user@host:5432/name, with %XX for : / ? # [ ] @ in user or password"
        raise ConfigError(Place(key), "is not a PostgreSQL URL", fix)
    return url


def read_secret(path: Path, key: str) -> str:
    """The content of a secret file, without the line's end."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(Place(key), f"the file {path} cannot be read", "check the path and its permissions") from None


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Settings from the file (if any) and the environment; raises ConfigError(s) naming place and fix."""
    document = load_yaml(path) if path is not None else Document("environment", {}, {})
    if not isinstance(document.data, dict):
        raise document.error((), "is not a mapping", "write one `key: value` per line; see docs/configuration.md")
    base = path.parent if path is not None else Path()
    given = {key: value for key, value in document.data.items() if not (value == "" and _is_path(key))}
    data = {key: _relative(key, value, base) for key, value in given.items()}
    problems: list[ConfigError] = []
    from_environment = _from_environment(environment, problems)
    try:
        settings = Settings.model_validate(data | from_environment)
    except ValidationError as failure:
        problems += [_explain(dict(error), document, from_environment) for error in failure.errors(include_input=False)]
        raise ConfigErrors(problems) from None
    if problems:
        raise ConfigErrors(problems)
    return settings


def _relative(key: str, value: Any, base: Path) -> Any:
    """Paths in the file are relative to the file."""
    if key == "catalogue_files" and isinstance(value, list):
        return [str(base / item) if isinstance(item, str) else item for item in value]
    return str(base / value) if _is_path(key) and isinstance(value, str) else value


def _is_path(key: str) -> bool:
    return key.endswith("_file") or key in ("state_dir", "recordings_dir", "reviews_dir")


def _from_environment(environment: Mapping[str, str], problems: list[ConfigError]) -> dict[str, Any]:
    """`OUTCALL_<KEY>` for each key; lists and mappings in YAML's flow style. Adds unknown names to `problems`."""
    result: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or name.startswith(NOT_SETTINGS_PREFIXES) or text == "":
            continue
        key = name.removeprefix(PREFIX).lower()
        if key not in Settings.model_fields:
            known = [PREFIX + field.upper() for field in Settings.model_fields]
            problems.append(ConfigError(Place(name), "is not a setting", spelling(name, known)))
            continue
        try:
            result[key] = yaml.safe_load(text) if key in ("catalogue_files", "link_capacity") else text
        except yaml.YAMLError:
            problems.append(ConfigError(Place(name), "cannot be parsed", "write [a.yaml, b.yaml] or {eth0: 1e9}"))
    return result


def spelling(name: str, known: Iterable[str]) -> str:
    """The fix for an unknown name: the known one that it is most like, if any."""
    alike = get_close_matches(name, list(known), n=1, cutoff=0.75)
    return (f"did you mean {alike[0]}? " if alike else "remove it, or correct its spelling; ") + _KEYS


def _explain(error: dict[str, Any], document: Document, from_environment: Mapping[str, Any]) -> ConfigError:
    key = str(error["loc"][0]) if error["loc"] else ""
    place = Place(PREFIX + key.upper()) if key in from_environment else document.place(error["loc"])
    if error["type"] == "extra_forbidden":
        return ConfigError(place, f"unknown key '{key}'", spelling(key, Settings.model_fields))
    message = str(error["msg"]).removeprefix("Value error, ")
    fix = _example(key, from_environment=key in from_environment) if key in Settings.model_fields else _KEYS
    return ConfigError(place, f"{key}: {message[:1].lower()}{message[1:]}", fix)


def _example(key: str, *, from_environment: bool) -> str:
    """The fix for a wrong value: one that is right, and what the setting is."""
    field = Settings.model_fields[key]
    value = (field.examples or [field.default])[0]
    # YAML ends a document that is a bare word with a line of three dots.
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()
    plain = value if isinstance(value, str) else text
    line = f"{PREFIX}{key.upper()}={shlex.quote(plain)}" if from_environment else f"{key}: {text}"
    return f"write, for instance, `{line}` ({field.description})"
