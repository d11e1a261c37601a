#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shell scripts pass shellcheck."""
import subprocess
import sys

import tree


def is_shell(path):
    if path.suffix in (".sh", ".bash"):
        return True
    if path.suffix:
        return False
    with open(path, "rb") as script:
        first = script.readline(80)
    return first.startswith(b"#!") and (b"bash" in first or b"/sh" in first)


def main():
    tool = tree.need("shellcheck")
    scripts = [path for path in tree.files() if is_shell(path)]
    done = subprocess.run([tool, *map(str, scripts)], cwd=tree.ROOT)
    print(f"{len(scripts)} checked")
    sys.exit(1 if done.returncode else 0)


if __name__ == "__main__":
    main()
