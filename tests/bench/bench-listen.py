#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Listening in a real Chromium on this machine.

    bench-listen.py BUILD-FOLDER

Click to ear: short bursts are played into a tablet at known times of the graph's clock, and searched in
what the page is given, by its own clock; both count from CLOCK_REALTIME. What the tablet's sound card adds
after that is not in it. In real time: a machine that is busy shows in the upper figures, and in the
browser's jitter buffer, which adapts to it.

Connect: from the click in the page to both ends having keys, and to the first sound.

Cost: processor time of the daemon's thread "browsers" (/proc/PID/task/TID/schedstat): the mix, the
encoder, SRTP, the socket.

Crowd: the same with up to as many listeners as there may be, each with its own mix of speech, from a program
that only takes packets (tests/web/crowd.c); and how late these are, by when the kernel had them, against the
earliest of the same listener: all that one listener waits for the others' encoders is in it.

By libnice: the same by its agents instead of the one port, where the build has it.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
BUILD = sys.argv[1]
os.environ["PARTYLINE_BUILD_DIR"] = BUILD
sys.path[:0] = [str(TESTS), str(TESTS / "system"), str(TESTS / "web")]

import audio  # noqa: E402
from browser import Browser  # noqa: E402
from crowd import Crowd  # noqa: E402
from listener import PageServer  # noqa: E402
from rig import Session  # noqa: E402

RATE = 48000
QUANTUM = 256
FRAMES_MS = (2.5, 5, 10, 20)
N_CLICKS = 30
SPACING = RATE // 2
LEARN_SECONDS = 8  # until the browser's buffer has forgotten how all of this was started
N_CONNECTS = 10
N_LISTENERS = 10
CPU_SECONDS = 4.0
CROWDS = (1, 10, 50, 100)
LIBNICE_MS = 10  # of a frame
NOBODY = {"urls": "stun:127.0.0.1:9"}
FLAGS = ("--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection")

# A poll sees each burst's beginning a few times, each time late by what the analyser is behind: the
# earliest is the truest.
COLLECT = """
globalThis.onsets = [];
setInterval(() => {
    const { context, ears } = listeners[0];
    const x = new Float32Array(ears[0].fftSize);
    const now = performance.timeOrigin + performance.now();
    ears[0].getFloatTimeDomainData(x);
    let quiet = 0;
    for (let i = 0; i < x.length; i++) {
        if (Math.abs(x[i]) < 0.05) { quiet++; continue; }
        if (quiet >= 2000) {
            const at = now - (x.length - i) * 1000 / context.sampleRate;
            const last = onsets.length - 1;
            if (last >= 0 && Math.abs(onsets[last] - at) < 100)
                onsets[last] = Math.min(onsets[last], at);
            else
                onsets.push(at);
        }
        quiet = 0;
    }
}, 3);
"""
CONNECT = """(async () => {
    const which = await open_listener(BASE, "?mix=tablet.1.talk");
    const { pc, clicked } = listeners[which];
    while (pc.connectionState !== "connected") await new Promise((done) => setTimeout(done, 1));
    const connected = performance.now() - clicked;
    while (hear(which, 0).db < -80) await new Promise((done) => setTimeout(done, 1));
    const heard = performance.now() - clicked;
    pc.close();
    return [connected, heard];
})()"""


def realtime_ms(monotonic_nsec):
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    offset = time.clock_gettime_ns(time.CLOCK_REALTIME) - before
    return (monotonic_nsec + offset) / 1e6


def burst():
    """Begins at once: its first half wave is its onset."""
    t = np.arange(RATE // 50) / RATE
    return 0.7 * np.sin(2 * np.pi * 1000 * t)


def has_libnice():
    with open(f"{BUILD}/meson-info/intro-dependencies.json", encoding="utf-8") as found:
        return any(one["name"] == "nice" for one in json.load(found))


def start(frame_ms, pages, servers=()):
    config = {
        "http": {"cors_origins": [f"http://127.0.0.1:{pages.port}"]},
        "listen": {"address": "127.0.0.1", "port": 0, "frame_ms": frame_ms, "ice_servers": list(servers)},
    }
    return Session(daemon=True, tablets=2, channels=2, quantum=QUANTUM, config=config)


def be_prompt(session):
    """Real-time priority for all that moves sound, where that is allowed: see bench-streams.py."""
    for process in session.processes.values():
        if process.name not in ("wireplumber", "dbus-daemon"):
            subprocess.run(
                ["chrt", "--all-tasks", "--rr", "--pid", "20", str(process.pid)],
                stderr=subprocess.DEVNULL,
                check=False,
            )


def open_page(browser, session, pages):
    page = browser.page(f"http://127.0.0.1:{pages.port}/")
    page.js(f"globalThis.BASE = 'http://127.0.0.1:{session.http_port}'")
    return page


def click_to_ear(session, page):
    """[ms] of each click that was found."""
    played = np.zeros(LEARN_SECONDS * RATE + (N_CLICKS + 1) * SPACING)
    at = [LEARN_SECONDS * RATE + k * SPACING for k in range(N_CLICKS)]
    for begin in at:
        played[begin : begin + RATE // 50] = burst()
    seconds = len(played) / RATE
    page.js("open_listener(BASE, '?mix=tablet.1.talk')")
    with audio.Probe(session, [], seconds, play=played, play_to="partyline.tablet.1") as mouth:
        page.js(COLLECT)
        be_prompt(session)
        mouth.start()
        _, figures = mouth.finish()
    heard = np.array(page.js("onsets"))
    page.js("listeners[0].pc.close()")
    if figures["gaps"]:
        print(f"  ({figures['gaps']} cycles were missed: this machine is busy)")
    out = []
    for begin in at:
        said = realtime_ms(figures["first_nsec"] + begin * 1e9 / RATE)
        later = heard[(heard > said) & (heard < said + 450)]
        if len(later):
            out.append(later[0] - said)
    return out


def print_row(what, values, unit="ms"):
    if not len(values):
        print(f"  {what:<28} nothing was heard", flush=True)
        return
    low, middle, high = np.percentile(values, (5, 50, 95))
    print(f"  {what:<28} {middle:7.1f} {unit}  ({low:.1f} to {high:.1f}, n {len(values)})", flush=True)


def processor_ns(process, name):
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            total += int((task / "schedstat").read_text().split()[0])
    return total


def cost(session, page):
    """Per cent of a core of one listener of ten that hear speech, each a mix of its own."""
    process = session.processes["partyline"]
    samples, rate = audio.read_wav(audio.SPEECH)
    speech = np.tile(audio.upsample(samples, RATE // rate), 30)
    for k in range(N_LISTENERS):
        page.js(f"open_listener(BASE, '?mix=tablet.1.talk:-{k},channel.1.out,channel.2.out:0:0.5')")
    with audio.Probe(
        session, [], len(speech) / RATE, play=speech, play_to="partyline.tablet.1"
    ) as mouth:
        mouth.start()
        time.sleep(2)  # the speech has begun everywhere
        begin, before = time.monotonic(), processor_ns(process, "browsers")
        time.sleep(CPU_SECONDS)  # what is measured is of this time
        used = (processor_ns(process, "browsers") - before) / 1e7 / (time.monotonic() - begin)
    page.js("listeners.forEach((one) => one.pc.close())")
    return used / N_LISTENERS


def speaker(session, seconds):
    samples, rate = audio.read_wav(audio.SPEECH)
    speech = audio.upsample(samples, RATE // rate)
    played = np.tile(speech, int(seconds * RATE / len(speech)) + 1)
    return audio.Probe(session, [], len(played) / RATE, play=played, play_to="partyline.tablet.1")


def measure_crowd(session, n_listeners):
    """(per cent of a core, (median, 99 %, worst) lateness in ms, packets lost)"""
    process = session.processes["partyline"]
    with Crowd(session) as crowd:
        for k in range(n_listeners):
            crowd.open(k, f"tablet.1.talk:-{k / 10},channel.1.out,channel.2.out:0:0.5")
        while min(ear.packets for ear in crowd.look().values()) < 50:
            time.sleep(0.1)
        crowd.count()
        begin, before = time.monotonic(), processor_ns(process, "browsers")
        time.sleep(CPU_SECONDS)
        used = (processor_ns(process, "browsers") - before) / 1e7 / (time.monotonic() - begin)
        lateness = crowd.lateness_ms()
        n_lost = sum(ear.gaps for ear in crowd.look().values())
        for k in range(n_listeners):
            crowd.end(k)
    return used, lateness, n_lost


def crowds():
    print(f"crowd, frames of 10 ms, stereo, quantum {QUANTUM}:", flush=True)
    config = {"listen": {"port": 0, "frame_ms": 10}}
    with Session(daemon=True, tablets=2, channels=2, quantum=QUANTUM, config=config) as session:
        with speaker(session, 60 + len(CROWDS) * CPU_SECONDS) as mouth:
            be_prompt(session)
            mouth.start()
            for n_listeners in CROWDS:
                used, (median, most, worst), n_lost = measure_crowd(session, n_listeners)
                print(
                    f"  {n_listeners:3d} listeners  {used:6.2f} % of a core, {used / n_listeners:5.2f} % each;"
                    f"  packets late by {median:.1f}, 99 % {most:.1f}, worst {worst:.1f} ms;  lost {n_lost}",
                    flush=True,
                )


def tone_player(session):
    t = np.arange(120 * RATE) / RATE
    return audio.Probe(
        session, [], 120, play=0.1 * np.sin(2 * np.pi * 440 * t), play_to="partyline.tablet.1"
    )


def main():
    costs, connects = {}, None
    crowds()
    print(f"click to ear, into the page, median (5 to 95 %), quantum {QUANTUM}:", flush=True)
    with PageServer() as pages, Browser(*FLAGS) as browser:
        for frame_ms in FRAMES_MS:
            with start(frame_ms, pages) as session:
                page = open_page(browser, session, pages)
                print_row(f"frames of {frame_ms:g} ms", click_to_ear(session, page))
                page.close()
                page = open_page(browser, session, pages)
                costs[frame_ms] = cost(session, page)
                page.close()
                if frame_ms != 10:
                    continue
                page = open_page(browser, session, pages)
                with tone_player(session) as mouth:
                    mouth.start()
                    connects = [page.js(CONNECT) for _ in range(N_CONNECTS)]
                page.close()
        if has_libnice():
            with start(LIBNICE_MS, pages, [NOBODY]) as session:
                page = open_page(browser, session, pages)
                print_row(f"{LIBNICE_MS} ms, by libnice", click_to_ear(session, page))
                page.close()
                page = open_page(browser, session, pages)
                costs["libnice"] = cost(session, page)
                page.close()
    print("from the click in the page:", flush=True)
    print_row("until both have keys", [c[0] for c in connects])
    print_row("until the first sound", [c[1] for c in connects])
    print(f"processor time of a listener, stereo, mean of {N_LISTENERS}:", flush=True)
    for frame_ms, used in costs.items():
        what = f"{LIBNICE_MS} ms, by libnice" if frame_ms == "libnice" else f"frames of {frame_ms:g} ms"
        print(f"  {what:<28} {used:6.2f} % of a core", flush=True)


if __name__ == "__main__":
    main()
