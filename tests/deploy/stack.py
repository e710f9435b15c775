"""What is shipped for deployment, as data: the compose file, units, manifests, and the command lines in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
CONFIGURATION = {".ini", ".yaml", ".yml"}
_SECRET = re.compile(r"(?<!\w)/secrets/(\w+)/")
_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Mount:
    """One entry of a service's `volumes`."""

    source: str
    target: str
    read_only: bool

    @property
    def bound(self) -> bool:
        """A folder or file of the repository, not a named volume."""
        return self.source.startswith("./")


def compose() -> dict[str, Any]:
    """The compose file with its anchors resolved and its variables at their defaults."""
    loaded: dict[str, Any] = yaml.safe_load(_DEFAULT.sub(r"\1", COMPOSE.read_text("utf-8")))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def mounts(service: Mapping[str, Any]) -> list[Mount]:
    parts = (entry.split(":") for entry in service.get("volumes", []))
    return [Mount(part[0], part[1], part[2:] == ["ro"]) for part in parts]


def secret_folders(service: Mapping[str, Any]) -> set[str]:
    """The folders below /secrets that a service names: in its own entry, or in a configuration mounted into it."""
    bound = [ROOT / mount.source for mount in mounts(service) if mount.bound]
    files = [file for place in bound for file in (place.rglob("*") if place.is_dir() else [place]) if file.is_file()]
    texts = [str(service), *(file.read_text("utf-8") for file in files if file.suffix in CONFIGURATION)]
    return {folder for text in texts for folder in _SECRET.findall(text)}


def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [document for document in yaml.safe_load_all(path.read_text("utf-8")) if document]


def objects() -> Iterator[dict[str, Any]]:
    """Every Kubernetes object that stands in a file of its own folder."""
    for path in MANIFESTS:
        yield from (document for document in documents(path) if "apiVersion" in document)


def kinds(kind: str) -> list[dict[str, Any]]:
    return [found for found in objects() if found["kind"] == kind]


def containers() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(pod spec, container) for each container of each StatefulSet."""
    pods = [found["spec"]["template"]["spec"] for found in kinds("StatefulSet")]
    return [(pod, container) for pod in pods for container in pod["containers"]]


def exec_start(unit: Path) -> list[str]:
    """The words of a unit's command line."""
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
    return str(line).split()
