"""The configurations of Prometheus, Alertmanager and Grafana in the stack, with their paths as mounted."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.alertmanager.shipped import binary
from tests.deploy.stack import DEPLOY, ROOT, documents, mounts, services

PROVISIONING = DEPLOY / "grafana" / "provisioning"


def in_container(service: str, path: str) -> Path:
    """The file of the repository that a service sees at `path`."""
    for mount in mounts(services()[service]):
        if mount.bound and (path == mount.target or path.startswith(mount.target + "/")):
            return (ROOT / mount.source / path[len(mount.target) :].lstrip("/")).resolve()
    raise AssertionError(f"{service} sees nothing at {path}")


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """/secrets as `prepare.py` leaves it for Prometheus and Alertmanager, links included."""
    folder = tmp_path / "secrets" / "alerting"
    folder.mkdir(parents=True)
    (folder / "relay_token").write_text("token", "utf-8")
    for name in ("alertmanager.yml", "templates"):
        (folder / name).symlink_to(in_container("alertmanager", f"/etc/outcall/alertmanager/{name}"))
    return tmp_path / "secrets"


def test_prometheus_takes_its_configuration(laid_out: Path, tmp_path: Path) -> None:
    config = in_container("prometheus", "/etc/outcall/prometheus/prometheus.yml")
    assert "--config.file=/etc/outcall/prometheus/prometheus.yml" in services()["prometheus"]["command"]
    text = config.read_text("utf-8").replace("/secrets", str(laid_out))
    rules = in_container("prometheus", "/etc/outcall/rules")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/outcall/rules", str(rules)), "utf-8")
    called = [binary("promtool"), "check", "config", str(tmp_path / "prometheus.yml")]
    checked = subprocess.run(called, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(list(rules.glob('*.rules.yml')))} rule files found" in checked.stdout


def test_prometheus_finds_every_part() -> None:
    """Each target is a service of the stack on its own port, in the jobs that the rules know."""
    (config,) = documents(DEPLOY / "prometheus" / "prometheus.yml")
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert found["outcall"] == ["exporter:9877"]
    assert found["outcall-relay"] == ["relay:9878"]
    hosts = {target.partition(":")[0] for targets in found.values() for target in targets} - {"127.0.0.1"}
    assert hosts <= set(services())


def test_alertmanager_takes_its_configuration(laid_out: Path) -> None:
    assert "--config.file=/secrets/alerting/alertmanager.yml" in services()["alertmanager"]["command"]
    called = [binary("amtool"), "check-config", str(laid_out / "alerting" / "alertmanager.yml")]
    checked = subprocess.run(called, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "1 templates" in checked.stdout


def test_alertmanager_finds_the_relay() -> None:
    """The shipped file's address is the service of that name, and each receiver is in the relay's file."""
    (config,) = documents(ROOT / "rules" / "alertmanager" / "alertmanager.yml")
    urls = {hook["url"] for receiver in config["receivers"] for hook in receiver["webhook_configs"]}
    assert {urlsplit(url).hostname for url in urls} == {"relay"}
    (relay,) = documents(DEPLOY / "compose" / "relay.yml")
    assert set(relay["receivers"]) == {urlsplit(url).path.rpartition("/")[2] for url in urls}


def test_the_demo_prints_and_sends_nothing() -> None:
    (relay,) = documents(DEPLOY / "compose" / "relay.yml")
    assert {channel["type"] for channel in relay["channels"].values()} == {"print"}
    assert "sms" in {channel.get("form") for channel in relay["channels"].values()}


def test_grafana_provisions_both_languages() -> None:
    (found,) = documents(PROVISIONING / "dashboards" / "outcall.yml")
    folders = {provider["folder"]: provider["options"]["path"] for provider in found["providers"]}
    assert folders == {"外呼绩效": "/etc/outcall/grafana/zh", "Outcall": "/etc/outcall/grafana/en"}
    for path in folders.values():
        assert list(in_container("grafana", path).glob("*.json"))


def test_grafana_finds_its_data_sources() -> None:
    (found,) = documents(PROVISIONING / "datasources" / "outcall.yml")
    sources = {source["uid"]: urlsplit(source["url"]) for source in found["datasources"]}
    assert {uid: (url.hostname, url.port) for uid, url in sources.items()} == {
        "prometheus": ("prometheus", 9090),
        "alertmanager": ("alertmanager", 9093),
    }
    image = services()["prometheus"]["image"].rpartition(":v")[2]
    assert found["datasources"][0]["jsonData"]["prometheusVersion"] == image


def test_grafanas_settings() -> None:
    """Chinese, the overview first, passwords from files, nobody anonymous, nothing told to anybody."""
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(DEPLOY / "grafana" / "grafana.ini", encoding="utf-8")
    home = in_container("grafana", ini["dashboards"]["default_home_dashboard_path"])
    assert json.loads(home.read_text("utf-8"))["uid"] == "outcall-overview"
    assert ini["users"]["default_language"] == "zh-Hans"
    assert not ini["auth.anonymous"].getboolean("enabled")
    assert {ini["security"][key] for key in ("admin_password", "secret_key")} == {
        "$__file{/secrets/grafana/admin_password}",
        "$__file{/secrets/grafana/secret_key}",
    }
    assert not any(ini["analytics"].getboolean(key) for key in ini["analytics"])


def test_dashboards_of_alerts_are_on_grafanas_port() -> None:
    """`dashboard_url` of the shipped rules leads to the published address."""
    rules = yaml.safe_load((ROOT / "rules" / "exporter.rules.yml").read_text("utf-8"))
    urls = {
        rule["annotations"]["dashboard_url"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule
    }
    assert {re.match(r"http://[^/]+", url)[0] for url in urls} == {"http://localhost:3000"}  # type: ignore[index]
    assert services()["grafana"]["ports"] == ["127.0.0.1:3000:3000"]


def test_the_stand_in_for_postgresqls_entry_point_is_a_shell_script() -> None:
    script = Path(__file__).with_name("postgres.sh")
    subprocess.run([shutil.which("sh") or "sh", "-n", str(script)], check=True)
