"""The Dockerfile and what it installs from."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from exporter.cli import build_parser
from exporter.settings import load_settings
from tests.deploy.stack import COMPOSE, DEPLOY, ROOT

TEXT = (DEPLOY / "Dockerfile").read_text("utf-8")
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
BUILD, FINAL = "\n".join(LINES).split("\nFROM ")[1:]


def test_the_base_is_pinned_and_can_be_replaced() -> None:
    assert re.search(r"^ARG BASE_IMAGE=python:3\.\d+\.\d+-slim-\w+$", TEXT, re.MULTILINE)
    assert [line for line in LINES if line.startswith("FROM")] == ["FROM ${BASE_IMAGE} AS build", "FROM ${BASE_IMAGE}"]


def test_it_runs_as_a_number_that_is_not_root() -> None:
    """Kubernetes' runAsNonRoot cannot look names up; root's steps come before."""
    (user,) = re.findall(r"^USER (.+)$", FINAL, re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert "RUN" not in FINAL.partition("USER")[2]
    assert f'user: "{user}"' in COMPOSE.read_text("utf-8")


def test_nothing_is_fetched_behind_the_package_managers_back() -> None:
    """No ADD, no download by hand, no compiler; every package by its hash; no host is named."""
    assert not re.search(r"^ADD |curl|wget|apt-get|gcc|https?://", TEXT, re.MULTILINE)
    assert "--require-hashes" in BUILD
    assert "--only-binary :all:" in BUILD


def test_the_exec_form_is_used() -> None:
    """A shell as process 1 would keep SIGTERM to itself."""
    for instruction in ("ENTRYPOINT", "CMD"):
        (words,) = re.findall(rf"^{instruction} (.+)$", FINAL, re.MULTILINE)
        assert words.startswith("[")
    assert re.search(r'HEALTHCHECK .*CMD \["python3", "-I", "/opt/outcall/healthcheck\.py"\]', FINAL)


def test_the_image_serves_by_default() -> None:
    (command,) = re.findall(r'^CMD \["(\w+)"\]$', FINAL, re.MULTILINE)
    build_parser().parse_args([command])
    environment = dict(re.findall(r"(OUTCALL_\w+)=(\S+)", FINAL))
    settings = load_settings(None, environment)
    assert (settings.listen, settings.relay_listen) == ("0.0.0.0:9877", "0.0.0.0:9878")  # in a container
    assert f'VOLUME ["{settings.state_dir}"]' in FINAL


def test_only_what_is_needed_goes_to_the_builder() -> None:
    """What is copied is let through, and nothing else of deploy/."""
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    through = {line[1:] for line in ignored if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", "\n".join(LINES), re.MULTILINE))
    assert {word for words in copied for word in words.split()} | {"deploy/Dockerfile"} == through
    assert all((ROOT / name).exists() for name in through)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    """Each requirement of pyproject.toml is met by the locked version; every entry has a hash."""
    lock = (DEPLOY / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+) ", lock, re.MULTILINE))
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for requirement in map(Requirement, asked):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier
    entries = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked)
    assert all("--hash=sha256:" in entry for entry in entries)
