"""The model contract, over every model of models/models.yaml on every dataset of its table."""

import ast
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.graph.traversal import ancestors
from tables_for_models import ROOT, list_cells, load_real, read_yaml

import models
from models import Card, Model, fitted_rows, flatten
from models._prior import Prior, list_priors

CELLS = list_cells()
MODELS = sorted({name for _, name in CELLS})
FUNCTIONS = {name: each for name, each in vars(Model).items() if isinstance(each, FunctionType)}
CONTRACT = sorted(name for name in FUNCTIONS if not name.startswith("_"))
FILES = sorted((ROOT / "models").glob("*.py"))
OUTCOMES = {
    "efficiency": {"resource"},
    "scaling_grid": {"loss_nats"},
    "accuracy_leaderboard": {"score"},
}
# What both build and simulate may call: it chooses rows and knows no equation.
SHARED = {"fitted_rows"}
FILE_READERS = {
    "open",
    "read_text",
    "read_bytes",
    "read_csv",
    "read_parquet",
    "open_dataset",
    "Path",
}

each_model = pytest.mark.parametrize("name", MODELS)
each_cell = pytest.mark.parametrize(("dataset", "name"), CELLS, ids=["-".join(c) for c in CELLS])
each_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


@dataclass(frozen=True)
class Cell:
    """A model built on a dataset, with draws from its prior."""

    module: Any
    table: pd.DataFrame
    card: Card
    built: Any
    prior: xr.Dataset
    predicted: np.ndarray  # (draw, row)
    estimands: xr.Dataset  # of the prior's draws


@cache
def build_cell(dataset: str, name: str) -> Cell:
    table, card = load_real(dataset)
    module = models.load(name)
    built = module.build(table, card, module.Priors())
    with built, warnings.catch_warnings():
        # Random draws of the two outcome distributions run in Python: slower, no less right.
        warnings.filterwarnings(
            "ignore", message="Numba will use object mode", category=UserWarning
        )
        tree = pm.sample_prior_predictive(draws=400, random_seed=1)
    prior = tree["prior"].to_dataset()
    (outcome,) = tree["prior_predictive"].to_dataset().data_vars.values()
    made = module.estimands(prior, table, card)
    return Cell(module, table, card, built, prior, outcome.to_numpy()[0], made)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.AST) -> set[str]:
    """Names and attributes that the code reads."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def reachable(tree: ast.Module, start: str) -> set[str]:
    """Functions of the project that `start` calls, directly or through others of its module."""
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("models")
        for alias in node.names
        if alias.name[0].islower() or alias.name[0] == "_"
    }
    found, waiting = set[str](), [start]
    while waiting:
        called = names_in(own[waiting.pop()]) & (set(own) | imported) - found
        found |= called
        waiting += [name for name in called if name in own]
    return found


@each_model
def test_model_has_what_the_contract_names(name: str) -> None:
    module = models.load(name)
    missing = [each for each in (*Model.__annotations__, *CONTRACT) if not hasattr(module, each)]
    assert missing == []


@each_model
@pytest.mark.parametrize("function", CONTRACT)
def test_function_takes_the_arguments_of_the_contract(name: str, function: str) -> None:
    _, *expected = inspect.signature(FUNCTIONS[function]).parameters
    assert list(inspect.signature(getattr(models.load(name), function)).parameters) == expected


@each_model
def test_table_is_the_one_of_the_registry(name: str) -> None:
    registry = read_yaml(ROOT / "models/models.yaml")["models"]
    assert name in registry[models.load(name).TABLE]


@each_model
def test_sampler_names_its_adaptation(name: str) -> None:
    sampler = models.load(name).SAMPLER
    assert sampler["adaptation"] in ("diag", "low_rank")
    assert 0.8 <= sampler["target_accept"] < 1


@each_model
@pytest.mark.parametrize("word", ["Equations", "dentifies", "cannot"])
def test_docstring_states_equations_and_what_identifies_them(name: str, word: str) -> None:
    assert word in (models.load(name).__doc__ or "")


@each_model
def test_priors_are_a_frozen_dataclass_of_priors_with_unit_and_reason(name: str) -> None:
    priors = models.load(name).Priors
    assert is_dataclass(priors)
    assert priors.__dataclass_params__.frozen  # type: ignore[attr-defined]  # set by dataclass, unknown to stubs
    for key, prior in list_priors(priors()):
        assert isinstance(prior, Prior), key
        assert prior.unit, key
        assert len(prior.reason) > 10, key


@each_model
def test_every_prior_is_a_variable_of_some_dataset(name: str) -> None:
    variables = {
        variable.name
        for dataset, model in CELLS
        if model == name
        for variable in build_cell(dataset, name).built.free_RVs
    }
    assert {field.name for field in fields(models.load(name).Priors)} <= variables


@each_cell
def test_every_free_variable_has_a_stated_prior_or_is_a_standard_offset(
    dataset: str, name: str
) -> None:
    cell = build_cell(dataset, name)
    stated = {field.name for field in fields(cell.module.Priors)}
    for variable in cell.built.free_RVs:
        if variable.name not in stated:
            draws = cell.prior[variable.name]
            assert variable.name.endswith("_offset")
            assert abs(draws.std() - 1) < 0.1, variable.name


@each_model
def test_simulate_shares_no_code_with_build(name: str) -> None:
    tree = parse(ROOT / "models" / f"{name}.py")
    assert reachable(tree, "build") & reachable(tree, "simulate") <= SHARED


@each_model
def test_simulate_knows_nothing_of_pymc(name: str) -> None:
    tree = parse(ROOT / "models" / f"{name}.py")
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    used = {"simulate"} | (reachable(tree, "simulate") & set(own))
    assert not {"pm", "pymc", "pytensor"} & set().union(*(names_in(own[each]) for each in used))


@each_file
def test_models_import_nothing_from_the_pipeline(path: Path) -> None:
    assert not [each for each in imported_modules(parse(path)) if each.startswith("pipeline")]


@each_file
def test_models_open_no_files(path: Path) -> None:
    assert not names_in(parse(path)) & FILE_READERS


@each_cell
def test_every_array_has_named_dims(dataset: str, name: str) -> None:
    built = build_cell(dataset, name).built
    variables = [*built.free_RVs, *built.observed_RVs, *built.deterministics, *built.data_vars]
    for variable in variables:
        dims = built.named_vars_to_dims.get(variable.name, ())
        assert len(dims) == variable.ndim, variable.name
        assert None not in dims, variable.name


@each_cell
def test_dims_have_labels(dataset: str, name: str) -> None:
    built = build_cell(dataset, name).built
    used = {dim for dims in built.named_vars_to_dims.values() for dim in dims}
    assert all(built.coords.get(dim) is not None for dim in used)


@each_cell
def test_observed_values_are_named_data(dataset: str, name: str) -> None:
    built = build_cell(dataset, name).built
    (observed,) = built.observed_RVs
    behind = set(ancestors([built.rvs_to_values[observed]]))  # PyMC may put a cast between
    assert len(behind & set(built.data_vars)) == 1


@each_cell
def test_no_variable_is_named_as_an_aesthetic_of_the_plots(dataset: str, name: str) -> None:
    assert not {"alpha", "beta"} & set(build_cell(dataset, name).built.named_vars)


@each_cell
def test_one_row_is_predicted_for_each_fitted_row(dataset: str, name: str) -> None:
    cell = build_cell(dataset, name)
    assert cell.predicted.shape[1] == len(fitted_rows(cell.table))


@each_cell
def test_every_estimand_has_label_unit_and_description(dataset: str, name: str) -> None:
    for key, estimand in build_cell(dataset, name).estimands.data_vars.items():
        assert all(estimand.attrs.get(word) for word in ("label", "unit", "description")), key


@each_cell
def test_estimands_are_draws_with_at_most_one_label(dataset: str, name: str) -> None:
    for key, estimand in build_cell(dataset, name).estimands.data_vars.items():
        assert estimand.dims[:2] == ("chain", "draw"), key
        assert len(estimand.dims) <= 3, key


@each_cell
def test_estimand_keys_are_unique(dataset: str, name: str) -> None:
    keys = [key for key, _ in flatten(build_cell(dataset, name).estimands)]
    assert len(set(keys)) == len(keys)


@each_cell
def test_missing_estimands_carry_a_reason(dataset: str, name: str) -> None:
    for key, estimand in build_cell(dataset, name).estimands.data_vars.items():
        if estimand.isnull().any():
            (dim,) = set(estimand.dims) - {"chain", "draw"}
            missing = estimand[dim][estimand.isnull().any(("chain", "draw"))]
            assert all(estimand.attrs["reasons"][str(each)] for each in missing.values), key


@each_cell
def test_positive_estimands_are_positive(dataset: str, name: str) -> None:
    for key, estimand in build_cell(dataset, name).estimands.data_vars.items():
        if estimand.attrs.get("is_positive"):
            assert (estimand >= 0).all(), key


@each_cell
def test_convergence_is_judged_by_an_estimand_that_exists(dataset: str, name: str) -> None:
    made = build_cell(dataset, name).estimands
    judges = {
        each.attrs["judged_by"] for each in made.data_vars.values() if "judged_by" in each.attrs
    }
    assert judges <= set(made.data_vars)


@each_cell
def test_headline_is_an_estimand_with_three_numbers(dataset: str, name: str) -> None:
    cell = build_cell(dataset, name)
    headline = cell.module.headline(cell.card)
    assert headline.key in {key for key, _ in flatten(cell.estimands)}
    assert all(headline.sentence.count(f"{{{each}}}") == 1 for each in ("median", "lower", "upper"))


@each_cell
def test_some_estimand_is_a_headline(dataset: str, name: str) -> None:
    made = build_cell(dataset, name).estimands
    assert any(each.attrs.get("is_headline") for each in made.data_vars.values())


@each_cell
def test_baseline_stands_beside_estimands(dataset: str, name: str) -> None:
    cell = build_cell(dataset, name)
    frame = cell.module.baseline(cell.table, cell.card)
    assert set(frame) == {"key", "label", "method", "estimate", "lower", "upper"}
    assert set(frame["key"]) <= {key for key, _ in flatten(cell.estimands)}
    known = frame.dropna(subset=["lower", "upper"])
    assert len(known)
    assert (known["lower"] <= known["upper"]).all()


@each_cell
def test_charts_name_columns_that_they_bring(dataset: str, name: str) -> None:
    cell = build_cell(dataset, name)
    figures = cell.module.charts(cell.prior, cell.table, cell.card)
    assert len({figure.id for figure in figures}) == len(figures)
    needed = {
        "intervals": {"label", "median", "lower", "upper", "series"},
        "parts": {"comparison", "part", "median", "lower", "upper"},
    }
    for figure in figures:
        columns = needed.get(figure.kind) or {figure.x, figure.y, figure.colour, *figure.hover}
        assert columns <= set(figure.frame), figure.id
        assert len(figure.frame), figure.id
        if figure.curve is not None:
            assert {"x", "median", "lower", "upper", "series"} <= set(figure.curve.frame)


@each_cell
def test_building_leaves_the_table_as_it_was(dataset: str, name: str) -> None:
    table, card = load_real(dataset)
    before = table.copy(deep=True)
    module = models.load(name)
    module.build(table, card, module.Priors())
    pd.testing.assert_frame_equal(table, before)


def simulate_cell(dataset: str, name: str) -> pd.DataFrame:
    """A simulation on the rows of `dataset`, from one draw of the prior."""
    cell = build_cell(dataset, name)
    drawn = cell.prior.isel(chain=0, draw=0)
    truth = {str(key): _as_truth(values) for key, values in drawn.data_vars.items()}
    if hasattr(cell.card.options, "benchmarks"):
        for fact in ("ceiling", "item_count"):
            truth[fact] = {k: getattr(b, fact) for k, b in cell.card.options.benchmarks.items()}
    if hasattr(cell.card.options, "reference_resource"):
        truth["reference_resource"] = cell.card.options.reference_resource
    return cell.module.simulate(cell.table, truth, np.random.default_rng(1))


def _as_truth(values: xr.DataArray) -> Any:
    if values.ndim == 0:
        return values.item()
    dim = values.dims[0]
    return {str(label): _as_truth(values.sel({dim: label})) for label in values[dim].values}


@each_cell
def test_simulation_changes_the_outcome_alone(dataset: str, name: str) -> None:
    simulated = simulate_cell(dataset, name)
    rows = fitted_rows(build_cell(dataset, name).table)
    changed = {
        column
        for column in rows
        if not simulated[column].reset_index(drop=True).equals(rows[column])
    }
    assert changed == OUTCOMES[models.load(name).TABLE]


@each_cell
def test_simulation_depends_on_its_generator_alone(dataset: str, name: str) -> None:
    pd.testing.assert_frame_equal(simulate_cell(dataset, name), simulate_cell(dataset, name))


# The prior predictive, in the units people think in.


def share_between(values: np.ndarray, low: float, high: float) -> float:
    return float(((values >= low) & (values <= high)).mean())


def cells_of(name: str) -> list[str]:
    return [dataset for dataset, model in CELLS if model == name]


@pytest.mark.parametrize("dataset", cells_of("scaling_law"))
def test_prior_losses_are_losses_of_language_models(dataset: str) -> None:
    log_losses = build_cell(dataset, "scaling_law").predicted
    assert share_between(log_losses, np.log(1), np.log(20)) > 0.97
    assert np.exp(np.median(log_losses)) == pytest.approx(2.8, abs=0.5)


@pytest.mark.parametrize("dataset", cells_of("efficiency_frontier"))
def test_prior_resources_are_within_what_computers_can_do(dataset: str) -> None:
    decades = build_cell(dataset, "efficiency_frontier").predicted
    assert share_between(decades, -5, 2) > 0.9
    assert share_between(decades, -10, 5) > 0.99


@pytest.mark.parametrize("dataset", cells_of("efficiency_frontier"))
def test_prior_rates_hold_both_regress_and_monthly_doubling(dataset: str) -> None:
    rate = build_cell(dataset, "efficiency_frontier").prior["rate_mean"].to_numpy()
    assert 0.05 < share_between(rate, -np.inf, 0) < 0.4
    assert share_between(rate, 12 * np.log10(2) / 4, np.inf) < 0.1  # faster than every 4 months


@pytest.mark.parametrize("dataset", cells_of("compute_multiplier"))
def test_prior_scores_are_shares_of_the_questions(dataset: str) -> None:
    cell = build_cell(dataset, "compute_multiplier")
    items = {name: b.item_count for name, b in cell.card.options.benchmarks.items()}
    scores = cell.predicted / fitted_rows(cell.table)["benchmark"].map(items).to_numpy()
    assert share_between(scores, 0, 1) == 1


@pytest.mark.parametrize("dataset", cells_of("compute_multiplier"))
def test_prior_scores_rule_out_neither_failure_nor_success(dataset: str) -> None:
    cell = build_cell(dataset, "compute_multiplier")
    items = {name: b.item_count for name, b in cell.card.options.benchmarks.items()}
    scores = cell.predicted / fitted_rows(cell.table)["benchmark"].map(items).to_numpy()
    assert share_between(scores, 0, 0.3) > 0.1
    assert share_between(scores, 0.3, 0.7) > 0.1
    assert share_between(scores, 0.7, 1) > 0.1
