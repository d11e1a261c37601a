#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The README's picture of the page, of the real thing at work: screenshot.py BUILD OUT.png"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from browser import Browser  # noqa: E402
from rig import Session  # noqa: E402
from wire import ask  # noqa: E402

CHANNELS = ("Director", "Stage", "Light", "Radio")
TABLETS = ("Anna", "Ben", "Camera 1", "Camera 2", "Sound", "Light desk", "Stage left", "Stage right")


def dress(port):
    for id_, name in enumerate(CHANNELS, 1):
        ask(port, "PUT", f"/api/channel/{id_}/name", {"name": name})
    for id_, name in enumerate(TABLETS, 1):
        ask(port, "PUT", f"/api/tablet/{id_}/name", {"name": name})
    for id_, mode in ((2, "momentary"), (3, "latch"), (5, "momentary"), (6, "vox"), (9, "momentary")):
        ask(port, "PUT", f"/api/tablet/{id_}/mode", {"mode": mode})
    for tablet, channel in ((2, 1), (3, 1), (3, 3), (9, 4)):
        ask(port, "POST", "/ptt/request", {"tablet_id": tablet, "channel": channel})
    ask(port, "PUT", "/api/headroom", {"headroom_db": 3})
    for channel in range(1, 5):
        for tablet in range(1, 17):
            gain_db = 6 - (tablet * 5 + channel * 3) % 19
            ask(port, "PUT", f"/api/uplink/{channel}/{tablet}", {"gain_db": gain_db})
    for tablet in range(1, 17):
        for channel in range(1, 5):
            gain_db = -((tablet * 7 + channel * 5) % 23)
            ask(port, "PUT", f"/api/downlink/{tablet}/{channel}", {"gain_db": gain_db})
    ask(port, "POST", "/tablet/7/mute", {"mute": True})


def main(build, out):
    with Session(build, daemon=True, simulate=True) as session, Browser() as browser:
        dress(session.http_port)
        page = browser.page(f"http://127.0.0.1:{session.http_port}/#stations", width=1440, height=960)
        page.wait("document.querySelectorAll('.key.talking').length > 30")
        page.js("new Promise((done) => setTimeout(done, 1200))")
        page.screenshot(out)


main(*sys.argv[1:])
