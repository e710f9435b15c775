"""Every metric family that is not a KPI's or a measure's, as the code that makes it describes it.

What a machine does not have is absent from its page, so the pure functions of the collectors are given complete
readings here: the list is the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import SimpleNamespace

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from exporter import __version__
from exporter.collectors import container, cpu, disk, memory, network, recordings
from exporter.collectors.cgroupfs import ContainerReading, Cpu, Memory, Pids
from exporter.collectors.host import HostCollector
from exporter.collectors.sample import Verdict
from exporter.collectors.walk import Count, Scan
from exporter.engine import Engine, Loaded
from exporter.expose import attribution, changes
from exporter.expose.families import Exposition
from exporter.expose.health import Reloads
from exporter.expose.publish import empty_snapshot
from exporter.expose.text import label_text
from exporter.generate.metrics import FamilyDoc
from exporter.relay.metrics import RelayMetrics
from exporter.semantic.model import Catalogue
from exporter.semantic.names import PREFIX
from exporter.settings import Settings

_NONE = re.compile("(?!)")


def families(catalogue: Catalogue) -> dict[str, list[FamilyDoc]]:
    """All of them by group, in the order of their names."""
    own = described(_engine_metrics(catalogue))
    return {
        "指标说明与目标 KPI info and targets": described(_static_metrics(catalogue)),
        "归因 Attribution": described(_attribution_metrics()),
        "变更与验证 Changes and their verification": described(_change_metrics()),
        "导出器自身 Health of the exporter": [family for family in own if family.name.startswith(PREFIX)],
        "主机 Host": described(_host_metrics()),
        "录音存储 Recording store": described(_recordings_metrics()),
        "告警转发 Relay": described(RelayMetrics.described()),
        "进程 Process": [family for family in own if not family.name.startswith(PREFIX)],
    }


def described(metrics: Iterable[Metric]) -> list[FamilyDoc]:
    """Families with the names that their samples bear on the page; each once."""
    found = {name: FamilyDoc(name, m.type, _labels(m), m.documentation) for m in metrics for name in (_name(m),)}
    return [found[name] for name in sorted(found)]


def _name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def _labels(metric: Metric) -> tuple[str, ...]:
    """Those of its samples; of a family without any, those that prometheus_client was told."""
    named = dict.fromkeys(label for sample in metric.samples for label in sample.labels if label != "le")
    return tuple(named) or tuple(getattr(metric, "_labelnames", ()))


def _static_metrics(catalogue: Catalogue) -> Iterable[Metric]:
    exposition = Exposition(catalogue)
    # Without a poll there is no verdict.
    labels = label_text(("kpi", "window", *exposition.slice_labels), [""] * (2 + len(exposition.slice_labels)))
    exposition.families[f"{PREFIX}kpi_state"].block("").put(("",), f"{PREFIX}kpi_state{labels} 0\n")
    return text_string_to_metric_families(exposition.render())


def _attribution_metrics() -> Iterable[Metric]:
    """As on the page, of a KPI that moved by one slice."""
    names = {
        "effect": ("kpi", "window", "effect", "by", *attribution.BY),
        "change": ("kpi", "window"),
        "q_value": ("kpi", "window", "by", *attribution.BY),
        "reversal": ("kpi", "window"),
    }
    labels = {attribution.NAMES[part]: of for part, of in names.items()} | {attribution.END_NAME: ("window",)}
    families = attribution.declared()
    for name, of in labels.items():
        families[name].block("").put((), f"{name}{label_text(of, [''] * len(of))} 0\n")
    return text_string_to_metric_families("".join(family.render() for family in families.values()))


def _change_metrics() -> Iterable[Metric]:
    """As on the page, of a change that is being verified."""
    families = changes.declared()
    for name, labels in changes.LABELS.items():
        families[name].block("").put((), f"{name}{label_text(labels, [''] * len(labels))} 0\n")
    return text_string_to_metric_families("".join(family.render() for family in families.values()))


def _engine_metrics(catalogue: Catalogue) -> Iterable[Metric]:
    """What an engine's registry holds; it is never run, so nothing is connected to."""
    settings = Settings(database_url=SecretStr("postgresql://nowhere"), timezone=catalogue.timezone)
    engine = Engine(Loaded(settings, catalogue), None, Reloads(), empty_snapshot(__version__, catalogue.timezone))
    engine.lanes.tracker.cube.advance(1.0)
    # What is known of a histogram's labels and of a source shows only after the first statement.
    engine.lanes.observe("", "ok", 0.0, 0)
    engine.lanes.health.last_poll = 0.0
    return engine.publisher.registry.collect()


def _host_metrics() -> Iterable[Metric]:
    """This machine's, and those of one that has everything."""
    yield from HostCollector().collect()
    times = dict.fromkeys(cpu.MODES, 1.0)
    later = dict.fromkeys(cpu.MODES, 2.0)
    yield from cpu.cpu_families(cpu.CpuReading(later, 1, (1.0, 1.0, 1.0)), cpu.CpuReading(times, 1, None))
    yield from memory.memory_families(dict.fromkeys(memory.MEMORY, 1.0))
    yield from memory.swap_families(dict.fromkeys((*memory.SWAP, *memory.SWAPPED), 1.0))
    mount = SimpleNamespace(device="d", mountpoint="/", fstype="f")
    yield from disk.space_families([(mount, disk.Space(1, 1, 1, 1, 1, readonly=False))])
    yield from disk.io_families({"d": dict.fromkeys((field.key for field in disk.IO_FIELDS), 1.0)}, _NONE)
    yield from _network_metrics()
    full = Cpu(limit=1.0, usage=1.0, periods=1, throttled_periods=1, throttled_seconds=1.0)
    group = [ContainerReading(at, Memory(1, 1, 1), full, Pids(1, 1)) for at in (1.0, 2.0)]
    yield from container.container_families(group[1], group[0])


def _network_metrics() -> Iterable[Metric]:
    traffic = {"i": dict.fromkeys((field.key for field in network.FIELDS), 1.0)}
    readings = [network.NetworkReading(at, traffic, {"i": True}, {"i": 1}) for at in (1.0, 2.0)]
    return network.network_families(readings[1], readings[0], {})


def _recordings_metrics() -> Iterable[Metric]:
    scans = [Scan(Count(1, 1, 0), at, at, 1.0) for at in (1.0, 2.0)]
    verdicts = dict.fromkeys(Verdict, 1)
    yield from recordings.space_families(disk.Space(1, 1, 1, 1, 1, readonly=False))
    yield from recordings.scan_families(scans[0], scans[1])
    yield from recordings.sample_families(verdicts, 1.0, verdicts)
