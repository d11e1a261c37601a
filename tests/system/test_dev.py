# SPDX-License-Identifier: MIT
"""`./dev run` in its other shapes: the user's own session, a busy port, sizes."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import urllib.request

import pytest

from rig import Session, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUARD_SECONDS = 120


@contextlib.contextmanager
def running(env, *options):
    """`./dev run` until the end of the block; its first lines."""
    port = free_port()
    server = subprocess.Popen(
        [ROOT / "dev", "run", "--port", str(port), *options], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = []
    try:
        for line in server.stdout:
            output.append(line)
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail("./dev run ended:\n" + "".join(output))
        yield port
    finally:
        server.terminate()
        assert server.wait(GUARD_SECONDS) == 0


def environment(runtime):
    env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    if "PARTYLINE_BUILD_DIR" in os.environ:
        env["PARTYLINE_BUILD"] = os.environ["PARTYLINE_BUILD_DIR"]
    return env


@pytest.fixture
def runtime():
    folder = subprocess.check_output(["mktemp", "-d", "/tmp/pl-XXXXXX"], text=True).strip()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=GUARD_SECONDS) as answer:
        return json.load(answer)


def test_the_terminal_that_has_its_variables_finds_it(runtime):
    env = environment(runtime)
    with running(env, "--no-simulate"):
        first = subprocess.check_output([ROOT / "dev", "env"], env=env, text=True)
        again = subprocess.check_output(
            ["bash", "-c", f'eval "$({ROOT}/dev env)"; {ROOT}/dev env'], env=env, text=True)
        assert "PARTYLINE_INSTANCE" in again
        # but for the PATH, which has the programs twice now
        assert [line for line in again.splitlines() if "PATH=" not in line] == \
            [line for line in first.splitlines() if "PATH=" not in line]


def test_a_busy_port_is_named(runtime):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = subprocess.run([ROOT / "dev", "run", "--port", str(port)], env=environment(runtime),
                              capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)
    assert done.returncode != 0
    assert f"port {port}" in done.stderr and "--port" in done.stderr


def test_env_without_an_instance_says_what_to_do(runtime):
    done = subprocess.run([ROOT / "dev", "env"], env=environment(runtime), capture_output=True,
                          text=True, timeout=GUARD_SECONDS, check=False)
    assert done.returncode != 0
    assert "./dev run" in done.stderr


def left_running(runtime):
    """Command lines of processes that live in the runtime folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(runtime).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass  # gone meanwhile, or somebody else's
    return found


def test_ended_while_it_starts_it_leaves_nothing_behind(runtime):
    with subprocess.Popen(
        [ROOT / "dev", "run", "--port", str(free_port())], env=environment(runtime), text=True,
        stdout=subprocess.PIPE) as server:
        for line in server.stdout:
            if "starting" in line:
                break
        server.terminate()
        server.stdout.read()
        assert server.wait(GUARD_SECONDS) == 0
    assert not left_running(runtime)


@pytest.mark.parametrize("tablets,channels", [(1, 1), (64, 64)])
def test_sizes(runtime, tablets, channels):
    with running(environment(runtime), "--tablets", str(tablets), "--channels", str(channels),
                 "--no-simulate") as port:
        health = get(port, "/health")
        assert (health["num_tablets"], health["num_channels"]) == (tablets, channels)


def test_the_users_own_session_is_joined():
    """--session: the devices appear in a PipeWire that runs already, and leave it as it was."""
    with Session(module=None) as user:
        env = {**user.env}
        if "PARTYLINE_BUILD_DIR" in os.environ:
            env["PARTYLINE_BUILD"] = os.environ["PARTYLINE_BUILD_DIR"]
        before = user.check(["wpctl", "status"])
        assert "Partyline Tablet 1" not in before
        with running(env, "--session", "--tablets", "2", "--channels", "1") as port:
            assert "Partyline Tablet 1" in user.check(["wpctl", "status"])
            with user.graph() as graph:
                graph.wait_for(lambda g: g.is_complete(2, 1), "devices and links", GUARD_SECONDS)
            assert get(port, "/health")["fs"] == user.rate
        with user.graph() as graph:
            graph.wait_for(lambda g: not g.partyline_links(), "no links of ours", GUARD_SECONDS)
        assert "Partyline Tablet 1" not in user.check(["wpctl", "status"])
