# SPDX-License-Identifier: MIT
"""The XML of dbus/ is what the bus introspects, and it documents every member."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from private_bus import CHANNEL, MANAGER, MATRIX, NAME, ROOT, TABLET, CallError, channel, tablet
from rig.confs import SOURCE

PATHS = {f"{NAME}.Access": ROOT, f"{NAME}.Gateway": ROOT, MANAGER: ROOT, MATRIX: ROOT, CHANNEL: channel(1), TABLET: tablet(1)}
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def xml_file(interface):
    return SOURCE / "dbus" / f"{interface}.xml"


def describe(element):
    """An interface element as a comparable value: everything but the order of members."""
    members = {}
    for member in element:
        if not isinstance(member.tag, str):
            continue
        annotations = {note.get("name"): note.get("value") for note in member.findall("annotation")}
        if member.tag == "property":
            # "true" is what no annotation means.
            annotations.setdefault(EMITS, "true")
        members[member.tag, member.get("name")] = {
            "arguments": [(arg.get("name"), arg.get("type"), arg.get("direction"))
                          for arg in member.findall("arg")],
            "type": member.get("type"),
            "access": member.get("access"),
            "annotations": annotations,
        }
    return members


def documented(interface):
    element = ElementTree.parse(xml_file(interface)).getroot().find("interface")
    assert element.get("name") == interface
    return describe(element)


def introspected(session, path):
    text = session.call(path, "org.freedesktop.DBus.Introspectable", "Introspect")
    root = ElementTree.fromstring(str(text))
    return {element.get("name"): describe(element) for element in root.findall("interface")}


@pytest.mark.parametrize("interface", PATHS)
def test_xml_is_what_the_bus_introspects(shared, interface):
    found = introspected(shared, PATHS[interface])[interface]
    assert documented(interface) == found


def test_nothing_is_on_the_bus_without_a_file(shared):
    files = {path.stem for path in (SOURCE / "dbus").glob("*.xml")}
    on_bus = {name for path in PATHS.values() for name in introspected(shared, path)
              if name.startswith(NAME)}
    assert files == on_bus


def test_xml_names_the_path_where_it_lives():
    for interface, path in PATHS.items():
        assert ElementTree.parse(xml_file(interface)).getroot().get("name") == path


@pytest.mark.parametrize("interface", PATHS)
def test_every_member_and_argument_is_documented(interface):
    text = xml_file(interface).read_text(encoding="utf-8")
    comments = re.findall(r"<!--(.*?)-->", text, re.S)
    headed = {comment.strip().split(":")[0]: comment for comment in comments}
    assert "@short_description:" in headed[interface]
    for (kind, member), facts in documented(interface).items():
        assert member in headed, f"{kind} {member} has no comment"
        assert headed[member].strip()[-1] != ":", f"{kind} {member} says nothing"
        for name, _, _ in facts["arguments"]:
            assert f"@{name}:" in headed[member], f"{member}: argument {name}"


@pytest.mark.parametrize("interface", PATHS)
def test_comments_are_about_members_that_exist(interface):
    text = xml_file(interface).read_text(encoding="utf-8")
    members = {name for _, name in documented(interface)} | {interface}
    for comment in re.findall(r"<!--(.*?)-->", text, re.S):
        head, colon, _ = comment.strip().partition(":")
        if colon and head != "SPDX-License-Identifier":
            assert head in members


def test_numbers_with_a_unit_say_it_in_their_name(shared):
    for interface, path in PATHS.items():
        for (kind, name), facts in introspected(shared, path)[interface].items():
            if kind == "property" and facts["type"] == "d":
                assert name.endswith(("Db", "Ms", "Seconds")), name
            for argument, signature, _ in facts["arguments"]:
                if "d" in signature and not signature.startswith("a("):
                    assert argument.endswith(("_db", "_ms", "safety")), (name, argument)


def test_objects(shared):
    managed = shared.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    expected = {tablet(i): TABLET for i in range(1, 5)} | {channel(i): CHANNEL for i in range(1, 4)}
    found = {str(path): [str(name) for name in interfaces if name.startswith(NAME)]
             for path, interfaces in managed.items() if path.startswith(f"{ROOT}/")}
    found = {path: names for path, names in found.items() if names}
    assert found == {path: [name] for path, name in expected.items()}


@pytest.mark.parametrize("path", ["tablet/0", "tablet/5", "tablet/01", "tablet/1x", "tablet/1/1",
                                  "tablet/99999999999", "tablet/4294967297", "channel/0",
                                  "channel/4"])
def test_no_object_beyond_the_size(shared, path):
    with pytest.raises(CallError) as caught:
        introspected(shared, f"{ROOT}/{path}")
    assert caught.value.name == "org.freedesktop.DBus.Error.UnknownObject"


@pytest.mark.parametrize("path", ["tablet", "channel"])
def test_folders_of_objects_have_no_members(shared, path):
    assert NAME not in str(introspected(shared, f"{ROOT}/{path}"))


def test_policy_and_activation_files(shared):
    policy = ElementTree.parse(SOURCE / "dbus" / f"{NAME}.conf").getroot()
    owners = {element.get("user") for element in policy.findall("policy")
              if element.find("allow[@own]") is not None}
    assert owners == {"root", "partyline"}
    assert policy.find("policy[@context='default']/allow[@own]") is None
    # On the system bus the machine's partyline.target starts the daemon, and nothing else does.
    assert "dbus-1/system-services" not in (SOURCE / "dbus/meson.build").read_text(encoding="utf-8")
    text = (shared.build / "dbus" / f"{NAME}.service").read_text(encoding="utf-8")
    assert f"Name={NAME}\n" in text and "SystemdService=partyline.service\n" in text
    assert "@" not in text
