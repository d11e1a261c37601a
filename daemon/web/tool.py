#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The web page's tools, beside the sources: nothing is ever written into them but by `update`.

The working folder gets a copy of the sources and the packages that package-lock.json names.
"""

import argparse
import fcntl
import filecmp
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NOT_SOURCES = {"node_modules", "dist", "pictures", "__pycache__"}
SKIP = 77


def sources():
    """Paths below the page's folder of what it is made of."""
    found = []
    for path in sorted(HERE.iterdir()):
        if path.name in NOT_SOURCES:
            continue
        found += [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [path.relative_to(HERE) for path in found]


def copy_sources(work):
    wanted = set(sources())
    for path in wanted:
        target = work / path
        if target.is_file() and filecmp.cmp(HERE / path, target, shallow=False):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / path, target)
    for folder in ("src", "public"):
        for path in (work / folder).rglob("*"):
            if path.is_file() and path.relative_to(work) not in wanted:
                path.unlink()


def npm(work, *words):
    environment = {**os.environ, "NO_COLOR": "1", "npm_config_update_notifier": "false"}
    return subprocess.run(["npm", *words], cwd=work, env=environment, check=False).returncode


def install(work):
    """The packages of the lock file, from npm's own cache when it has them; none of their scripts runs."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = work / "node_modules/.partyline"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    code = npm(work, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if code:
        sys.exit("the page's packages cannot be had: is there a network?")
    stamp.write_text(lock, encoding="ascii")


def prepare(work):
    if not shutil.which("npm"):
        print("npm is not installed")
        sys.exit(SKIP)
    work.mkdir(parents=True, exist_ok=True)
    with open(work / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may come at once
        copy_sources(work)
        install(work)


def build(work):
    if npm(work, "run", "--silent", "build"):
        sys.exit("the page cannot be built")


def differences(built, kept):
    names = {path.relative_to(top) for top in (built, kept) for path in top.rglob("*") if path.is_file()}
    return [str(name) for name in sorted(names)
            if not (built / name).is_file() or not (kept / name).is_file()
            or not filecmp.cmp(built / name, kept / name, shallow=False)]


def check(work):
    build(work)
    found = differences(work / "dist", HERE / "dist")
    for name in found:
        print(f"dist/{name} is not what the sources make")
    if found:
        sys.exit("run ./dev webui and commit daemon/web/dist")


def update(work):
    build(work)
    shutil.rmtree(HERE / "dist", ignore_errors=True)
    shutil.copytree(work / "dist", HERE / "dist")


def stamp(work, output, depfile):
    build(work)
    output.write_text("built\n", encoding="ascii")
    depfile.write_text(f"{output}: " + " ".join(str(HERE / path) for path in sources()) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["types", "lint", "test", "check", "update", "stamp"])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--depfile", type=pathlib.Path)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    prepare(work)
    if arguments.step == "check":
        check(work)
    elif arguments.step == "update":
        update(work)
    elif arguments.step == "stamp":
        stamp(work, arguments.output, arguments.depfile)
    else:
        sys.exit(npm(work, "run", "--silent", arguments.step))


if __name__ == "__main__":
    main()
