"""The built site in a browser: from the start page to a statement and a function, by clicks and by search."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docs.site import SITE
from tests.proofs_check.reporting.chromium import Browser

pytestmark = pytest.mark.browser


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _is_complaint(event: dict) -> bool:
    """Whether anything went wrong; the theme logs what it does."""
    method, told = event["method"], event["params"]
    if method == "Log.entryAdded":
        return told["entry"]["level"] in ("error", "warning")
    return method == "Runtime.exceptionThrown" or (
        method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert")
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture
def browser(running: Browser, address: str) -> Iterator[Browser]:
    """The browser, whose console must stay empty, and which must ask no other host."""
    running.resize(1280)
    seen: list[dict] = []
    running.open("about:blank")
    yield running
    running.value("1")  # what has happened so far is read
    seen += running.events
    logged = [json.dumps(e["params"]) for e in seen if _is_complaint(e)]
    asked = [e["params"]["request"]["url"] for e in seen if e["method"] == "Network.requestWillBeSent"]
    assert logged == []
    assert [url for url in asked if not url.startswith((address, "file:", "data:", "about:"))] == []


def wait(browser: Browser, condition: str) -> None:
    """Wait until an expression of JavaScript is true."""
    end = time.monotonic() + 60
    while not browser.value(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def click(browser: Browser, selector: str) -> None:
    """Click on a link, and wait for the page that it leads to."""
    before = browser.value("location.href")
    assert browser.value(f"document.querySelector({json.dumps(selector)}) !== null"), selector
    browser.value(f"void setTimeout(() => document.querySelector({json.dumps(selector)}).click())")
    wait(browser, f"location.href !== {json.dumps(before)} && document.readyState === 'complete'")


def test_from_the_start_page_to_a_statement(browser: Browser, address: str) -> None:
    browser.open(f"{address}/index.html")
    assert browser.value("document.querySelector('h1').textContent").startswith("vanishing-curvature")  # type: ignore[union-attr]
    assert browser.value("[...document.images].every(image => image.naturalWidth > 0)")
    click(browser, "article a[href$='statements/index.html']")
    click(browser, "article a[href='forward.fourth-moment.html']")
    assert browser.value("document.querySelector('.claim math') !== null")
    assert browser.value("document.querySelector('.claim math').getBoundingClientRect().width > 20")
    assert browser.value("document.querySelector('article').innerText.includes('5/n becomes 6/n')")


def test_from_the_start_page_to_a_function(browser: Browser, address: str) -> None:
    browser.open(f"{address}/index.html")
    click(browser, "article a[href='api/index.html']")
    click(browser, "article a[href='theory.html']")
    click(browser, "article a[href^='theory.activation_moment.html']")
    text = browser.value("document.querySelector('article').innerText")
    assert "activation_moment(net, order=2, layer=None)" in str(text).replace("\n", "")
    click(browser, "article dt a[href^='theory.Ensemble.html']")  # the type of its argument
    assert browser.value("document.querySelector('h1').textContent").startswith("theory.Ensemble")  # type: ignore[union-attr]


FOUND = "[...document.querySelectorAll('#search-results li a')].map(link => link.getAttribute('href'))"


@pytest.mark.parametrize("where", ["served", "from the folder"])
def test_the_search_finds_a_word(browser: Browser, address: str, where: str) -> None:
    base: str = address if where == "served" else Path(SITE).as_uri()
    browser.open(f"{base}/search.html?q=kurtosis")
    wait(browser, f"{FOUND}.length > 5")
    found = str(browser.value(FOUND))
    assert "theory.kurtosis" in found
    assert "forward.kurtosis-limit" in found


def test_pages_fit_a_telephone(browser: Browser, address: str) -> None:
    browser.resize(400)
    for page in (
        "index",
        "start",
        "statements/forward.fourth-moment",
        "api/theory.activation_moment",
        "knows",
        "remedies",
    ):
        browser.open(f"{address}/{page}.html")
        assert browser.value("document.documentElement.scrollWidth") <= 400, page  # type: ignore[operator]
