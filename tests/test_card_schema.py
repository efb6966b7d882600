"""The schema of the cards: up to date, and what the cards of the project follow."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from jsonschema import Draft7Validator

from pipeline.ingest.cards.schema import EDITOR_LINE, FILE_NAME, make_schema
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.options import OPTIONS
from pipeline.ingest.tables import TABLES

CARDS = sorted((ROOT / "data/sources").glob("*/source.yaml"))
every_card = pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schema = json.loads((ROOT / "data/sources" / FILE_NAME).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def read_plain(path: Path) -> Any:
    """The card as JSON, in which dates are text."""
    return to_plain(read_tree(path, "the card", "write it"))


def to_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: to_plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [to_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@every_card
def test_schema_accepts_the_cards_of_the_project(path: Path, validator: Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(read_plain(path))] == []
    assert path.read_text(encoding="utf-8").splitlines()[0] == EDITOR_LINE


@pytest.mark.parametrize("table", [*OPTIONS])
def test_every_key_is_explained(table: str) -> None:
    schema = make_schema(table)
    assert set(OPTIONS) == set(TABLES)
    objects = {"": schema} | schema["$defs"]
    silent = [
        f"{name}.{key}"
        for name, node in objects.items()
        for key, value in node.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []
