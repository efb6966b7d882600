"""The tables: every rule of every table rejects its bad row and lets a good one pass."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from pipeline.ingest.tables import TABLES, schema

RETRIEVED = date(2024, 12, 31)
PROVENANCE: dict[str, Any] = {
    "citation": ["doe2020", "doe2020"],
    "locator": ["Table 1", None],
    "is_verified": [True, False],
    "exclusion": [None, "outlier"],
}
RUN: dict[str, Any] = {
    "release_date": ["2020-01-01", None],
    "lab": ["A lab", None],
    "family": ["A family", None],
    "parameters": [1e9, np.nan],
    "training_tokens": [2e10, np.nan],
    "training_flop": [1.2e20, np.nan],
    "compute_confidence": ["confident", None],
    "is_compute_circular": [False, True],
    "is_open_weights": [True, False],
    "is_dense": [True, False],
    "training_flop_second_source": [1.3e20, np.nan],
}
BOARD: dict[str, Any] = RUN | {
    "benchmark": ["MATH", "MATH"],
    "model": ["first", "second"],
    "method": ["direct", "direct"],
    "harness": ["reported", "reported"],
    "techniques": ["", "chain_of_thought"],
    "base_model": ["first", None],
}
GOOD: dict[str, dict[str, Any]] = {
    "training_runs": {
        "model": ["first", "second"],
        "organization": ["A lab", "B lab"],
        "base_model": [None, "first"],
        "flop_basis": ["6ND", None],
        "extra_training_tokens": [1e9, np.nan],
        "extra_training_flop": [6e18, np.nan],
    }
    | RUN,
    "efficiency": {
        "target": ["level", "level"],
        "metric": ["accuracy", "accuracy"],
        "target_score": [79.1, 79.1],
        "model": ["first", "second"],
        "release_date": ["2014-09-04", "2016-05-23"],
        "arxiv_id": ["1409.1556", None],
        "resource": [3.6864e17, 3.6864e16],
        "resource_kind": ["FLOP", "FLOP"],
        "epochs": [12.0, np.nan],
        "multiply_adds_per_image": [8e9, np.nan],
        "reduction_factor": [1.0, 10.0],
    },
    "scaling_grid": {
        "parameters": [1e9, 2e9],
        "training_tokens": [2e10, 2e10],
        "training_flop": [1.2e20, 2.4e20],
        "loss_nats": [2.5, 2.4],
    },
    "accuracy_leaderboard": {
        "score": [0.0, 1.0],
        "eval_date": ["2022-06-29", "2024-12-31"],
        "n_shot": ["4", None],
        "sample_count": [1.0, np.nan],
    }
    | BOARD,
    "loss_leaderboard": {
        "perplexity": [20.5, 18.0],
        "dataset_tokens": [1e8, np.nan],
        "epochs": [20.0, np.nan],
        "is_published_sample": [True, False],
    }
    | BOARD,
    "published_estimates": {
        "study": ["first", "second"],
        "domain": ["a field", "a field"],
        "specification": [None, "another"],
        "estimate": [1.5, 0.5],
        "lower": [1.0, np.nan],
        "upper": [2.0, np.nan],
        "interval_kind": ["probability", "none"],
        "interval_probability": [0.9, np.nan],
        "bound": [None, "lower"],
        "is_primary": [True, False],
        "is_own": [False, False],
    },
    "growth_rates": {
        "study": ["first", "second"],
        "domain": ["a field", "another field"],
        "software_rate": [0.3, 0.2],
        "hardware_rate": [0.15, 0.15],
        "period_start": [1990.0, 2000.0],
        "period_end": [2010.0, 2020.5],
        "is_primary": [True, False],
    },
    "research_inputs": {
        "domain": ["chess", "chess"],
        "year": [0.0, 1.0],
        "research_input": [120.0, np.nan],
        "research_input_unit": ["researchers", "researchers"],
        "efficiency": [1.0, 2.5],
        "efficiency_measure": ["nodes for a fixed rating", "nodes for a fixed rating"],
    },
    "own_rates": {
        "domain": ["a field", "another field"],
        "posterior": ["first-model", "second-model"],
        "estimand": ["rate", "rate"],
        "rate": [0.4, np.nan],
        "rate_sd": [0.1, np.nan],
        "prior_mean": [0.4, 0.4],
        "prior_sd": [0.6, 0.6],
    },
}
# The value that breaks a rule of a column, in every table that has the column and the rule.
BAD_CELLS: dict[tuple[str, str], Any] = {
    ("line", "greater_than_or_equal_to"): 1,
    ("line", "field_uniqueness"): 2,
    ("citation", "str_length"): "",
    ("release_date", "greater_than_or_equal_to"): "1949-12-31",
    ("release_date", "less_than_or_equal_to"): "2025-01-01",
    ("parameters", "greater_than"): 0.0,
    ("training_tokens", "greater_than"): -1.0,
    ("training_flop", "greater_than"): -1e20,
    ("training_flop", "less_than"): 1e30,
    ("training_flop_second_source", "greater_than"): 0.0,
    ("training_flop_second_source", "less_than"): 1e30,
    ("compute_confidence", "isin"): "sure",
    ("model", "field_uniqueness"): "first",
    ("model", "str_length"): "",
    ("flop_basis", "isin"): "guess",
    ("extra_training_tokens", "greater_than"): 0.0,
    ("extra_training_flop", "greater_than"): 0.0,
    ("target_score", "greater_than"): 0.0,
    ("arxiv_id", "str_matches"): "arXiv:1409.1556",
    ("resource", "greater_than"): 0.0,
    ("resource", "less_than"): 1e30,
    ("resource_kind", "isin"): "petaflop/s-days",
    ("epochs", "greater_than"): 0.0,
    ("multiply_adds_per_image", "greater_than"): 0.0,
    ("reduction_factor", "greater_than"): 0.0,
    ("loss_nats", "greater_than"): 0.0,
    ("loss_nats", "less_than"): 20.0,
    ("benchmark", "str_length"): "",
    ("score", "greater_than_or_equal_to"): -0.01,
    ("score", "less_than_or_equal_to"): 1.12,
    ("eval_date", "greater_than_or_equal_to"): "1949-12-31",
    ("eval_date", "less_than_or_equal_to"): "2031-01-01",
    ("sample_count", "greater_than_or_equal_to"): 0.0,
    ("harness", "str_length"): "",
    ("perplexity", "greater_than"): 1.0,  # its logarithm, or a certain prediction of every token
    ("perplexity", "less_than"): 1e6,
    ("dataset_tokens", "greater_than"): 0.0,
    ("study", "str_length"): "",
    ("domain", "str_length"): "",
    ("interval_kind", "isin"): "standard error",
    ("interval_probability", "greater_than"): 0.0,
    ("interval_probability", "less_than"): 95.0,
    ("bound", "isin"): ">",
    ("software_rate", "greater_than"): 0.0,
    ("software_rate", "less_than"): 44.0,  # a factor of the whole period
    ("hardware_rate", "greater_than"): -0.1,
    ("hardware_rate", "less_than"): 11.0,
    ("period_start", "greater_than_or_equal_to"): 21.0,
    ("period_start", "less_than"): 2200.0,
    ("period_end", "greater_than_or_equal_to"): 19.0,
    ("period_end", "less_than"): 20205.0,
    ("year", "greater_than_or_equal_to"): -1.0,
    ("research_input", "greater_than"): 0.0,
    ("efficiency", "greater_than"): 0.0,
    ("posterior", "str_matches"): "second",
    ("estimand", "str_length"): "",
    ("rate", "greater_than"): -10.0,
    ("rate", "less_than"): 24.0,  # months
    ("rate_sd", "greater_than"): 0.0,
    ("rate_sd", "less_than"): 10.0,
    ("prior_mean", "greater_than"): -10.0,
    ("prior_mean", "less_than"): 10.0,
    ("prior_sd", "greater_than"): 0.0,
    ("prior_sd", "less_than"): 10.0,
}
INTERVAL: dict[str, Any] = {
    "bound": None,
    "lower": 0.4,
    "upper": 0.6,
    "interval_kind": "probability",
    "interval_probability": 0.9,
}
# The cells of the second row that break a rule over rows.
BAD_ROWS: dict[tuple[str, str], dict[str, Any]] = {
    ("training_runs", "the base model is in the registry"): {"base_model": "unknown"},
    ("training_runs", "continued training is part of the total"): {
        "training_flop": 1e20,
        "compute_confidence": "likely",
        "extra_training_flop": 1e20,
    },
    ("training_runs", "compute has a confidence class"): {"training_flop": 1e20},
    ("efficiency", "the ratio agrees with the compute columns"): {"reduction_factor": 22.7},
    ("efficiency", "compute is epochs x multiply-adds x 1.28e6 images x 3"): {
        "epochs": 3.6,  # three times too many: the backward pass was left out of `resource`
        "multiply_adds_per_image": 8e9,
    },
    ("efficiency", "year and month agree with the arXiv identifier"): {"arxiv_id": "1606.07146"},
    ("efficiency", "a model reaches a target once with the same resource"): {
        "model": "first",
        "resource": 3.6864e17,
        "reduction_factor": 1.0,
    },
    ("scaling_grid", "compute is 6 x parameters x tokens"): {"training_flop": 2.4e21},
    ("scaling_grid", "a run stands once"): {
        "parameters": 1e9,
        "training_flop": 1.2e20,
        "loss_nats": 2.5,
    },
    ("research_inputs", "a year of a field stands once"): {
        "year": 0.0,
        "efficiency": 1.0,
        "research_input": 120.0,
    },
    ("research_inputs", "a field starts at year 0, with a research input and efficiency 1"): {
        "domain": "Go"
    },
    ("research_inputs", "a row has a research input or an efficiency"): {"efficiency": np.nan},
    (
        "accuracy_leaderboard",
        "a score stands once (same benchmark, model, method, shots, samples, harness and source)",
    ): {"model": "first", "n_shot": "4", "sample_count": 1.0, "locator": "Table 1"},
    (
        "loss_leaderboard",
        "a perplexity stands once (same benchmark, model, method, value and paper)",
    ): {"model": "first", "perplexity": 20.5, "parameters": 1e9, "locator": "Table 1"},
    ("published_estimates", "the lower end is below the upper end"): INTERVAL
    | {"estimate": 0.5, "lower": 0.5, "upper": 0.5},
    (
        "published_estimates",
        "both ends are there where the kind says so, and neither where it says none",
    ): {"lower": 0.4},
    (
        "published_estimates",
        "an interval with a probability has its level, and no other row has one",
    ): {"interval_probability": 0.9},
    ("published_estimates", "the estimate lies within its interval"): INTERVAL
    | {"estimate": 50.0},  # percent beside shares
    (
        "published_estimates",
        "a row has an estimate or an interval, and a bound has a value and no interval",
    ): {"estimate": np.nan},
    (
        "published_estimates",
        "an estimate stands once (same study, domain and specification)",
    ): {"study": "first", "specification": None, "exclusion": None},
    ("growth_rates", "the period ends after it begins"): {"period_end": 1999.0},
    ("own_rates", "the posterior is narrower than its prior"): {"rate": 0.4, "rate_sd": 0.6},
    ("own_rates", "a leaderboard, and a domain, stands once"): {"posterior": "first-other_model"},
    ("growth_rates", "a study, and a domain, has one pair of rates that is fitted"): {
        "study": "first",
        "is_verified": True,
        "exclusion": None,
    },
}
TEXT_OR_NUMBER = ("str", "float64", "datetime64[ns]")  # whole numbers and booleans cannot be empty
COLUMNS = [(table, column) for table, made in TABLES.items() for column in made.to_schema().columns]
CELL_RULES = [
    (table, column, check.name)
    for table, column in COLUMNS
    for check in schema(table, RETRIEVED).columns[column].checks
] + [
    (table, column, "field_uniqueness")
    for table, column in COLUMNS
    if TABLES[table].to_schema().columns[column].unique
]
REQUIRED = [
    (table, name)
    for table, name in COLUMNS
    if not (column := TABLES[table].to_schema().columns[name]).nullable
    and str(column.dtype) in TEXT_OR_NUMBER
]
ROW_RULES = [(table, check.error) for table in TABLES for check in TABLES[table].to_schema().checks]


def make_table(table: str, **second: Any) -> pd.DataFrame:
    """Two good rows of `table` with cells of the second replaced."""
    cells = {"line": [2, 3]} | PROVENANCE | GOOD[table]
    for column, value in second.items():
        cells[column] = [cells[column][0], value]
    dtypes = {name: str(column.dtype) for name, column in TABLES[table].to_schema().columns.items()}
    return pd.DataFrame(cells).astype(dtypes)


def list_faults(table: str, frame: pd.DataFrame) -> set[tuple[str, str, object]]:
    """(column, rule, row) of every fault of `frame`; the arguments of a rule are left out."""
    try:
        schema(table, RETRIEVED).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "index"]].to_dict("records")
        return {(c["column"], str(c["check"]).split("(")[0], c["index"]) for c in cases}
    return set()


def find_rule_name(table: str, column: str, rule: str) -> str:
    """The rule as the failure names it: its own words where it has some."""
    checks = schema(table, RETRIEVED).columns[column].checks
    words = next((check.error for check in checks if check.name == rule), None) or rule
    return str(words).split("(")[0]


@pytest.mark.parametrize("table", TABLES)
def test_good_rows_pass(table: str) -> None:
    assert list_faults(table, make_table(table)) == set()


@pytest.mark.parametrize(("table", "column", "rule"), CELL_RULES)
def test_rule_of_a_column_rejects_its_bad_cell(table: str, column: str, rule: str) -> None:
    frame = make_table(table, **{column: BAD_CELLS[column, rule]})
    assert (column, find_rule_name(table, column, rule), 1) in list_faults(table, frame)


@pytest.mark.parametrize(("table", "rule"), ROW_RULES)
def test_rule_over_rows_rejects_its_bad_row_and_no_other(table: str, rule: str) -> None:
    try:
        schema(table, RETRIEVED).validate(make_table(table, **BAD_ROWS[table, rule]), lazy=True)
    except pa.errors.SchemaErrors as errors:
        found = errors.failure_cases
    assert set(found["check"]) == {rule}
    assert set(found["index"]) == {1}


@pytest.mark.parametrize(("table", "column"), REQUIRED)
def test_empty_cell_is_rejected_where_a_value_is_required(table: str, column: str) -> None:
    faults = list_faults(table, make_table(table, **{column: None}))
    assert (column, "not_nullable", 1) in faults


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_column_of_another_type_is_rejected(table: str, column: str) -> None:
    frame = make_table(table)
    frame[column] = pd.Series([b"bytes", b"more"], dtype=object)
    assert column in {fault[0] for fault in list_faults(table, frame)}


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_missing_column_is_rejected(table: str, column: str) -> None:
    with pytest.raises((pa.errors.SchemaErrors, pa.errors.SchemaError), match=column):
        schema(table, RETRIEVED).validate(make_table(table).drop(columns=column), lazy=True)


@pytest.mark.parametrize("table", TABLES)
def test_unknown_column_is_rejected(table: str) -> None:
    with pytest.raises(pa.errors.SchemaErrors, match="not in DataFrameSchema"):
        schema(table, RETRIEVED).validate(make_table(table).assign(extra=1), lazy=True)


@pytest.mark.parametrize(
    "table", [t for t in TABLES if any("_date" in c for c in TABLES[t].to_schema().columns)]
)
def test_date_on_the_day_of_retrieval_passes(table: str) -> None:
    column = "eval_date" if table == "accuracy_leaderboard" else "release_date"
    assert list_faults(table, make_table(table, **{column: str(RETRIEVED)})) == set()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_has_description_unit_and_remedy(table: str, column: str) -> None:
    described = TABLES[table].to_schema().columns[column]
    assert described.description
    assert set(described.metadata) == {"unit", "remedy"}
    assert all(described.metadata.values())


@pytest.mark.parametrize("table", TABLES)
def test_every_rule_over_rows_names_a_column_and_a_remedy(table: str) -> None:
    made = TABLES[table].to_schema()
    assert all(check.name in made.columns and check.description for check in made.checks)


SHARED = sorted({c for _, c in COLUMNS if [name for _, name in COLUMNS].count(c) > 1})
# The same name for the same thing, but not the same words or rules: each difference has its reason.
DIFFERENT_BY_DESIGN = {
    "model": "unique in the registry only",
    "base_model": "the parent in the registry, the root of the chain in a leaderboard",
    "release_date": "required where no registry is joined",
    "parameters": "required in a grid",
    "training_tokens": "required in a grid",
    "training_flop": "required in a grid",
    "domain": "a field of research where its inputs are listed, of an estimate elsewhere",
    "epochs": "over ImageNet, or over whatever the model was trained on",
}


@pytest.mark.parametrize("column", [name for name in SHARED if name not in DIFFERENT_BY_DESIGN])
def test_shared_column_is_the_same_in_every_table(column: str) -> None:
    found = [made.to_schema().columns.get(column) for made in TABLES.values()]
    first, *others = [each for each in found if each is not None]
    assert all(each == first for each in others)


@pytest.mark.parametrize("column", SHARED)
def test_shared_column_has_one_type_and_one_unit(column: str) -> None:
    found = [made.to_schema().columns.get(column) for made in TABLES.values()]
    assert len({(str(c.dtype), c.metadata["unit"]) for c in found if c is not None}) == 1


def test_day_of_retrieval_of_one_dataset_does_not_bind_the_next() -> None:
    schema("efficiency", date(2013, 1, 1))
    assert list_faults("efficiency", make_table("efficiency")) == set()
