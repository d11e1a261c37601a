# SPDX-License-Identifier: MIT
"""On the system bus: the shipped policy, and who may do what."""

import grp
import json
import os
import shutil
import subprocess

import pytest
from private_bus import CHANNEL, MANAGER, MATRIX, NAME, ROOT, TABLET, PrivateBus, channel, tablet
from rig import confs

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as somebody else")

NOBODY = 65534
FREE_GID = 64321  # of no group of the system

# As the system bus of the D-Bus reference implementation: nothing is allowed that no policy allows.
SYSTEM_CONF = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={{path}}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>{policy}</include>
</busconfig>
""".format(policy=confs.SOURCE / "dbus" / f"{NAME}.conf")


class SystemBus(PrivateBus):
    """The daemon on a system bus, in a world where the group `partyline` exists."""

    def _prepare(self):
        super()._prepare()
        # Others must reach the socket and the client, and nothing else of this folder.
        for folder in (self.folder, self.runtime):
            folder.chmod(0o711)
        shutil.copy(self.program("partylinectl"), self.folder / "partylinectl")
        self.gid = FREE_GID
        self.groups = self.folder / "group"
        known = "".join(f"{g.gr_name}:x:{g.gr_gid}:\n" for g in grp.getgrall()
                        if g.gr_name != "partyline")
        self.groups.write_text(f"{known}partyline:x:{self.gid}:\n", encoding="utf-8")

    def spawn(self, name, argv, env=None, **popen):
        if name == "partyline":
            # Its own view of /etc/group; the machine's stays as it is.
            argv = ["unshare", "--mount", "sh", "-c",
                    'mount --bind "$0" /etc/group && exec "$@"', self.groups, *argv]
        return super().spawn(name, argv, env, **popen)

    def as_user(self, uid, gids, *argv):
        groups = ["--groups", ",".join(map(str, gids))] if gids else ["--clear-groups"]
        return self.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", *groups, *argv])


@pytest.fixture(scope="module")
def system():
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("mount namespaces are not to be had here")
    patch = pytest.MonkeyPatch()
    patch.setattr(confs, "DBUS_CONF", SYSTEM_CONF)
    with SystemBus(daemon_args=["--system"]) as session:
        yield session
    patch.undo()


def caller(system, who):
    return {"root": (0, []), "member": (NOBODY, [1, system.gid]), "other": (NOBODY, [1])}[who]


def busctl(system, who, *words):
    return system.as_user(*caller(system, who), "busctl", "--system", *words)


LOOK = [
    ("get-property", NAME, ROOT, MATRIX, "HeadroomDb"),
    ("introspect", NAME, ROOT),
    ("call", NAME, ROOT, MANAGER, "GetState"),
    ("call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
]
OPERATE = [
    ("call", NAME, ROOT, MATRIX, "SetCrosspoint", "suud", "uplink", "1", "1", "--", "-6"),
    ("set-property", NAME, ROOT, MATRIX, "HeadroomDb", "d", "6"),
    ("set-property", NAME, channel(1), CHANNEL, "Muted", "b", "true"),
    ("set-property", NAME, tablet(1), TABLET, "SidetoneDb", "d", "--", "-10"),
    ("call", NAME, tablet(1), TABLET, "PressKey", "uu", "1", "1"),
    ("call", NAME, tablet(1), TABLET, "ReleaseAll"),
]
ADMIN = [
    ("set-property", NAME, channel(1), CHANNEL, "Name", "s", "Stage"),
    ("set-property", NAME, ROOT, MATRIX, "RampMs", "d", "10"),
    ("call", NAME, ROOT, MANAGER, "ReloadConfig"),
    ("call", NAME, ROOT, MANAGER, "Reset"),
]


@pytest.mark.parametrize("who,may", [("root", LOOK + OPERATE + ADMIN), ("member", LOOK + OPERATE),
                                     ("other", LOOK)])
def test_roles(system, who, may):
    for words in LOOK + OPERATE + ADMIN:
        before = system.settings()
        done = busctl(system, who, *words)
        if words in may:
            assert done.returncode == 0, (who, words, done.stderr)
        else:
            assert done.returncode != 0, (who, words)
            assert "this needs the role" in done.stderr
            assert system.settings() == before


def test_partylinectl_says_who_may(system):
    ctl = system.folder / "partylinectl"
    done = system.as_user(*caller(system, "other"), ctl, "--system", "headroom", "9")
    assert (done.returncode, done.stdout) == (4, "")
    assert 'root is admin and the group "partyline" may operate' in done.stderr
    done = system.as_user(*caller(system, "other"), ctl, "--json", "--system", "headroom", "9")
    assert json.loads(done.stdout)["error"]["name"] == f"{NAME}.Error.NotPermitted"
    done = system.as_user(*caller(system, "other"), ctl, "--system", "headroom")
    assert done.returncode == 0
    done = system.as_user(*caller(system, "member"), ctl, "--system", "headroom", "9")
    assert (done.returncode, done.stdout) == (0, "headroom: 9 dB\n")


def test_others_may_not_own_the_name(system):
    # The second name of the policy's kind: ours is taken, so that a refusal must be the policy's.
    system.processes["partyline"].stop()
    try:
        for who, allowed in (("other", False), ("root", True)):
            done = busctl(system, who, "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "RequestName", "su", NAME, "0")
            assert (done.returncode == 0) == allowed, done.stderr
    finally:
        system.start_daemon()
