"""The schema of the cards: up to date, and what the cards of the project follow."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from jsonschema import Draft7Validator

from pipeline.ingest.cards.schema import EDITOR_LINE, FILE_NAME, render
from pipeline.ingest.cards.yaml_files import read_tree

CARDS = sorted((ROOT / "data/sources").glob("*/source.yaml"))
every_card = pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schema = json.loads((ROOT / "data/sources" / FILE_NAME).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def read_plain(path: Path) -> Any:
    """The card as JSON, in which dates are text."""
    return json.loads(json.dumps(read_tree(path, "the card", "write it"), default=str))


def test_schema_is_up_to_date() -> None:
    written = (ROOT / "data/sources" / FILE_NAME).read_text(encoding="utf-8")
    assert written == render(), "run `apportion docs`"


@every_card
def test_schema_accepts_the_cards_of_the_project(path: Path, validator: Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(read_plain(path))] == []
    assert path.read_text(encoding="utf-8").splitlines()[0] == EDITOR_LINE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("titel", "x"),
        ("table", "math"),
        ("licence", " "),
        ("citations", []),
        ("columns", {}),
        ("columns", None),
        ("options", {}),
        ("options", "of another"),
        ("runs", "yes"),
        ("exclusions", [{"rows": {}, "count": 0, "rule": "human", "reason": "long enough"}]),
    ],
)
def test_schema_refuses_what_the_card_refuses(
    key: str, value: object, validator: Draft7Validator
) -> None:
    card = read_plain(ROOT / "data/sources/math/source.yaml")
    value = {"optimal_at_flop": [1e21], "allocation_runs": []} if value == "of another" else value
    assert not validator.is_valid(card | {key: value})
