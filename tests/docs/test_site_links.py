"""Links of the built site: each leads to a page that is there, and to a place on it; nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from proofs_check.papers import papers
from proofs_check.registry import own_statements
from tests.docs.site import SITE

LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


class _Page(HTMLParser):
    """What a page links to, what it loads, and which places it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.places.update(value for name in ("id", "name") if (value := found.get(name)))
        if tag == "a" and (link := found.get("href")):
            self.links.append(link)
        if tag in LOADED and (file := found.get(LOADED[tag])):
            self.loads.append(file)


@pytest.fixture(scope="module")
def pages() -> dict[Path, _Page]:
    return {
        path: _Page(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.html") if "_static" not in path.parts
    }


def _target(page: Path, link: str) -> tuple[Path, str]:
    parts = urlsplit(link)
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return (file / "index.html" if file.is_dir() else file), unquote(parts.fragment)


def test_links_lead_somewhere(pages: dict[Path, _Page]) -> None:
    assert len(pages) > 200
    resolved = {path.resolve(): page for path, page in pages.items()}
    broken = []
    for path, page in resolved.items():
        for link in {*page.links, *page.loads}:
            if urlsplit(link).scheme:
                continue
            file, place = _target(path, link)
            is_there = file.exists() and (not place or file not in resolved or place in resolved[file].places)
            if not is_there:
                broken.append((path.name, link))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, _Page]) -> None:
    loads = {(path.name, file) for path, page in pages.items() for file in page.loads}
    assert loads
    assert [load for load in loads if urlsplit(load[1]).netloc or urlsplit(load[1]).scheme not in ("", "data")] == []
    for path in SITE.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()[ \"']*https?:", path.read_text(encoding="utf-8")) == [], path


def test_every_statement_has_its_page_and_its_formula() -> None:
    for one in own_statements():
        text = (SITE / "statements" / f"{one.id}.html").read_text(encoding="utf-8")
        assert "<math" in text
        assert text.count("<li><p>") + text.count("<li>") >= len(one.mutants) + len(one.evidence) + len(one.assumptions)


def test_papers_have_their_claims() -> None:
    text = (SITE / "statements" / "papers.html").read_text(encoding="utf-8")
    for paper in papers():
        assert f'id="{paper.key}"' in text
        assert all(f'href="{name}.html"' in text for name in paper.ids)


@pytest.mark.parametrize("package", ["theory", "montecarlo", "proofs_check"])
def test_every_public_name_has_its_page(package: str) -> None:
    for name in __import__(package).__all__:
        text = (SITE / "api" / f"{package}.{name}.html").read_text(encoding="utf-8")
        assert f'id="{package}.{name}"' in text
