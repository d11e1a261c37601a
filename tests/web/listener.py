# SPDX-License-Identifier: MIT
"""A page that listens by WHEP and measures what it hears, and who serves it."""

import http.server
import threading

PAGE = """<!doctype html><meta charset="utf-8"><title>listener</title><link rel="icon" href="data:,"><script src="/listener.js"></script>
"""

# Names are global on purpose: tests call them one by one.
SCRIPT = """
"use strict";
const listeners = [];

let server = "";

/** What the server says of its listeners. */
async function fetch_listeners() {
    return (await (await fetch(`${server}/api/listeners`)).json()).listeners;
}

/** Where ICE servers are asked first, a server that is not ready names the time: it is taken at its word. */
async function post(path, sdp) {
    for (;;) {
        const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: sdp });
        if (answer.status !== 503) return answer;
        await new Promise((done) => setTimeout(done, 1000 * answer.headers.get("Retry-After")));
    }
}

async function open_listener(base, query) {
    server = base;
    const clicked = performance.now();
    const pc = new RTCPeerConnection();
    pc.addTransceiver("audio", { direction: "recvonly" });
    const offer = await pc.createOffer();
    const sdp = offer.sdp.replace("useinbandfec=1", "useinbandfec=1;stereo=1");
    await pc.setLocalDescription({ type: "offer", sdp });
    const answer = await post(`${base}/whep${query}`, sdp);
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    const track = new Promise((done) => { pc.ontrack = (event) => done(event.track); });
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    const stream = new MediaStream([await track]);
    // Chromium moves the sound only for an element that plays it.
    const audio = new Audio();
    audio.muted = true;
    audio.srcObject = stream;
    audio.play();
    const context = new AudioContext();
    const split = context.createChannelSplitter(2);
    context.createMediaStreamSource(stream).connect(split);
    const ears = [0, 1].map((side) => {
        const ear = context.createAnalyser();
        ear.fftSize = 8192;
        split.connect(ear, side);
        return ear;
    });
    const listener = { pc, audio, context, ears, clicked,
                       location: answer.headers.get("Location") };
    listeners.push(listener);
    return listeners.length - 1;
}

/** New names for what is open already (ICE restart, RFC 9725 4.3.3). Ours. */
async function restart(which) {
    const { pc, location } = listeners[which];
    const names = (sdp) => ["a=ice-ufrag:", "a=ice-pwd:"].map((word) =>
        sdp.split("\\r\\n").find((line) => line.startsWith(word)));
    const former = pc.remoteDescription.sdp;
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    const ours = names(pc.localDescription.sdp);
    const answer = await fetch(server + location, { method: "PATCH", body: ours.join("\\r\\n"),
        headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" } });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    if (!answer.headers.get("ETag")) throw new Error("no ETag");
    const theirs = names(await answer.text());
    const sdp = names(former).reduce((text, line, i) => text.replace(line, theirs[i]), former);
    await pc.setRemoteDescription({ type: "answer", sdp });
    return ours[0].split(":")[1];
}

/** Whether what is heard comes by a path that was found with those names. */
async function goes_by(which, ufrag) {
    const all = new Map((await listeners[which].pc.getStats()).entries());
    const transport = [...all.values()].find((one) => one.type === "transport");
    const pair = all.get(transport.selectedCandidatePairId);
    return pair?.state === "succeeded" && all.get(pair.localCandidateId).usernameFragment === ufrag;
}

const talkers = [];

/** The microphone as it is, into a tablet. */
async function open_talker(base, query) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: {
        echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    const pc = new RTCPeerConnection();
    pc.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
    await pc.setLocalDescription();
    const answer = await post(`${base}/whip${query}`, pc.localDescription.sdp);
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    talkers.push({ pc, location: answer.headers.get("Location") });
    return talkers.length - 1;
}

/** Looks until it is so; the guard is the caller's. */
async function until(test) {
    while (!(await test())) await new Promise((done) => setTimeout(done, 50));
    return true;
}

/** dBFS RMS of a side, and the frequency of what is heard there, Hz. */
function hear(which, side) {
    const { context, ears } = listeners[which];
    const x = new Float32Array(ears[side].fftSize);
    ears[side].getFloatTimeDomainData(x);
    let power = 0, first = -1, last = -1, n = -1;
    for (let i = 0; i < x.length; i++) {
        power += x[i] * x[i];
        if (i > 0 && x[i - 1] < 0 && x[i] >= 0) {
            const at = i - x[i] / (x[i] - x[i - 1]);
            if (first < 0) first = at;
            last = at;
            n++;
        }
    }
    const db = 10 * Math.log10(Math.max(power / x.length, 1e-12));
    return { db, hz: n > 0 ? n * context.sampleRate / (last - first) : 0 };
}

function is_near(which, side, db, within) {
    return Math.abs(hear(which, side).db - db) <= within;
}
"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        files = {"/": (PAGE, "text/html"), "/listener.js": (self.server.script, "text/javascript")}
        text, kind = files.get(self.path, ("", "text/plain"))
        self.send_response(200 if self.path in files else 404)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class PageServer:
    """Serves a page with one script on a free port."""

    def __init__(self, script=SCRIPT, host="127.0.0.1"):
        self.script = script
        self.host = host

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer((self.host, 0), Handler)
        self.server.script = self.script
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
