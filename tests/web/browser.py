# SPDX-License-Identifier: MIT
"""A real Chromium, spoken to over its DevTools pipe: no driver to install, no port to guess."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

GUARD_SECONDS = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-pipe",
)


INTO_PLACE = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class BrowserError(Exception):
    pass


class Browser:
    """One Chromium with a profile of its own that goes when it goes."""

    def __init__(self, *flags):
        self.profile = tempfile.mkdtemp(prefix="pl-chromium-")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._log = tempfile.TemporaryFile()
        # DevTools reads descriptor 3 and writes 4: first out of the way, then into place.
        command = [sys.executable, "-c", INTO_PLACE, str(to_read), str(to_write)]
        command += [chromium(), *FLAGS, f"--user-data-dir={self.profile}", *flags, "about:blank"]
        self.process = subprocess.Popen(
            command,
            pass_fds=(to_read, to_write),
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self._id = 0
        self._buffer = b""
        self._pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.call("Browser.close")
        except (BrowserError, OSError):
            pass
        try:
            self.process.wait(GUARD_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self.profile, ignore_errors=True)

    # --- the pipe ------------------------------------------------------------

    def _receive(self, deadline):
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise BrowserError("Chromium does not answer")
            data = os.read(self._read, 1 << 20)
            if not data:
                self._log.seek(0)
                raise BrowserError("Chromium has gone: " + self._log.read()[-2000:].decode())
            self._buffer += data
        text, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(text)

    def _event(self, message):
        page = self._pages.get(message.get("sessionId"))
        if page:
            page.on_event(message["method"], message["params"])

    def call(self, method, params=None, session=None):
        self._id += 1
        mine = self._id
        message = {"id": mine, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + GUARD_SECONDS
        while True:
            answer = self._receive(deadline)
            if "method" in answer:
                self._event(answer)
            elif answer["id"] == mine:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def page(self, url=None, **kwargs):
        page = Page(self, **kwargs)
        if url:
            page.go(url)
        return page


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    raise BrowserError("There is no Chromium")


class Page:
    """One tab in a context of its own: as if it were another person's browser."""

    def __init__(self, browser, width=1280, height=800, dark=True, touch=False, scale=1):
        self.browser = browser
        self.problems = []  # errors of the console, of scripts, of the content security policy
        self.expected = ()  # words of problems that belong to the test: they may come late
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        self.context = context
        target = browser.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": context}
        )["targetId"]
        self.session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})[
            "sessionId"
        ]
        browser._pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": touch},
        )
        self.call("Emulation.setTouchEmulationEnabled", {"enabled": touch})
        self.call(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
        )
        self.call("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def call(self, method, params=None):
        return self.browser.call(method, params, self.session)

    def unexpected(self):
        """What has gone wrong until now, but for what the test expects."""
        self.js("1")  # what was said until now is heard
        return [p for p in self.problems if not any(word in p for word in self.expected)]

    def close(self):
        """The tab and all that its context has kept; pagehide runs as when a person closes it."""
        self.call("Page.close")
        self.browser._pages.pop(self.session, None)

    def on_event(self, method, params):
        if method == "Runtime.exceptionThrown":
            self.problems.append(params["exceptionDetails"].get("exception", params).get(
                "description", str(params)))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.problems.append(" ".join(str(a.get("value", a)) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Audits.issueAdded":
            issue = params["issue"]
            if issue["code"] == "ContentSecurityPolicyIssue":
                self.problems.append(json.dumps(issue["details"]))

    def go(self, url):
        self.call("Page.navigate", {"url": url})
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def js(self, expression):
        answer = self.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
        )
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, expression):
        """Until the expression is true; looked at once a display frame, in the page."""
        what = f"""new Promise((done, fail) => {{
            const until = performance.now() + {GUARD_SECONDS * 1000 - 5000};
            const look = () => {{
                let value;
                try {{ value = ({expression}); }} catch (e) {{ value = false; }}
                if (value) done(true); // an element would not survive the way here
                else if (performance.now() > until) fail(new Error("waited in vain"));
                else setTimeout(look, 15);
            }};
            look();
        }})"""
        try:
            return self.js(what)
        except BrowserError as error:
            if "navigated" in str(error) or "context" in str(error):
                return self.wait(expression)
            raise BrowserError(f"{expression}: {error}") from None

    def middle(self, selector):
        return self.js(
            f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center", inline: "center"}}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        )

    def mouse(self, kind, x, y, **more):
        params = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, **more}
        self.call("Input.dispatchMouseEvent", params)

    def down(self, selector):
        x, y = self.middle(selector)
        self.mouse("mouseMoved", x, y, button="none")
        self.mouse("mousePressed", x, y)

    def up(self, selector):
        self.mouse("mouseReleased", *self.middle(selector))

    def click(self, selector):
        self.down(selector)
        self.up(selector)

    def key(self, kind, key, text=None, code=None):
        params = {"type": kind, "key": key, "code": code or key}
        if text:
            params["text"] = text
        self.call("Input.dispatchKeyEvent", params)

    def type(self, text):
        self.call("Input.insertText", {"text": text})

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
