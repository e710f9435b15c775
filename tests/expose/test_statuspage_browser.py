"""The page in a real browser, at the widths of phones, tablets and desks: nothing overflows, nothing is cut off."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exporter.expose.statuspage import render
from exporter.expose.style import load_style
from tests.expose.samples import LABEL_TITLES, NOW, empty_status, sample_status, with_kpi

# Runs outside the page, in the frame's parent: the page itself has no script and needs none.
MEASURE = """
const frame = document.querySelector('iframe');
frame.onload = () => {
  const page = frame.contentDocument, width = page.documentElement.clientWidth;
  const outside = [], cut = [];
  for (const element of page.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect(), style = frame.contentWindow.getComputedStyle(element);
    const name = element.tagName + '.' + element.className + ': ' + element.textContent.slice(0, 40);
    if (box.width && (box.right > width + 0.5 || box.left < -0.5)) outside.push(name);
    if (style.overflow === 'hidden' && element.scrollWidth > element.clientWidth + 1) cut.push(name);
  }
  const result = {width, scroll: page.documentElement.scrollWidth, outside, cut};
  const note = document.createElement('pre');
  note.id = 'result';
  note.textContent = JSON.stringify(result);
  document.body.append(note);
};
frame.srcdoc = document.querySelector('template').content.textContent;
"""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1600,1000",
    "--virtual-time-budget=5000",
    "--dump-dom",
)

LONG = "https://example.org/" + "averylongwordwithoutanybreak" * 12


def chromium() -> str:
    """The browser's path; the tests fail, and say why, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "install chromium to run the tests of the status page"
    return found


def measure(page: str, width: int, folder: Path) -> dict[str, object]:
    """What the browser says of the page in a frame of `width` pixels."""
    outer = (
        f'<!DOCTYPE html><meta charset="utf-8"><iframe width="{width}" height="900" style="border:0"></iframe>'
        f"<template>{html.escape(page)}</template><script>{MEASURE}</script>"
    )
    file = folder / "outer.html"
    file.write_text(outer, encoding="utf-8", errors="replace")
    command = [chromium(), *FLAGS, f"--user-data-dir={folder / 'profile'}", file.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, "the browser did not load the page"
    return dict(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows(width: int, tmp_path: Path) -> None:
    """No element reaches beyond the window, no text is cut off, at any usual width."""
    long = with_kpi(title_zh=LONG, title_en=LONG, reason_zh=LONG, formula_en=LONG, value=123456.7, samples=1e15)
    for status in (sample_status(), empty_status(), long):
        page = render(status, now=NOW, style=load_style().css, label_titles=LABEL_TITLES)
        seen = measure(page, width, tmp_path)
        assert (seen["width"], seen["scroll"]) == (width, width)
        assert seen["outside"] == []
        assert seen["cut"] == []
