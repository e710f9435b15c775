"""What every board is made from: the catalogue, and the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from exporter.generate.dashboards.ids import Language, uid
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL, KPI_DIMENSIONS, OTHER, UNKNOWN
from exporter.semantic.spec import Text

_USUAL = {
    ALL: Text(zh="整体", en="overall"),
    OTHER: Text(zh="其他", en="Other"),
    UNKNOWN: Text(zh="未知", en="Unknown"),
}


@dataclass(frozen=True, slots=True)
class Context:
    """The catalogue in one language. `documents`: where docs/ is published."""

    catalogue: Catalogue
    language: Language
    documents: str

    def say(self, zh: str, en: str) -> str:
        """The one of both that is wanted."""
        return zh if self.language == "zh" else en

    def pick(self, text: Text) -> str:
        """A text of the catalogue."""
        return text.zh if self.language == "zh" else text.en

    def uid(self, name: str) -> str:
        return uid(name, self.language)

    @property
    def none(self) -> str:
        """What stands where there is no value: with nothing to count there is nothing to say."""
        return self.say("无通话", "no calls")

    def members(self, label: str) -> dict[str, str]:
        """The declared values of a label, `all` first, with what they are called."""
        declared = self.catalogue.dimensions[label].values if label in self.catalogue.dimensions else {}
        return {value: self.pick(text) for value, text in ({ALL: _USUAL[ALL]} | declared | _USUAL).items()}

    def title(self, label: str) -> str:
        """What a label is called."""
        return self.pick(self.catalogue.dimensions[label].title)

    @property
    def dimensions(self) -> list[str]:
        """Those that KPIs have: the usual ones in their order, then an operator's own."""
        used = dict.fromkeys(kpi.dimension for kpi in self.catalogue.kpis.values())
        return [name for name in dict.fromkeys((*KPI_DIMENSIONS, *used)) if name in used]

    @property
    def of_money(self) -> list[str]:
        """KPIs whose denominators are no counts: bounds and tests of proportions mean nothing there."""
        return [kpi.slug for kpi in self.catalogue.kpis.values() if kpi.kind == "ratio" and not kpi.alert.bounds]

    def least(self, kpis: Iterable[Kpi]) -> str:
        """How many samples their alerts ask for."""
        ((usual, _), *others) = Counter(kpi.min_samples for kpi in kpis).most_common()
        return self.say(f"{usual}（个别指标不同）", f"{usual} (some KPIs differ)") if others else str(usual)

    def kpis(self, dimension: str) -> list[Kpi]:
        """Those of a dimension."""
        return [kpi for kpi in self.catalogue.kpis.values() if kpi.dimension == dimension]
