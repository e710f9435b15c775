"""The pages of reviews over HTTP: listed and served from one folder, and from nowhere else."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from exporter.expose.library import entries
from exporter.expose.reviewlist import MOST, render_list
from exporter.expose.reviews import ReviewRoutes, Shelf
from exporter.expose.server import HttpServer
from exporter.expose.style import load_style
from tests.expose.conftest import Start
from tests.expose.test_statuspage_browser import measure

STEM = "review-weekly-2026-W46"
PAGE = "<!doctype html><style>p{color:red}</style><p>周复盘"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Beside a secret, with pages in both languages."""
    (tmp_path / "secret.html").write_text("secret")
    found = tmp_path / "reviews"
    found.mkdir()
    for ending in ("zh.html", "zh.md", "en.html", "en.md"):
        (found / f"{STEM}.{ending}").write_text(PAGE, encoding="utf-8")
    (found / f"{STEM}.json").write_text("{}")
    (found / f"{STEM}.sent").write_text("{}")
    (found / "notes.html").write_text("notes")
    return found


@pytest.fixture
async def served(start: Start, folder: Path) -> HttpServer:
    return await start(reviews=ReviewRoutes(lambda: Shelf(folder, "Asia/Shanghai")))


async def get(client: aiohttp.ClientSession, server: HttpServer, path: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers; the path goes out as it is written."""
    url = URL(server.url.rstrip("/") + path, encoded=True)
    async with client.get(url, allow_redirects=False) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


@pytest.mark.parametrize(
    ("ending", "kind"), [("html", "text/html; charset=utf-8"), ("md", "text/markdown; charset=utf-8")]
)
async def test_a_page(served: HttpServer, client: aiohttp.ClientSession, ending: str, kind: str) -> None:
    """As it was written; its own styles may be used, and nothing else."""
    status, body, headers = await get(client, served, f"/reviews/{STEM}.zh.{ending}")
    plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
    assert (status, plain.decode(), headers["Content-Type"]) == (200, PAGE, kind)
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
        "style-src": "'unsafe-inline'",
    }  # fmt: skip
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_list(served: HttpServer, client: aiohttp.ClientSession, folder: Path) -> None:
    """Relative links, which hold behind a proxy; only pages; what comes and goes shows at once."""
    status, body, headers = await get(client, served, "/reviews/")
    text = (gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body).decode()
    assert status == 200
    assert text.count("<a href=") == 5
    assert f'href="{STEM}.zh.html"' in text
    assert "2026-11-09 – 2026-11-15" in text
    assert "notes" not in text
    assert headers["Content-Security-Policy"].count("sha256-") == 1
    status, _, headers = await get(client, served, "/reviews")
    assert (status, headers["Location"]) == (308, "reviews/")


@pytest.mark.parametrize(
    "name",
    ["../secret.html", "..%2fsecret.html", "%2e%2e/secret.html", "%2e%2e%2fsecret.html", "..%5csecret.html",
     "./../secret.html", "%2fetc%2fpasswd", "//etc/passwd", f"{STEM}.zh.html%00", f"{STEM}.zh.html%0a", f"{STEM}.json",
     f"{STEM}.sent", "notes.html", ".outcall-reviews.lock", f"{STEM}.zh.html/", f"{STEM}.zh.html/../../secret.html",
     "review-weekly-2026-W47.zh.html", "%ff%fe", "review-weekly-..%2f..-W46.zh.html", "~",
     "%c0%ae%c0%ae%c0%afsecret.html"],
)  # fmt: skip
async def test_what_is_no_page_is_not_there(served: HttpServer, client: aiohttp.ClientSession, name: str) -> None:
    """Whatever the path is made of."""
    status, body, _ = await get(client, served, f"/reviews/{name}")
    assert status in (400, 404)
    assert b"secret" not in body
    assert b"root:" not in body


async def test_no_link_leads_out(served: HttpServer, client: aiohttp.ClientSession, folder: Path) -> None:
    (folder / "review-monthly-2026-10.zh.html").symlink_to(folder.parent / "secret.html")
    (folder / "review-monthly-2026-09.zh.html").mkdir()
    for month in ("2026-10", "2026-09"):
        assert (await get(client, served, f"/reviews/review-monthly-{month}.zh.html"))[0] == 404
    assert {entry.period for entry in entries(folder)} == {"2026-W46"}


async def test_credentials_are_needed_as_everywhere(start: Start, folder: Path, client: aiohttp.ClientSession) -> None:
    server = await start(bearer_token="right", reviews=ReviewRoutes(lambda: Shelf(folder, "UTC")))
    for path in ("/reviews", "/reviews/", f"/reviews/{STEM}.zh.html"):
        assert (await get(client, server, path))[0] == 401
    async with client.get(f"{server.url}reviews/", headers={"Authorization": "Bearer right"}) as answer:
        assert answer.status == 200


async def test_an_empty_list(start: Start, tmp_path: Path, client: aiohttp.ClientSession) -> None:
    """Before the first review, and before there is a folder."""
    for shelf in (Shelf(tmp_path, "UTC"), Shelf(tmp_path / "none", "UTC")):
        server = await start(reviews=ReviewRoutes(partial(replace, shelf)))
        async with client.get(f"{server.url}reviews/", headers={"Accept-Encoding": "identity"}) as answer:
            assert (answer.status, "还没有复盘" in await answer.text()) == (200, True)


async def test_only_where_there_is_a_folder(start: Start, folder: Path, client: aiohttp.ClientSession) -> None:
    """A reload may give one, and take it away; the status page links to it meanwhile."""
    shelf = [Shelf(None, "UTC")]
    server = await start(reviews=ReviewRoutes(lambda: shelf[0]))
    for now in (Shelf(None, "UTC"), Shelf(folder, "UTC"), Shelf(None, "UTC")):
        shelf[0] = now
        expected = 200 if now.folder else 404
        assert (await get(client, server, "/reviews/"))[0] == expected
        assert (await get(client, server, f"/reviews/{STEM}.en.html"))[0] == expected
        async with client.get(server.url, headers={"Accept-Encoding": "identity"}) as answer:
            assert ('href="/reviews/"' in await answer.text()) == bool(now.folder)
    assert (await get(client, await start(), "/reviews/"))[0] == 404


async def test_a_folder_that_cannot_be_read(start: Start, tmp_path: Path, client: aiohttp.ClientSession) -> None:
    """503 and a word, no traceback."""
    (tmp_path / "taken").write_text("")
    server = await start(reviews=ReviewRoutes(lambda: Shelf(tmp_path / "taken", "UTC")))
    status, body, _ = await get(client, server, "/reviews/")
    assert (status, body) == (503, b"The folder of reviews cannot be read; the log says why.\n")


def test_a_long_list_is_bounded(tmp_path: Path) -> None:
    for year in range(2000, 2010):
        for month in range(1, 13):
            for cadence in ("weekly", "monthly"):
                (tmp_path / f"review-{cadence}-{year}-{month:02}.zh.html").touch()
    page = render_list(entries(tmp_path), timezone="UTC", style="")
    assert page.count("<tr>") == MOST + 1
    assert "另有 40 份更早的" in page


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows(folder: Path, tmp_path: Path, width: int) -> None:
    (folder / "review-weekly-2026-11-01..2026-11-14.zh.md").touch()
    page = render_list(entries(folder), timezone="Asia/Shanghai", style=load_style().css)
    result = measure(page, width, tmp_path)
    assert (result["outside"], result["cut"]) == ([], [])
