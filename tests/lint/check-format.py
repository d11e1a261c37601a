#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""C is formatted as .clang-format says (its judge is version 14; later ones differ in small things)."""
import re
import subprocess
import sys

import tree


def main():
    tool = tree.need("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    if not re.search(r"version 14\.", version):
        print(f"the house's formatting is clang-format 14's, here is {version.strip()}")
        sys.exit(tree.SKIP)
    sources = tree.files(".c", ".h")
    done = subprocess.run([tool, "--dry-run", "-Werror", *map(str, sources)], capture_output=True, text=True,
                          cwd=tree.ROOT)
    found = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", done.stderr, re.M)))
    tree.finish([f"{name}: not formatted; run clang-format -i on it" for name in found], len(sources))


if __name__ == "__main__":
    main()
