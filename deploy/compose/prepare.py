"""Lays out the volume of secrets before the stack starts. Standard library only; argument: demo or own.

/secrets/                         folders root's, files their one reader's (mode 0400)
    profile                       demo or own: whose data the volumes of this project hold
    postgres/password             the demo's owner of the call database
    owner/{database_url,exporter_password}
    exporter/{database_url,outcall.yaml}     own: as given in deploy/secrets/exporter/
    relay/relay.yml               own: as given in deploy/secrets/relay/, with the files that it names
    token/relay                   what Alertmanager and Prometheus present to the relay
    alerting/relay_token          the same, for those two; beside it links to the shipped configuration
    grafana/{admin_password,secret_key}

What was made stays; what was given is copied anew each time.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

POSTGRES, EXPORTER, OWNER, RELAY, PROMETHEUS, GRAFANA = 999, 10001, 10002, 10003, 65534, 472
ALERTMANAGER_FILES = "/etc/outcall/alertmanager"
OTHER = {"demo": "own", "own": "demo"}


class PreparationError(Exception):
    """What the operator has to put right: one sentence, and the fix."""


def main() -> int:
    profile, root, given, here = sys.argv[1], Path("/secrets"), Path("/given"), Path(__file__).parent
    try:
        prepare(profile, root, given, here)
    except PreparationError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"secrets of the profile {profile}: in place\n")
    return 0


def prepare(profile: str, root: Path, given: Path, here: Path) -> None:
    """Make or complete everything below `root`. Raises PreparationError."""
    claim(root / "profile", profile)
    alerting(root)
    for name in ("admin_password", "secret_key"):
        kept(root / "grafana" / name, GRAFANA)
    relay, exporter = given / "relay", given / "exporter"
    if profile == "own":
        required(exporter / "database_url")
        copied(exporter, root / "exporter", EXPORTER)
    else:
        demo_database(root)
    if not (root / "exporter" / "outcall.yaml").exists():
        written(root / "exporter" / "outcall.yaml", "{}\n", EXPORTER)
    if profile == "own" and relay.is_dir():
        required(relay / "relay.yml")
        copied(relay, root / "relay", RELAY)
    else:
        emptied(root / "relay")
        written(root / "relay" / "relay.yml", (here / "relay.yml").read_text(encoding="utf-8"), RELAY)


def claim(marker: Path, profile: str) -> None:
    """One profile for one set of volumes: simulated calls must never stand beside real ones."""
    if not marker.exists():
        written(marker, profile, os.getuid())
    if (found := marker.read_text(encoding="utf-8")) != profile:
        raise PreparationError(
            f"The volumes of this project hold the data of the profile {found}. Fix: remove them with"
            f" `docker compose --profile {found} down --volumes`, or keep both:"
            f" `docker compose --project-name outcall-{profile} --profile {profile} up`"
        )


def required(path: Path) -> None:
    """Raises PreparationError when the operator has not given this file."""
    if not path.is_file():
        shown = Path("deploy/secrets", *path.parts[-2:])
        raise PreparationError(f"{shown} is missing. Fix: write it as docs/installation.md says, then start again")


def demo_database(root: Path) -> None:
    """Passwords of the demo's database, and the URLs that hold them."""
    for user, folder, reader, copy_to in (
        ("owner", "owner", OWNER, (root / "postgres" / "password", POSTGRES)),
        ("outcall_exporter", "exporter", EXPORTER, (root / "owner" / "exporter_password", OWNER)),
    ):
        password = kept(*copy_to)
        written(root / folder / "database_url", f"postgresql://{user}:{password}@postgres:5432/calls\n", reader)


def alerting(root: Path) -> None:
    """The relay's token for its three users. Alertmanager looks for it beside its configuration: hence the links."""
    token = kept(root / "token" / "relay", RELAY)
    written(root / "alerting" / "relay_token", token, PROMETHEUS)
    for name in ("alertmanager.yml", "templates"):
        link = root / "alerting" / name
        if not link.is_symlink():
            link.symlink_to(f"{ALERTMANAGER_FILES}/{name}")


def kept(path: Path, reader: int) -> str:
    """The secret in this file, made when there is none."""
    if not path.exists():
        written(path, secrets.token_hex(24), reader)
    return path.read_text(encoding="utf-8")


def copied(source: Path, target: Path, reader: int) -> None:
    """The operator's folder, for one reader; what was copied before is gone."""
    emptied(target)
    for path in sorted(source.rglob("*")):
        if path.is_file():
            written(target / path.relative_to(source), path.read_bytes(), reader)


def emptied(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o755)


def written(path: Path, content: str | bytes, reader: int) -> None:
    """The file in one step, readable by one user."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        os.fchown(descriptor, reader, reader)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
