# SPDX-License-Identifier: MIT
"""The Debian packages, on bare machines: the README's way to an intercom, upgrade, removal, purge."""

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import wave

import numpy
import pytest

from readme import blocks
from vm import Guest
from vm.boxes import BARE, Mirror, bare_root, export_tree, machine_codename, repack

RATE_HZ = 48000
TONE_HZ = 440.0
NEXT_VERSION = "0.1.0+next"

#: Paths that may differ after a purge, and why.
MAY_STAY = (
    # Debian keeps the users of purged packages: their numbers must not come to somebody else.
    r"/etc/(passwd|shadow|group|gshadow|subuid|subgid)-?",
    # What apt, dpkg and systemd write down about what they have done.
    r"/var/(lib|cache|log)/(apt|debconf|dpkg|journal|systemd)(/.*)?|/var/log/dpkg\.log",
    r"/etc/ld\.so\.cache|/var/cache/ldconfig/aux-cache|/etc/\.pwd\.lock|/var/log/(lastlog|faillog|wtmp)",
    r"/etc/apt(/.*)?|/var/tmp(/systemd-private-.*)?",
    # The test's own user.
    r"/home(/ann(/.*)?)?|/var/mail(/ann)?|/var/spool/mail/ann",
)

SHELL = """\
set -eu
fail() { echo "FAILED: $*"; exit 1; }
# Every file but those in memory, with what it is and holds.
NOT="( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /share -o -path /host ) -prune -o"
snapshot() {
	find / -xdev $NOT -printf '%p\\t%y %m %u:%g %l\\n' | LC_ALL=C sort >"$1.meta"
	find / -xdev $NOT -type f -exec md5sum {} + 2>/dev/null | LC_ALL=C sort -k 2 >"$1.sums"
}
our_units() { dpkg -L partyline-system | sed -n 's|.*/systemd/system/\\([^/]*\\)$|\\1|p'; }
running() { systemctl show -P MainPID "$1"; }
"""


def tone(path, seconds):
    samples = 24000 * numpy.sin(2 * math.pi * TONE_HZ * numpy.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())


def longest_tone(path):
    """Seconds of the longest unbroken piece of the tone in a recording: no gap, jump or change of level."""
    with wave.open(str(path)) as recording:
        assert recording.getframerate() == RATE_HZ and recording.getnchannels() == 1
        size = recording.getsampwidth()
        samples = numpy.frombuffer(recording.readframes(recording.getnframes()), f"<i{size}") / 2.0 ** (8 * size - 1)
    # Each block's complex amplitude at the tone, against the clock of the recording.
    size = RATE_HZ // 100
    blocks_ = samples[:len(samples) // size * size].reshape(-1, size)
    clock = numpy.exp(-2j * math.pi * TONE_HZ * numpy.arange(blocks_.size) / RATE_HZ).reshape(-1, size)
    level = 2 * (blocks_ * clock).mean(axis=1)
    # 480 samples hold no whole number of periods: what is left of the image is below 6 %.
    same = (abs(level[1:] - level[:-1]) < 0.1 * abs(level[1:])) & (abs(level[1:]) > 1e-4)
    best = count = 0
    for one in same:
        count = count + 1 if one else 0
        best = max(best, count)
    return best * size / RATE_HZ


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A clone in which the README's own command has built the packages."""
    folder = export_tree(tmp_path_factory.mktemp("clone") / "partyline")
    done = subprocess.run(["./dev", "package", "--lintian"], cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return folder


class Box:
    """A bare machine with a clone in /share/partyline and a mirror that has what it needs.

    ready   what the packages need is installed, but none of ours
    others  more of Debian's packages that the mirror has, or that are installed
    """

    def __init__(self, tree, folder, package, ready=False, others=()):
        if os.geteuid() != 0:
            pytest.skip("a root of Debian can only be made by root")
        self.share = folder
        shutil.copytree(tree, folder / "partyline", symlinks=True)
        self.packages = [file for file in sorted((folder / "partyline/build-package").glob("*.deb"))
                         if file.name.startswith(f"{package}_")
                         or not re.search("-dbgsym_|^partyline-(system|desktop)_", file.name)]
        self.root = bare_root(machine_codename())
        mirror = Mirror(machine_codename(), self.root, folder / "mirror", [*self.packages, *others])
        if ready:
            self.root = bare_root(machine_codename(), (*BARE, *mirror.names), backports=True)
        self.prepare = SHELL + mirror.setup("file:/share/mirror")

    def run(self, script, **options):
        """Run a shell script in a guest of its own; the lines it printed."""
        (self.share / "script").write_text(self.prepare + script)
        with Guest(systemd=True, simulated=True, memory="1500M", root=self.root, share=self.share,
                   **options) as guest:
            try:
                guest.run(["bash", "/share/script"])
            finally:
                print("\n".join(guest.console[-400:]))
            return guest.console


def readme(kind):
    """The README's lines of one kind, each named before it runs."""
    found = list(blocks(kind))
    assert found, f"the README has no block {kind}"
    return "".join(f"echo 'README line {number}'\n{text}" for number, text in found)


@pytest.mark.parametrize("seconds,spoiled", [(2.0, None), (2.0, "gap"), (2.0, "level")])
def test_what_the_ear_of_these_tests_hears(tmp_path, seconds, spoiled):
    tone(tmp_path / "tone.wav", seconds)
    with wave.open(str(tmp_path / "tone.wav")) as file:
        samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2").copy()
    if spoiled == "gap":
        samples = numpy.delete(samples, slice(48000, 48016))
    elif spoiled == "level":
        samples[48000:] //= 2
    with wave.open(str(tmp_path / "other.wav"), "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        out.writeframes(samples.tobytes())
    heard = longest_tone(tmp_path / "other.wav")
    assert (heard > 1.9) == (spoiled is None), heard


UPGRADE = """
echo 'upgrade'
partylinectl headroom 7
partylinectl token add desk --role view >/dev/null
echo '{ "log": { "level": "warning" } }' >/etc/partyline/partyline.json
before="$(running partyline-pipewire) $(running partyline-wireplumber)"; daemon=$(running partyline)
start_listening /share/upgrade.wav
as_ann pw-cat -p --target partyline.tablet.1 /home/ann/tone.wav & talker=$!
until as_ann pw-link -l | grep -q 'partyline.tablet.1:playback'; do sleep 0.05; done
apt-get install -y /share/next/*.deb >/share/upgrade.log 2>&1 || { cat /share/upgrade.log; fail upgrade; }
wait $talker
stop_listening
dpkg-query -W -f '${Version}\\n' '*partyline*' | sed '/^$/d' >/share/versions
[ "$(running partyline-pipewire) $(running partyline-wireplumber)" = "$before" ] || fail 'the sound was restarted'
[ "$(running partyline)" != "$daemon" ] || fail 'the daemon is the old one'
[ "$(running partyline)" != 0 ] || fail 'the daemon does not run'
partylinectl headroom >/share/headroom
grep -q warning /etc/partyline/partyline.json || fail 'the configuration is lost'
systemctl is-enabled partyline.target
"""

REMOVE = """
echo 'remove'
units=$(our_units)
names=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' '*partyline*' | sed -n 's/^ii *//p')
apt-get remove -y $names >/share/remove.log 2>&1 || { cat /share/remove.log; fail remove; }
for user in $(cut -d : -f 1 /etc/passwd | grep ^partyline); do
	! pgrep -u "$user" || fail "something of $user runs"
done
for unit in $units; do ! systemctl -q is-active $unit || fail "$unit is left"; done
[ -s /var/lib/partyline/state.json ] || fail 'removing took the settings away'
echo 'purge'
dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' | sed -n 's/^rc *//p' >/share/rest
grep -qx partyline-system /share/rest || fail 'nothing is left to purge'
apt-get purge -y $(cat /share/rest) >/share/purge.log 2>&1 || { cat /share/purge.log; fail purge; }
[ -z "$(find /run -name '*partyline*' -o -name 'pipewire*' | grep -v '^/run/\\(credentials\\|user\\|systemd\\)')" ] ||
	fail "left in /run: $(find /run -name '*partyline*' -o -name 'pipewire*')"
for unit in $units; do systemctl list-unit-files --no-legend $unit || true; done >/share/unit-files
snapshot /share/after
"""

ANN = """
useradd -m -G audio ann
install -o ann /share/tone.wav /home/ann
as_ann() { runuser -u ann -- "$@"; }
start_listening() {
	install -o ann -m 600 /dev/null /home/ann/heard.wav; recording=$1
	as_ann pw-cat -r --target partyline.tablet.2.listen --rate $RATE --channels 1 --format s32 \\
		/home/ann/heard.wav & listener=$!
	until as_ann pw-link -l | grep -q 'pw-cat:input'; do sleep 0.05; done
}
stop_listening() { pkill -INT -u ann -f 'pw-cat -r'; wait $listener || true; cp /home/ann/heard.wav "$recording"; }
"""

TALK = """
echo 'one talks, one listens'
start_listening /share/heard.wav
as_ann pw-cat -p --target partyline.tablet.1 /home/ann/tone.wav
stop_listening
"""

CARD = """
echo 'the sound card'
until pw-link -l | grep -A 99 '^alsa_input.partyline.Loopback.0:' | grep -q '|-> partyline.channel.1:playback' &&
	pw-link -l | grep -A 99 '^partyline.channel.1.out:' | grep -q '|-> alsa_output.partyline.Loopback.0:'; do
	sleep 0.1
done
"""

GATEWAY = """
echo 'what the gateway has now'
partylinectl --json stream list >/share/streams
partylinectl --json gateway >/share/gateway
"""

LOGIN = """
echo 'ann logs in'
loginctl enable-linger ann
as_ann() {
	runuser -u ann -- env -C /home/ann XDG_RUNTIME_DIR=/run/user/$(id -u ann) \\
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u ann)/bus "$@"
}
# As a desktop does before it shows anything: wait until the session's programs are up.
until as_ann systemctl --user is-active -q default.target wireplumber.service 2>/dev/null; do sleep 0.1; done
until as_ann pw-link -l | grep -q 'partyline.tablet.16:monitor'; do sleep 0.1; done
"""


def snapshot(path):
    """{path: what it is and holds} of a guest's snapshot."""
    found = dict(line.split("\t", 1) for line in
                 path.with_name(path.name + ".meta").read_text(errors="replace").splitlines() if "\t" in line)
    for line in path.with_name(path.name + ".sums").read_text(errors="replace").splitlines():
        digest, name = line.split("  ", 1)
        found[name] = f"{found.get(name)} {digest}"
    return found


def left_behind(share):
    """Paths that the purged packages have left, changed or taken away."""
    before, after = snapshot(share / "before"), snapshot(share / "after")
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return sorted(path for path in changed if not any(re.fullmatch(stay, path) for stay in MAY_STAY))


def test_from_a_bare_box_to_an_intercom(tree, tmp_path):
    box = Box(tree, tmp_path, "partyline-system")
    tone(tmp_path / "tone.wav", 4)
    lines = readme("sh box")
    enable = lines.index("systemctl enable --now partyline.target")
    box.run("".join([
        f"RATE={RATE_HZ}\n", ANN, "cd /share/partyline\n",
        lines[:enable],
        "for unit in $(our_units); do ! systemctl -q is-active $unit || fail \"$unit was started\"; done\n"
        "[ \"$(systemctl is-enabled partyline.target)\" = disabled ] || fail 'installing enabled something'\n"
        "cp /share/tone.wav speech.wav\n",
        lines[enable:],
        TALK, CARD, readme("sh gateway"), GATEWAY]))
    assert longest_tone(tmp_path / "heard.wav") > 3.5
    streams, rows = (json.loads((tmp_path / name).read_text()) for name in ("streams", "gateway"))
    assert [(s["id"], s["endpoint"], s["protocol"]) for s in streams] == [
        (f"radio-{k}", f"tablet.{k}", "rtp") for k in range(1, 5)]
    assert [row["endpoint"] for row in rows] == [f"{kind}.{k}" for kind in ("channel", "tablet") for k in range(1, 5)]
    for k, row in enumerate(rows[:4], 1):
        assert row["capture"] == row["playback"]
        assert row["capture"][0].endswith(f"usb-0:1.{k}:1.0,0")
        assert [line["id"] for line in row["lines"]] == [f"key-{k}", f"ptt-{k}"]
    assert [page["id"] for page in rows[0]["pages"]] == ["station-7", "all-call"]


def test_upgrade_remove_and_purge(tree, tmp_path):
    box = Box(tree, tmp_path, "partyline-system", ready=True)
    tone(tmp_path / "tone.wav", 4)
    (tmp_path / "next").mkdir()
    for file in box.packages:
        repack(file, tmp_path / "next", NEXT_VERSION)
    box.run("".join([
        f"RATE={RATE_HZ}\n", ANN, "snapshot /share/before\ncd /share/partyline\n",
        "./dev package --install partyline-system\nsystemctl -q enable --now partyline.target\n",
        UPGRADE, REMOVE]))
    assert longest_tone(tmp_path / "upgrade.wav") > 3.5
    versions = (tmp_path / "versions").read_text().split()
    assert versions and set(versions) == {NEXT_VERSION}
    assert (tmp_path / "headroom").read_text() == "headroom: 7 dB\n"
    assert (tmp_path / "unit-files").read_text() == ""
    assert left_behind(tmp_path) == []


def test_a_desktop_user_sees_the_devices_at_the_next_login(tree, tmp_path):
    box = Box(tree, tmp_path, "partyline-desktop", ready=True, others=["pulseaudio-utils"])
    tone(tmp_path / "tone.wav", 4)
    user_lines = "".join(f"echo 'README line {number}'\nas_ann sh -euc {shlex.quote(text)}\n"
                         for number, text in blocks("sh desktop-user"))
    assert user_lines
    box.run("".join([
        f"RATE={RATE_HZ}\n", ANN, "cd /share/partyline\n", readme("sh desktop"),
        "! pgrep -f pipewire || fail 'installing started something'\n",
        LOGIN, user_lines,
        "as_ann pw-dump >/share/dump.json\nas_ann systemctl --user is-active partyline\n", TALK]))
    nodes = [item["info"]["props"] for item in json.loads((tmp_path / "dump.json").read_text())
             if item["type"].endswith(":Node")]
    names = {node.get("node.description") for node in nodes}
    assert {f"Partyline Tablet {number}" for number in range(1, 17)} <= names
    assert {f"Partyline Channel {number}" for number in range(1, 5)} <= names
    assert longest_tone(tmp_path / "heard.wav") > 3.5
