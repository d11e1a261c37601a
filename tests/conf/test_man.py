# SPDX-License-Identifier: MIT
"""The man pages tell all that the programs, the configuration and the plugins have, and no more."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PARTYLINE_BUILD_DIR", ROOT / "build"))
MAN = ROOT / "conf/man"
PAGES = sorted([*MAN.glob("*.[1-8]"), *(BUILD / "conf/man" / page.stem for page in MAN.glob("*.[1-8].in"))])
PROGRAMS = {
    "partyline": BUILD / "daemon/partyline",
    "partylinectl": BUILD / "daemon/ctl/partylinectl",
    "partyline-simulate": BUILD / "daemon/simulate/partyline-simulate",
}
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[A-Za-z0-9](?=,))")

pytestmark = pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")


def page(name):
    """The text of a page as a terminal shows it, on very long lines."""
    path = next(path for path in PAGES if path.name.rpartition(".")[0] == name)
    shown = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", str(path)], check=True,
                           capture_output=True, text=True).stdout
    return re.sub(r".\x08", "", shown)


def tell(program, *arguments):
    return subprocess.run([PROGRAMS[program], *arguments], check=True, capture_output=True, text=True).stdout


def keys_h(prefix):
    """Strings of the contract's constants whose names begin so, without their %u."""
    text = (ROOT / "spa-plugins/include/partyline/keys.h").read_text(encoding="utf-8")
    found = re.findall(rf'^#define ({prefix}\w+) "([^"]+)"', text, re.M)
    assert found, prefix
    return [value.partition("%u")[0] for _, value in found]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_mandoc_has_nothing_to_say(path):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(path)], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_everything_installed_has_its_page():
    introspected = subprocess.run(["meson", "introspect", "--installed", str(BUILD)], check=True,
                                  capture_output=True, text=True).stdout
    installed = set(json.loads(introspected).values())
    pages = {re.sub(r"\.[1-8]$", "", pathlib.Path(path).name) for path in installed if "/man/man" in path}
    assert pages == {re.sub(r"\.[1-8]$", "", path.name) for path in PAGES}
    for path in map(pathlib.Path, installed):
        if path.parent.name in ("bin", "sbin") or path.suffix == ".so":
            assert path.stem in pages, path
            assert path.suffix or path.name in PROGRAMS, f"{path.name}: its --help is not compared"
    # Files that pages speak of are there, by their Debian names.
    names = {str(path).replace("/usr/local/", "/usr/") for path in installed}
    for path in PAGES:
        for name in re.findall(r"^\.(?:It )?Pa (/usr/share/\S+)", path.read_text(encoding="utf-8"), re.M):
            assert any(known == name or known.startswith(name + "/") for known in names), (path.name, name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_options_are_those_of_help(name):
    helped = tell(name, "--help")
    if name == "partylinectl":
        for command in commands():
            helped += tell(name, command, "--help")
    in_page, in_help = set(OPTION.findall(page(name))), set(OPTION.findall(helped))
    # The page speaks of other programs too, in examples.
    others = {"--user", "--now", "--check-config"} - in_help
    assert in_help - in_page == set()
    assert in_page - in_help - others == set()


def commands():
    text = tell("partylinectl", "--help")
    section = text[text.index("COMMANDS\n"):text.index("\n\n", text.index("COMMANDS\n"))]
    found = re.findall(r"^  ([a-z-]+) ", section, re.M)
    assert len(found) > 20
    return found


def test_commands_and_exit_codes_are_those_of_help():
    text = page("partylinectl")
    lines = [line.split()[0] for line in text.splitlines() if re.match(r"^ {5}[a-z]", line)]
    assert [name for name in lines if name in commands()] == commands()
    helped = tell("partylinectl", "--help")
    codes = re.findall(r"^  (\d+)  ", helped, re.M)
    assert codes and re.findall(r"^ {5}(\d+) ", text[text.index("EXIT STATUS"):], re.M) == codes
    for name in re.findall(r"[A-Z]+(?:_[A-Z]+)+", helped[helped.index("ENVIRONMENT"):helped.index("EXAMPLES")]):
        assert name in text


def test_exit_codes_of_the_daemon():
    helped, text = tell("partyline", "--help"), page("partyline")
    codes = re.findall(r"(?:^Exit code: |; )(\d+)(?= )", helped[helped.index("Exit code:"):].replace("\n", " "), re.M)
    assert codes and re.findall(r"^ {5}(\d+) ", text[text.index("EXIT STATUS"):], re.M) == codes


def pointers(schema, pointer=""):
    for name, value in schema.get("properties", {}).items():
        yield f"{pointer}/{name}"
        yield from pointers(value, f"{pointer}/{name}")


def test_keys_of_the_configuration():
    schema = json.loads((ROOT / "conf/partyline.schema.json").read_text(encoding="utf-8"))
    shown = re.findall(r"^ {5}(/\S+)", page("partyline.json"), re.M)
    for pointer in pointers(schema):
        assert pointer in shown


def test_arguments_of_the_module():
    text = (ROOT / "pipewire-module/args.h").read_text(encoding="utf-8")
    arguments = re.findall(r'^#define PL_ARG_\w+ "([^"]+)"', text, re.M)
    shown = page("libpipewire-module-partyline")
    assert len(arguments) >= 10
    for argument in arguments:
        assert re.search(rf"(^ {{5}}|, ){re.escape(argument)}(,| |$)", shown, re.M), argument
    for name in [*keys_h("PL_NODE_TABLET"), *keys_h("PL_NODE_CHANNEL")]:
        assert name in shown


def test_parameters_of_the_nodes():
    shown = page("libspa-partyline")
    for name in [*keys_h("PL_PARAM_"), *keys_h("PL_FACTORY_"), *keys_h("PL_PORT_")]:
        assert name in shown, name
    # Both ways: what the page names is in the contract.
    known = {*keys_h("PL_PARAM_"), *keys_h("PL_FACTORY_"), *keys_h("PL_KEY_")}
    for name in re.findall(r"partyline\.[a-z][a-z.-]*[a-z]", shown):
        assert name in known or any(name.startswith(key) for key in known if key.endswith(".")), name


def test_settings_of_the_policy():
    shown = page("partyline-wireplumber")
    for name in keys_h("PL_SETTING_"):
        assert f"     {name}" in shown, name
