# SPDX-License-Identifier: MIT
"""A real Chromium, Debian's, worked by Playwright: driver.mjs does what is asked here."""

import collections
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
WEB = HERE.parents[1] / "daemon/web"
WORK = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]) / "daemon/web/work"
GUARD_SECONDS = 60
TIMEOUT_MS = 55_000  # of Playwright's own waiting, which tells more when it is in vain
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
)

sys.path.insert(0, str(WEB))

import tool  # noqa: E402

tool.prepare(WORK)  # already here: some tests leave the network for one of their own


class BrowserError(Exception):
    pass


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    raise BrowserError("There is no Chromium")


class Browser:
    """One Chromium with a profile of its own that goes when it goes."""

    def __init__(self, *flags):
        self._log = tempfile.TemporaryFile()
        command = ["node", str(HERE / "driver.mjs"), str(WORK), chromium(), str(TIMEOUT_MS), *FLAGS, *flags]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._buffer = b""
        self._problems = collections.defaultdict(list)
        self._answer()  # it has been started

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(GUARD_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()  # Chromium ends with its driver
            self.process.wait()
        self.process.stdout.close()
        self._log.close()

    def _line(self, deadline):
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise BrowserError("Chromium does not answer")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                self._log.seek(0)
                raise BrowserError("Chromium has gone: " + self._log.read()[-2000:].decode())
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def _answer(self):
        deadline = time.monotonic() + GUARD_SECONDS
        while True:
            message = self._line(deadline)
            if "problem" in message:
                self._problems[message["page"]].append(message["problem"])
            elif "error" in message:
                raise BrowserError(message["error"])
            else:
                return message.get("value")

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def problems(self, number):
        return self._problems[number]

    def page(self, url=None, **kwargs):
        page = Page(self, **kwargs)
        if url:
            page.go(url)
        return page


class Page:
    """One tab in a context of its own: as if it were another person's browser."""

    def __init__(self, browser, width=1280, height=800, dark=True, touch=False, script=None):
        """script: runs in the page before its own."""
        self.browser = browser
        self.expected = ()  # words of problems that belong to the test: they may come late
        self.number = browser.ask(open={
            "viewport": {"width": width, "height": height},
            "isMobile": touch,
            "hasTouch": touch,
            "colorScheme": "dark" if dark else "light",
        })  # fmt: skip
        # errors of the console, of scripts, of the content security policy
        self.problems = browser.problems(self.number)
        if script:
            self._do("context.addInitScript", {"content": script})

    def _do(self, method, *args, selector=None):
        return self.browser.ask(page=self.number, method=method, args=args, selector=selector)

    def unexpected(self):
        """What has gone wrong until now, but for what the test expects."""
        self.js("1")  # what was said until now is heard
        return [p for p in self.problems if not any(word in p for word in self.expected)]

    def close(self):
        """pagehide runs as when a person closes it; what its context keeps goes with the browser."""
        self._do("page.close")

    def go(self, url):
        self._do("page.goto", url)

    def reload(self):
        self._do("page.reload")

    def js(self, expression):
        return self._do("page.evaluate", expression)

    def wait(self, expression):
        """Until the expression is true; looked at in the page."""
        try:
            self._do("wait", expression)
        except BrowserError as error:
            raise BrowserError(f"{expression}: {error}") from None

    def devtools(self, method, params=None):
        """What Playwright has no word for."""
        return self._do("devtools.send", method, params or {})

    def cookies(self):
        return self._do("context.cookies")

    def screenshot(self, path):
        self._do("page.screenshot", {"path": str(path)})

    # --- hands: what has a selector is waited for until it is there, still, and not covered ----------

    def click(self, selector):
        self._do("page.click", selector=selector)

    def down(self, selector):
        self._do("page.hover", selector=selector)
        self.press()

    def up(self):
        self._do("page.mouse.up")

    def press(self, x=None, y=None):
        if x is not None:
            self.move(x, y)
        self._do("page.mouse.down")

    def move(self, x, y):
        self._do("page.mouse.move", x, y)

    def wheel(self, dx, dy):
        self._do("page.mouse.wheel", dx, dy)

    def middle(self, selector):
        self._do("page.scrollIntoViewIfNeeded", selector=selector)
        box = self._do("page.boundingBox", selector=selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(self, kind, *points):
        """touchStart, touchMove or touchEnd: where the fingers are then."""
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.devtools("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def key(self, key):
        self._do("page.keyboard.press", key)

    def key_down(self, key):
        """key: a key of the board ("Digit3", "Space"), or what it writes ("3", " ")."""
        self._do("page.keyboard.down", key)

    def key_up(self, key):
        self._do("page.keyboard.up", key)

    def type(self, text):
        self._do("page.keyboard.insertText", text)

    def fill(self, selector, text):
        self._do("page.fill", text, selector=selector)

    def choose(self, selector, value):
        self._do("page.selectOption", value, selector=selector)
