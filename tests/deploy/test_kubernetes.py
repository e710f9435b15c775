"""The manifests: restricted pods, probes that can be answered, and names that meet across files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.cli import build_parser
from exporter.settings import load_settings
from tests.deploy.stack import DEPLOY, ROOT, containers, documents, kinds, objects

FOLDER = DEPLOY / "kubernetes"
(KUSTOMIZATION,) = documents(FOLDER / "kustomization.yaml")
(DASHBOARDS,) = documents(FOLDER / "dashboards" / "kustomization.yaml")
MONITORS = documents(ROOT / "rules" / "kubernetes" / "servicemonitor.yml")
PODS = containers()
each = pytest.mark.parametrize(("pod", "container"), PODS, ids=[container["name"] for _, container in PODS])


def test_every_manifest_is_applied_but_the_template() -> None:
    """The secrets' template would overwrite real values."""
    listed = {(FOLDER / name).resolve() for name in KUSTOMIZATION["resources"]}
    assert all(path.is_file() for path in listed)
    there = {path for path in FOLDER.glob("*.yaml") if all("kind" in document for document in documents(path))}
    assert there - listed == {FOLDER / "kustomization.yaml", FOLDER / "secrets.template.yaml"}
    generated = {ROOT / "rules" / "kubernetes" / name for name in ("prometheusrule.yml", "servicemonitor.yml")}
    assert listed - there == generated


def test_the_template_has_no_value() -> None:
    for secret in kinds("Secret"):
        assert set(secret["stringData"].values()) == {""}


@each
def test_pods_are_restricted(pod: dict[str, Any], container: dict[str, Any]) -> None:
    """The restricted profile of the pod security standards, which the namespace enforces, and a read-only root."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (namespace,) = kinds("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@each
def test_resources_are_bounded(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume)


@each
def test_command_lines_and_settings_are_understood(pod: dict[str, Any], container: dict[str, Any]) -> None:
    build_parser().parse_args(container["args"])
    load_settings(None, {variable["name"]: variable["value"] for variable in container.get("env", [])})


@each
def test_what_is_mounted_is_a_volume(pod: dict[str, Any], container: dict[str, Any]) -> None:
    claimed = {"state"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]} | claimed
    assert {m["name"] for m in container["volumeMounts"] if not m.get("readOnly")} == {"state", "tmp"}
    templates = {secret["metadata"]["name"] for secret in kinds("Secret")}
    assert {v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v} <= templates


def test_the_exporters_configuration_is_valid() -> None:
    """And names the file where the Secret is mounted."""
    settings = load_settings(FOLDER / "outcall.yaml", {})
    mounted = {mount["name"]: mount["mountPath"] for _, container in PODS[:1] for mount in container["volumeMounts"]}
    assert str(settings.database_url_file) == f"{mounted['secrets']}/database_url"
    (template,) = (found for found in kinds("Secret") if found["metadata"]["name"] == "outcall-exporter")
    assert set(template["stringData"]) == {"database_url"}
    assert KUSTOMIZATION["configMapGenerator"] == [{"name": "outcall-exporter", "files": ["outcall.yaml"]}]


def test_probes_can_be_answered() -> None:
    """The relay asks for a token on every route, so its probe runs inside, where the token is."""
    exporter, relay = (container for _, container in PODS)
    assert exporter["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "metrics"}
    assert exporter["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "metrics"}
    for probe in (relay["livenessProbe"], relay["readinessProbe"]):
        assert probe["exec"]["command"][-2:] == ["/opt/outcall/healthcheck.py", "relay"]
    copied = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert "COPY deploy/healthcheck.py /opt/outcall/healthcheck.py" in copied


def test_monitors_find_services_and_services_find_pods() -> None:
    services = {found["metadata"]["name"]: found for found in kinds("Service")}
    sets = {found["metadata"]["name"]: found for found in kinds("StatefulSet")}
    for monitor in MONITORS:
        service = services[monitor["metadata"]["name"]]
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        assert wanted <= service["metadata"]["labels"].items()
        ports = {port["name"]: port["targetPort"] for port in service["spec"]["ports"]}
        pod = sets[service["metadata"]["name"]]["spec"]["template"]
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        for endpoint in monitor["spec"]["endpoints"]:
            names = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
            assert ports[endpoint["port"]] in names


def test_the_relays_token_is_the_monitors() -> None:
    (credentials,) = (
        endpoint["authorization"]["credentials"]
        for monitor in MONITORS
        for endpoint in monitor["spec"]["endpoints"]
        if "authorization" in endpoint
    )
    (secret,) = (found for found in kinds("Secret") if found["metadata"]["name"] == credentials["name"])
    assert credentials["key"] in secret["stringData"]


def test_nothing_is_reached_that_is_not_named() -> None:
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in kinds("NetworkPolicy")}
    assert policies["outcall-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ports = {container["name"]: container["ports"][0]["containerPort"] for _, container in PODS}
    for name, port in ports.items():
        assert policies[f"outcall-{name}"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": port}]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_dashboard_is_in_a_config_map(language: str) -> None:
    """One each: together they are more than a ConfigMap holds."""
    sources = [Path(entry["files"][0].partition("=")[2]) for entry in DASHBOARDS["configMapGenerator"]]
    listed = {(FOLDER / "dashboards" / source).resolve() for source in sources}
    there = set((ROOT / "grafana" / language).glob("*.json"))
    assert {path for path in listed if path.parent.name == language} == there
    assert all(path.stat().st_size < 1 << 20 for path in there)
    assert DASHBOARDS["generatorOptions"]["labels"]["grafana_dashboard"] == "1"


def test_objects_have_names_of_their_own() -> None:
    names = [(found["kind"], found["metadata"]["name"]) for found in objects() if "metadata" in found]
    assert len(set(names)) == len(names)
