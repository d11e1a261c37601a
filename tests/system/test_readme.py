# SPDX-License-Identifier: MIT
"""The README's own lines, run in order as a new user would, against `./dev run`."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from rig import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUARD_SECONDS = 120
SPEECH = sorted(pathlib.Path("/usr/share/asterisk/sounds").glob("en*/**/vm-intro.wav"))


def blocks():
    """(line number, text) of the README's shell blocks that a user runs in the second terminal."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for match in re.finditer(r"^```sh\n(.*?)^```", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 2, match.group(1)


def test_every_block_is_run_or_says_why_not():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^```(\S[^\n]*)$", text, re.M))
    assert kinds <= {"sh", "sh first-terminal", "text", "json", "js"}, kinds
    assert "./dev run" in text and "./dev test" in text


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder that looks like the clone, with a running instance."""
    folder = pathlib.Path(shutil.os.path.realpath(tmp_path_factory.mktemp("clone")))
    runtime = pathlib.Path(subprocess.check_output(["mktemp", "-d", "/tmp/pl-XXXXXX"], text=True).strip())
    (folder / "dev").write_text(f'#!/bin/sh\nexec "{ROOT}/dev" "$@"\n')
    (folder / "dev").chmod(0o755)
    (folder / "speech.wav").symlink_to(SPEECH[0])
    env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    build = os.environ.get("PARTYLINE_BUILD_DIR")
    if build:
        env["PARTYLINE_BUILD"] = build
    server = subprocess.Popen(["./dev", "run", "--port", str(free_port())], cwd=folder, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = []
    for line in server.stdout:
        output.append(line)
        if "Ctrl-C" in line:
            break
    else:
        pytest.fail("./dev run ended:\n" + "".join(output))
    yield folder, env
    stopped = subprocess.run(["./dev", "stop"], cwd=folder, env=env, capture_output=True, text=True,
                             timeout=GUARD_SECONDS, check=False)
    assert stopped.returncode == 0, stopped.stderr
    assert server.wait(GUARD_SECONDS) == 0
    shutil.rmtree(runtime, ignore_errors=True)


def test_a_second_run_says_so(home):
    folder, env = home
    again = subprocess.run(["./dev", "run"], cwd=folder, env=env, capture_output=True, text=True,
                           timeout=GUARD_SECONDS, check=False)
    assert again.returncode != 0
    assert "runs already" in again.stderr


@pytest.mark.parametrize("number,text", [pytest.param(n, t, id=f"line-{n}") for n, t in blocks()])
def test_lines(home, number, text):
    folder, env = home
    script = 'set -e\neval "$(./dev env)"\nset -x\n' + text
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=GUARD_SECONDS, check=False)
    assert done.returncode == 0, f"README line {number}:\n{done.stdout}\n{done.stderr}"
