# SPDX-License-Identifier: MIT
"""What the checks share: the files of the project, and how a check ends."""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("PARTYLINE_SOURCE",
                                   pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("PARTYLINE_BUILD_DIR", ROOT / "build"))
SKIP = 77


def files(*suffixes):
    """Paths of the project's own files, below ROOT: tracked ones, and new ones not ignored."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
        capture_output=True, text=True)
    if names.returncode == 0:
        found = [ROOT / name for name in names.stdout.splitlines()]
    else:  # a release tarball
        found = [path for path in ROOT.rglob("*") if "build" not in path.parts[len(ROOT.parts)]]
    found = [path for path in found if path.is_file()]
    if suffixes:
        found = [path for path in found if path.name.endswith(suffixes)]
    return sorted(found)


def need(program):
    """Path of a program, or the end of this check as skipped."""
    path = shutil.which(program)
    if not path:
        print(f"{program} is not installed")
        sys.exit(SKIP)
    return path


def finish(problems, n_checked):
    """Print what was found; the exit code of the check."""
    for problem in problems:
        print(problem)
    print(f"{n_checked} checked, {len(problems)} problems")
    sys.exit(1 if problems else 0)
