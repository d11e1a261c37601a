# SPDX-License-Identifier: MIT
"""What a local user without rights may do on an appliance, and what he is refused, by every way in."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import wave

import numpy as np

import appliance
from vm import in_guest

NAME = "org.partyline.Partyline1"
ROOT = "/org/partyline/Partyline1"
MEDDLER = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]) / "tests/fakes/meddler"
RATE = 48000
SECRETS = ["/var/lib/partyline", "/etc/partyline", "/var/lib/partyline-wireplumber"]


def add_users():
    """alice may use sound; bob may nothing; olga operates."""
    for user, groups in (("alice", "audio"), ("bob", ""), ("olga", "partyline")):
        appliance.check("useradd", "--no-create-home", *(["-G", groups] if groups else []), user)


def settings():
    """Everything that can be set, as root reads it."""
    return {name: appliance.check("partylinectl", "--system", "--json", name)
            for name in ("matrix", "headroom", "ramp", "party-line")} | {
        "muted": re.findall(r'"muted":(\w+)', appliance.check(
            "partylinectl", "--system", "--json", "channels"))}


def tone(path, seconds=2.0, frequency_hz=440.0):
    frames = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE)) / RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.asarray(frames * 32767, "<i2").tobytes())
    os.chmod(path, 0o644)


def level_db(path, frequency_hz=440.0):
    """The strongest tenth of a second at that frequency, dB of full scale."""
    with wave.open(str(path), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    frames = data[: len(data) // 4800 * 4800].reshape(-1, 4800)
    probe = np.exp(-2j * np.pi * frequency_hz * np.arange(4800) / RATE)
    return 20 * np.log10(np.max(np.abs(frames @ probe)) * 2 / 4800 + 1e-12)


@in_guest(systemd=True, simulated=True, installed=True)
def test_a_local_user_plays_and_records():
    add_users()
    appliance.start()
    tone("/run/tone.wav")
    os.mkdir("/run/alice")
    shutil.chown("/run/alice", "alice", "alice")
    words = ["--format=s16", f"--rate={RATE}", "--channels=1"]
    listener = subprocess.Popen(
        ["setpriv", "--reuid=alice", "--regid=alice", "--init-groups", "pw-cat", "-r", *words, "--target",
         "partyline.channel.1.out", "/run/alice/heard.wav"], cwd="/")
    appliance.wait_until("listener", lambda: "pw-cat" in appliance.run(
        "pw-link", "-l", env=appliance.MANAGER).stdout)
    done = appliance.as_user("alice", "pw-cat", "-p", *words, "--target", "partyline.tablet.1",
                             "/run/tone.wav")
    assert done.returncode == 0, done.stderr
    listener.send_signal(signal.SIGINT)
    listener.wait()
    level = level_db("/run/alice/heard.wav")
    print(f"alice is heard on channel 1 at {level:.1f} dB")
    # -6 dB, at 16 crosspoints of -12 dB under a headroom of 12 dB: README, "What the matrix computes".
    assert abs(level + 42.1) < 1
    # Who is not in the group does not even get in.
    done = appliance.as_user("bob", "pw-cat", "-p", *words, "--target", "partyline.tablet.1", "/run/tone.wav")
    assert done.returncode != 0
    print("bob:", done.stderr.strip())


@in_guest(systemd=True, simulated=True, installed=True)
def test_the_graph_refuses():
    add_users()
    appliance.start()
    before = settings()
    for claims in ("{ }", "{ pipewire.client.access = flatpak media.category = Manager }"):
        done = appliance.as_user("alice", MEDDLER, claims)
        assert done.returncode == 0 and "ALLOWED" not in done.stdout, done.stdout + done.stderr
    seen = {}
    for line in done.stdout.splitlines():
        if line.startswith("refused "):
            seen.setdefault(line.split()[1], line)
    print("\n".join(["alice in the graph:", *seen.values()]))
    assert {"mute", "gain", "metadata", "permissions", "create", "destroy-Node", "destroy-Link",
            "destroy-Module"} <= seen.keys()
    # The managers' socket is not his, whoever he says he is; and bob has neither.
    for user in ("alice", "bob", "olga"):
        done = appliance.as_user(user, MEDDLER, "{ remote.name = pipewire-0-manager }")
        assert done.returncode == 2 and "Permission denied" in done.stderr, done
        print(f"{user} at the manager's socket:", done.stderr.strip())
    done = appliance.as_user("alice", "pw-cli", "load-module", "libpipewire-module-null-sink")
    for words in (["pw-cli", "set-param", "partyline.tablet.1", "Props", "{ mute = true }"],
                  ["pw-metadata", "-n", "partyline", "0", "partyline.channel.1.capture", "{}"]):
        appliance.as_user("alice", *words)
    assert settings() == before
    nodes = json.loads(appliance.check("pw-dump", "Node", env=appliance.MANAGER))
    mutes = [item["info"]["params"]["Props"][0].get("mute") for item in nodes
             if item["info"]["props"].get("partyline.role", "").startswith("tablet")]
    assert len(mutes) == 32 and not any(mutes)
    assert appliance.run("pw-metadata", "-n", "partyline", env=appliance.MANAGER).stdout.count("key:") == 0


@in_guest(systemd=True, simulated=True, installed=True)
def test_the_bus_refuses():
    add_users()
    appliance.start()
    before = settings()
    matrix, channel = f"{NAME}.Matrix", f"{NAME}.Channel"
    operate = [
        ("call", NAME, ROOT, matrix, "SetCrosspoint", "suud", "uplink", "1", "1", "--", "-6"),
        ("set-property", NAME, ROOT, matrix, "HeadroomDb", "d", "6"),
        ("set-property", NAME, f"{ROOT}/channel/1", channel, "Muted", "b", "true"),
        ("call", NAME, f"{ROOT}/tablet/1", f"{NAME}.Tablet", "PressKey", "uu", "1", "1"),
    ]
    admin = [
        ("set-property", NAME, ROOT, matrix, "RampMs", "d", "10"),
        ("call", NAME, ROOT, f"{NAME}.Manager", "Reset"),
    ]
    # polkit itself decides, by the rules that were installed.
    assert "polkitd" in appliance.check("ps", "-eo", "comm") or appliance.check(
        "systemctl", "start", "polkit.service") == ""
    for user, words in [(user, words) for user in ("alice", "bob") for words in operate + admin] + [
            ("olga", words) for words in admin]:
        done = appliance.as_user(user, "busctl", "--system", *words)
        assert done.returncode != 0 and "this needs the role" in done.stderr, (user, words, done)
        print(f"{user}, {words[4]}: {done.stderr.strip()}")
        assert settings() == before
    done = appliance.as_user("bob", "partylinectl", "--system", "--json", "mute", "channel", "1")
    assert done.returncode == 4 and f"{NAME}.Error.NotPermitted" in done.stdout, done
    # Looking is everyone's, operating olga's.
    assert appliance.as_user("bob", "partylinectl", "--system", "status").returncode == 0
    done = appliance.as_user("olga", "busctl", "--system", *operate[2])
    assert done.returncode == 0, done.stderr
    assert settings() != before
    # A rule of the administrator's counts: alice sets up.
    pathlib.Path("/etc/polkit-1/rules.d/60-alice.rules").write_text(
        'polkit.addRule(function(action, subject) { if (action.id == "org.partyline.Partyline1.admin" && '
        'subject.user == "alice") return polkit.Result.YES; });\n', encoding="utf-8")
    appliance.check("systemctl", "restart", "polkit.service")
    done = appliance.as_user("alice", "busctl", "--system", *admin[0])
    assert done.returncode == 0, done.stderr
    assert appliance.as_user("bob", "busctl", "--system", *admin[0]).returncode != 0
    # Nor does the bus let anybody be Partyline.
    done = appliance.as_user("bob", "busctl", "--system", "call", "org.freedesktop.DBus",
                             "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "su", NAME, "0")
    assert done.returncode != 0 and "Access denied" in done.stderr, done
    print("bob as owner of the name:", done.stderr.strip())


@in_guest(systemd=True, simulated=True, installed=True)
def test_http_refuses():
    add_users()
    appliance.start()
    before = settings()
    url = "http://127.0.0.1:8000"
    curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json"]
    for user in ("alice", "bob"):
        assert appliance.as_user(user, *curl, f"{url}/health").stdout == "200"
        for method, path, body in (
            ("POST", "/channel/1/mute", '{"mute": true}'),
            ("POST", "/tablet/1/mute", '{"mute": true}'),
            ("POST", "/matrix", '{"headroom_db": 6}'),
            ("POST", "/ptt/request", '{"tablet_id": 1, "channel": 1}'),
            ("POST", "/config/reload", ""),
        ):
            done = appliance.as_user(user, *curl, "-X", method, "-d", body, f"{url}{path}")
            assert done.stdout in ("401", "403"), (user, path, done)
            print(f"{user}, {method} {path}: {done.stdout}")
    assert settings() == before


@in_guest(systemd=True, simulated=True, installed=True)
def test_files_and_processes_refuse():
    add_users()
    appliance.start()
    appliance.ctl("mute", "channel", "1")
    appliance.ctl("token", "add", "studio", "--role", "admin")
    assert pathlib.Path("/var/lib/partyline/state.json").exists()
    for user in ("alice", "bob"):
        for folder in SECRETS:
            for path in pathlib.Path(folder).rglob("*"):
                if path.is_dir() or path.is_symlink():
                    continue
                done = appliance.as_user(user, "cat", path)
                # What the administrator has made readable himself is his own affair.
                readable = path.stat().st_mode & 0o004 and folder == "/etc/partyline"
                assert readable or (done.returncode != 0 and "Permission denied" in done.stderr), (user, path)
                print(f"{user}:", done.stderr.strip())
        for words in (["partylinectl", "--system", "token", "list"],
                      ["partylinectl", "--system", "token", "add", "mine", "--role", "admin"],
                      ["systemctl", "stop", "partyline.service"],
                      ["kill", str(appliance.main_pid("partyline.service"))],
                      ["kill", str(appliance.main_pid("partyline-pipewire.service"))],
                      ["touch", "/run/pipewire/x"],
                      ["touch", "/run/partyline/x"]):
            done = appliance.as_user(user, *words)
            assert done.returncode != 0, (user, words)
            print(f"{user}, {' '.join(words)}:", done.stderr.strip().splitlines()[-1])
    appliance.wait_ready()
