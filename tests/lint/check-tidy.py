#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""clang-tidy finds nothing (checks: .clang-tidy).

Its analyzer, nine tenths of the time, walks the paths of what is shipped; tests take their own. It
gives a function up after a third of the paths that it would walk by default: half the
time, and what it found last it still finds.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import tree

ANALYZER = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=75000")]
WITHOUT_ANALYZER = ["--checks=-clang-analyzer-*"]


def main():
    tool = tree.need("clang-tidy")
    database = tree.BUILD / "compile_commands.json"
    if not database.exists():
        print("no compile_commands.json: configure a build first")
        sys.exit(tree.SKIP)
    own = set(tree.files(".c"))
    sources = set()
    for entry in json.loads(database.read_text(encoding="utf-8")):
        path = (tree.BUILD / entry["file"]).resolve()
        if path in own:
            sources.add(str(path))

    tests = str(tree.ROOT / "tests") + os.sep

    def check(source):
        how = WITHOUT_ANALYZER if source.startswith(tests) else ANALYZER
        done = subprocess.run([tool, "--quiet", "-p", str(tree.BUILD), *how, source],
                              capture_output=True, text=True)
        found = re.findall(r"^\S+?:\d+:\d+: (?:warning|error): .*$", done.stdout, re.M)
        return [line.replace(str(tree.ROOT) + os.sep, "") for line in found]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = sorted({line for lines in pool.map(check, sorted(sources)) for line in lines})
    tree.finish(problems, len(sources))


if __name__ == "__main__":
    main()
