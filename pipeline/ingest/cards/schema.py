"""The card's definition as a JSON schema: for editors (`data/sources/card.schema.json`), and for
messages that say what a key means and which keys there are.
"""

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from models.options import OPTIONS
from pipeline.ingest import tables

FILE_NAME = "card.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=../{FILE_NAME}"
_REFERENCE = "#/$defs/"
# Meaning of the options whose names were thought to speak for themselves, by class and field.
OPTION_WORDS = {
    ("AccuracyOptions", "benchmarks"): "benchmark as named in the rows: its facts",
    ("Benchmark", "label"): "name of the benchmark on the page",
    ("BenchmarkFacts", "label"): "name of the benchmark on the page",
    ("Comparison", "benchmark"): "a benchmark of `benchmarks`",
    ("Comparison", "earlier"): "the row the step starts from",
    ("Comparison", "id"): "benchmark-earlier-later: three parts of a-z, 0-9, _, joined by hyphens",
    ("Comparison", "label"): "name of the step on the page",
    ("Comparison", "later"): "the row the step ends at",
    ("ComputeError", "confident"): "of reported figures, in decades",
    ("ComputeError", "likely"): "of likely figures, in decades",
    ("ComputeError", "speculative"): "of speculative figures, in decades",
    ("LeaderboardOptions", "allocation_reason"): "why that is the right choice of allocation",
    ("LeaderboardOptions", "comparisons"): "steps whose progress is split",
    ("LeaderboardOptions", "compute_error_decades"): (
        "standard deviation of log10 of a compute figure, by confidence class"
    ),
    ("LeaderboardOptions", "compute_error_reason"): "where those standard deviations come from",
    ("LeaderboardOptions", "headline_comparison"): "id of the comparison the page puts first",
    ("LeaderboardOptions", "techniques"): "technique tag: which rows carry it",
    ("LossOptions", "benchmarks"): "benchmark as named in the rows: its facts",
    ("Side", "method"): "a method of the rows",
    ("Side", "model"): "a model of the rows",
    ("Technique", "definition"): "what counts as the technique",
    ("Technique", "label"): "name of the technique on the page",
    ("Technique", "methods"): "methods whose rows carry the tag",
    ("Technique", "models"): "models whose rows carry the tag",
}


class _Plain(GenerateJsonSchema):
    """Without the titles that repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 pydantic's signature
        """Never: editors show the key itself."""
        return False


@cache
def make_schema(card: type[BaseModel], table: str) -> dict[str, Any]:
    """The schema of the cards of `table`, options and columns included; not to be changed."""
    schema = _describe(card)
    options = _describe(OPTIONS[table])
    schema["$defs"] |= options.pop("$defs", {}) | {OPTIONS[table].__name__: options}
    _add_option_words(schema["$defs"])
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


def _describe(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    _drop_titles([schema, *schema.get("$defs", {}).values()])
    return schema


def _drop_titles(schemas: list[dict[str, Any]]) -> None:
    for schema in schemas:
        schema.pop("title", None)


def _parts_of_table(schema: dict[str, Any], table: str) -> dict[str, Any]:
    """The properties that differ from table to table."""
    columns = {
        name: {"$ref": f"{_REFERENCE}ColumnSource", "description": f"{column.description}"}
        for name, column in tables.TABLES[table].to_schema().columns.items()
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


def _add_option_words(definitions: dict[str, dict[str, Any]]) -> None:
    for (name, field), words in OPTION_WORDS.items():
        for owner in _heirs(name):
            node = definitions.get(owner, {}).get("properties", {}).get(field)
            if node is not None:
                node.setdefault("description", words)


def _heirs(name: str) -> tuple[str, ...]:
    """The classes of options that have the fields of `name`."""
    leaderboards = ("AccuracyOptions", "LossOptions")
    return leaderboards if name == "LeaderboardOptions" else (name,)


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
