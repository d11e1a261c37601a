# SPDX-License-Identifier: MIT
"""A real Firefox, spoken to by WebDriver BiDi, which it serves itself: no driver to install."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from rig import wait_until
from wire import WebSocket

GUARD_SECONDS = 120
PROGRAMS = ("firefox-esr", "firefox")
PREFERENCES = {
    # sound without a click, and addresses as they are
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "network.manage-offline-status": False,  # a network without a way out is one, too
    # nothing that it asks the network of its own accord
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.server": "",
    # nor a page before ours
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.tabs.unloadOnLowMemory": False,
    "dom.timeout.enable_budget_timer_throttling": False,
}


class FirefoxError(Exception):
    pass


def program():
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Firefox:
    """One Firefox with a profile of its own that goes when it goes; one page.

    env  the environment: its sound goes where PULSE_SERVER leads to
    """

    def __init__(self, env):
        self.folder = tempfile.mkdtemp(prefix="pl-firefox-")
        profile = os.path.join(self.folder, "profile")
        os.mkdir(profile)
        with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as out:
            for name, value in PREFERENCES.items():
                out.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as sink:
            self.process = subprocess.Popen(
                [program(), "--headless", "--no-remote", "--profile", profile,
                 "--remote-debugging-port", "0", "about:blank"],
                env={**env, "HOME": self.folder, "MOZ_CRASHREPORTER_DISABLE": "1"},
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True)
        self.socket = None
        self._id = 0
        try:
            self.socket = WebSocket(self._port(), "/session")
            self.socket.sock.settimeout(GUARD_SECONDS)
            self.call("session.new", capabilities={})
            self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def _text(self):
        with open(self.log, encoding="utf-8", errors="replace") as source:
            return source.read()

    def _port(self):
        def check():
            if self.process.poll() is not None:
                raise FirefoxError(f"Firefox has gone: {self._text()[-2000:]}")

        found = wait_until(
            lambda: re.search(r"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)", self._text()),
            lambda: f"Firefox's port: {self._text()[-2000:]}", check=check)  # fmt: skip
        return int(found.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(GUARD_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **params):
        self._id += 1
        message = {"id": self._id, "method": method, "params": params}
        self.socket.send_frame(1, json.dumps(message).encode())
        while True:
            answer = self.socket.read_json()
            if answer.get("id") != self._id:
                continue
            if answer["type"] != "success":
                raise FirefoxError(f"{method}: {answer['error']}: {answer['message']}")
            return answer["result"]

    def go(self, url):
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def js(self, expression):
        """What it is, or will be, as far as JSON can say it."""
        answer = self.call(
            "script.evaluate", target={"context": self.context}, awaitPromise=True,
            expression=f"(async () => JSON.stringify(await ({expression})))()")
        if answer["type"] != "success":
            raise FirefoxError(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"].get("value", "null"))

    def wait(self, expression):
        """Until it is true, looked at in the page."""
        self.js(f"""(async () => {{
            const until = performance.now() + {GUARD_SECONDS * 500};
            while (!(await ({expression}))) {{
                if (performance.now() > until) throw new Error("waited in vain");
                await new Promise((done) => setTimeout(done, 15));
            }}
            return true;
        }})()""")
