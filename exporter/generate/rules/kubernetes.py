"""The same rules for the Prometheus operator, and what tells it to scrape the exporter and the relay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exporter.generate.rules.model import Options, RuleFile

_API = "monitoring.coreos.com/v1"
_NAME = "app.kubernetes.io/name"


def prometheus_rules(files: Iterable[RuleFile]) -> list[dict[str, Any]]:
    """One PrometheusRule for each file: the operator puts each into a ConfigMap, whose size is limited."""
    return [_resource("PrometheusRule", f"outcall-{file.name}", "outcall-exporter", file.plain()) for file in files]


def service_monitors(options: Options) -> list[dict[str, Any]]:
    """For Services that are labelled with the programs' names and whose port is called `metrics`.

    The relay answers nobody without its token: the Secret `outcall-relay` holds it under the key `token`.
    """
    token = {"authorization": {"type": "Bearer", "credentials": {"name": "outcall-relay", "key": "token"}}}
    return [_monitor("outcall-exporter", options.job, {}), _monitor("outcall-relay", f"{options.job}-relay", token)]


def _monitor(name: str, job: str, access: dict[str, Any]) -> dict[str, Any]:
    endpoint = {
        "port": "metrics",
        "path": "/metrics",
        "interval": "15s",
        # The rules know exporter and relay by their jobs.
        "relabelings": [{"targetLabel": "job", "replacement": job}],
        **access,
    }
    return _resource(
        "ServiceMonitor", name, name, {"selector": {"matchLabels": {_NAME: name}}, "endpoints": [endpoint]}
    )


def _resource(kind: str, name: str, part: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": kind,
        "metadata": {"name": name, "labels": {_NAME: part, "app.kubernetes.io/part-of": "outcall"}},
        "spec": spec,
    }
