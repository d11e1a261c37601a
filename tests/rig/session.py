# SPDX-License-Identifier: MIT
"""One private instance, from the bus to the simulator."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from . import confs
from .graph import Graph
from .process import GUARD_SECONDS, Process, RigError
from .watch import wait_for_path


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# What leads to a server, bus and state: of the caller when his session is used.
HOST_VARIABLES = (
    "XDG_RUNTIME_DIR",
    "PIPEWIRE_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DBUS_SYSTEM_BUS_ADDRESS",
    "PULSE_SERVER",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
)


class Session:
    """A private PipeWire with Partyline in it.

    build_dir   Meson's build folder; None: what the system has installed
    tablets, channels
    module      "server": loaded by PipeWire itself; "shipped": likewise by the drop-in in conf/ as
                it is; "process": in a process of its own; None: not at all
    module_args more arguments of the module, {name: text as in a .conf file}
    profile     WirePlumber's profile: main, main-systemwide, main-embedded; None: no WirePlumber
    pulse       also pipewire-pulse
    daemon      also the daemon `partyline`, on http_port (None: a free one)
    daemon_args more arguments of the daemon
    config      more keys of the daemon's configuration file
    simulate    also simulated tablets
    host_session  no PipeWire of our own: join the one that the caller's variables lead to, with the
                module in a process and a WirePlumber that only links Partyline's devices
    quantum, min_quantum, max_quantum, rate   of the graph, samples and Hz
    drop_ins    folder with pipewire.conf.d and wireplumber.conf.d whose files are used as well
    folder      keep everything here instead of in a temporary folder that stop() removes
    """

    def __init__(
        self,
        build_dir=None,
        *,
        tablets=16,
        channels=4,
        module="server",
        module_args=None,
        profile="main",
        pulse=False,
        daemon=False,
        daemon_args=(),
        config=None,
        simulate=False,
        host_session=False,
        http_port=None,
        quantum=256,
        min_quantum=16,
        max_quantum=8192,
        rate=48000,
        drop_ins=None,
        folder=None,
    ):
        if build_dir is None:
            build_dir = os.environ.get("PARTYLINE_BUILD_DIR")
        self.build = pathlib.Path(build_dir).resolve() if build_dir else None
        self.tablets = tablets
        self.channels = channels
        self.module = module
        self.module_args = module_args
        self.profile = profile
        self.pulse = pulse
        self.daemon = daemon
        self.daemon_args = list(daemon_args)
        self.config = dict(config or {})
        self.simulate = simulate
        self.host_session = host_session
        self.http_port = http_port
        self.quantum = quantum
        self.min_quantum = min_quantum
        self.max_quantum = max_quantum
        self.rate = rate
        self.drop_ins = drop_ins
        self.processes = {}
        self._keep = folder is not None
        self._folder_wish = folder
        self.folder = None
        self.env = None

    # --- life ------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Bring everything up; returns when it is ready for use. Undone on any error."""
        try:
            self._prepare()
            if not self.host_session:
                self.start_bus()
                self.start_pipewire()
            if self.module == "process":
                self.start_module_process()
            if self.profile:
                self.start_wireplumber()
            if self.pulse:
                self.start_pulse()
            if self.module and self.profile:
                self.wait_ready()
            if self.daemon:
                self.start_daemon()
            if self.simulate:
                self.start_simulator()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """End what is left, newest first. Safe at any time, any number of times."""
        for process in reversed(list(self.processes.values())):
            process.stop()
        self.processes.clear()
        if self.folder and not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def _prepare(self):
        if self._folder_wish is None:
            # Short: the path of a Unix socket has 107 bytes at the most.
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pl-", dir="/tmp"))
        else:
            self.folder = pathlib.Path(self._folder_wish)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("run", "log", "pipewire", "wireplumber"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        (self.folder / "log").mkdir()
        for name in ("state", "cache", "config", "data"):
            (self.folder / name).mkdir(exist_ok=True)
        in_server = self.module == "server"
        args = confs.module_args(self.tablets, self.channels, self._module_args())
        confs.write_pipewire(
            self.folder / "pipewire",
            rate=self.rate,
            quantum=self.quantum,
            min_quantum=self.min_quantum,
            max_quantum=self.max_quantum,
            remote="pipewire-0",
            args=args if in_server else None,
            shipped=self.module == "shipped",
        )
        self._wireplumber_config = confs.write_wireplumber(self.folder / "wireplumber")
        if self.drop_ins:
            confs.add_drop_ins(pathlib.Path(self.drop_ins), self.folder)
        if self.http_port is None and self.daemon:
            self.http_port = free_port()
        self.env = {**os.environ, **self.environment()}
        if not self.host_session:
            for name in ("PIPEWIRE_REMOTE", "PIPEWIRE_CORE", "PULSE_RUNTIME_PATH", "PULSE_COOKIE"):
                self.env.pop(name, None)

    def _module_args(self):
        """The matrix asks for the session's quantum, whatever players ask for."""
        latency = f"{{ node.latency = {self.quantum}/{self.rate} }}"
        return {"matrix.props": latency, **(self.module_args or {})}

    def environment(self):
        """The variables that lead a program to this instance."""
        bus = f"unix:path={self.runtime}/bus"
        out = {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PIPEWIRE_RUNTIME_DIR": str(self.runtime),
            "DBUS_SESSION_BUS_ADDRESS": bus,
            # Nothing of a private instance may reach the machine's own bus.
            "DBUS_SYSTEM_BUS_ADDRESS": bus,
            "PULSE_SERVER": f"unix:{self.runtime}/pulse/native",
            "PIPEWIRE_CONFIG_DIR": str(self.folder / "pipewire"),
            "WIREPLUMBER_CONFIG_DIR": self._wireplumber_config,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "PARTYLINE_CONFIG": str(self.folder / "partyline.json"),
            **confs.plugin_environment(self.build),
            "PATH": confs.search_path(self.build),
        }
        if self.host_session:
            for name in HOST_VARIABLES:
                out.pop(name)
                if name in os.environ:
                    out[name] = os.environ[name]
        if self.http_port:
            out["PARTYLINE_HTTP_PORT"] = str(self.http_port)
            out["PARTYLINE_URL"] = f"http://127.0.0.1:{self.http_port}"
        return out

    # --- processes -------------------------------------------------------

    def spawn(self, name, argv, env=None, **popen):
        """Start a process that stop() will end; its log is log/NAME.log."""
        process = Process(
            name, argv, {**self.env, **(env or {})}, self.folder / "log" / f"{name}.log", **popen
        )
        self.processes[name] = process
        return process

    def _with_runtime(self, env=None):
        """Environment of a foreign program that loads a library of ours."""
        env = dict(env or {})
        preload = confs.sanitizer_preload(self.build)
        if preload:
            env["LD_PRELOAD"] = preload
            options = os.environ.get("ASAN_OPTIONS", "")
            env["ASAN_OPTIONS"] = f"{options}:detect_leaks=0".lstrip(":")
        return env

    def start_bus(self):
        path = self.runtime / "bus"
        conf = self.folder / "dbus.conf"
        conf.write_text(confs.DBUS_CONF.format(path=path))
        reader, writer = os.pipe()
        try:
            process = self.spawn(
                "dbus-daemon",
                [
                    "dbus-daemon",
                    f"--config-file={conf}",
                    "--nofork",
                    "--nopidfile",
                    f"--print-address={writer}",
                ],
                pass_fds=(writer,),
            )
        finally:
            os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as source:
            if not source.readline():
                process.wait()
                process.check_alive()
        return process

    def start_pipewire(self):
        """Start the server, also again after it was killed."""
        # A killed server leaves its sockets, which would look like the new one's.
        for name in ("pipewire-0", "pipewire-0-manager"):
            (self.runtime / name).unlink(missing_ok=True)
        process = self.spawn("pipewire", ["pipewire"], env=self._with_runtime())
        wait_for_path(str(self.runtime / "pipewire-0-manager"), process)
        return process

    def start_module_process(self):
        """Partyline outside of the server, by conf/partyline.conf."""
        conf = self.folder / "pipewire" / "partyline.conf"
        if not conf.exists():
            conf.symlink_to(confs.SOURCE / "conf/partyline.conf")
            drop_ins = self.folder / "pipewire" / "partyline.conf.d"
            drop_ins.mkdir()
            # The shipped file takes its size from these properties.
            size = f"partyline.tablets = {self.tablets} partyline.channels = {self.channels}"
            (drop_ins / "10-rig.conf").write_text(
                f"context.properties = {{ {size} module.rt = false }}\n"
            )
        return self.spawn(
            "partyline-nodes", ["pipewire", "-c", "partyline.conf"], env=self._with_runtime()
        )

    def start_wireplumber(self):
        profile = "partyline" if self.host_session else self.profile
        return self.spawn("wireplumber", ["wireplumber", "-p", profile])

    def start_pulse(self):
        (self.runtime / "pulse").mkdir(exist_ok=True)
        (self.runtime / "pulse/native").unlink(missing_ok=True)
        process = self.spawn("pipewire-pulse", ["pipewire-pulse"])
        wait_for_path(str(self.runtime / "pulse/native"), process)
        return process

    def write_config(self):
        """The daemon's configuration file."""
        config = {
            "tablets": self.tablets,
            "channels": self.channels,
            "state_directory": str(self.folder / "state/partyline"),
            "runtime_directory": str(self.runtime / "partyline"),
            # Many sessions run at the same time.
            "listen": {"port": 0},
            **self.config,
            "http": {
                "address": "127.0.0.1",
                "port": self.http_port,
                **self.config.get("http", {}),
            },
        }
        (self.folder / "partyline.json").write_text(json.dumps(config, indent=2) + "\n")

    def start_daemon(self):
        """Start `partyline` and wait for its READY=1."""
        if not (self.folder / "partyline.json").exists():
            self.write_config()
        program = confs.find_program(self.build, "partyline")
        if not program:
            raise RigError("the program partyline is neither in the build nor installed")
        path = str(self.runtime / "notify")
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(0.5)
            process = self.spawn(
                "partyline", [program, *self.daemon_args], env={"NOTIFY_SOCKET": path}
            )
            for _ in range(int(GUARD_SECONDS / 0.5)):
                try:
                    if b"READY=1" in notify.recv(4096).split(b"\n"):
                        return process
                except socket.timeout:
                    process.check_alive()
        raise RigError(f"partyline did not become ready; its log:\n{process.log_text()[-4000:]}")

    def start_simulator(self):
        program = confs.find_program(self.build, "partyline-simulate")
        if not program:
            raise RigError("the program partyline-simulate is neither in the build nor installed")
        return self.spawn("partyline-simulate", [program, "--tablets", str(self.tablets)])

    def _check_alive(self):
        for process in self.processes.values():
            process.check_alive()

    # --- use -------------------------------------------------------------

    def graph(self):
        """A live view of the graph; close it, or use it as a context."""
        return Graph(self.env)

    def wait_ready(self, seconds=GUARD_SECONDS):
        """Wait until the matrix, its devices and all links of the policy are there."""
        with self.graph() as graph:
            try:
                graph.wait_for(
                    lambda g: g.is_complete(self.tablets, self.channels),
                    "devices and links",
                    seconds,
                    self._check_alive,
                )
            except RigError as error:
                logs = "\n".join(
                    f"--- {process.name}\n{process.log_text()[-2000:]}"
                    for process in self.processes.values()
                )
                with graph.lock:
                    n_links = len(graph.partyline_links())
                    n_nodes = len(graph.of_type("Node"))
                raise RigError(f"{error}: {n_nodes} nodes, {n_links} links\n{logs}") from None

    def run(self, argv, **kwargs):
        """subprocess.run inside of this instance; output is captured text unless told otherwise."""
        kwargs.setdefault("timeout", GUARD_SECONDS)
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        if "stdout" not in kwargs and "stderr" not in kwargs:
            kwargs.setdefault("capture_output", True)
        kwargs.setdefault("text", True)
        env = {**self.env, **kwargs.pop("env", {})}
        return subprocess.run([str(word) for word in argv], env=env, check=False, **kwargs)

    def check(self, argv, **kwargs):
        """run(), and RigError unless it ends with 0; its standard output."""
        done = self.run(argv, **kwargs)
        if done.returncode != 0:
            raise RigError(f"{argv} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def log_text(self, name):
        """What the process of that name has written."""
        path = self.folder / "log" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
