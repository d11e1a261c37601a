#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No layer reaches upward: which folder may include headers of which."""
import re

import tree

# A folder, and the folders whose headers it may include besides its own.
ALLOWED = {
    "spa-plugins/include": [],
    # The contract is plain limits and structures: libc is all that it needs.
    "spa-plugins/dsp": ["spa-plugins/include"],
    "spa-plugins/lib": ["spa-plugins/dsp", "spa-plugins/include"],
    "spa-plugins": ["spa-plugins/lib", "spa-plugins/dsp", "spa-plugins/include"],
    "pipewire-module": ["spa-plugins/include"],
    "daemon/files": [],
    "daemon/thread": [],
    # What every certificate of ours is made with.
    "daemon/x509": [],
    "daemon/model": ["spa-plugins/include"],
    "daemon/control": ["daemon/files", "daemon/model", "spa-plugins/include"],
    "daemon/log": ["daemon/files", "daemon/control", "daemon/model", "spa-plugins/include"],
    "daemon/auth": ["daemon/files", "daemon/x509", "daemon/control", "daemon/model",
                    "spa-plugins/include"],
    "daemon/engine": ["daemon/control", "daemon/model", "daemon/log", "pipewire-module",
                      "spa-plugins/lib", "spa-plugins/include"],
    "daemon/page": ["daemon/files", "daemon/thread", "daemon/control", "daemon/model", "daemon/log",
                    "spa-plugins/include"],
    "daemon/discover": ["daemon/thread", "daemon/control", "daemon/model", "daemon/log",
                        "spa-plugins/include"],
    # Bytes, samples and time: what streams and browsers share.
    "daemon/media": ["daemon/model", "spa-plugins/include"],
    # What media gave, into control's audio ports.
    "daemon/playback": ["daemon/media", "daemon/control", "daemon/model", "spa-plugins/include"],
    "daemon/stream": ["daemon/media", "daemon/playback", "daemon/thread", "daemon/control",
                      "daemon/model", "daemon/log", "spa-plugins/include"],
    "daemon/listen": ["daemon/media", "daemon/playback", "daemon/x509", "daemon/thread",
                      "daemon/control", "daemon/model", "daemon/log", "spa-plugins/include"],
    "daemon/export": ["daemon/control", "daemon/model", "daemon/log", "daemon/files",
                      "daemon/thread", "spa-plugins/include"],
    "daemon/gpio": ["daemon/control", "daemon/model", "daemon/log", "spa-plugins/include"],
    "daemon/faces/dbus": ["daemon/faces", "daemon/control", "daemon/model", "daemon/log",
                          "spa-plugins/include"],
    "daemon/faces/http": ["daemon/faces", "daemon/control", "daemon/model", "daemon/log",
                          "spa-plugins/include"],
    "daemon/ctl": ["spa-plugins/include"],
    "daemon/simulate": ["spa-plugins/include"],
}
# The DSP kernels know nothing but C: these must not appear below spa-plugins/dsp.
FOREIGN_TO_DSP = re.compile(r"#include <(spa|pipewire|pthread|unistd|stdio)[/.]")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s+<(partyline/[^>]+)>", re.M)


def folder_of(path):
    """The longest known folder that holds the path."""
    name = path.relative_to(tree.ROOT).parent.as_posix()
    while name and name != ".":
        if name in ALLOWED:
            return name
        name = name.rpartition("/")[0]
    return None


def main():
    headers = {}
    for path in tree.files(".h"):
        folder = folder_of(path)
        if folder:
            headers.setdefault(path.name, []).append((folder, path))

    problems, n_checked = [], 0
    for path in tree.files(".c", ".h"):
        folder = folder_of(path)
        if not folder:
            continue
        n_checked += 1
        text = path.read_text(encoding="utf-8")
        here = path.relative_to(tree.ROOT)
        for name in INCLUDE.findall(text):
            base = name.rpartition("/")[2]
            owners = [owner for owner, _ in headers.get(base, [])]
            if (path.parent / name).is_file() and folder_of((path.parent / name).resolve()) == folder:
                continue
            if not owners:
                continue  # generated
            if not any(owner == folder or owner in ALLOWED[folder] for owner in owners):
                problems.append(f"{here}: includes \"{name}\" of {owners[0]}; {folder} may only see "
                                f"{', '.join(ALLOWED[folder]) or 'itself'}")
        if SYSTEM_INCLUDE.search(text) and folder not in ("spa-plugins/include",) \
                and "spa-plugins/include" not in ALLOWED[folder]:
            problems.append(f"{here}: includes the contract; {folder} may not")
        if folder == "spa-plugins/dsp" and FOREIGN_TO_DSP.search(text):
            problems.append(f"{here}: a kernel includes more than libc's mathematics")
    tree.finish(problems, n_checked)


if __name__ == "__main__":
    main()
