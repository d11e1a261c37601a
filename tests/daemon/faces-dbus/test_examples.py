# SPDX-License-Identifier: MIT
"""The examples of conf/ are what the daemon and the schema take, and what the README says of them."""

import base64
import json
import pathlib

import pytest
from private_bus import PrivateBus
from rig.confs import SOURCE

EXAMPLES = sorted((SOURCE / "conf/examples").glob("*.json"))
SCHEMA = json.loads((SOURCE / "conf/partyline.schema.json").read_text(encoding="utf-8"))
SECRETS = {"mqtt.crt", "mqtt.key", "s3.key"}


def schema_keys(schema):
    """{member: schema} of an object, wherever the schema has it."""
    return schema.get("properties") or schema.get("items", {}).get("properties", {})


def unknown(value, schema, place=""):
    """Pointers of members that the schema does not have, and of values that it forbids."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in schema_keys(schema):
                yield from unknown(item, schema_keys(schema)[name], f"{place}/{name}")
            else:
                yield f"{place}/{name}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown(item, schema["items"], f"{place}/{index}")
    elif "enum" in schema and value not in schema["enum"]:
        yield place
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield place


def as_installed(path, folder):
    """The example with the files that it names in a folder of the test's own."""
    for number in range(1, 5):
        key = base64.b64encode(bytes([number]) * 44).decode()
        (folder / f"radio-{number}.key").write_text(key + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8").replace("/etc/partyline/", f"{folder}/"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_schema(path):
    assert list(unknown(json.loads(path.read_text(encoding="utf-8")), SCHEMA)) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_daemon_starts_with_it(path, tmp_path):
    config = as_installed(path, tmp_path)
    with PrivateBus(channels=4, tablets=16, config=config) as session:
        gateway = session.http("/api/gateway")
        assert [(s["id"], s["endpoint"], s["transmit"], s["way"]) for s in gateway["streams"]] == [
            (f"radio-{k}", f"tablet.{k}", "keyed", "both") for k in range(1, 5)]
        keys = [line for line in gateway["gpio"]["lines"] if line["function"] == "key"]
        assert [(k["line"], k["tablet"], k["channel"], k["active_low"]) for k in keys] == [
            ("GPIO20", 1, 1, True), ("GPIO21", 2, 2, True), ("GPIO23", 3, 3, True), ("GPIO24", 4, 4, True)]
        assert len(gateway["gpio"]["lines"]) == 8
        assert {page["kind"] for page in gateway["tones"]["pages"]} == {"two_tone", "long", "dtmf"}
        # Nobody is told before somebody has written where to.
        assert gateway["export"].get("mqtt") is None and gateway["export"].get("s3") is None
        assert session.ctl("reload").returncode == 0
        assert session.http("/api/gateway")["streams"][0]["origin"] == "config"
        table = session.ctl("gateway").stdout.splitlines()
        assert any(line.startswith("channel.1 ") and "station-7" in line for line in table)


def test_the_readme_names_what_there_is():
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES:
        assert f"/usr/share/partyline/examples/{path.name} " in text
        assert f"(conf/examples/{path.name})" in text


def test_no_example_has_a_secret():
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert '"key"' not in text and '"password"' not in text and '"secret_key"' not in text
        named = {pathlib.Path(word).name for word in text.split('"') if word.startswith("/etc/partyline/")}
        assert named <= SECRETS | {f"radio-{k}.key" for k in range(1, 5)}
