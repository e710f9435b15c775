"""deploy/compose/prepare.py: each secret is made once, is somebody's alone, and belongs to one profile."""

from __future__ import annotations

import os
import re
import stat
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from exporter.cli import build_parser
from exporter.commands.base import settings_of
from tests.deploy.stack import DEPLOY, ROOT, secret_folders, services

HERE = DEPLOY / "compose"
FOLDERS = ("exporter", "relay", "token", "alerting")


@pytest.fixture
def prepare() -> ModuleType:
    """The script as a module."""
    spec = spec_from_file_location("prepare", HERE / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def owners(monkeypatch: pytest.MonkeyPatch) -> dict[Path, int]:
    """Who was given each file. Only root may give: where the tests are not root, the wish is noted and not granted."""
    given: dict[Path, int] = {}
    grant = os.fchown if os.getuid() == 0 else None

    def fchown(descriptor: int, user: int, group: int) -> None:
        assert user == group
        given[Path(f"/proc/self/fd/{descriptor}").readlink().with_suffix("")] = user
        if grant:
            grant(descriptor, user, group)

    monkeypatch.setattr(os, "fchown", fchown)
    return given


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    for name, text in {
        "exporter/database_url": "postgresql://me:pw@db.example/crm",
        "exporter/outcall.yaml": "catalogue_files: [own.yaml]\n",
        "exporter/own.yaml": "parameters: {}\n",
        "relay/relay.yml": "channels: {}\n",
        "relay/secrets/key": "k",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def files(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def test_a_demo_needs_nothing_given(prepare: ModuleType, tmp_path: Path) -> None:
    prepare.prepare("demo", tmp_path, tmp_path / "nothing", HERE)
    found = files(tmp_path)
    assert set(found) == {
        "profile",
        "postgres/password",
        "owner/database_url",
        "owner/exporter_password",
        "exporter/database_url",
        "exporter/outcall.yaml",
        "relay/relay.yml",
        "token/relay",
        "alerting/relay_token",
        "grafana/admin_password",
        "grafana/secret_key",
    }
    assert found["token/relay"] == found["alerting/relay_token"]
    assert found["owner/database_url"].strip() == f"postgresql://owner:{found['postgres/password']}@postgres:5432/calls"
    assert f"outcall_exporter:{found['owner/exporter_password']}@" in found["exporter/database_url"]
    made = [found[name] for name in ("postgres/password", "owner/exporter_password", "token/relay")]
    made += [found["grafana/admin_password"], found["grafana/secret_key"]]
    assert len(set(made)) == len(made)
    assert all(len(secret) >= 48 for secret in made)


def readers(profile: str, folder: str) -> set[int]:
    """The users of the services that name this folder; those who prepare it, root, aside."""
    named = [found for found in services().values() if profile in found["profiles"] and folder in secret_folders(found)]
    return {int(found["user"].partition(":")[0]) for found in named} - {0}


@pytest.mark.parametrize("profile", ["demo", "own"])
def test_each_file_is_its_readers_alone(
    prepare: ModuleType, tmp_path: Path, given: Path, owners: dict[Path, int], profile: str
) -> None:
    """Its owner is the one user of the services that name its folder; so it is with the operator's own files."""
    root = tmp_path / "secrets"
    prepare.prepare(profile, root, given, HERE)
    assert owners.pop(root / "profile") == os.getuid()
    assert set(owners) == {root / name for name in files(root)} - {root / "profile"}
    for path, owner in owners.items():
        assert readers(profile, path.relative_to(root).parts[0]) == {owner}, path
        assert stat.S_IMODE(path.stat().st_mode) == 0o400, path
        assert os.getuid() != 0 or path.stat().st_uid == owner, path


def test_exporter_and_relay_cannot_read_each_others_secrets(
    prepare: ModuleType, tmp_path: Path, given: Path, owners: dict[Path, int]
) -> None:
    """The database's URL against the keys of SMS gateways; the token has a copy for those who present it."""
    prepare.prepare("own", tmp_path, given, HERE)
    by_folder = {
        folder: {owners[path] for path in owners if path.is_relative_to(tmp_path / folder)} for folder in FOLDERS
    }
    assert by_folder == {"exporter": {10001}, "relay": {10003}, "token": {10003}, "alerting": {65534}}


def test_the_documented_readers_are_the_readers() -> None:
    """The table of docs/installation.md: folders first, the user's number last."""
    text = (ROOT / "docs" / "installation.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`\w+/`、?)+) \|.*\| (\d+) \|$", text, re.MULTILINE)
    told = {folder: {int(user)} for folders, user in rows for folder in re.findall(r"\w+", folders)}
    assert told == {folder: readers("demo", folder) for folder in {*FOLDERS, "grafana", "postgres", "owner"}}


def test_a_second_start_changes_nothing(prepare: ModuleType, tmp_path: Path) -> None:
    prepare.prepare("demo", tmp_path, tmp_path / "nothing", HERE)
    before = files(tmp_path)
    prepare.prepare("demo", tmp_path, tmp_path / "nothing", HERE)
    assert files(tmp_path) == before


def test_links_beside_the_token(prepare: ModuleType, tmp_path: Path) -> None:
    """Alertmanager reads the mounted files, so an edit takes effect at its reload."""
    prepare.prepare("demo", tmp_path, tmp_path / "nothing", HERE)
    links = {path.name: str(path.readlink()) for path in (tmp_path / "alerting").iterdir() if path.is_symlink()}
    assert links == {name: f"/etc/outcall/alertmanager/{name}" for name in ("alertmanager.yml", "templates")}


def test_what_is_given_is_taken(prepare: ModuleType, tmp_path: Path, given: Path) -> None:
    """And taken anew each time, so that a new password is one file and a restart; no database of ours is made up."""
    prepare.prepare("own", tmp_path / "secrets", given, HERE)
    found = files(tmp_path / "secrets")
    assert {name: found[name] for name in files(given)} == files(given)
    assert not {"postgres/password", "owner/database_url"} & set(found)
    (given / "exporter" / "database_url").write_text("postgresql://me:new@db.example/crm", "utf-8")
    (given / "exporter" / "own.yaml").unlink()
    (given / "exporter" / "outcall.yaml").unlink()
    prepare.prepare("own", tmp_path / "secrets", given, HERE)
    again = files(tmp_path / "secrets")
    assert "new" in again["exporter/database_url"]
    assert "exporter/own.yaml" not in again
    assert again["token/relay"] == found["token/relay"]
    settings = settings_of(
        build_parser().parse_args(["serve", "--config", str(tmp_path / "secrets/exporter/outcall.yaml")])
    )
    assert settings.catalogue_files == []


def test_without_channels_of_its_own_the_relay_prints(prepare: ModuleType, tmp_path: Path, given: Path) -> None:
    for name in ("relay.yml", "secrets/key"):
        (given / "relay" / name).unlink()
    (given / "relay" / "secrets").rmdir()
    (given / "relay").rmdir()
    prepare.prepare("own", tmp_path / "secrets", given, HERE)
    assert files(tmp_path / "secrets")["relay/relay.yml"] == (HERE / "relay.yml").read_text("utf-8")


@pytest.mark.parametrize("missing", ["exporter/database_url", "relay/relay.yml"])
def test_what_is_missing_is_named(prepare: ModuleType, tmp_path: Path, given: Path, missing: str) -> None:
    (given / missing).unlink()
    with pytest.raises(prepare.PreparationError, match=rf"deploy/secrets/{missing} is missing\. Fix: "):
        prepare.prepare("own", tmp_path / "secrets", given, HERE)


@pytest.mark.parametrize(("first", "second"), [("demo", "own"), ("own", "demo")])
def test_profiles_do_not_share_volumes(
    prepare: ModuleType, tmp_path: Path, given: Path, first: str, second: str
) -> None:
    """Simulated calls must never stand beside real ones, in no volume."""
    prepare.prepare(first, tmp_path / "secrets", given, HERE)
    before = files(tmp_path / "secrets")
    with pytest.raises(prepare.PreparationError, match=f"hold the data of the profile {first}"):
        prepare.prepare(second, tmp_path / "secrets", given, HERE)
    assert files(tmp_path / "secrets") == before
