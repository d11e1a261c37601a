# SPDX-License-Identifier: MIT
"""The README's own lines, run in order as a new user would, against `./dev run`."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from readme import KINDS, README, blocks, kinds, lines
from rig import free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUARD_SECONDS = 120
SPEECH = sorted(pathlib.Path("/usr/share/asterisk/sounds").glob("en*/vm-intro.wav"))


def test_every_block_is_run_or_says_why_not():
    text = README.read_text(encoding="utf-8")
    assert kinds() <= set(KINDS), kinds()
    assert "./dev run" in text and "./dev test" in text


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder that looks like the clone, with a running instance."""
    folder = pathlib.Path(os.path.realpath(tmp_path_factory.mktemp("clone")))
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


@pytest.mark.parametrize("number,text", [pytest.param(n, t, id=f"line-{n}") for n, t in blocks("sh")])
def test_lines(home, number, text):
    folder, env = home
    script = 'set -e\neval "$(./dev env)"\nset -x\n' + text
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=GUARD_SECONDS, check=False)
    assert done.returncode == 0, f"README line {number}:\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "number,line", [pytest.param(n, t, id=f"line-{n}") for n, t in lines("sh until-ctrl-c")])
def test_endless_lines(home, number, line):
    """A program that runs until Ctrl-C shows or writes something before it, and then ends."""
    folder, env = home
    name = line.split()[-1]
    target = folder / name if name.endswith(".wav") else folder / f"output-{number}"
    target.unlink(missing_ok=True)
    with open(folder / f"output-{number}", "wb") as output:
        program = subprocess.Popen(["bash", "-c", f'eval "$(./dev env)"; exec {line}'], cwd=folder, env=env,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    quiet = line.startswith(("busctl --user monitor", "partylinectl monitor"))

    def check():
        assert program.poll() is None, f"README line {number} ended: {(folder / f'output-{number}').read_text()}"
        if quiet:  # something to tell
            subprocess.run(["bash", "-c", 'eval "$(./dev env)"; partylinectl mute channel 1 2>/dev/null; '
                            "partylinectl unmute channel 1"], cwd=folder, env=env, check=True,
                           stdout=subprocess.DEVNULL)

    wait_until(lambda: target.exists() and target.stat().st_size > (4096 if target.suffix else 0),
               f"what README line {number} shows", check=check)
    os.killpg(program.pid, signal.SIGINT)
    program.wait(GUARD_SECONDS)
