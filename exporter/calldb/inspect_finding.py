"""What an inspection of the call database found wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a place of the call database, and its mending; an error takes KPIs down, a warning does not."""

    place: str
    problem: str
    fix: str
    is_error: bool = False

    @classmethod
    def from_sentence(cls, place: str, source: str, sentence: str) -> Finding:
        """From `SOURCE problem: fix`, the form of the sentences of `survey` and `explain_query`."""
        problem, _, fix = sentence.removeprefix(f"{source} ").partition(": ")
        return cls(place, problem, fix or "see the server's log", is_error=True)

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}. Fix: {self.fix}"
