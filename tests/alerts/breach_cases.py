"""The tests of zero tolerance: one breach is critical at once, whatever else was right."""

from __future__ import annotations

from collections.abc import Iterable

from tests.alerts.gauges import State, complete, gauges, place
from tests.alerts.kpis import Breach, Kpi, Labels
from tests.alerts.promtool_file import Test

_SCENARIO = (("scenario", "collection"),)


def name(breach: Breach) -> str:
    return f"Outcall{''.join(part.capitalize() for part in breach.slug.split('_'))}Breach"


def tests(breach: Breach) -> Iterable[Test]:
    """In steps of five minutes, which is how long a breach of the last hour lingers."""
    kpi = Kpi(breach.slug, "compliance", "High" if breach.right == 0 else "Low", 0, breach.sources, ())
    make = _Maker(breach, kpi, name(breach))
    yield from (make.at_once(), make.without_call(), make.silent(), make.replicas(), make.once())
    yield from (make.late(), make.late_and_alone(), make.gap(), make.first_day(), make.late_beside_fresh())


class _Maker:
    def __init__(self, breach: Breach, kpi: Kpi, alert: str) -> None:
        self.breach, self.kpi, self.alert = breach, kpi, alert

    def at_once(self) -> Test:
        test = Test("one breach in three is critical at once, whole and scenario, and clears")
        covered = complete(self.kpi.sources, "1h")
        test.phase(2, covered | self._ratio(1, 3, "1h") | self._ratio(1, 3, "1h", _SCENARIO))
        test.firing(0, self.alert, [self._fires("1h"), self._fires("1h", _SCENARIO)], "No waiting, no least number.")
        test.phase(3, covered | self._ratio(0, 3, "1h") | self._ratio(0, 3, "1h", _SCENARIO))
        test.firing(10, self.alert, [self._fires("1h"), self._fires("1h", _SCENARIO)], "Kept for five minutes.")
        test.firing(15, self.alert, [], "Clear.")
        return test

    def without_call(self) -> Test:
        test = Test("a breach of no call is in no scenario: the whole tells")
        covered = complete(self.kpi.sources, "1h")
        test.phase(2, covered | self._ratio(1, 9001, "1h") | self._ratio(0, 9000, "1h", _SCENARIO))
        test.firing(5, self.alert, [self._fires("1h")], "One in 9,001, and none of the scenario's 9,000.")
        return test

    def silent(self) -> Test:
        test = Test("no breach is no alert, and a window that is not read is not believed")
        minute = test.phase(3, complete(self.kpi.sources, "1h") | self._ratio(0, 1, "1h"))
        test.firing(minute + 10, self.alert, [], "None.")
        for source in self.kpi.sources:
            unread = complete(self.kpi.sources, "1h", [source])
            minute = test.phase(3, unread | self._ratio(1, 1, "1h"))
            test.firing(minute + 10, self.alert, [], f"{source} is not read far enough.")
        return test

    def replicas(self) -> Test:
        test = Test("two replicas are one alert; one of them has seen it already")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "1h", replica="b")
        test.phase(2, covered | self._ratio(0, 300, "1h") | self._ratio(1, 301, "1h", replica="b"))
        test.firing(5, self.alert, [self._fires("1h")], "The one that sees it is believed.")
        return test

    def late(self) -> Test:
        test = Test("a row that comes late, too late for the hour, is told by the month")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d")
        hour = covered | self._ratio(0, 40, "1h")
        test.phase(15, hour | self._ratio(1, 400, "30d"))
        test.firing(70, self.alert, [], "A breach that was told of before is not told again.")
        minute = test.phase(4, hour | self._ratio(2, 400, "30d"))
        test.firing(minute, self.alert, [self._fires("30d")], "A second one, at once.")
        test.phase(14, hour | self._ratio(2, 400, "30d"))
        test.firing(minute + 60, self.alert, [self._fires("30d")], "For about an hour.")
        test.firing(minute + 80, self.alert, [], "It stays in the month, the alert does not.")
        return test

    def late_and_alone(self) -> Test:
        test = Test("a late row that is the month's first fact is told too")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d")
        test.phase(12, covered)
        minute = test.phase(3, covered | self._ratio(1, 1, "30d"))
        test.firing(minute, self.alert, [self._fires("30d")], "Nothing over nothing was absent until now.")
        return test

    def gap(self) -> Test:
        test = Test("after hours without an exporter a new one is told of, an old one is not again")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d") | self._ratio(0, 40, "1h")
        test.phase(4, covered | self._ratio(1, 400, "30d"))
        test.phase(14, {})
        minute = test.phase(4, covered | self._ratio(1, 400, "30d"))
        test.firing(minute, self.alert, [], "The same one.")
        test.phase(14, {})
        minute = test.phase(4, covered | self._ratio(2, 400, "30d"))
        test.firing(minute, self.alert, [self._fires("30d")], "Another one.")
        return test

    def first_day(self) -> Test:
        test = Test("a new installation does not tell of the breaches that it finds in its history")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d")
        test.phase(1, covered)
        test.phase(20, covered | self._ratio(0, 40, "1h") | self._ratio(3, 400, "30d"))
        for minute in range(0, 105, 5):
            test.firing(minute, self.alert, [], "That the window is covered may be known a moment before its figures.")
        return test

    def late_beside_fresh(self) -> Test:
        test = Test("while the hour tells of one, a late one is told too")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d")
        test.phase(12, covered | self._ratio(0, 40, "1h") | self._ratio(1, 400, "30d"))
        minute = test.phase(4, covered | self._ratio(1, 40, "1h") | self._ratio(2, 400, "30d"))
        test.firing(minute + 15, self.alert, [self._fires("1h")], "A fresh one.")
        minute = test.phase(4, covered | self._ratio(1, 40, "1h") | self._ratio(3, 400, "30d"))
        test.firing(minute + 5, self.alert, [self._fires("1h"), self._fires("30d")], "And a late one.")
        return test

    def once(self) -> Test:
        test = Test("what the hour tells the month does not tell again")
        covered = complete(self.kpi.sources, "1h") | complete(self.kpi.sources, "30d")
        test.phase(2, covered | self._ratio(0, 40, "1h") | self._ratio(0, 400, "30d"))
        minute = test.phase(12, covered | self._ratio(1, 40, "1h") | self._ratio(1, 400, "30d"))
        test.firing(minute, self.alert, [self._fires("1h")], "Of one breach one alert.")
        test.firing(minute + 55, self.alert, [self._fires("1h")], "As long as it is in the hour.")
        minute = test.phase(6, covered | self._ratio(0, 40, "1h") | self._ratio(1, 400, "30d"))
        test.firing(minute + 10, self.alert, [], "Nor when it has left the hour, and is in the month still.")
        test.firing(minute + 25, self.alert, [], "Nor later.")
        return test

    def _ratio(self, bad: int, of: int, window: str, labels: Labels = (), replica: str = "a") -> dict[str, float]:
        value = bad / of if self.breach.right == 0 else 1 - bad / of
        return gauges(self.kpi, State(value, samples=of), labels, window, replica)

    def _fires(self, window: str, labels: Labels = ()) -> dict[str, str]:
        about = {"severity": "critical", "kpi": self.kpi.slug, "dimension": "compliance", "window": window}
        return about | {"level": "scenario" if labels else "whole"} | place(self.kpi, labels)
