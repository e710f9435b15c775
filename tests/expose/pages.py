"""Reading a page the strict way: both formats' parsers, and what a Prometheus server would stumble over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from tests.support.scrape import Samples, parse

# prometheus_client leaves this one untyped.
_openmetrics: Callable[[str], Iterator[Metric]] = openmetrics_families


def samples(page: str) -> Samples:
    """The samples of a page; both formats read the same from it, every family stands in one place."""
    names = [line.split(" ")[2] for line in page.split("\n") if line.startswith("# TYPE ")]
    assert len(names) == len(set(names)), "a family stands in two places"
    assert_in_their_families(page)
    read = parse(page)
    other = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in _openmetrics(page + "# EOF\n")
        for sample in family.samples
    }
    assert read == other
    helps = {family.name: family.documentation for family in text_string_to_metric_families(page)}
    assert all(helps[name] for name in names), "a family without help"
    return read


def assert_in_their_families(page: str) -> None:
    """Every line of a gauge page stands under the head of its own family."""
    current = ""
    for line in page.split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {current} gauge"
        elif line:
            assert line.startswith((f"{current} ", f"{current}{{")), line
