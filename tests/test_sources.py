"""The datasets as they stand: cards load, figures pass every rule, and known facts hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Dataset, read_cases
from pybtex.database import parse_file
from ruamel.yaml import YAML

from models.options import LeaderboardOptions, ScalingOptions
from pipeline.core.failures import SourceError
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.validate import find_failures

Read = Callable[[Path], Dataset]
SOURCES = ROOT / "data/sources"
REGISTRY: dict[str, list[str]] = YAML(typ="safe").load(SOURCES / "datasets.yaml")["datasets"]
FACTS = read_cases("facts.yaml")
NAMES = [(table, name) for table, names in REGISTRY.items() for name in names]
LEADERBOARDS = [*REGISTRY["accuracy_leaderboard"], *REGISTRY["loss_leaderboard"]]
every_leaderboard = pytest.mark.parametrize("name", LEADERBOARDS)


def test_every_folder_is_registered_once() -> None:
    folders = sorted(path.name for path in SOURCES.iterdir() if path.is_dir())
    assert folders == sorted(name for _, name in NAMES)


@pytest.mark.parametrize(("table", "name"), NAMES)
def test_dataset_passes_every_rule_and_cites_its_sources(table: str, name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    card = dataset.card.card
    assert (card.table, dataset.card.dataset) == (table, name)
    assert dataset.failures == []
    known = parse_file(str(ROOT / "data/references.bib")).entries
    assert {*card.citations, *(figure.citation for figure in card.published)} <= set(known)
    assert set(dataset.table["citation"]) <= set(card.citations)
    for figure in card.published:
        assert not figure.estimate is figure.lower is figure.upper is None


@pytest.mark.parametrize("name", FACTS["rows"])
def test_rows_are_counted_by_rule(name: str, read: Read) -> None:
    expected = dict(FACTS["rows"][name])
    rows, fitted = expected.pop("all"), expected.pop("fitted")
    exclusion = read(SOURCES / name).validated["exclusion"]
    assert (len(exclusion), int(exclusion.isna().sum())) == (rows, fitted)
    if expected:
        assert exclusion.value_counts().to_dict() == expected


def test_runs_have_circular_compute_where_the_database_read_it_off_scores(
    runs: pd.DataFrame,
) -> None:
    assert runs["is_compute_circular"].sum() == 19
    named = runs.set_index("model")["is_compute_circular"]
    assert named[["GPT-4o", "GPT-4.5 preview", "Claude 2", "Gemini 1.0 Ultra"]].all()
    assert not named[["GPT-4", "Inflection-2", "Llama 3.1 405B"]].any()


def test_perplexities_tell_open_models_from_closed_ones(read: Read, runs: pd.DataFrame) -> None:
    table = read(SOURCES / "lm_perplexity").validated
    fitted = table[table["exclusion"].isna() & table["training_flop"].notna()]
    by_base = fitted.groupby("base_model")["is_open_weights"]
    assert fitted["is_open_weights"].equals(by_base.transform("first"))
    opened = by_base.first()
    assert opened.value_counts().to_dict() == {False: 123, True: 28}
    known = runs.set_index("model")["is_open_weights"]
    both = opened.index.intersection(known.index)
    assert len(both) == 5
    assert (opened[both] == known[both]).all()


def test_fitted_perplexities_are_those_of_the_published_fit(read: Read) -> None:
    table = read(SOURCES / "lm_perplexity").validated
    is_impossible = table["exclusion"] == "impossible figure"
    assert ((table["exclusion"].isna() | is_impossible) == table["is_published_sample"]).all()
    assert table.loc[table["exclusion"].isna(), "training_flop"].notna().sum() == 160


@every_leaderboard
def test_options_of_a_leaderboard_speak_of_its_rows(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    options, table = dataset.card.options, dataset.validated
    assert isinstance(options, LeaderboardOptions)
    assert set(options.benchmarks) == set(dataset.table["benchmark"])
    for technique in options.techniques.values():
        assert set(technique.methods) <= set(dataset.table["method"])
        assert set(technique.models) <= set(dataset.table["model"])
    fitted = table[table["exclusion"].isna()]
    assert options.reference_harness in set(fitted["harness"])
    assert not fitted["is_compute_circular"].any()
    dataset.check_options()


def test_allocation_runs_have_parameters_and_tokens(runs: pd.DataFrame) -> None:
    options = load_card(SOURCES / "chinchilla_runs/source.yaml").options
    assert isinstance(options, ScalingOptions)
    named = runs.set_index("model").loc[options.allocation_runs]
    assert named[["parameters", "training_tokens"]].notna().all(axis=None)
    assert options.headline_run in options.allocation_runs


@pytest.mark.parametrize(("name", "row", "column", "expected"), FACTS["published"])
def test_published_fact_holds(
    name: str, row: dict[str, str], column: str, expected: list[Any], read: Read
) -> None:
    table = read(SOURCES / name).table
    for key, value in row.items():
        table = table[table[key] == value]
    found = {float(f"{v:.6g}") if isinstance(v, float) else v for v in table[column]}
    assert found == set(expected)


def test_research_grew_at_the_published_rates(read: Read) -> None:
    """Erdil, Besiroglu & Ho 2024, cell 7: efficiency's growth over that of research."""
    table = read(SOURCES / "research_inputs").table
    vision = table[table["domain"] == "computer vision"].set_index("year")["efficiency"]
    assert vision.dropna().tolist() == [1, pytest.approx(2 ** (120 / 9), rel=1e-4)]
    printed = {
        "computer vision": 1.449,
        "SAT solvers": 4.166,
        "linear programming": 1.510,
        "reinforcement learning": 1.658,
    }
    for domain, expected in printed.items():
        rows = table[table["domain"] == domain]
        last = rows["year"].max()
        research = rows.loc[rows["year"] < last, "research_input"]
        growth = np.log(research.iloc[-1] / research.iloc[0]) / (last - 1)
        assert np.log(rows["efficiency"].iloc[-1]) / last / growth == pytest.approx(
            expected, abs=2e-3
        )


@pytest.mark.parametrize(("number", "expected"), list(enumerate(FACTS["corrections"])))
def test_rule_fails_without_a_correction(number: int, expected: list[Any], read: Read) -> None:
    dataset = read(SOURCES / "imagenet_efficiency")
    assert len(dataset.card.card.corrections) == len(FACTS["corrections"])
    column, rule, count = expected
    failures = [f for f in list_failures_without(dataset, number) if f.rule == rule]
    assert {failure.column for failure in failures} == {column}
    assert len(failures) == count


def list_failures_without(dataset: Dataset, number: int) -> list[Any]:
    """What ingest and validate find when the card lacks one of its corrections."""
    corrections = [c for i, c in enumerate(dataset.card.card.corrections) if i != number]
    changed = dataset.card.card.model_copy(update={"corrections": corrections})
    card = LoadedCard(dataset.card.path, changed, dataset.card.options)
    try:
        return find_failures(ingest(card, dataset.records), card, dataset.records)
    except SourceError as error:
        return error.failures
