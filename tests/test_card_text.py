"""Cards that `apportion new` writes: whole, readable as YAML, with every gap where it belongs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.ingest.options import OPTIONS
from pipeline.ingest.cards.card import SourceCard
from pipeline.new_dataset.card_options import render_options
from pipeline.new_dataset.card_text import render_card
from pipeline.new_dataset.draft import draft_empty
from pipeline.new_dataset.yaml_text import comment, quote, render_value


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


@pytest.mark.parametrize("table", OPTIONS)
def test_card_has_every_key_that_it_must_have(table: str) -> None:
    card = load(render_card(draft_empty("keyed", table)))
    required = {name for name, field in SourceCard.model_fields.items() if field.is_required()}
    assert required <= set(card)
    assert card["table"] == table


@pytest.mark.parametrize("table", OPTIONS)
def test_options_have_every_key_that_their_table_asks_for(table: str) -> None:
    options = load(render_options(table, {}))["options"]
    required = {name for name, field in OPTIONS[table].model_fields.items() if field.is_required()}
    assert set(options) == required


def test_options_are_keyed_by_the_names_in_the_rows() -> None:
    named = {"benchmark": ["MATH", "a: b"]}
    options = load(render_options("accuracy_leaderboard", named))["options"]
    assert list(options["benchmarks"]) == ["MATH", "a: b"]
    assert options["benchmarks"]["MATH"]["chance"] == "TODO"
    assert options["comparisons"][0]["earlier"] == {"model": "TODO", "method": "TODO"}


@given(st.text(max_size=60))
def test_text_reads_back_as_key_and_as_value(text: str) -> None:
    assert load(f"{{{quote(text)}: {quote(text)}}}") == {text: text}
    assert load(f"{quote(text)}: {quote(text)}\n") == {text: text}


@given(st.text())
def test_comment_stays_a_comment(text: str) -> None:
    assert load(f"a: b  # {comment(text)}\nc: d\n") == {"a": "b", "c": "d"}


def test_values_are_rendered_in_one_line() -> None:
    keys = {"from": "Open?", "values": {"1": True, "no": False, "": "TODO"}}
    assert render_value(keys) == '{from: "Open?", values: {"1": true, "no": false, "": TODO}}'
    assert load(render_value(keys)) == keys
