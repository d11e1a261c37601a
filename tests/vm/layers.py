# SPDX-License-Identifier: MIT
"""What a guest is put together from: its kernel, and folders that lie over the machine's root."""

import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def _ask(script, *arguments):
    """The last line that a script of this folder prints, as a path; None when it prints nothing."""
    done = subprocess.run(
        [HERE / script, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    lines = done.stdout.split("\n")
    return done.returncode, pathlib.Path(lines[-2]) if len(lines) > 1 else None


def kernel():
    """Path of the guest's kernel; built now (minutes) when the cache has none.

    PARTYLINE_VM_KERNEL in the environment names another one.
    """
    own = os.environ.get("PARTYLINE_VM_KERNEL")
    if own:
        return pathlib.Path(own)
    status, path = _ask("kernel/build", "--find")
    if status != 0:
        status, path = _ask("kernel/build")
    if status != 0 or not path:
        raise RuntimeError("the guest's kernel could not be built; run ./dev vm-kernel")
    return path


def guest_packages():
    """The layer of packages that this machine lacks, or None when it has them all."""
    status, path = _ask("unpack-guest-packages")
    if status != 0:
        raise RuntimeError("the guest's packages could not be fetched")
    return path


def build_layer(folder, build=None):
    """Install the build into FOLDER as a package would: a layer in which everything is in place.

    folder  a new folder; give it to Guest(layers=[…])
    build   Meson's build folder, default $PARTYLINE_BUILD_DIR; its prefix must be /usr
    """
    build = pathlib.Path(build or os.environ["PARTYLINE_BUILD_DIR"]).resolve()
    options = json.loads((build / "meson-info/intro-buildoptions.json").read_text())
    prefix = next(item["value"] for item in options if item["name"] == "prefix")
    if prefix != "/usr":
        raise RuntimeError(
            f"{build} has the prefix {prefix}; run: meson configure {build} -Dprefix=/usr"
        )
    words = ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"meson install failed:\n{done.stdout}{done.stderr}")
    return pathlib.Path(folder)
