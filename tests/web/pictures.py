#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The README's pictures, of the real thing at work: pictures.py BUILD FOLDER"""

import base64
import os
import pathlib
import sys
import time

build, folder = (pathlib.Path(name).resolve() for name in sys.argv[1:])
os.environ["PARTYLINE_BUILD_DIR"] = str(build)
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from browser import Browser  # noqa: E402
from conftest import SOUND  # noqa: E402
from scene import Scene  # noqa: E402

PICTURES = [("panel", 800, 1280, False), ("matrix", 1280, 800, True), ("meters", 1280, 800, True),
            ("gateway", 1280, 800, False), ("stations", 390, 844, True)]  # fmt: skip
SETTLED_SECONDS = 30  # statistics of streams that began beside everything else
TABLET, CHANNEL = 9, 2  # whose panel it is, and the key that a finger holds


def sit(page):
    """A tablet in somebody's hands: it hears, and one key is down."""
    page.wait(f"document.querySelector('.seat[data-tablet=\"{TABLET}\"]')")
    page.click(f".seat[data-tablet='{TABLET}']")
    page.wait("document.querySelector('.panel[data-phase=claimed]')")
    page.click("#microphone")
    for part in ("#microphone", ".ear"):
        page.wait(f"document.querySelector('{part}').dataset.state === 'on'")
    page.touch("touchStart", page.middle(f".talk-key[data-channel='{CHANNEL}']"))
    page.wait(f"document.querySelector('.talk-key[data-channel=\"{CHANNEL}\"]').ariaPressed === 'true'")
    page.js("document.querySelector('#view').scrollTo(0, 0)")


def main():
    folder.mkdir(exist_ok=True)
    with Scene() as scene, Browser(*SOUND) as browser:
        scene.tell("PUT", "/api/streams/mill/jitter", {"safety": 0.2})
        time.sleep(SETTLED_SECONDS)
        for view, width, height, dark in PICTURES:
            page = browser.page(f"http://127.0.0.1:{scene.http_port}/#{view}", width=width, height=height,
                                dark=dark, touch=width < 1000)
            page.wait(f"document.querySelector('#view[data-view={view}] > *')")
            if view == "panel":
                sit(page)
            time.sleep(3)  # what moves when a view opens has come to rest: this is for the eye
            data = page.devtools("Page.captureScreenshot", {"format": "webp", "quality": 80})["data"]
            (folder / f"{view}-{width}.webp").write_bytes(base64.b64decode(data))
            page.close()


main()
