"""The card's definition as a JSON schema: for editors (`data/sources/card.schema.json`), and for
messages that say what a key means and which keys there are.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from pipeline.ingest import tables
from pipeline.ingest.options import OPTIONS

FILE_NAME = "card.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=../{FILE_NAME}"
MEANINGS = Path(__file__).parents[1] / "card.yaml"
_REFERENCE = "#/$defs/"


@cache
def make_schema(card: type[BaseModel], table: str) -> dict[str, Any]:
    """The schema of the cards of `table`, options and columns included; not to be changed."""
    schema = _describe(card)
    options = _describe(OPTIONS[table])
    schema["$defs"] |= options.pop("$defs", {}) | {OPTIONS[table].__name__: options}
    schema["properties"] |= _parts_of_table(schema, table)
    if options.get("required"):
        schema["required"] = [*schema["required"], "options"]
    return schema


def render(card: type[BaseModel]) -> str:
    """The text of card.schema.json: columns and options follow from `table`."""
    schemas = {table: make_schema(card, table) for table in OPTIONS}
    whole = {"$schema": "http://json-schema.org/draft-07/schema#"} | _describe(card)
    whole["title"], whole["description"] = "Source card", "What a dataset is and how it is read."
    for schema in schemas.values():
        whole["$defs"] |= schema["$defs"]
    whole["allOf"] = [_choose(table, schema, whole) for table, schema in schemas.items()]
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def find_node(schema: dict[str, Any], steps: tuple[str | int, ...]) -> dict[str, Any]:
    """The part of `schema` that speaks of the value at `steps`; empty where there is none."""
    node: dict[str, Any] = schema
    for step in steps:
        node = next(
            (found for branch in _branches(schema, node) if (found := _step_into(branch, step))), {}
        )
    return node


def list_keys(schema: dict[str, Any], steps: tuple[str | int, ...]) -> list[str]:
    """The keys that a mapping at `steps` may have; none where they are free."""
    branches = _branches(schema, find_node(schema, steps))
    return [key for branch in branches for key in branch.get("properties", {})]


@cache
def _read_meanings() -> dict[str, str]:
    return YAML(typ="safe", pure=True).load(MEANINGS)


def _describe(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of `model` with the meaning of each key, without titles that repeat the keys."""
    schema = model.model_json_schema(by_alias=True)
    for name, part in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        part.pop("title", None)
        part["additionalProperties"] = False
        for key, node in part.get("properties", {}).items():
            node.pop("title", None)
            meanings = _read_meanings()
            node["description"] = meanings.get(f"{name}.{key}") or meanings[key]
    return schema


def _parts_of_table(schema: dict[str, Any], table: str) -> dict[str, Any]:
    """The properties that differ from table to table."""
    columns = {
        name: {"$ref": f"{_REFERENCE}ColumnSource", "description": f"{column.description}"}
        for name, column in tables.TABLES[table].columns.items()
        if name not in tables.FILLED_BY_INGEST
    }
    required = sorted(set(columns) - tables.JOINED_FROM_REGISTRY)
    words = {key: schema["properties"][key]["description"] for key in ("columns", "options")}
    return {
        "table": schema["properties"]["table"],
        "columns": {
            "type": "object",
            "description": words["columns"],
            "properties": columns,
            "required": required if table != "training_runs" else sorted(columns),
            "additionalProperties": False,
        },
        "options": {
            "$ref": f"{_REFERENCE}{OPTIONS[table].__name__}",
            "description": words["options"],
        },
    }


def _choose(table: str, schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """If the card fills `table`, its columns and options are these."""
    then = {"properties": {key: schema["properties"][key] for key in ("columns", "options")}}
    added = [key for key in schema["required"] if key not in whole["required"]]
    return {
        "if": {"properties": {"table": {"const": table}}, "required": ["table"]},
        "then": then | ({"required": added} if added else {}),
    }


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """`node` with references followed, and each of its alternatives."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix(_REFERENCE)] | {
            key: value for key, value in node.items() if key != "$ref"
        }
    return [node, *(part for each in node.get("anyOf", []) for part in _branches(schema, each))]


def _step_into(node: dict[str, Any], step: str | int) -> dict[str, Any] | None:
    if isinstance(step, int):
        return node.get("items")
    others = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    free = next((each for each in others if isinstance(each, dict)), None)
    return node.get("properties", {}).get(step) or free
