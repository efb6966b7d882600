"""The options that a card of a table must give, each as TODO with its meaning."""

from typing import Any

from pipeline.ingest.cards.card import SourceCard
from pipeline.ingest.cards.schema import find_node, make_schema
from pipeline.ingest.cards.yaml_files import Steps
from pipeline.ingest.validate import NAMED_BY
from pipeline.new_dataset.readings import TODO
from pipeline.new_dataset.yaml_text import comment, quote

# Options that may be left as they are here.
PRESET = {"techniques": "{}"}


def render_options(table: str, names: dict[str, list[str]]) -> str:
    """The block `options:` of the card; `names` has the distinct cells of columns, by column."""
    schema = make_schema(SourceCard, table)
    lines = _render_fields(schema, ("options",), names)
    return "\n".join(["options:", *lines] if lines else ["options: {}"]) + "\n"


def _render_fields(schema: dict[str, Any], steps: Steps, names: dict[str, list[str]]) -> list[str]:
    """The required keys of the mapping at `steps`, in the order of its class."""
    node = _resolve(schema, steps)
    return [
        line
        for name in node.get("properties", {})
        if name in node.get("required", [])
        for line in _render_field(schema, (*steps, name), names)
    ]


def _render_field(schema: dict[str, Any], steps: Steps, names: dict[str, list[str]]) -> list[str]:
    name, node, indent = str(steps[-1]), _resolve(schema, steps), "  " * (len(steps) - 1)
    words = comment(find_node(schema, steps).get("description", ""))
    head, meaning = f"{indent}{name}:", f"  # {words}" if words else ""
    if name in PRESET:
        return [f"{head} {PRESET[name]}{meaning}"]
    if node.get("type") == "array":
        items = _render_fields(schema, (*steps, 0), names)
        if not items:
            return [f"{head} [{TODO}]{meaning}"]
        return [f"{head}{meaning}", f"{indent}  - {items[0].lstrip()}", *items[1:]]
    if "properties" in node:
        return [f"{head}{meaning}", *_render_fields(schema, steps, names)]
    if node.get("type") == "object":
        keys = names.get(NAMED_BY.get(name, ""), []) or [TODO]
        return [f"{head}{meaning}", *_render_entries(schema, steps, keys, names)]
    return [f"{head} {TODO}{meaning}"]


def _render_entries(
    schema: dict[str, Any], steps: Steps, keys: list[str], names: dict[str, list[str]]
) -> list[str]:
    """A mapping whose keys are names of the rows."""
    indent = "  " * len(steps)
    lines = []
    for key in keys:
        fields = _render_fields(schema, (*steps, key), names)
        lines += [f"{indent}{quote(key)}:" + ("" if fields else f" {TODO}"), *fields]
    return lines


def _resolve(schema: dict[str, Any], steps: Steps) -> dict[str, Any]:
    """The node at `steps` with its reference followed."""
    node = find_node(schema, steps)
    name = node.get("$ref", "").rpartition("/")[2]
    return dict(schema["$defs"][name]) if name else node
