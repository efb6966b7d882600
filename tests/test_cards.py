"""The source card: every fault is reported with the file, the line and the key where it stands."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import read_cases

from models.options import AccuracyOptions
from pipeline.core.failures import Failure, SourceError
from pipeline.ingest.cards.card import Selection, load_card
from pipeline.ingest.options import LossOptions, drop_words

CASES = read_cases("bad_cards.yaml")
CARD: str = CASES["card"]
LOSSES = {
    "accuracy_leaderboard": "loss_leaderboard",
    "  eval_date: {order: ymd}\n": "",
    "  score: {unit: percent}\n": "  perplexity: {}\n",
    "  n_shot: {}\n": "  dataset_tokens: {}\n",
    "  sample_count: {}\n": "  epochs: {}\n  is_published_sample: {}\n",
    "chance: 0.25, ceiling: 0.9, item_count: 100, ": "",
}
RECORDS = pd.DataFrame({"model": ["first", "second", "third"], "score": ["1", "2", "2"]})


def change_card(changes: dict[str, str], text: str = CARD) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def write(folder: Path, text: str, name: str = "toys") -> Path:
    path = folder / name / "source.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find_faults(folder: Path, text: str, keys: list[str] | None = None) -> dict[str, Failure]:
    """The faults of a card, by key."""
    with pytest.raises(SourceError) as raised:
        load_card(write(folder, text), keys)
    return {fault.column: fault for fault in raised.value.failures}


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for kind in ("one_fault", "faults") for case in CASES[kind]]
)
def test_fault_is_reported_with_line_key_rule_and_remedy(
    kind: str, case: dict[str, Any], tmp_path: Path
) -> None:
    text = change_card(case["change"])
    faults = find_faults(tmp_path, text, ["doe2020"])
    fault = faults[case["column"]]
    assert case["rule"] in fault.rule
    assert case.get("remedy", "") in fault.remedy
    assert fault.file.endswith("toys/source.yaml")
    assert case.get("at", "") in text.splitlines()[(fault.line or 0) - 1]
    assert kind == "faults" or len(faults) == 1


@pytest.mark.parametrize("changes", [{}, *CASES["accepted"]])
def test_good_card_loads(changes: dict[str, str], tmp_path: Path) -> None:
    card = load_card(write(tmp_path, change_card(changes)), ["doe2020"])
    assert (card.dataset, card.table) == ("toys", "accuracy_leaderboard")
    assert set(vars(card.for_model())) == {"dataset", "table", "options", "runs", "scaling_law"}


def test_models_read_the_options_and_none_of_the_words(tmp_path: Path) -> None:
    words = {"label: Toy,": "label: Another,", "First to second": "A step", "made up": "thought up"}
    first, second = (
        drop_words(card.table, card.options)
        for card in (load_card(write(tmp_path, change_card(each))) for each in ({}, words))
    )
    assert first == second
    options = AccuracyOptions.model_validate(first)
    assert (options.benchmarks["toy"].chance, options.trend) == (0.25, "none")
    assert "label" not in str(first)


def test_faults_of_every_part_are_reported_at_once(tmp_path: Path) -> None:
    changes = {
        "title: Toy": "title: TODO",
        "citations: [doe2020]\n": "",
        "  method: {}\n": "  methud: {}\n",
        "trend: none": "trend: cubic",
    }
    assert set(find_faults(tmp_path, change_card(changes), [])) == {
        *("title", "columns.methud", "options.trend")
    }


def test_missing_options_are_one_fault(tmp_path: Path) -> None:
    card = CARD[: CARD.index("columns:")].replace("accuracy_leaderboard", "growth_rates")
    faults = find_faults(tmp_path, f"{card}columns: {{}}\n")
    assert faults["options"].rule == "the key is missing"
    assert "'within_factor'" in faults["options"].remedy


def test_citations_must_be_in_a_bibliography(tmp_path: Path) -> None:
    text = change_card({"  citation: {}": "  citation: {constant: doe2002}"})
    text += "published: [{estimand: x, label: y, citation: roe2021, locator: p. 1}]\n"
    faults = find_faults(tmp_path, text, ["doe2021", "roe2021"])
    assert set(faults) == {"citations.0", "columns.citation.constant"}
    assert "did you mean 'doe2021'" in faults["citations.0"].remedy


@pytest.mark.parametrize("fact", ["", "chance: 0.25", "ceiling: 0.9", "item_count: 100"])
def test_card_of_perplexities_says_nothing_of_chance_and_ceiling(fact: str, tmp_path: Path) -> None:
    text = change_card(LOSSES)
    if not fact:
        assert isinstance(load_card(write(tmp_path, text)).options, LossOptions)
        return
    text = change_card({"toy: {label: Toy,": f"toy: {{label: Toy, {fact},"}, text)
    assert "no such key" in next(iter(find_faults(tmp_path, text).values())).rule


def test_selection_finds_rows_by_all_of_its_columns(tmp_path: Path) -> None:
    rows = "exclusions:\n- {rows: {model: x}, count: 1, rule: human, reason: made up for tests}\n"
    path = write(tmp_path, CARD + rows)
    (exclusion,) = load_card(path).card.exclusions
    with pytest.raises(SourceError, match=r"expects 1 rows .* finds 0") as raised:
        exclusion.find(RECORDS, path)
    assert raised.value.failures[0].line == len(CARD.splitlines()) + 2
    both = Selection(
        rows={"model": ["second", "first"], "score": 2}, count=1, reason="made up for tests"
    )
    assert list(both.find(RECORDS, path)) == [False, True, False]
    with pytest.raises(SourceError, match=r"'modell', which records\.csv lacks"):
        both.model_copy(update={"rows": {"modell": "x"}}).find(RECORDS, path)
