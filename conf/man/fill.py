# SPDX-License-Identifier: MIT
"""Fill a man page: fill.py TEMPLATE OUTPUT [--schema NAME FILE] [--man NAME PROGRAM LIST]…

@NAME@ on a line of its own becomes the keys of a JSON schema, or a list that a program prints with `--man LIST`.
"""
import json
import subprocess
import sys


def escape(text):
    """Text inside of a line of mdoc."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def kind(schema):
    """What a value may be, in words."""
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    types = schema.get("type", "anything")
    words = types if isinstance(types, str) else " or ".join(types)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        words += f", {low} to {high}"
    elif low is not None:
        words += f", {low} or more"
    elif high is not None:
        words += f", {high} or less"
    if "items" in schema:
        words += f" of {kind(schema['items'])}"
        if "maxItems" in schema:
            words += f", at most {schema['maxItems']}"
    return words


def resolve(schema, root):
    """The schema that a $ref leads to, with what stands beside it."""
    while "$ref" in schema:
        target = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def sentences(text):
    """One sentence a line, as mdoc wants it."""
    return [escape(line) for line in text.replace(". ", ".\n").splitlines()]


def keys(schema, root, pointer=""):
    """Lines of mdoc for every key below, in the schema's order."""
    schema = resolve(schema, root)
    inner = dict(schema.get("properties", {}))
    inner.update({f"<{pattern}>": value for pattern, value in schema.get("patternProperties", {}).items()})
    if isinstance(schema.get("additionalProperties"), dict):
        inner["<name>"] = schema["additionalProperties"]
    if pointer:
        yield f".It Va {escape(pointer)}"
        yield from sentences(schema.get("description", ""))
        if not inner:
            text = kind(schema)
            if "default" in schema:
                text += f"; default {json.dumps(schema['default'])}"
            yield ".Pp"
            yield escape(text[0].upper() + text[1:] + ".")
    for name, value in inner.items():
        yield from keys(value, root, f"{pointer}/{name}")
    items = schema.get("items", {})
    if isinstance(items, dict) and "properties" in resolve(items, root):
        for name, value in resolve(items, root)["properties"].items():
            yield from keys(value, root, f"{pointer}/*/{name}")


def main():
    template, output, *rest = sys.argv[1:]
    parts = {}
    while rest:
        option, name, source, *rest = rest
        if option == "--schema":
            with open(source, encoding="utf-8") as file:
                schema = json.load(file)
            parts[f"@{name}@"] = "\n".join(keys(schema, schema)) + "\n"
        elif option == "--man":
            list_name, *rest = rest
            parts[f"@{name}@"] = subprocess.check_output([source, "--man", list_name], encoding="utf-8")
        else:
            sys.exit(f"fill.py: there is no {option}")
    with open(template, encoding="utf-8") as file:
        lines = file.readlines()
    with open(output, "w", encoding="utf-8") as file:
        file.writelines(parts.get(line.strip(), line) for line in lines)


if __name__ == "__main__":
    main()
