# SPDX-License-Identifier: MIT
"""Bare Debian machines to install packages on: a root, and a mirror with what the packages need.

Guests have no network: what they may install is fetched here, before they boot. Everything is kept in
~/.cache/partyline/boxes; Debian is asked again for what is newer, if it can be reached.
"""

import email.utils
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "partyline/boxes"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ARCHITECTURE = "dpkg --print-architecture"
#: What the Debian installer puts on a machine, as far as it matters here.
BARE = ("systemd", "systemd-sysv", "udev", "dbus", "libpam-systemd", "dbus-user-session", "procps")
#: Debian 12's PipeWire is too old: .ci/setup takes these sources from its backports.
BACKPORTED = re.search(r"^readonly backported='(.*)'$", (ROOT / ".ci/setup").read_text(), re.M).group(1)
KEPT_ROOTS = 4


def output(*argv, **options):
    return subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, text=True, **options).stdout


@functools.cache
def architecture():
    return output("dpkg", "--print-architecture").strip()


@functools.cache
def machine_codename():
    return re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M).group(1)


@functools.cache
def mirror_url():
    """The Debian mirror that this machine uses."""
    targets = output("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)",
                     "Created-By: Packages")
    for line in targets.splitlines():
        release, component, uri = line.split()
        if (release, component) == (machine_codename(), "main"):
            return uri
    return "http://deb.debian.org/debian"


def suites(codename):
    return [codename, f"{codename}-updates", *([f"{codename}-backports"] if codename == "bookworm" else [])]


def bare_root(codename, packages=BARE, backports=False):
    """Folder with a Debian of nothing but its essential parts and PACKAGES; never to be written to.

    Made by mmdebstrap, which wants root for it: a guest's files must belong to whom they belong to.
    """
    names = suites(codename) if backports else suites(codename)[:2]
    sources = "".join(f"deb [signed-by={KEYRING}] {mirror_url()} {name} main\n" for name in names)
    key = hashlib.sha256(f"{sources} {packages} {BACKPORTED} {architecture()} 1".encode()).hexdigest()[:12]
    root = CACHE / f"{codename}-{key}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{root.name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            assert os.geteuid() == 0, "a root of Debian can only be made by root"
            new = CACHE / f"{root.name}.new"
            shutil.rmtree(new, ignore_errors=True)
            pins = f"Package: {BACKPORTED}\\nPin: release n={codename}-backports\\nPin-Priority: 500\\n"
            hook = f"printf '{pins}' >\"$1/etc/apt/preferences.d/partyline-backports\"" if backports else "true"
            subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
                            f"--include={','.join(packages)}", f"--essential-hook={hook}",
                            codename, str(new), "-"], input=sources, text=True, check=True)
            new.rename(root)
            for old in sorted(CACHE.glob(f"{codename}-*[0-9a-f]"), key=os.path.getmtime)[:-KEPT_ROOTS]:
                shutil.rmtree(old, ignore_errors=True)
    return root


class Mirror:
    """A Debian mirror with nothing but what some packages need on a machine with ROOT.

    codename  of the Debian
    root      as of bare_root()
    folder    where it is made
    packages  files of packages, and names of Debian's
    names     of Debian's packages that are in it
    """

    def __init__(self, codename, root, folder, packages):
        self.codename = codename
        self.root = pathlib.Path(root)
        self.folder = pathlib.Path(folder)
        self.state = CACHE / f"apt-{codename}"
        for name in ("lists/partial", "archives/partial"):
            (self.state / name).mkdir(parents=True, exist_ok=True)
        with open(self.state / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._fetch(list(map(str, packages)))
        self._index()

    def _apt(self, *words):
        (self.state / "sources.list").write_text("".join(
            f"deb [signed-by={KEYRING}] {mirror_url()} {name} main\n" for name in suites(self.codename)))
        (self.state / "preferences").write_text(
            f"Package: {BACKPORTED}\nPin: release n={self.codename}-backports\nPin-Priority: 500\n")
        (self.state / "apt.conf").write_text(f"""\
Dir::Etc::sourcelist "{self.state}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "{self.state}/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "{self.state}/lists";
Dir::State::status "{self.root}/var/lib/dpkg/status";
Dir::Cache "{self.state}";
Dir::Cache::archives "{self.state}/archives";
APT::Sandbox::User "root";
Acquire::Languages "none";
""")
        return output("apt-get", *words, env={**os.environ, "APT_CONFIG": str(self.state / "apt.conf"),
                                              "LC_ALL": "C.UTF-8"})

    def _fetch(self, packages):
        try:
            self._apt("update", "-qq")
        except subprocess.CalledProcessError:
            pass  # without a network the lists of before are good enough
        self._apt("install", "-y", "-qq", "--download-only", *packages)
        plan = self._apt("install", "-s", *packages)
        self.names = []
        for name, version, origin in re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) (.*) \[\S+\]\)", plan, re.M):
            if "Debian" not in origin:
                continue  # one of our own
            self.names.append(name)
            suite = f"{self.codename}-backports" if "backports" in origin else self.codename
            (self.folder / suite).mkdir(parents=True, exist_ok=True)
            escaped = version.replace(":", "%3a")
            found = [*self.state.glob(f"archives/{name}_{escaped}_*.deb")]
            assert len(found) == 1, (name, version, found)
            shutil.copyfile(found[0], self.folder / suite / found[0].name)

    def _index(self):
        for name in suites(self.codename):
            pool = self.folder / name
            pool.mkdir(parents=True, exist_ok=True)
            index = self.folder / f"dists/{name}/main/binary-{architecture()}"
            index.mkdir(parents=True)
            packages = output("dpkg-scanpackages", "--multiversion", name, cwd=self.folder,
                              stderr=subprocess.DEVNULL)
            (index / "Packages").write_text(packages)
            digest = hashlib.sha256(packages.encode()).hexdigest()
            (self.folder / f"dists/{name}/Release").write_text(
                f"Origin: Debian\nDate: {email.utils.formatdate(usegmt=True)}\nSuite: {name}\nCodename: {name}\nArchitectures: {architecture()}\n"
                f"Components: main\nSHA256:\n {digest} {len(packages.encode())} "
                f"main/binary-{architecture()}/Packages\n")

    def setup(self, url):
        """Shell lines that make the mirror, seen at URL, the one of a guest. It is not signed."""
        return "\n".join([
            "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*",
            *(f"echo 'deb {url} {name} main' >>/etc/apt/sources.list" for name in suites(self.codename)[:2]),
            "echo 'Acquire::AllowInsecureRepositories \"1\"; APT::Get::AllowUnauthenticated \"1\";' "
            ">/etc/apt/apt.conf.d/99unsigned",
            "export DEBIAN_FRONTEND=noninteractive",
            ""])


def export_tree(folder):
    """A clone as a release has it: the project's files, without git's."""
    names = output("git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard")
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def repack(package, folder, version):
    """The same package as another VERSION, in FOLDER; so are ours that it needs."""
    work = folder / "work"
    subprocess.run(["dpkg-deb", "-R", str(package), str(work)], check=True)
    control = work / "DEBIAN/control"
    text = control.read_text()
    old = re.search(r"^Version: (.*)$", text, re.M).group(1)
    text = re.sub(r"^Version: .*$", f"Version: {version}", text, flags=re.M)
    control.write_text(text.replace(f"(= {old})", f"(= {version})"))
    name = package.name.replace(f"_{old}_", f"_{version}_")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(work), str(folder / name)], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(work)
    return folder / name
