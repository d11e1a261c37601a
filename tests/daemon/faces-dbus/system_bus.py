# SPDX-License-Identifier: MIT
"""A private system bus with the shipped policy, and callers of several kinds."""

import grp
import shutil

from private_bus import NAME, PrivateBus
from rig import confs

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
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy context="default">
    <allow send_destination="org.freedesktop.PolicyKit1"/>
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

    def as_caller(self, who, *argv):
        """Run as "root", as a "member" of the group, or as somebody "other"."""
        uid, gids = {"root": (0, []), "member": (NOBODY, [1, self.gid]), "other": (NOBODY, [1])}[who]
        return self.as_user(uid, gids, *argv)

    def busctl_as(self, who, *words):
        return self.as_caller(who, "busctl", "--system", *words)


def start_system_bus(patch):
    """SystemBus on a bus of that kind; `patch` is pytest.MonkeyPatch."""
    patch.setattr(confs, "DBUS_CONF", SYSTEM_CONF)
    return SystemBus(daemon_args=["--system"])
