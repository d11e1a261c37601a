# SPDX-License-Identifier: MIT
"""Pages to a real MQTT broker, clips to a real S3 server, and both going away meanwhile."""

import os
import pathlib
import queue
import subprocess
import threading

import pytest

from rig.broker import Broker, Ear
from rig.fixtures import broker, folder, server  # noqa: F401
from rig.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, fetch

PROBE = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"], "tests/daemon/export/export-probe")
GUARD_SECONDS = 60


class Probe:
    def __init__(self, *words):
        self.popen = subprocess.Popen(
            [PROBE, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for line in self.popen.stdout:
            self.lines.put(line.rstrip("\n"))

    def say(self, line):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def wait(self, wanted):
        """The words of the next line for which wanted(words) holds."""
        while True:
            words = self.lines.get(timeout=GUARD_SECONDS).split(" ", 5)
            if wanted(words):
                return words

    def wait_state(self, **wanted):
        names = ("connected", "queued", "sent", "dropped")
        return self.wait(
            lambda words: words[0] == "state"
            and all(words[1 + names.index(name)] == str(value) for name, value in wanted.items())
        )

    def end(self):
        self.popen.stdin.close()
        code = self.popen.wait(GUARD_SECONDS)
        self.thread.join()
        self.popen.stdout.close()
        return code

    def kill(self):
        self.popen.kill()
        self.popen.stdin.close()
        self.popen.wait()
        self.thread.join()
        self.popen.stdout.close()


def mqtt(folder, broker, *words):
    return Probe("mqtt", folder / "queue", f"port={broker.port}", *words)


# --- MQTT -------------------------------------------------------------------------------------


def test_messages_arrive_in_order_with_quality_one(folder, broker):
    probe = mqtt(folder, broker)
    ear = Ear(broker, options=["-V", "mqttv311"])
    assert ear.next("from/device/probe/availability")[1] == "online"
    for i in range(100):
        probe.say(f"put topic/pages message {i}")
    assert [ear.next("topic/pages")[1] for _ in range(100)] == [f"message {i}" for i in range(100)]
    probe.wait_state(queued=0, sent=100)
    assert probe.end() == 0
    assert ear.next("from/device/probe/availability")[1] == "offline"
    ear.close()


def test_the_last_will_says_offline(folder, broker):
    probe = mqtt(folder, broker)
    probe.wait_state(connected=1)
    probe.kill()
    ear = Ear(broker, "from/device/probe/availability")
    while ear.next()[1] != "offline":
        pass
    ear.close()


def test_a_broker_that_is_away_loses_nothing(folder):
    broker = Broker(folder)
    probe = mqtt(folder, broker)
    probe.wait(lambda words: words[0] == "state" and "does not answer" in words[-1])
    for i in range(30):
        probe.say(f"put pages early {i}")
        probe.wait(lambda words: words[0] == "queued")
    probe.kill()  # and the program goes away too

    probe = mqtt(folder, broker)
    broker.start()
    heard = Ear(broker, "pages")
    probe.wait_state(queued=0, sent=30)
    # the ear may have come later than the first ones: what it is to hear starts here
    broker.stop()
    probe.wait_state(connected=0)
    for i in range(30):
        probe.say(f"put pages late {i}")
        probe.wait(lambda words: words[0] == "queued")
    broker.start()
    probe.wait_state(queued=0, sent=60)
    while heard.next("pages")[1] != "late 0":
        pass
    assert [heard.next("pages")[1] for _ in range(29)] == [f"late {i}" for i in range(1, 30)]
    assert probe.end() == 0
    heard.close()
    broker.stop()


def test_every_message_of_a_broker_that_is_killed_again_and_again_arrives(folder):
    broker = Broker(folder, ["allow_anonymous true", "autosave_interval 1", "autosave_on_changes true"])
    probe = mqtt(folder, broker)
    for round_ in range(3):
        broker.start()
        probe.wait_state(connected=1)
        for i in range(10):
            probe.say(f"put pages {round_}.{i}")
        broker.kill()
        probe.wait_state(connected=0)
    broker.start()
    probe.wait_state(queued=0, sent=30)
    assert probe.end() == 0
    broker.stop()


def test_the_oldest_goes_when_the_queue_is_full(folder):
    broker = Broker(folder)
    probe = mqtt(folder, broker, "queue_max=5")
    for i in range(8):
        probe.say(f"put pages {i}")
        probe.wait(lambda words: words[0] == "queued")
    broker.start()
    words = probe.wait_state(queued=0, sent=5)
    assert words[4] == "3"
    assert probe.end() == 0
    broker.stop()


def test_a_refusal_is_told_in_plain_words(folder):
    broker = Broker(folder, ["allow_anonymous false"])
    broker.start()
    probe = mqtt(folder, broker)
    words = probe.wait(lambda words: words[0] == "state" and "refuses" in words[-1])
    assert "not authori" in words[-1].lower()
    assert probe.end() == 0
    broker.stop()


def make_certificates(folder):
    """A CA, a server and a client, as files."""

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=test CA", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    for name in ("server", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
        (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey",
                folder / "ca.key", "-CAcreateserial", "-extfile", folder / "extensions", "-out",
                folder / f"{name}.pem")
        (folder / f"{name}.key").chmod(0o644)


def test_tls_with_a_client_certificate(folder):
    make_certificates(folder)
    broker = Broker(
        folder,
        [f"cafile {folder}/ca.pem", f"certfile {folder}/server.pem", f"keyfile {folder}/server.key",
         "require_certificate true", "use_identity_as_username true"],
    )
    broker.start()
    tls = ("tls=1", f"ca_file={folder}/ca.pem")
    probe = mqtt(folder, broker, *tls)
    probe.wait(lambda words: words[0] == "state" and words[-1].endswith("it is tried again"))
    assert probe.end() == 0
    probe = mqtt(folder, broker, *tls, f"certificate_file={folder}/client.pem",
                 f"key_file={folder}/client.key")
    probe.wait_state(connected=1)
    probe.say("put pages secret")
    probe.wait_state(queued=0, sent=1)
    assert probe.end() == 0
    # another CA's server is nobody's broker
    other = folder / "other"
    other.mkdir()
    make_certificates(other)
    probe = mqtt(folder, broker, "tls=1", f"ca_file={other}/ca.pem")
    probe.wait(lambda words: words[0] == "state" and words[1] == "0" and "tried again" in words[-1])
    assert probe.end() == 0
    broker.stop()


# --- S3 ---------------------------------------------------------------------------------------


def s3(folder, server, *words):
    # the first of two equal names counts
    return Probe(
        "s3", folder / "queue", *words, f"endpoint={server.url}", f"access_key={ACCESS_KEY}",
        f"secret_key={SECRET_KEY}",
    )


def write_clip(folder, name, size):
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def test_a_clip_arrives_byte_by_byte_and_its_url_works(folder, server):
    clip = write_clip(folder, "clip.wav", 100000)
    probe = s3(folder, server)
    probe.say(f"put {clip} audio/a clip, ä.wav")
    assert probe.wait(lambda words: words[0] == "uploaded")
    probe.wait_state(connected=1, queued=0, sent=1)
    assert clip.exists()
    probe.say("presign audio/a clip, ä.wav")
    url = probe.wait(lambda words: words[0] == "url")[1]
    assert fetch(url) == (200, clip.read_bytes())
    assert fetch(url.split("?")[0])[0] != 200
    assert fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))[0] == 403
    assert probe.end() == 0


def test_an_empty_clip_and_one_in_parts(folder, server):
    part = 5 * 1024 * 1024
    empty, large = write_clip(folder, "empty", 0), write_clip(folder, "large", 2 * part + 7)
    exact = write_clip(folder, "exact", part)
    probe = s3(folder, server, f"part_bytes={part}")
    for clip in (empty, large, exact):
        probe.say(f"put {clip} {clip.name}")
    probe.wait_state(queued=0, sent=3)
    assert probe.end() == 0
    for clip in (empty, large, exact):
        assert server.get(clip.name) == clip.read_bytes()
    # in parts, as the ETag of S3 shows: "MD5-3"; the two others in one
    status, listing = server.request("GET", "/clips")
    assert status == 200 and listing.count(b"-3&quot;") + listing.count(b'-3"') == 1


def test_a_server_that_is_away_loses_nothing(folder):
    server = S3Server(folder)
    clips = [write_clip(folder, f"clip{i}", 20000 + i) for i in range(3)]
    probe = s3(folder, server)
    probe.say(f"put {clips[0]} {clips[0].name}")
    probe.wait(lambda words: words[0] == "state" and "does not answer" in words[-1])
    probe.kill()
    probe = s3(folder, server)
    for clip in clips[1:]:
        probe.say(f"put {clip} {clip.name}")
        probe.wait(lambda words: words[0] == "queued")
    server.start()
    probe.wait_state(queued=0, sent=3)
    assert probe.end() == 0
    for clip in clips:
        assert server.get(clip.name) == clip.read_bytes()
    server.stop()


@pytest.mark.parametrize(
    "words, told",
    [
        (["secret_key=wrong"], "403 SignatureDoesNotMatch"),
        (["bucket=nowhere"], "404 NoSuchBucket"),
    ],
)
def test_a_refusal_is_told_and_tried_again(folder, server, words, told):
    clip = write_clip(folder, "clip", 1000)
    probe = s3(folder, server, *words)
    probe.say(f"put {clip} clip")
    heard = probe.wait(lambda words: words[0] == "state" and "refuses" in words[-1])
    assert told in heard[-1]
    assert probe.end() == 0
    # the configuration is mended
    probe = s3(folder, server)
    probe.wait_state(queued=0, sent=1)
    assert probe.end() == 0


def test_a_clip_that_is_gone_keeps_nobody_waiting(folder, server):
    clip = write_clip(folder, "clip", 1000)
    probe = s3(folder, server)
    probe.say(f"put {folder}/none none")
    probe.wait(lambda words: words[0] == "state" and "cannot be read" in words[-1])
    probe.say(f"put {clip} clip")
    probe.wait_state(queued=0, sent=1)
    assert probe.end() == 0


def test_host_style(folder, server):
    """The bucket in the host's name: asked for by its address, it is not there."""
    probe = s3(folder, server, "path_style=0", "endpoint=https://s3.example.org/root/")
    probe.say("presign a/b")
    url = probe.wait(lambda words: words[0] == "url")[1]
    assert url.startswith("https://clips.s3.example.org/root/a/b?X-Amz-Algorithm=")
    assert probe.end() == 0
