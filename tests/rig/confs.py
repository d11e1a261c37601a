# SPDX-License-Identifier: MIT
"""Writes the configuration folders of one session and finds what the build made."""

import json
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PIPEWIRE_DATA = pathlib.Path("/usr/share/pipewire")
WIREPLUMBER_DATA = pathlib.Path("/usr/share/wireplumber")

# A server without hardware, real-time rights, D-Bus or a virtual machine's large minimum quantum.
PIPEWIRE_CONF = """\
context.properties = {{
    core.daemon = true
    core.name = {remote}
    log.level = 2
    mem.warn-mlock = false
    link.max-buffers = 16
    default.clock.rate = {rate}
    default.clock.allowed-rates = [ {rate} ]
    default.clock.quantum = {quantum}
    default.clock.min-quantum = {min_quantum}
    default.clock.max-quantum = {max_quantum}
    support.dbus = false
}}
context.spa-libs = {{
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}}
context.modules = [
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-profiler }}
    {{ name = libpipewire-module-metadata }}
    {{ name = libpipewire-module-spa-device-factory }}
    {{ name = libpipewire-module-spa-node-factory }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-client-device }}
    {{ name = libpipewire-module-access }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-link-factory }}
    {{ name = libpipewire-module-session-manager }}
]
context.objects = [
    {{ factory = spa-node-factory
        args = {{
            factory.name = support.node.driver
            node.name = Dummy-Driver
            node.group = pipewire.dummy
            node.sync-group = sync.dummy
            priority.driver = 200000
        }}
    }}
    {{ factory = spa-node-factory
        args = {{
            factory.name = support.node.driver
            node.name = Freewheel-Driver
            priority.driver = 190000
            node.group = pipewire.freewheel
            node.sync-group = sync.dummy
            node.freewheel = true
        }}
    }}
]
"""

# The same component as the shipped drop-in loads, with this session's size.
MODULE_CONF = """\
context.spa-libs = {{
    partyline.* = partyline/libspa-partyline
}}
context.modules = [
    {{ name = libpipewire-module-partyline
        args = {{ {args} }}
        flags = [ nofail ]
    }}
]
"""

# Nothing of this machine's hardware belongs to a private session.
WIREPLUMBER_CONF = """\
wireplumber.profiles = {
  main = {
    hardware.audio = disabled
    hardware.bluetooth = disabled
    hardware.video-capture = disabled
    support.logind = disabled
    support.reserve-device = disabled
    support.portal-permissionstore = disabled
    script.client.access-portal = disabled
  }
}
"""

DBUS_CONF = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def multiarch():
    """The folder of the system's own plugins, for example /usr/lib/x86_64-linux-gnu."""
    for folder in sorted(pathlib.Path("/usr/lib").glob("*-linux-gnu*")):
        if (folder / "pipewire-0.3").is_dir():
            return folder
    return pathlib.Path("/usr/lib")


def join(*folders):
    return ":".join(str(folder) for folder in folders)


def plugin_environment(build):
    """Where libpipewire, WirePlumber and ALSA find what BUILD made; these lists replace defaults."""
    system = multiarch()
    env = {
        "SPA_PLUGIN_DIR": join(system / "spa-0.2"),
        "PIPEWIRE_MODULE_DIR": join(system / "pipewire-0.3"),
        "WIREPLUMBER_DATA_DIR": join(SOURCE / "policy", WIREPLUMBER_DATA),
    }
    if build:
        env["SPA_PLUGIN_DIR"] = join(build / "spa-plugins", env["SPA_PLUGIN_DIR"])
        env["PIPEWIRE_MODULE_DIR"] = join(build / "pipewire-module", env["PIPEWIRE_MODULE_DIR"])
    alsa = SOURCE / "conf/alsa/60-partyline.conf"
    if alsa.exists():
        env["ALSA_CONFIG_PATH"] = join("/usr/share/alsa/alsa.conf", alsa)
    return env


def sanitizer_preload(build):
    """Programs built without a sanitizer need its runtime first when they load our libraries."""
    options = build / "meson-info/intro-buildoptions.json" if build else None
    if not options or not options.exists():
        return ""
    values = {item["name"]: item["value"] for item in json.loads(options.read_text())}
    kinds = str(values.get("b_sanitize", ""))
    name = "libasan.so" if "address" in kinds else "libtsan.so" if "thread" in kinds else ""
    if not name:
        return ""
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True)
    return os.path.realpath(found.stdout.strip()) if found.returncode == 0 else ""


def module_args(tablets, channels, extra):
    pairs = {"tablets": tablets, "channels": channels, **(extra or {})}
    return " ".join(f"{key} = {value}" for key, value in pairs.items())


def write_pipewire(folder, *, rate, quantum, min_quantum, max_quantum, remote, args, shipped):
    """PIPEWIRE_CONFIG_DIR of a session: only what is in it is read, nothing of this machine."""
    folder.mkdir()
    for name in ("client.conf", "jack.conf", "pipewire-pulse.conf"):
        if (PIPEWIRE_DATA / name).exists():
            (folder / name).symlink_to(PIPEWIRE_DATA / name)
    # Real-time rights are not ours to ask for.
    for name in ("client.conf.d", "jack.conf.d", "pipewire-pulse.conf.d"):
        (folder / name).mkdir()
        (folder / name / "10-rig.conf").write_text(
            "context.properties = { module.rt = false mem.warn-mlock = false }\n"
        )
    (folder / "pipewire.conf").write_text(
        PIPEWIRE_CONF.format(
            rate=rate,
            quantum=quantum,
            min_quantum=min_quantum,
            max_quantum=max_quantum,
            remote=remote,
        )
    )
    drop_ins = folder / "pipewire.conf.d"
    drop_ins.mkdir()
    if shipped:
        source = SOURCE / "conf/pipewire.conf.d/50-partyline.conf"
        (drop_ins / source.name).symlink_to(source)
    elif args is not None:
        (drop_ins / "50-partyline.conf").write_text(MODULE_CONF.format(args=args))


def write_wireplumber(folder):
    """First entry of WIREPLUMBER_CONFIG_DIR; ours and the system's follow."""
    drop_ins = folder / "wireplumber.conf.d"
    drop_ins.mkdir(parents=True)
    (drop_ins / "10-rig.conf").write_text(WIREPLUMBER_CONF)
    return join(folder, SOURCE / "conf/wireplumber", WIREPLUMBER_DATA)


def search_path(build):
    """PATH with the build's own programs before the system's."""
    folders = os.environ.get("PATH", os.defpath).split(":")
    if build:
        own = [str(build / "daemon"), str(build / "daemon/ctl"), str(build / "daemon/simulate")]
        folders = own + [folder for folder in folders if folder not in own]
    return ":".join(folders)


def add_drop_ins(source, folder):
    """Files of SOURCE/{pipewire,wireplumber}.conf.d, as they are."""
    for name in ("pipewire", "wireplumber"):
        for path in sorted((source / f"{name}.conf.d").glob("*.conf")):
            (folder / name / f"{name}.conf.d" / path.name).symlink_to(path.resolve())


def find_program(build, name):
    """A program of the build, or of the system."""
    if build:
        for path in sorted(build.glob(f"daemon/**/{name}")):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        path = pathlib.Path(folder) / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None
