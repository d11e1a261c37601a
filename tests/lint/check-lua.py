#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The policy's Lua passes luacheck: no global is made, nothing is unused."""
import subprocess
import sys

import tree


def main():
    tool = tree.need("luacheck")
    scripts = tree.files(".lua")
    if not scripts:
        tree.finish([], 0)
    done = subprocess.run([tool, "--no-color", "--codes", *map(str, scripts)], cwd=tree.ROOT)
    print(f"{len(scripts)} checked")
    sys.exit(1 if done.returncode else 0)


if __name__ == "__main__":
    main()
