# SPDX-License-Identifier: MIT
"""Holds answers against daemon/faces/http/openapi.json."""

import json
import pathlib

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCUMENT = json.loads((ROOT / "daemon/faces/http/openapi.json").read_text(encoding="utf-8"))


def validator(schema):
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema.Draft202012Validator(whole)


def check(schema, value):
    """schema: the name of a component, or a schema."""
    if isinstance(schema, str):
        schema = {"$ref": f"#/components/schemas/{schema}"}
    errors = [f"{list(e.path)}: {e.message}" for e in validator(schema).iter_errors(value)]
    assert not errors, errors


def answer_schema(method, path, status):
    operation = DOCUMENT["paths"][path][method.lower()]
    answer = operation["responses"][str(status)]
    if "$ref" in answer:
        answer = DOCUMENT["components"]["responses"][answer["$ref"].split("/")[-1]]
    return answer["content"]["application/json"]["schema"]
