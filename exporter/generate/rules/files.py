"""Which rule files there are, and what each holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from exporter.generate.files import Generated
from exporter.generate.rules.health import About, health_alerts, intervals
from exporter.generate.rules.kpis import kpi_files
from exporter.generate.rules.kubernetes import prometheus_rules, service_monitors
from exporter.generate.rules.model import Group, Options, RuleFile, duration
from exporter.generate.rules.platform import silence_alerts
from exporter.generate.rules.recording import recording_file
from exporter.generate.rules.yamltext import yaml_text
from exporter.semantic.model import Catalogue

Format = Literal["prometheus", "kubernetes"]
FORMATS: tuple[Format, ...] = ("prometheus", "kubernetes")
_INTERVAL = 15


def rule_files(catalogue: Catalogue, options: Options) -> list[RuleFile]:
    """All of them."""
    exporter = RuleFile(
        "exporter",
        (
            *_health(catalogue, options, "exporter"),
            Group("outcall-silence", _INTERVAL, tuple(silence_alerts(catalogue, options))),
            *_health(catalogue, options, "platform"),
            *_health(catalogue, options, "relay"),
        ),
    )
    host = RuleFile("host", tuple(_health(catalogue, options, "host")))
    return [recording_file(catalogue), *kpi_files(catalogue, options), exporter, host]


def _health(catalogue: Catalogue, options: Options, about: About) -> Iterable[Group]:
    """A group for each interval."""
    for interval in intervals(catalogue, about):
        name = f"outcall-{about}" if interval == _INTERVAL else f"outcall-{about}-{duration(interval)}"
        yield Group(name, interval, tuple(health_alerts(catalogue, options, about, interval)))


def generated_rules(
    catalogue: Catalogue, options: Options, formats: Iterable[Format] = FORMATS, folder: str = "rules/"
) -> list[Generated]:
    """The text of every file, with its path below the root."""
    files = rule_files(catalogue, options)
    found = []
    if "prometheus" in formats:
        found += [Generated(f"{folder}{file.name}.rules.yml", yaml_text([file.plain()])) for file in files]
    if "kubernetes" in formats:
        found.append(Generated(f"{folder}kubernetes/prometheusrule.yml", yaml_text(prometheus_rules(files))))
        found.append(Generated(f"{folder}kubernetes/servicemonitor.yml", yaml_text(service_monitors(options))))
    return found
