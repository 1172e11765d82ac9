"""A Chromium without a window, told what to do over a pipe: its DevTools protocol, as far as the tests need it."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE = 120.0
"""Seconds after which a browser that says nothing is given up."""


class Browser:
    """A browser with one page; what the page logs and asks the network for is kept."""

    def __init__(self, folder: Path) -> None:
        (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
        # out of the way of 3 and 4, which are what --remote-debugging-pipe reads and writes
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (their_in, their_out)]

        def connect() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            close_fds=False, preexec_fn=connect, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for fd in (their_in, their_out, *high):
            os.close(fd)
        self._in, self._out = our_in, our_out
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        """End the browser, and wait for it."""
        self._session = None
        try:
            self.ask("Browser.close")
            self._process.wait(timeout=30)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._in)
            os.close(self._out)

    def ask(self, method: str, **parameters: object) -> dict:
        """Send a command, and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            part = os.read(self._in, 1 << 16)
            assert part, "the browser has gone"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url: str) -> None:
        """Load a page, and wait until it is there; an anchor of the page that is there loads nothing."""
        self.events.clear()
        self.value(
            "void (window.changed = new Promise(done => addEventListener('hashchange', () => setTimeout(done))))"
        )
        loader = self.ask("Page.navigate", url=url).get("loaderId")
        if not loader:
            self.value("window.changed")
        while loader and not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def resize(self, width: int, height: int = 900) -> None:
        """Set the size of the window, in CSS pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def value(self, expression: str) -> object:
        """Return what an expression of JavaScript comes to."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """Press a key; `text` is what it types."""
        code = {"Tab": 9, "Escape": 27, " ": 32}.get(key, 0)
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def tap(self, selector: str) -> None:
        """Touch the middle of an element, and wait for the click that the browser makes of it."""
        x, y = self.value(
            f"(async () => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block:"
            " 'center', behavior: 'instant'});"
            # a touch is looked up in the frame that is on the screen: that has to show what was scrolled or hidden last
            " for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        heard = (
            "event => { const met = wanted.contains(event.target); setTimeout(() => done(met)); },"
            " {once: true, capture: true}"
        )
        self.value(
            f"{{ const wanted = document.querySelector({json.dumps(selector)});"
            f" void (window.tapped = new Promise(done => addEventListener('click', {heard}))) }}"
        )
        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        assert self.value("window.tapped"), f"the touch went past {selector}"

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a picture of what is shown, or of the whole page, as PNG."""
        found = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(found["data"])

    def pdf(self) -> bytes:
        """Print the page."""
        found = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(found["data"])

    def problems(self) -> list[str]:
        """Return what the page has logged, and what it has asked for beside itself."""
        told = [
            json.dumps(event["params"])
            for event in self.events
            if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        ]
        asked = [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]
        return told + [url for url in asked[1:] if not url.startswith("data:")]
