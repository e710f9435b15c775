"""deploy/compose/prepare.py: each secret is made once, is somebody's alone, and belongs to one profile."""

from __future__ import annotations

import os
import stat
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from exporter.cli import build_parser
from exporter.commands.base import settings_of
from tests.deploy.stack import DEPLOY, services

HERE = DEPLOY / "compose"


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script; where the tests are not root, every reader is who runs them."""
    spec = spec_from_file_location("prepare", HERE / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    if os.getuid() != 0:
        for reader in ("POSTGRES", "EXPORTER", "OWNER", "PROMETHEUS", "GRAFANA"):
            monkeypatch.setattr(module, reader, os.getuid())
    return module


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


def test_each_file_is_its_readers_alone(prepare: ModuleType, tmp_path: Path) -> None:
    """The users of the compose file, by the folder that they read."""
    prepare.prepare("demo", tmp_path, tmp_path / "nothing", HERE)
    readers = {"postgres": "postgres", "owner": "database", "exporter": "exporter", "relay": "relay", "token": "relay"}
    readers |= {"alerting": "prometheus", "grafana": "grafana"}
    for path in tmp_path.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        assert stat.S_IMODE(path.stat().st_mode) == 0o400, path
        if os.getuid() == 0 and path.parent != tmp_path:
            user = services()[readers[path.parent.name]]["user"].partition(":")[0]
            assert str(path.stat().st_uid) == user, path
    assert services()["alertmanager"]["user"] == services()["prometheus"]["user"]


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
