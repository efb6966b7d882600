"""Parts of a JSON schema, found by the keys and positions that lead to them."""

from typing import Any

_REFERENCE = "#/$defs/"


def find_node(schema: dict[str, Any], steps: tuple[str | int, ...]) -> dict[str, Any]:
    """The part of `schema` that describes the value at `steps`; empty where there is none."""
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
