"""What the tests read out of the runbooks: pages, their hand-written part, their queries."""

from __future__ import annotations

import re
from pathlib import Path

from exporter.generate.files import END
from tests.docs.pages import ROOT, blocks

FOLDER = ROOT / "docs/runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
NAMES = [page.stem for page in PAGES]
_SELECTOR = re.compile(r"([A-Za-z_:][\w:]*)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_WORDS = {"and", "or", "unless", "bool", "by", "on", "ignoring", "without", "group_left", "group_right", "offset"}


def page_of(alert: str) -> Path:
    return FOLDER / f"{alert}.md"


def written_by_hand(page: Path) -> str:
    """What stands below the frame."""
    return page.read_text("utf-8").partition(END)[2]


def queries(page: Path) -> list[str]:
    """The PromQL of a page, that of its frame first: one query from blank line to blank line."""
    found = [part for text in blocks(page, "promql") for part in re.split(r"\n\s*\n", text.strip())]
    return [re.sub(r"^#.*\n", "", part, flags=re.MULTILINE).strip() for part in found]


def statements(page: Path) -> list[str]:
    """The SQL of a page, without its comments."""
    found = [re.sub(r"^--.*\n", "", text, flags=re.MULTILINE) for text in blocks(page, "sql")]
    return [part.strip().removesuffix(";") for text in found for part in text.split(";\n") if part.strip()]


def selectors(query: str) -> list[tuple[str, dict[str, set[str]]]]:
    """(metric, the values that each label is asked for) of every selector with braces."""
    return [
        (metric, {label: set(values.split("|")) for label, _, values in _MATCHER.findall(matchers)})
        for metric, matchers in _SELECTOR.findall(query)
    ]


def windows_asked(page: Path) -> set[str]:
    """Every window that a query names."""
    found = [labels.get("window", set()) for query in queries(page) for _, labels in selectors(query)]
    return set().union(*found)


def names_in(query: str) -> set[str]:
    """The metrics that a query names."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", re.sub(r'"[^"]*"', '""', query))
    bare = re.sub(r"\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\boffset\s+\w+", " ", bare)
    words = re.findall(r"(?<![\w.:])([A-Za-z_:][\w:]*)\b(?!\s*\()", bare)
    return set(words) - _WORDS
