"""What is wrong with a card, in words that help: the line, what was expected, what the key
means and which one was probably meant.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rapidfuzz import process
from ruamel.yaml import YAML

from pipeline.core.failures import Failure
from pipeline.ingest.cards.yaml_files import Fault, Steps, find_line, name_place, shorten, walk
from pipeline.ingest.tables import FILLED_BY_INGEST, JOINED_FROM_REGISTRY, TABLES

PLACEHOLDER = re.compile(r"\b(TODO|TBD|FIXME|XXX)\b|^\s*(todo|tbd|\?+|\.{3})\s*$")
# Keys whose own keys are columns or cells of records.csv: they may have any name.
OF_RECORDS = {"ignored", "values", "rows"}
NEAR = 60  # of 100: rapidfuzz's likeness of two names, above which one is proposed for the other
EMPTY_PATTERN = r"\S"  # the pattern of text that may not be empty
# Pydantic's types of error in plain words.
RULES: dict[str, str] = YAML(typ="safe", pure=True).load(Path(__file__).with_name("rules.yaml"))


def from_pydantic(
    error: ValidationError, path: Path, tree: Any, schema: dict[str, Any]
) -> list[Failure]:
    """One failure for each place of a file, read as `tree`, at which `error` finds fault.

    `schema` says what its keys mean. A validator's ValueError (rule, remedy, further steps) says
    itself what is wrong there.
    """
    found: dict[Steps, list[dict[str, Any]]] = {}
    for detail in map(dict, error.errors(include_url=False)):
        found.setdefault(_place(tree, detail), []).append(detail)
    faults = [_describe(tree, schema, steps, details) for steps, details in found.items()]
    return [make_fault(path, tree, *fault) for fault in faults]


def find_unfilled(path: Path, tree: Any, schema: dict[str, Any]) -> list[Failure]:
    """A failure for each key or value that still holds TODO or the like, or is a blank option."""
    faults = []
    for steps, value in walk(tree):
        key = "" if len(steps) > 1 and steps[-2] in OF_RECORDS else steps[-1]
        left = [x for x in (key, value) if isinstance(x, str) and PLACEHOLDER.search(x)]
        is_blank = steps[0] == "options" and isinstance(value, str) and not value.strip()
        if left or is_blank:
            rule, shown = ("still to be filled in", left[0]) if left else ("is empty", "")
            remedy = _explain(schema, steps)
            if steps[0] == "columns":
                remedy += ": write {from: a column of the file} or {constant: a value}"
            faults.append(make_fault(path, tree, steps, rule, remedy, shown))
    return faults


def make_fault(
    path: Path, tree: Any, steps: Steps, rule: str, remedy: str, value: Any = ""
) -> Failure:
    """A failure at the line of `steps`, or of the nearest thing around it that has one."""
    shown = "" if value is None or isinstance(value, dict | list) else shorten(value)
    return Failure(str(path), find_line(tree, steps), name_place(steps), shown, rule, remedy)


def suggest(name: str, choices: Iterable[str], otherwise: str) -> str:
    """A question that names the nearest of `choices`, then `otherwise`."""
    near = process.extract(name, list(choices), limit=2, score_cutoff=NEAR)
    meant = " or ".join(repr(match[0]) for match in near)
    return f"did you mean {meant}? {otherwise}" if meant else otherwise


def list_words(words: Iterable[str]) -> str:
    """The words, quoted and joined by commas."""
    return ", ".join(repr(word) for word in words)


def _place(tree: Any, detail: dict[str, Any]) -> Steps:
    """The steps that the tree has, without pydantic's names for the members of a union."""
    *before, last = (*detail["loc"], *_read_words(detail)[2:]) or ("",)
    is_missing, found = detail["type"] == "missing", list[str | int]()
    for step in before if is_missing else (*before, last):
        is_key = isinstance(tree, dict) and step in tree
        if is_key or (isinstance(tree, list) and isinstance(step, int)):
            found, tree = [*found, step], tree[step]
    return (*found, last) if is_missing else tuple(found)


def _read_words(detail: dict[str, Any]) -> tuple[Any, ...]:
    """What a validator's own error says: rule, and where it has them remedy and further steps."""
    error = detail.get("ctx", {}).get("error")
    return error.args if isinstance(error, ValueError) else ()


def _describe(
    tree: Any, schema: dict[str, Any], steps: Steps, details: list[dict[str, Any]]
) -> Fault:
    """Steps, rule, remedy and value of what is wrong at one place."""
    kind, words = details[0]["type"], _read_words(details[0])
    value = "" if kind == "missing" else reduce(getitem, steps, tree)
    if steps[:-1] == ("columns",) and kind in ("missing", "extra_forbidden"):
        return steps, *_describe_column(tree, schema, str(steps[1])), value
    rules = dict.fromkeys(_say_rule(detail) for detail in details)
    rule = "must be " + " or ".join(rule.removeprefix("must be ") for rule in rules)
    if len(rules) == 1 or not all(each.startswith("must be ") for each in rules):
        rule = " or ".join(rules)
    remedy = words[1] if len(words) > 1 else _say_remedy(schema, steps, kind, value)
    return steps, rule, remedy, value


def _describe_column(tree: Any, schema: dict[str, Any], name: str) -> tuple[str, str]:
    """Rule and remedy of a column that is not mapped, or that the card may not map."""
    table, joins_runs = tree["table"], tree.get("runs") == "registry"
    wanted = set(TABLES[table].columns) - FILLED_BY_INGEST
    wanted -= JOINED_FROM_REGISTRY if joins_runs else set()
    if name in wanted:
        remedy = f"map it, or give `constant:`; {_explain(schema, ('columns', name))}"
        return f"column of {table} is not mapped", remedy
    rule = f"not a column of {table}"
    if name in FILLED_BY_INGEST:
        rule = "ingest fills this column itself"
    elif joins_runs and name in JOINED_FROM_REGISTRY:
        rule = "joined from the run registry, as the card says `runs: registry`"
    written = tree["columns"].lc.data  # without what was filled in
    free = sorted(wanted - set(written)) or sorted(wanted)
    return rule, suggest(name, free, f"use one of {sorted(wanted)}")


def _say_rule(detail: dict[str, Any]) -> str:
    context, words = detail.get("ctx", {}), _read_words(detail)
    if words:
        return str(words[0])
    if detail.get("input", "") is None or context.get("pattern") == EMPTY_PATTERN:
        return "is empty"
    rule = RULES.get(detail["type"])
    return rule.format(**context) if rule else str(detail["msg"])


def _say_remedy(schema: dict[str, Any], steps: Steps, kind: str, value: Any) -> str:
    if kind == "extra_forbidden":
        known = list_keys(schema, steps[:-1])
        there = f"the keys here are {list_words(known)}" if known else "no key is read here"
        return suggest(str(steps[-1]), known, there)
    if kind == "missing":
        if keys := list_keys(schema, steps):
            return f"add `{steps[-1]}:` with the keys {list_words(keys)}"
        return f"add `{steps[-1]}:`; {_explain(schema, steps)}"
    if kind == "literal_error":
        allowed = find_node(schema, steps).get("enum", [])
        return suggest(str(value), map(str, allowed), _explain(schema, steps))
    if value is None and len(steps) == 2 and steps[0] == "columns":
        return "write `{}` for the column of the same name; " + _explain(schema, steps)
    if kind == "string_type" and isinstance(value, int | float | date):
        return f"put it in quotes; {_explain(schema, steps)}"
    return _explain(schema, steps)


def _explain(schema: dict[str, Any], steps: Steps) -> str:
    """What the key at `steps` means, or the nearest one around it that says so."""
    for end in range(len(steps), 0, -1):
        if words := find_node(schema, steps[:end]).get("description"):
            names = [step for step in steps[:end] if isinstance(step, str)]
            told = words.splitlines()[0]
            return f"`{names[-1]}`: {told}" if told != names[-1] else f"`{told}`"
    return "see data/sources/card.schema.json"


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
    """`node` with its reference followed, and each of its alternatives."""
    node = follow(schema, node)
    return [node, *(part for each in node.get("anyOf", []) for part in _branches(schema, each))]


def follow(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What `node` refers to; itself where it refers to nothing."""
    name = node.get("$ref", "").removeprefix("#/$defs/")
    return schema["$defs"][name] if name else node


def _step_into(node: dict[str, Any], step: str | int) -> dict[str, Any] | None:
    if isinstance(step, int):
        return node.get("items")
    others = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    free = next((each for each in others if isinstance(each, dict)), None)
    return node.get("properties", {}).get(step) or free
