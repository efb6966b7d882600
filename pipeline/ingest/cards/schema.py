"""The card's definition as a JSON schema: for editors (`data/sources/card.schema.json`), and for
messages that say what a key means and which keys there are.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from pipeline.ingest.cards.defaults import DESCRIBED
from pipeline.ingest.cards.parts import SourceCard, get_class
from pipeline.ingest.tables import TABLES

FILE_NAME = "card.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=../{FILE_NAME}"
MEANINGS = YAML(typ="safe", pure=True).load(Path(__file__).parents[1] / "card.yaml")


@cache
def make_schema(table: str | None) -> dict[str, Any]:
    """The schema of the cards of `table`, or of what all have in common; not to be changed."""
    return _describe(get_class(table) if table else SourceCard, table)


def render() -> str:
    """The text of card.schema.json: columns and options follow from `table`."""
    whole = {"$schema": "http://json-schema.org/draft-07/schema#"} | _describe(SourceCard, None)
    whole["title"], whole["description"] = "Source card", "What a dataset is and how it is read."
    whole["allOf"] = []
    for table in TABLES:
        schema = make_schema(table)
        whole["$defs"] |= schema["$defs"]
        then = {"properties": {key: schema["properties"][key] for key in ("columns", "options")}}
        added = [key for key in schema["required"] if key not in whole["required"]]
        known = {"properties": {"table": {"const": table}}, "required": ["table"]}
        whole["allOf"].append({"if": known, "then": then | ({"required": added} if added else {})})
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _describe(model: type[BaseModel], table: str | None) -> dict[str, Any]:
    """The schema of `model` with the meaning of each key, without titles that repeat the keys."""
    schema, meanings = model.model_json_schema(by_alias=True), MEANINGS
    schema["required"] = [key for key in schema["required"] if key not in DESCRIBED]
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
