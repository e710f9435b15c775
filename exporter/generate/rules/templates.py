"""Go templates of annotations: words for label values, numbers with their units, the cell that is worst."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exporter.generate.rules.promql import BAD, BAD_COUNT, SAMPLES, number, selector
from exporter.generate.wording import number as in_unit
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL, OTHER, UNKNOWN, kpi_metric, samples_metric
from exporter.semantic.spec import Text

Language = Literal["zh", "en"]
_USUAL = {OTHER: Text(zh="其他", en="Other"), UNKNOWN: Text(zh="未知", en="Unknown")}
_WHOLE = {ALL: Text(zh="整体", en="overall")}
# Recorded titles of the values of those labels that make the finest cells; `script` cuts the other way.
TITLE = {label: f"outcall:{label}:title" for label in ("scenario", "generation", "period")}
_SHOWN = {
    "ratio": "humanizePercentage",
    "cny": 'printf "%.0f"',
    "seconds": "humanizeDuration",
    "score": 'printf "%.2f"',
}
_WHOLE_NUMBER = '{{ . | first | value | printf "%.0f" }}'
_CURRENCY = Text(zh=" 元", en=" CNY")


def plain(text: str) -> str:
    """A text of the catalogue's that is no template, whatever it holds."""
    return text.replace("{{", '{{ "{{" }}')


def value(kpi: Kpi, language: Language) -> str:
    """The alert's value in the KPI's unit."""
    after = getattr(_CURRENCY, language) if kpi.unit == "cny" else ""
    return f"{{{{ $value | {_SHOWN[kpi.unit]} }}}}{after}"


def line(kpi: Kpi, at: float, language: Language) -> str:
    """The crossed line: `>30%`."""
    if kpi.unit == "cny":
        return f"{BAD[kpi.direction]}{at:g}{getattr(_CURRENCY, language)}"
    return f"{BAD[kpi.direction]}{in_unit(at, kpi.unit)}"


def asked(kpi: Kpi, record: str, window: str, named: Mapping[str, str]) -> str:
    """A query in a template for the recorded series behind an alert; `named`: the labels of a slice."""
    matchers = {"kpi": kpi.slug, "level": "%s", "window": window} | ({"scenario": "%s"} if not named else dict(named))
    query = selector(record, matchers).replace('"', "'")
    arguments = "$labels.level" if named else "$labels.level $labels.scenario"
    return f'with printf "{query}" {arguments} | query'


def samples(kpi: Kpi, window: str, named: Mapping[str, str]) -> str:
    """How many observations are behind an alert; nothing where that is not known."""
    return f"{{{{ {asked(kpi, SAMPLES, window, named)} }}}}, n={_WHOLE_NUMBER}{{{{ end }}}}"


def breaches(kpi: Kpi, window: str, named: Mapping[str, str]) -> str:
    """How many there are: of a rate of 99.999 % nobody can tell."""
    return (
        f"{{{{ {asked(kpi, BAD_COUNT, window, named)} }}}}{_WHOLE_NUMBER}{{{{ else }}}}{value(kpi, 'en')}{{{{ end }}}}"
    )


def titles(catalogue: Catalogue, label: str) -> dict[str, Text]:
    """Every value that a label of the finest cells may have, and its title."""
    dimension = catalogue.dimensions.get(label)
    return _WHOLE | _USUAL | (dict(dimension.values) if dimension else {})


def title(catalogue: Catalogue, label: str, name: str, language: Language) -> str:
    """The title of a known value, as plain text."""
    dimension = catalogue.dimensions.get(label)
    known = (dimension.values.get(name) if dimension else None) or _USUAL.get(name)
    return plain(getattr(known, language)) if known else name


def slice_words(catalogue: Catalogue, named: Mapping[str, str], language: Language) -> str:
    """Where an alert holds: the slice, or what its label says of the scenario."""
    if not named:
        query = f"printf \"{TITLE['scenario']}{{scenario='%s'}}\" $labels.scenario | query"
        return f'{{{{ with {query} }}}}{{{{ . | first | label "scenario_{language}" }}}}{{{{ end }}}}'
    return " / ".join(title(catalogue, label, name, language) for label, name in named.items())


def worst_cell(
    catalogue: Catalogue, kpi: Kpi, window: str, at: float, named: Mapping[str, str], language: Language
) -> str:
    """The finest cell that adds most to what is beyond the line: (value - line) x samples; `-` when there is none."""
    free = [label for label in _cell_labels(catalogue, kpi, window) if label not in named]
    if not free:
        return "-"
    titles = "".join(f" * on ({label}) group_left ({label}_{language}) {TITLE[label]}" for label in free)
    query = _excess(kpi, window, at, named, free) + titles
    words = " / ".join(
        f"{{{{ .Labels.{label}_{language} }}}}" if label in free else title(catalogue, label, named[label], language)
        for label in TITLE
        if label in free or label in named
    )
    answer = f"{{{{ with first . }}}}{words}{{{{ end }}}}{{{{ else }}}}-{{{{ end }}}}"
    if "scenario" not in free:
        return f'{{{{ with query "{query}" }}}}{answer}'
    # Of an alert on one scenario only its cells are asked for.
    sides = " ".join(["$is $labels.scenario"] * query.count("scenario%s"))
    choose = '{{ $is := "=" }}{{ if eq $labels.scenario "all" }}{{ $is = "!=" }}{{ end }}'
    return f'{choose}{{{{ with printf "{query}" {sides} | query }}}}{answer}'


def _excess(kpi: Kpi, window: str, at: float, named: Mapping[str, str], free: list[str]) -> str:
    """The query, with `%s'%s'` for the operator and value of the scenario, in single quotes within Go's double ones."""
    matchers = {"window": window} if kpi.windows else {}
    matchers |= {label: named.get(label, f"!={ALL}" if label in free else ALL) for label in kpi.labels}
    by = f"max by ({', '.join(free)})"
    of = {"stat": "p95"} if kpi.kind == "quantile" else {}
    values = f"{by} ({selector(kpi_metric(kpi.slug, kpi.unit), matchers | of)})"
    beyond = f"({values} - {number(at)})" if kpi.direction == "lower" else f"({number(at)} - {values})"
    weights = f"{by} ({selector(samples_metric(kpi.slug), matchers)})"
    text = f"topk(1, {beyond} * {weights} > 0)".replace('"', "'")
    return text.replace(f"scenario!='{ALL}'", "scenario%s'%s'")


def _cell_labels(catalogue: Catalogue, kpi: Kpi, window: str) -> list[str]:
    """The labels of the largest grouping set of a window, of those that the KPI's facts have."""
    present = {label for measure in kpi.denominator for label in catalogue.datasets[measure.dataset].labels}
    sets = [set(group.by) for group in catalogue.grouping_sets if window in group.windows and "script" not in group.by]
    largest = max((of & present for of in sets), key=len, default=set())
    return [label for label in TITLE if label in largest]
