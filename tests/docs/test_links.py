"""Every relative link, anchor and picture of every page leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import ROOT, pages

_LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def links(page: Path) -> list[str]:
    """Targets of links and pictures, code left out; those that leave the repository too."""
    return [str(target) for target in _LINK.findall(_CODE.sub("", page.read_text("utf-8")))]


def anchors(page: Path) -> set[str]:
    """Names that a link into the page may use: explicit ones, and those that GitHub gives to headings."""
    text = page.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", _CODE.sub(lambda code: code[0].strip("`"), text), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Files within the repository, and headings within their target."""
    broken = []
    for link in links(page):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_this_machine(page: Path) -> None:
    """Paths of the machine that a page was written on are of no use elsewhere."""
    assert re.findall(r"(?<![\w.])/(?:work|root|home/\w+)/\S*", page.read_text("utf-8")) == []
