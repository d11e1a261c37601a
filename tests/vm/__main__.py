# SPDX-License-Identifier: MIT
"""Run a script in a guest: what `./dev vm` calls."""

import argparse
import os
import pathlib
import shutil
import sys

from .guest import GUARD_SECONDS, Guest, GuestError
from .layers import build_layer


def arguments():
    parser = argparse.ArgumentParser(
        prog="dev vm",
        description="Run SCRIPT as root in a fresh virtual machine that sees this machine's files, "
        "copy-on-write; its status is returned.",
    )
    parser.add_argument("-s", "--systemd", action="store_true", help="systemd is PID 1")
    parser.add_argument("-t", "--simulated", action="store_true", help="simulated clock")
    parser.add_argument("-m", "--memory", default="1G", metavar="MEM", help="default 1G")
    parser.add_argument("-S", "--share", metavar="DIR", help="read-write in the guest: /share")
    parser.add_argument("-r", "--root", default="/", metavar="DIR", help="another root")
    parser.add_argument("-l", "--layer", action="append", default=[], metavar="DIR",
                        help="a folder over the root; may be given more than once")
    parser.add_argument("-i", "--installed", metavar="BUILD",
                        help="install Meson's build folder BUILD into the guest's root")
    parser.add_argument("-d", "--disk", metavar="IMAGE", help="ext4 image: /disk in the guest")
    parser.add_argument("-x", "--kernel-arg", action="append", default=[], metavar="WORD",
                        help="for the kernel's command line")
    parser.add_argument("--guard", type=float, default=GUARD_SECONDS, metavar="S",
                        help="seconds after which it is taken to hang")
    parser.add_argument("script", help="with #! it is started as it is, else by sh")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="its arguments")
    return parser.parse_args()


def main():
    wanted = arguments()
    passed = ("PARTYLINE_BUILD_DIR", "PYTHONPATH")
    try:
        with Guest(
            systemd=wanted.systemd, simulated=wanted.simulated, memory=wanted.memory,
            share=wanted.share, root=wanted.root, layers=wanted.layer, disk=wanted.disk,
            kernel_args=wanted.kernel_arg, guard_seconds=wanted.guard, echo=True,
            env={name: os.environ[name] for name in passed if name in os.environ},
        ) as guest:
            if wanted.installed:
                guest.layers.insert(0, build_layer(guest.folder / "installed", wanted.installed))
            script = pathlib.Path(wanted.script)
            copy = guest.share / "script"
            shutil.copyfile(script, copy)
            copy.chmod(0o755)
            shell = [] if copy.read_bytes()[:2] == b"#!" else ["/bin/sh"]
            status = guest.run([*shell, "/share/script", *wanted.words], check=False)
    except (GuestError, OSError, RuntimeError) as error:
        sys.exit(f"dev vm: {str(error).splitlines()[0]}")
    sys.exit(status)


if __name__ == "__main__":
    main()
