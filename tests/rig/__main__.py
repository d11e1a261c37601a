# SPDX-License-Identifier: MIT
"""An instance in the foreground: what `./dev run`, `./dev env` and `./dev stop` call.

    PYTHONPATH=tests /usr/bin/python3 -m rig --build build run [--port N] [--tablets N] …
"""

import argparse
import errno
import fcntl
import json
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import sys

from .process import RigError
from .session import Session

EXIT_USAGE = 2
# What `env` prints has a runtime folder of the instance's own: this says where that lives.
FOLDER_VARIABLE = "PARTYLINE_INSTANCE"


def instance_folder():
    """Where the one foreground instance of this user lives."""
    if os.environ.get(FOLDER_VARIABLE):
        return pathlib.Path(os.environ[FOLDER_VARIABLE])
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if base and os.access(base, os.W_OK):
        return pathlib.Path(base) / "partyline-dev"
    return pathlib.Path("/tmp") / f"partyline-dev-{os.getuid()}"


def number(low, high):
    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low}..{high}")
        return value

    parse.__name__ = "number"
    return parse


def arguments():
    parser = argparse.ArgumentParser(prog="rig", description=__doc__.split("\n")[0])
    parser.add_argument("--build", help="Meson's build folder")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start an instance and stay in the foreground")
    run.add_argument("--port", type=number(1, 65535), default=8000)
    run.add_argument("--tablets", type=number(1, 64), default=16)
    run.add_argument("--channels", type=number(1, 64), default=4)
    run.add_argument("--no-simulate", action="store_true")
    run.add_argument("--session", action="store_true", help="use the user's running PipeWire")
    run.add_argument("--no-daemon", action="store_true", help="only the graph")
    run.add_argument("--no-pulse", action="store_true", help="no pipewire-pulse")
    commands.add_parser("env", help="print the variables of the running instance")
    commands.add_parser("stop", help="end the running instance")
    return parser.parse_args()


def fail(message, code=1):
    print(f"partyline: {message}", file=sys.stderr)
    return code


def port_is_busy(port):
    with socket.socket() as probe:
        # As the daemon does: a connection in TIME_WAIT does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed_signals():
    """From now on each of them ends what runs as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_):
        raise KeyboardInterrupt

    for which in ENDINGS:
        signal.signal(which, interrupt)


def ignore_signals():
    """The end is under way, and a second signal must not break it off."""
    for which in ENDINGS:
        signal.signal(which, signal.SIG_IGN)


def wait_for_end(session):
    """Until a process ends by itself; its name."""
    descriptors = {os.pidfd_open(p.pid): name for name, p in session.processes.items() if p.alive}
    try:
        ready, _, _ = select.select(descriptors, [], [])
        return descriptors[ready[0]]
    finally:
        for fd in descriptors:
            os.close(fd)


def run(args):
    folder = instance_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / "lock", "a+", encoding="utf-8") as lock:
        # Held as long as this process lives, so that a dead instance never looks alive.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return fail("an instance runs already; `./dev stop` ends it")
        if not args.no_daemon and port_is_busy(args.port):
            return fail(f"port {args.port} is in use; choose another with --port")
        return run_locked(args, folder, lock)


def run_locked(args, folder, lock):
    session = Session(
        args.build,
        tablets=args.tablets,
        channels=args.channels,
        module="process" if args.session else "server",
        host_session=args.session,
        daemon=not args.no_daemon,
        simulate=not args.no_simulate,
        pulse=not args.no_pulse and not args.session,
        http_port=None if args.no_daemon else args.port,
        folder=folder,
    )
    try:
        heed_signals()
        print(f"partyline: starting {args.tablets} tablets and {args.channels} channels", flush=True)
        session.start()
        lock.seek(0)
        lock.truncate()
        json.dump({"pid": os.getpid(), "environment": session.environment()}, lock)
        lock.flush()
        greet(args, session)
        ended = wait_for_end(session)
        return fail(f"{ended} ended; its log is {folder}/log/{ended}.log")
    except KeyboardInterrupt:
        print("\npartyline: stopping", flush=True)
        return 0
    except RigError as error:
        return fail(str(error))
    finally:
        ignore_signals()
        lock.truncate(0)
        session.stop()


def greet(args, session):
    if not args.no_daemon:
        print(f"\n  web page and API   http://127.0.0.1:{args.port}/   (/docs, /openapi.json)")
    print(
        f"""
  In a second terminal:
    eval "$(./dev env)"
    pw-top                                    # the graph
    wpctl status                              # the devices
    pw-cat -p --target partyline.tablet.1 FILE.wav
    partylinectl meters                       # terminal bars
    partylinectl gateway                      # streams, GPIO, pages: README, "A gateway in ten minutes"
    busctl --user introspect org.partyline.Partyline1 /org/partyline/Partyline1

  Logs: {session.folder}/log.  Ctrl-C ends everything.
""",
        flush=True,
    )


def running():
    """What the running instance has left for us, or None."""
    path = instance_folder() / "lock"
    try:
        with open(path, "r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return None  # nobody holds it
            except BlockingIOError:
                return json.load(lock)
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def env():
    instance = running()
    if not instance:
        return fail("no instance is running; start one with `./dev run`")
    variables = {**instance["environment"], FOLDER_VARIABLE: str(instance_folder())}
    for name, value in sorted(variables.items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def stop():
    instance = running()
    if not instance:
        print("partyline: no instance is running")
        return 0
    pidfd = os.pidfd_open(instance["pid"])
    signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    ready, _, _ = select.select([pidfd], [], [], 60)
    return 0 if ready else fail("the instance did not end within 60 s")


def main():
    args = arguments()
    return {"run": lambda: run(args), "env": env, "stop": stop}[args.command]()


if __name__ == "__main__":
    sys.exit(main())
