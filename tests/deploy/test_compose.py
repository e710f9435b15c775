"""docker-compose.yml keeps to the rules that make it safe to hand to a stranger."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import build_parser
from exporter.settings import load_settings
from tests.deploy.debian import compose_command, mirror
from tests.deploy.stack import COMPOSE, DEPLOY, ROOT, compose, mounts, secret_folders, services

SERVICES = services()
ONCE = {"prepare-demo", "prepare-own", "database"}
PREPARE = {"prepare-demo", "prepare-own"}
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("outcall-exporter:")}
every = pytest.mark.parametrize("name", sorted(SERVICES))


@pytest.fixture(scope="module")
def command() -> list[str]:
    return compose_command()


@pytest.mark.parametrize("profile", ["demo", "own"])
def test_compose_takes_the_file(command: list[str], profile: str) -> None:
    """By Compose itself, with all that a profile brings."""
    called = [*command, "--file", str(COMPOSE), "--profile", profile, "config"]
    checked = subprocess.run([*called, "--quiet"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    listed = subprocess.run([*called, "--services"], capture_output=True, text=True, check=True).stdout.split()
    assert set(listed) == {name for name, service in SERVICES.items() if profile in service["profiles"]}


def test_compose_takes_the_override_of_the_trials(command: list[str]) -> None:
    files = ["--file", str(COMPOSE), "--file", str(Path(__file__).with_name("compose.debootstrap.yml"))]
    checked = subprocess.run([*command, *files, "config", "--quiet"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_nothing_starts_without_a_profile() -> None:
    """`docker compose up` alone must not choose between simulated and real calls."""
    assert {frozenset(service["profiles"]) for service in SERVICES.values()} <= {
        frozenset({"demo"}),
        frozenset({"own"}),
        frozenset({"demo", "own"}),
    }


def test_all_parts_are_there() -> None:
    """The parts that the issue names."""
    parts = {"postgres", "simulator", "exporter", "prometheus", "alertmanager", "relay", "grafana"}
    assert parts <= set(SERVICES)
    assert {name for name in parts if "own" in SERVICES[name]["profiles"]} == parts - {"postgres", "simulator"}


@every
def test_images_are_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?", tag), tag


def test_our_image_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"outcall-exporter:{version}"}


@every
def test_nobody_has_more_rights_than_needed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "devices" not in service
    if name in PREPARE:
        assert service["cap_add"] == ["CHOWN", "DAC_READ_SEARCH"]
        assert service["network_mode"] == "none"
    else:
        assert "cap_add" not in service
        user, _, _group = service["user"].partition(":")
        assert int(user) > 0


@every
def test_nobody_takes_more_than_its_share(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert 0 < service["cpus"] <= 2
    assert 0 < service["pids_limit"] <= 256
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


@every
def test_health_is_watched(name: str) -> None:
    """What runs once is awaited by its end instead, and is not started again."""
    service = SERVICES[name]
    if name in ONCE:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


@every
def test_dependencies_are_waited_for(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if needed in ONCE else "service_healthy")
        missing = set(SERVICES[name]["profiles"]) - set(SERVICES[needed]["profiles"])
        assert not missing or how.get("required") is False, needed


@every
def test_everybody_waits_for_its_secrets(name: str) -> None:
    def needs(service: str) -> set[str]:
        direct = set(SERVICES[service].get("depends_on", {}))
        return direct.union(*(needs(other) for other in direct))

    assert name in PREPARE or needs(name) & PREPARE


@every
def test_ports_are_this_machines_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@every
def test_no_secret_stands_in_the_file(name: str) -> None:
    """Secrets come from files below /secrets, and only those who prepare them may write there."""
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL", key):
            assert key.endswith("_FILE")
            assert value.startswith("/secrets/")
    (secrets,) = (mount for mount in mounts(service) if mount.target == "/secrets")
    assert secrets.read_only or name in PREPARE


def test_services_with_different_secrets_have_different_users() -> None:
    """They all see one volume, so only the user keeps one from reading what is another's."""
    running = {name: service for name, service in SERVICES.items() if name not in PREPARE}
    for one, other in combinations(running, 2):
        if secret_folders(running[one]) != secret_folders(running[other]):
            users = [running[name]["user"].partition(":")[0] for name in (one, other)]
            assert users[0] != users[1], (one, other)


def test_every_secret_has_a_service_that_is_known_to_read_it() -> None:
    """Else the law above would compare nothing with nothing."""
    assert all(secret_folders(service) for name, service in SERVICES.items() if name not in PREPARE)
    assert secret_folders(SERVICES["relay"]) == {"relay", "token"}
    assert secret_folders(SERVICES["prometheus"]) == {"alerting"}


@pytest.mark.parametrize("name", ["exporter", "relay"])
def test_the_state_belongs_to_its_service(name: str) -> None:
    """A named volume takes over the owner of the image's folder at that place."""
    (state,) = (mount.target for mount in mounts(SERVICES[name]) if mount.source == f"{name}-state")
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    user, _, group = SERVICES[name]["user"].partition(":")
    assert f"install -d -m 0700 -o {user} -g {group} {state} " in dockerfile
    inherited = re.search(r"OUTCALL_STATE_DIR=(\S+)", dockerfile)
    assert inherited is not None
    assert SERVICES[name]["environment"].get("OUTCALL_STATE_DIR", inherited[1]) == state


@pytest.mark.parametrize("name", sorted(OURS))
def test_no_volume_without_a_name_is_left_behind(name: str) -> None:
    """The image declares one, and Docker makes one up where nothing is mounted."""
    declared = re.search(r'VOLUME \["(\S+)"\]', (DEPLOY / "Dockerfile").read_text("utf-8"))
    assert declared is not None
    assert declared[1] in {*SERVICES[name]["tmpfs"], *(mount.target for mount in mounts(SERVICES[name]))}


@every
def test_what_is_mounted_exists_and_cannot_be_changed(name: str) -> None:
    for mount in mounts(SERVICES[name]):
        if mount.bound:
            assert mount.read_only
            assert (ROOT / mount.source).exists(), mount.source
        else:
            assert mount.source in compose()["volumes"]


def test_the_database_is_reached_from_the_inside_only() -> None:
    assert compose()["networks"]["calls"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "calls" in service.get("networks", [])} == {
        "postgres",
        "database",
        "simulator",
        "exporter",
    }
    assert SERVICES["postgres"]["networks"] == ["calls"]


@pytest.mark.parametrize("name", ["exporter", "relay", "simulator"])
def test_our_command_lines_are_understood(name: str) -> None:
    service = SERVICES[name]
    words = (["simulate"] if name == "simulator" else []) + service["command"]
    build_parser().parse_args(words)


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_settings_exist(name: str) -> None:
    environment: dict[str, Any] = SERVICES[name].get("environment", {})
    load_settings(None, {key: str(value) for key, value in environment.items()})


def test_given_secrets_cannot_be_committed() -> None:
    tried = "deploy/secrets/exporter/database_url"
    assert (DEPLOY / "secrets" / ".gitignore").read_text("utf-8").splitlines()[-2:] == ["*", "!.gitignore"]
    asked = subprocess.run(["git", "check-ignore", "--quiet", tried], cwd=ROOT, check=False)
    assert asked.returncode == 0


DEBIAN = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n"
SECURITY = "Types: deb\nURIs: http://security.example/debian\nSuites: bookworm-security\n"


@pytest.mark.parametrize("text", [DEBIAN, f"{SECURITY}\n{DEBIAN}", f"# URIs: http://old.example/debian\n{DEBIAN}"])
def test_the_mirror_is_the_machines_own(tmp_path: Path, text: str) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(text, "utf-8")
    assert mirror(tmp_path) == "http://mirror.example/debian"


def test_the_mirror_of_an_older_sources_list(tmp_path: Path) -> None:
    lines = [
        "deb http://security.example/debian bookworm-security main",
        "deb [a=b] http://mirror.example/debian x main",
    ]
    (tmp_path / "sources.list").write_text("\n".join(lines), "utf-8")
    assert mirror(tmp_path) == "http://mirror.example/debian"
