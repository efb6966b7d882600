"""The card's definition as a JSON schema: for editors (`data/sources/card.schema.json`), and for
messages that say what a key means and which keys there are.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from pipeline.ingest.cards.parts import SourceCard, get_class
from pipeline.ingest.tables import TABLES

FILE_NAME = "card.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=../{FILE_NAME}"
MEANINGS = Path(__file__).parents[1] / "card.yaml"


@cache
def make_schema(table: str | None) -> dict[str, Any]:
    """The schema of the cards of `table`, options and columns included; not to be changed.

    Without a table, the schema of what all cards have in common.
    """
    return _describe(get_class(table) if table else SourceCard, table)


def render() -> str:
    """The text of card.schema.json: columns and options follow from `table`."""
    whole = {"$schema": "http://json-schema.org/draft-07/schema#"} | _describe(SourceCard, None)
    whole["title"], whole["description"] = "Source card", "What a dataset is and how it is read."
    for table in TABLES:
        whole["$defs"] |= make_schema(table)["$defs"]
    whole["allOf"] = [_choose(table, whole) for table in TABLES]
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


@cache
def _read_meanings() -> dict[str, str]:
    return YAML(typ="safe", pure=True).load(MEANINGS)


def _describe(model: type[BaseModel], table: str | None) -> dict[str, Any]:
    """The schema of `model` with the meaning of each key, without titles that repeat the keys."""
    schema, meanings = model.model_json_schema(by_alias=True), _read_meanings()
    for name, part in [("SourceCard", schema), *schema.get("$defs", {}).items()]:
        part.pop("title", None)
        part["additionalProperties"] = False
        for key, node in part.get("properties", {}).items():
            node.pop("title", None)
            if table and name == f"{table}_columns":
                node["description"] = str(TABLES[table].columns[key].description)
                node.pop("default", None)
            else:
                node["description"] = meanings.get(f"{name}.{key}") or meanings[key]
    return schema


def _choose(table: str, whole: dict[str, Any]) -> dict[str, Any]:
    """If the card fills `table`, its columns and options are these."""
    schema = make_schema(table)
    then = {"properties": {key: schema["properties"][key] for key in ("columns", "options")}}
    added = [key for key in schema["required"] if key not in whole["required"]]
    return {
        "if": {"properties": {"table": {"const": table}}, "required": ["table"]},
        "then": then | ({"required": added} if added else {}),
    }
