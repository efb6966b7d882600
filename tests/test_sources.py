"""The datasets as they stand: cards load, figures pass every rule, and known facts hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Dataset
from pybtex.database import parse_file
from ruamel.yaml import YAML

from models.options import LeaderboardOptions, ScalingOptions
from pipeline.failures import SourceError
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.validate import find_failures

Read = Callable[[Path], Dataset]
SOURCES = ROOT / "data/sources"
REGISTRY: dict[str, list[str]] = YAML(typ="safe").load(SOURCES / "datasets.yaml")["datasets"]
MODELS: dict[str, list[str]] = YAML(typ="safe").load(ROOT / "models/models.yaml")["models"]
NAMES = [(table, name) for table, names in REGISTRY.items() for name in names]
every_dataset = pytest.mark.parametrize("name", [name for _, name in NAMES])
LEADERBOARDS = [*REGISTRY["accuracy_leaderboard"], *REGISTRY["loss_leaderboard"]]
every_leaderboard = pytest.mark.parametrize("name", LEADERBOARDS)


@pytest.fixture(scope="module")
def citation_keys() -> set[str]:
    return set(parse_file(str(ROOT / "data/references.bib")).entries)


def test_every_folder_is_registered_once() -> None:
    folders = sorted(path.name for path in SOURCES.iterdir() if path.is_dir())
    assert folders == sorted(name for _, name in NAMES)


@every_dataset
def test_name_is_snake_case(name: str) -> None:
    assert name.isidentifier()
    assert name == name.lower()


@pytest.mark.parametrize(("table", "name"), NAMES)
def test_card_fills_the_table_it_is_registered_under(table: str, name: str) -> None:
    card = load_card(SOURCES / name / "source.yaml")
    assert (card.table, card.dataset) == (table, name)


@every_dataset
def test_citations_are_in_the_bibliography(name: str, citation_keys: set[str], read: Read) -> None:
    dataset = read(SOURCES / name)
    card = dataset.card.card
    used = {*card.citations, *(p.citation for p in card.published), *dataset.table["citation"]}
    assert used <= citation_keys


@every_dataset
def test_card_lists_the_citations_of_its_rows(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    assert set(dataset.table["citation"]) <= set(dataset.card.card.citations)


@every_dataset
def test_every_row_passes_every_rule(name: str, read: Read) -> None:
    assert read(SOURCES / name).failures == []


@every_dataset
def test_every_published_figure_has_a_number(name: str, read: Read) -> None:
    for figure in read(SOURCES / name).card.card.published:
        assert not figure.estimate is figure.lower is figure.upper is None


@pytest.mark.parametrize(
    ("name", "rows", "fitted"),
    [
        ("training_runs", 252, 244),
        ("imagenet_efficiency", 22, 22),
        ("chinchilla_runs", 245, 240),
        ("minerva", 36, 36),
        ("math", 176, 144),
        ("mmlu", 232, 172),
        ("imagenet", 174, 118),
        ("lm_perplexity", 419, 231),
        ("research_returns", 26, 8),
        ("substitution_elasticity", 18, 9),
        ("technique_gains", 32, 20),
        ("progress_rates", 35, 22),  # and four of our own, which come with the pipeline
        ("software_hardware_rates", 11, 5),
        ("research_inputs", 60, 60),
        ("own_rates", 4, 0),  # their rates come with the pipeline
    ],
)
def test_rows_are_counted(name: str, rows: int, fitted: int, read: Read) -> None:
    validated = read(SOURCES / name).validated
    assert (len(validated), int(validated["exclusion"].isna().sum())) == (rows, fitted)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chinchilla_runs", {"outlier": 5}),
        (
            "math",
            {
                "circular compute": 12,
                "no compute": 11,
                "human": 2,
                "oracle selection": 1,
                "repeats another row": 1,
                "other test set": 1,
                "sparse technique": 2,
                "run not verified": 2,
            },
        ),
        (
            "mmlu",
            {
                "other test set": 24,
                "no compute": 14,
                "circular compute": 12,
                "sparse technique": 4,
                "human": 2,
                "run not verified": 2,
                "chance": 1,
                "repeats another row": 1,
            },
        ),
        (
            "imagenet",
            {
                "published selection": 31,
                "repeats another row": 16,
                "no compute": 7,
                "outlier": 2,
            },
        ),
        ("lm_perplexity", {"published selection": 188}),
        (
            "research_returns",
            {
                "same data as another row": 7,
                "repeats another estimate": 5,
                "adjusts another estimate": 3,
                "other quantity": 3,
            },
        ),
        (
            "substitution_elasticity",
            {
                "same data as another row": 3,
                "judgement or assumption": 4,
                "other quantity": 2,
            },
        ),
        (
            "software_hardware_rates",
            {"same data as another row": 3, "one rate": 2, "not verified": 1},
        ),
    ],
)
def test_exclusions_are_counted_by_rule(name: str, expected: dict[str, int], read: Read) -> None:
    assert read(SOURCES / name).validated["exclusion"].value_counts().to_dict() == expected


def test_twelve_runs_have_circular_compute(runs: pd.DataFrame) -> None:
    assert runs["is_compute_circular"].sum() == 12


def test_no_fitted_row_rests_on_circular_compute(read: Read) -> None:
    for name in LEADERBOARDS:
        table = read(SOURCES / name).validated
        assert not table.loc[table["exclusion"].isna(), "is_compute_circular"].any()


def test_perplexities_tell_open_models_from_closed_ones(read: Read, runs: pd.DataFrame) -> None:
    table = read(SOURCES / "lm_perplexity").validated
    fitted = table[table["exclusion"].isna() & table["training_flop"].notna()]
    by_base = fitted.groupby("base_model")["is_open_weights"]
    assert fitted["is_open_weights"].equals(by_base.transform("first"))
    opened = by_base.first()
    assert opened.value_counts().to_dict() == {False: 125, True: 28}
    known = runs.set_index("model")["is_open_weights"]
    both = opened.index.intersection(known.index)
    assert len(both) == 5
    assert (opened[both] == known[both]).all()


def test_compute_of_164_fitted_perplexities_is_known(read: Read) -> None:
    table = read(SOURCES / "lm_perplexity").validated
    assert table.loc[table["exclusion"].isna(), "training_flop"].notna().sum() == 164


def test_fitted_perplexities_are_those_of_the_published_fit(read: Read) -> None:
    table = read(SOURCES / "lm_perplexity").validated
    assert (table["exclusion"].isna() == table["is_published_sample"]).all()


def test_mmlu_was_measured_by_three_harnesses(read: Read) -> None:
    counts = read(SOURCES / "mmlu").table["harness"].value_counts().to_dict()
    assert counts == {"reported": 161, "obsscaling": 59, "helm": 12}


@every_leaderboard
def test_reference_harness_measured_some_fitted_row(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    assert isinstance(dataset.card.options, LeaderboardOptions)
    fitted = dataset.validated[dataset.validated["exclusion"].isna()]
    assert dataset.card.options.reference_harness in set(fitted["harness"])


def test_six_unverified_rows_of_minerva_are_fitted_by_name(read: Read) -> None:
    table = read(SOURCES / "minerva").validated
    unverified = table[~table["is_verified"]]
    assert set(unverified["benchmark"]) == {"OCWCourses", "MMLU-STEM"}
    assert len(unverified) == 6
    assert unverified["exclusion"].isna().all()


@every_leaderboard
def test_techniques_name_methods_and_models_that_occur(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    assert isinstance(dataset.card.options, LeaderboardOptions)
    for technique in dataset.card.options.techniques.values():
        assert set(technique.methods) <= set(dataset.table["method"])
        assert set(technique.models) <= set(dataset.table["model"])


@every_leaderboard
def test_comparisons_name_fitted_rows_or_say_that_they_do_not(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    assert isinstance(dataset.card.options, LeaderboardOptions)
    table = dataset.validated
    columns = ["benchmark", "model", "method"]
    every, fitted = (
        set(rows[columns].itertuples(index=False, name=None))
        for rows in (table, table[table["exclusion"].isna()])
    )
    for comparison in dataset.card.options.comparisons:
        for side in (comparison.earlier, comparison.later):
            row = (comparison.benchmark, side.model, side.method)
            assert row in every
            assert (row in fitted) == side.is_fitted


@every_leaderboard
def test_every_benchmark_of_the_card_is_in_the_rows_and_no_other(name: str, read: Read) -> None:
    dataset = read(SOURCES / name)
    assert isinstance(dataset.card.options, LeaderboardOptions)
    assert set(dataset.card.options.benchmarks) == set(dataset.table["benchmark"])


def test_allocation_runs_have_parameters_and_tokens(runs: pd.DataFrame) -> None:
    options = load_card(SOURCES / "chinchilla_runs/source.yaml").options
    assert isinstance(options, ScalingOptions)
    named = runs.set_index("model").loc[options.allocation_runs]
    assert named[["parameters", "training_tokens"]].notna().all(axis=None)
    assert options.headline_run in options.allocation_runs


@pytest.mark.parametrize(
    ("name", "row", "column", "expected"),
    [
        # Lewkowycz et al. 2022, Table 3
        ("minerva", {"model": "Minerva 540B", "benchmark": "MATH"}, "score", {0.336, 0.503}),
        ("minerva", {"model": "Minerva 540B", "benchmark": "GSM8K"}, "score", {0.588, 0.785}),
        ("minerva", {"model": "PaLM 540B", "benchmark": "MATH"}, "score", {0.088}),
        # Hendrycks et al. 2021, Table 2 and section 4: tuned three ways
        ("math", {"model": "GPT-2 1.5B"}, "score", {0.069, 0.063, 0.053}),
        # Hernandez & Brown 2020: 3.1 teraflop/s-days, 2012-06-01; 44 times less in 2019
        ("imagenet_efficiency", {"model": "AlexNet"}, "resource", {2.661e17}),
        ("imagenet_efficiency", {"model": "EfficientNet-b0"}, "reduction_factor", {44.0}),
        # Hoffmann et al. 2022, Table 3 and Figure 2
        ("training_runs", {"model": "Chinchilla 70B"}, "parameters", {7e10}),
        ("training_runs", {"model": "Chinchilla 70B"}, "training_tokens", {1.4e12}),
        ("training_runs", {"model": "Minerva 540B"}, "base_model", {"PaLM 540B"}),
        ("training_runs", {"model": "Chinchilla 70B"}, "is_dense", {True}),
        # Hoffmann et al. 2022, Table 6; Brown et al. 2020 as quoted by Hendrycks et al. 2021
        ("mmlu", {"model": "Chinchilla 70B"}, "score", {0.676}),
        ("mmlu", {"model": "GPT-3 175B", "method": "direct"}, "score", {0.439}),
        # Erdil, Besiroglu & Ho 2024, printed output of the notebook
        (
            "research_returns",
            {"domain": "Computer vision", "study": "Erdil, Besiroglu & Ho 2024"},
            "estimate",
            {1.437, 1.449},
        ),
        # Whitfill & Wu 2025: two specifications that disagree, and one with another price
        (
            "substitution_elasticity",
            {"study": "Whitfill & Wu 2025"},
            "estimate",
            {2.583, -0.103, 0.893},
        ),
        # Krizhevsky et al. 2012, Table 2: one network errs on 40.7 %, after the card's correction
        (
            "imagenet",
            {"model": "AlexNet", "benchmark": "ImageNet top-1", "citation": "erdil2022vision"},
            "score",
            {0.593},
        ),
    ],
)
def test_published_fact_holds(
    name: str, row: dict[str, str], column: str, expected: set[Any], read: Read
) -> None:
    table = read(SOURCES / name).table
    for key, value in row.items():
        table = table[table[key] == value]
    found = {float(f"{v:.6g}") if isinstance(v, float) else v for v in table[column]}
    assert found == expected


def test_minerva_540b_scores_78_5_percent_on_gsm8k_by_a_vote_of_40(read: Read) -> None:
    table = read(SOURCES / "minerva").table
    (score,) = table.loc[
        (table["benchmark"] == "GSM8K")
        & (table["model"] == "Minerva 540B")
        & (table["techniques"] == "domain_tuning majority_vote")
        & (table["sample_count"] == 40),
        "score",
    ]
    assert score == pytest.approx(0.785)


def test_efficiency_of_vision_doubled_every_nine_months_for_ten_years(read: Read) -> None:
    table = read(SOURCES / "research_inputs").table
    vision = table[table["domain"] == "computer vision"].set_index("year")["efficiency"]
    assert vision.dropna().tolist() == [1, pytest.approx(2 ** (120 / 9), rel=1e-4)]


def test_research_grew_at_the_published_rates(read: Read) -> None:
    """Erdil, Besiroglu & Ho 2024, cell 7: efficiency's growth over that of research."""
    table = read(SOURCES / "research_inputs").table
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


def test_compute_of_alexnet_is_3_1_teraflop_per_second_days(read: Read) -> None:
    table = read(SOURCES / "imagenet_efficiency").table
    (resource,) = table.loc[table["model"] == "AlexNet", "resource"]
    assert resource / 8.64e16 == pytest.approx(3.1, abs=0.05)


RULES_OF_CORRECTIONS = [
    ("compute_printed", "compute is epochs x multiply-adds x 1.28e6 images x 3", 16),
    ("compute_printed", "compute is epochs x multiply-adds x 1.28e6 images x 3", 1),
    ("ratio_printed", "the ratio agrees with the compute columns", 1),
    ("date_printed", "year and month agree with the arXiv identifier", 1),
    ("date_printed", "year and month agree with the arXiv identifier", 1),
    ("date_printed", "year and month agree with the arXiv identifier", 2),
    ("date_printed", "not a date: the calendar has no such day", 1),
    ("date_printed", "year and month agree with the arXiv identifier", 2),
]


@pytest.mark.parametrize(("number", "expected"), list(enumerate(RULES_OF_CORRECTIONS)))
def test_rule_fails_without_a_correction(
    number: int, expected: tuple[str, str, int], read: Read
) -> None:
    dataset = read(SOURCES / "imagenet_efficiency")
    column, rule, count = expected
    failures = [f for f in list_failures_without(dataset, number) if f.rule == rule]
    assert {failure.column for failure in failures} == {column}
    assert len(failures) == count


def test_every_correction_of_the_efficiency_table_is_tried(read: Read) -> None:
    corrections = read(SOURCES / "imagenet_efficiency").card.card.corrections
    assert len(corrections) == len(RULES_OF_CORRECTIONS)


def list_failures_without(dataset: Dataset, number: int) -> list[Any]:
    """What ingest and validate find when the card lacks one of its corrections."""
    corrections = [c for i, c in enumerate(dataset.card.card.corrections) if i != number]
    changed = dataset.card.card.model_copy(update={"corrections": corrections})
    card = LoadedCard(dataset.card.path, changed, dataset.card.options)
    try:
        return find_failures(ingest(card, dataset.records), card, dataset.records)
    except SourceError as error:
        return error.failures
