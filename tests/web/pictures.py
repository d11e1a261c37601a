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
from scene import Scene  # noqa: E402

PICTURES = [("stations", 1280, 800, True), ("matrix", 1280, 800, True), ("gateway", 1280, 800, False),
            ("stations", 800, 1280, False), ("matrix", 390, 844, True)]  # fmt: skip
SETTLED_SECONDS = 30  # statistics of streams that began beside everything else


def main():
    folder.mkdir(exist_ok=True)
    with Scene() as scene, Browser() as browser:
        time.sleep(SETTLED_SECONDS)
        for view, width, height, dark in PICTURES:
            page = browser.page(f"http://127.0.0.1:{scene.http_port}/#{view}", width=width, height=height,
                                dark=dark, touch=width < 1000)
            page.wait(f"document.querySelector('#view[data-view={view}] > *')")
            time.sleep(2)
            data = page.call("Page.captureScreenshot", {"format": "webp", "quality": 80})["data"]
            (folder / f"{view}-{width}.webp").write_bytes(base64.b64decode(data))
            page.close()


main()
