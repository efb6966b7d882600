"""The model contract, once for every model of models/models.yaml, on one dataset of its table."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, partial
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.graph.traversal import ancestors
from scipy import stats
from tables_for_models import (
    ROOT,
    base_runs_with_compute,
    list_cells,
    load_real,
    rows_with_growth,
)

import models
from models import Leaderboard, Model, Truth, as_draws, fitted_rows, flatten
from models.core.parts import PARTS
from models.core.prior import Prior, list_priors
from pipeline.fit import cell as fitting
from pipeline.fit.density import UNCOMPILED
from pipeline.site.figures import draw_figures
from pipeline.site.words import read_words
from pipeline.studies.trials import add_unfitted

CELLS = list_cells()
MODELS = sorted({name for _, name in CELLS})
LEADERBOARDS = [name for name in MODELS if models.load(name).TABLE.endswith("_leaderboard")]
FUNCTIONS = {
    name: list(inspect.signature(each).parameters)[1:]
    for protocol in (Model, Leaderboard)
    for name, each in vars(protocol).items()
    if isinstance(each, FunctionType) and not name.startswith("_")
}
OUTCOMES = {
    "efficiency": {"resource"},
    "scaling_grid": {"loss_nats"},
    "accuracy_leaderboard": {"score"},
    "loss_leaderboard": {"perplexity"},
    "horizon_leaderboard": {"horizon_minutes", "lower_minutes", "upper_minutes"},
    "published_estimates": {"estimate", "lower", "upper"},
    "growth_rates": {"software_rate"},
    "research_inputs": {"efficiency"},
    "training_runs": {"training_flop"},
    "own_rates": {"rate"},
    "controlled_experiment": {"gpu_hours"},
}
MAY_CHANGE = {"bound"}  # of an estimate: it may turn out to lie on the other side
# Functions that build may share with sample_prior and simulate: they know no equation.
SHARED = {"fitted_rows", "list_priors"}
# Families whose scale is a parameter: sampled as they stand, no rescaled standard offset. The error
# of compute and the priors of the scales keep these away from zero, so that there is no funnel.
CENTRED_FAMILIES = {"deviation", "lab_effect", "technique_on_benchmark"}
# Models that leave fitted rows unread; the others read all.
READ_BY = {
    "idea_production": rows_with_growth,
    "idea_production_ceiling": rows_with_growth,
    "compute_growth": base_runs_with_compute,
}
COLUMNS = {  # of figures that need no words for them
    "intervals": {"label", "median", "lower", "upper", "series"},
    "parts": {"comparison", "part", "median", "lower", "upper"},
}
CHOSEN = {"compute_multiplier": "math"}  # has every part; of other models the first dataset
each_model = pytest.mark.parametrize("name", MODELS)
each_leaderboard = pytest.mark.parametrize("name", LEADERBOARDS)


@dataclass(frozen=True)
class Cell:
    """A model on a dataset, with draws from its prior."""

    module: Any
    table: pd.DataFrame
    card: models.Card
    built: Any
    prior: xr.Dataset
    predicted: np.ndarray  # (draw, row)
    estimands: xr.Dataset  # of the prior's draws
    truth: Truth
    simulated: pd.DataFrame

    @property
    def read(self) -> pd.DataFrame:
        """The rows that the model reads."""
        name = self.module.__name__.rpartition(".")[2]
        return READ_BY.get(name, fitted_rows)(self.table)


def list_datasets(name: str) -> list[str]:
    """Datasets that the model can be fitted to."""
    module = models.load(name)
    found = [dataset for dataset, model in CELLS if model == name]
    return [dataset for dataset in found if not module.unsupported_reason(*load_real(dataset))]


@cache
def make_cell(name: str) -> Cell:
    module: Any = models.load(name)
    table, card = load_real(CHOSEN.get(name, list_datasets(name)[0]))
    before = table.copy(deep=True)
    built = module.build(table, card, module.Priors())
    pd.testing.assert_frame_equal(table, before)
    with built:
        tree = pm.sample_prior_predictive(
            draws=300, random_seed=1, compile_kwargs={"mode": UNCOMPILED}
        )
    prior = tree["prior"].to_dataset()
    (outcome,) = tree["prior_predictive"].to_dataset().data_vars.values()
    made = module.estimands(prior, table, card)
    truth, simulated = draw_truth(module, table, card)
    return Cell(module, table, card, built, prior, outcome.to_numpy()[0], made, truth, simulated)


def draw_truth(module: Any, table: pd.DataFrame, card: models.Card) -> tuple[Truth, pd.DataFrame]:
    rng = np.random.default_rng(1)
    truth = module.sample_prior(table, card, module.Priors(), rng)
    return truth, module.simulate(table, truth, rng)


def trace(function: Callable[[], Any]) -> set[CodeType]:
    """The code of models/ that a call runs, comprehensions and class bodies left out."""
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and "/models/" in code.co_filename and code.co_name.isidentifier():
            found.add(code)

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return {code for code in found if code.co_filename.startswith(str(ROOT / "models"))}


@each_model
def test_module_has_what_the_contract_names(name: str) -> None:
    module: Any = models.load(name)
    kind = Leaderboard if name in LEADERBOARDS else Model
    for function, parameters in FUNCTIONS.items():
        if hasattr(kind, function):
            assert list(inspect.signature(getattr(module, function)).parameters) == parameters
    assert (load_real(list_datasets(name)[0])[1].table) == module.TABLE
    assert module.SAMPLER["adaptation"] in ("diag", "low_rank")
    assert 0.8 <= module.SAMPLER["target_accept"] < 1
    assert all(word in module.__doc__ for word in ("Equations", "dentifies", "cannot"))
    for key, prior in list_priors(module.Priors()):
        assert isinstance(prior, Prior), key
        assert prior.unit, key
        assert len(prior.reason) > 10, key


@each_model
def test_pages_have_words_for_the_model_and_its_estimands(name: str) -> None:
    words, cell = read_words(ROOT / "reports/models", name), make_cell(name)
    assert words.equations
    assert all(
        words.headline.count(f"{{{each}}}") == 1 for each in ("median", "lower", "upper")
    ) or ("{headline}" in words.headline)
    keys = {models.estimand_key(str(key), each) for key, each in cell.estimands.data_vars.items()}
    parts = ("decades_", "share_", "shapley_")  # one description for all, in models/__init__.py
    described = {key for key in keys if not key.startswith(parts)} <= set(words.estimands)
    assert described or not words.estimands  # a model that is tried out does without


@each_model
def test_figures_bring_the_columns_that_they_name_and_their_words_are_filled_in(name: str) -> None:
    cell, few = make_cell(name), {"draw": slice(0, 3)}
    words = read_words(ROOT / "reports/models", name, cell.card.options)
    tree = xr.DataTree.from_dict({"posterior": cell.prior.isel(few)})
    drawn = fitting.Cell(cell.module, cell.table, cell.card, tree, cell.estimands.isel(few))
    figures = draw_figures(drawn, words)
    assert len({figure.id for figure in figures}) == len(figures)
    for figure in figures:
        columns = COLUMNS.get(figure.kind) or {figure.x, figure.y, figure.colour, *figure.hover}
        assert columns <= set(figure.frame), figure.id
        assert len(figure.frame), figure.id
        if figure.curve is not None:
            assert {"x", "median", "lower", "upper", "series"} <= set(figure.curve)
        said = (figure.title, figure.caption, figure.x_title, figure.y_title)
        assert not [text for text in said if "{" in text], figure.id


@each_model
def test_every_prior_is_a_variable_and_every_variable_has_a_prior(name: str) -> None:
    module, cell, used = models.load(name), make_cell(name), set[str]()
    stated = {field.name for field in fields(module.Priors)}
    for dataset in list_datasets(name):
        built = module.build(*load_real(dataset), module.Priors())
        used |= {variable.name for variable in built.free_RVs}
    scaled = {f"{name}_offset" for name in stated}  # priors that are drawn as location and scale
    assert stated <= {variable.removesuffix("_offset") for variable in used}
    for variable in used - stated - scaled - CENTRED_FAMILIES:
        assert variable.endswith(("_offset", "_step"))
        if variable in cell.prior:
            assert abs(cell.prior[variable].std() - 1) < 0.15, variable
    for family in CENTRED_FAMILIES & set(cell.prior.data_vars):
        draws = cell.prior[family]
        if family == "technique_on_benchmark":
            draws = draws - cell.prior["technique_gain"]
        assert abs(draws.mean()) < 0.1 * draws.std(), family


@each_model
def test_what_makes_data_shares_no_equation_with_build_and_no_pymc(name: str) -> None:
    cell = make_cell(name)
    module, table, card = cell.module, cell.table, cell.card
    build = trace(partial(module.build, table, card, module.Priors()))
    draw = trace(partial(draw_truth, module, table, card))
    assert {code.co_name for code in build & draw} <= SHARED
    assert module.simulate.__code__ in draw
    assert not [each for each in draw if {"pm", "pymc", "pytensor"} & set(each.co_names)]


@each_model
def test_arrays_have_named_dims_and_data_are_those_of_build(name: str) -> None:
    cell = make_cell(name)
    built = cell.built
    values = cell.module.data(cell.table, cell.card, cell.module.Priors())
    unused = set(values) - {variable.name for variable in built.data_vars}
    assert all(key.startswith("prior_") for key in unused)  # priors that the dataset has no use for
    for variable in built.data_vars:
        np.testing.assert_array_equal(values[variable.name], variable.get_value())
    for variable in [*built.free_RVs, *built.observed_RVs, *built.deterministics, *built.data_vars]:
        dims = built.named_vars_to_dims.get(variable.name, ())
        if not variable.name.startswith("prior_"):  # its parameters, in the order of PyMC
            assert len(dims) == variable.ndim, variable.name
        assert all(built.coords.get(dim) is not None for dim in dims), variable.name
    (observed,) = built.observed_RVs
    behind = set(ancestors([built.rvs_to_values[observed]]))  # PyMC may put a cast between
    assert len(behind & set(built.data_vars)) == 1
    assert not {"alpha", "beta"} & set(built.named_vars)  # aesthetics of the plots


@each_model
def test_one_row_is_predicted_and_explained_for_each_row_that_is_read(name: str) -> None:
    cell = make_cell(name)
    frame = cell.module.regressors(cell.table, cell.card)
    left_out = list(getattr(cell.card.options, "left_out", {}))  # by name, of one model alone
    read = cell.read[~cell.read["model"].isin(left_out)] if left_out else cell.read
    assert len(frame) == len(read) == cell.predicted.shape[1]
    assert np.isfinite(frame.to_numpy(dtype=float)).all()


@each_model
def test_estimands_are_labelled_draws_and_missing_ones_carry_a_reason(name: str) -> None:
    cell = make_cell(name)
    keys = [key for key, _ in flatten(cell.estimands)]
    assert len(set(keys)) == len(keys)
    assert cell.module.headline_key(cell.card) in keys
    assert any(each.attrs.get("is_headline") for each in cell.estimands.data_vars.values())
    for key, estimand in cell.estimands.data_vars.items():
        assert estimand.attrs["label"], key
        assert estimand.attrs["unit"], key
        assert estimand.dims[:2] == ("chain", "draw"), key
        assert estimand.attrs.get("derived_from", key) in cell.estimands, key
        assert not estimand.attrs.get("is_positive") or not (estimand < 0).any(), key
        labels = estimand.dims[2:]
        assert len(labels) <= 1, key
        missing = estimand.isnull().any(("chain", "draw"))
        reasons = estimand.attrs.get("reasons", {})
        for label in np.atleast_1d(missing[labels[0]].values if labels else "")[
            np.atleast_1d(missing.values)
        ]:
            assert reasons[str(label) if labels else None], key


@each_model
def test_baseline_stands_beside_estimands(name: str) -> None:
    cell = make_cell(name)
    frame = cell.module.baseline(cell.table, cell.card)
    assert set(frame) == {"key", "label", "method", "estimate", "lower", "upper"}
    assert set(frame["key"]) <= {key for key, _ in flatten(cell.estimands)}
    known = frame.dropna(subset=["lower", "upper"])
    assert len(known)
    assert (known["lower"] <= known["upper"]).all()


@each_model
def test_simulation_changes_the_outcome_alone_and_depends_on_its_generator_alone(name: str) -> None:
    cell = make_cell(name)
    rows, simulated = fitted_rows(cell.table), cell.simulated.reset_index(drop=True)
    changed = {column for column in rows if not simulated[column].equals(rows[column])}
    assert changed - MAY_CHANGE == OUTCOMES[cell.module.TABLE]
    truth, again = draw_truth(cell.module, cell.table, cell.card)
    assert truth == cell.truth
    pd.testing.assert_frame_equal(again, cell.simulated)


@each_model
def test_estimands_of_a_truth_are_those_of_a_posterior(name: str) -> None:
    """A study of calibration compares the two, key by key; ends of record paths may move."""
    cell = make_cell(name)
    drawn, complete = (
        as_draws(cell.truth, cell.module.DIMS),
        add_unfitted(cell.simulated, cell.table),
    )
    made = [cell.module.estimands(drawn, table, cell.card) for table in (cell.table, complete)]
    known, *found = (
        {key for key, _ in flatten(each) if "_record" not in key and "reverse" not in key}
        for each in (cell.estimands, *made)
    )
    assert found == [known, known]


@each_model
def test_truths_have_variables_and_labels_of_build_and_follow_its_priors(
    name: str,
) -> None:
    """Every parameter, or its first label, against PyMC's draws: Kolmogorov and Smirnov."""
    cell, rng = make_cell(name), np.random.default_rng(3)
    module, priors = cell.module, cell.module.Priors()
    truths = [module.sample_prior(cell.table, cell.card, priors, rng) for _ in range(100)]
    draws = xr.concat([as_draws(truth, module.DIMS) for truth in truths], dim="draw")
    missing = {each.name for each in cell.built.free_RVs} - set(draws)
    assert not [each for each in missing if not each.endswith(("_offset", "_step"))]
    # Allocation is a moment summary in build and the law's own draws here: see test_scaling_law.py.
    for key in set(draws.data_vars) & set(cell.prior.data_vars) - {"allocation"}:
        labels = {dim: 0 for dim in draws[key].dims if dim not in ("chain", "draw")}
        for dim in labels:
            assert list(draws[key][dim].values) == list(cell.prior[key][dim].values), key
        ours, theirs = (each[key].isel(labels).to_numpy().ravel() for each in (draws, cell.prior))
        if np.ptp(theirs) > 0:
            assert stats.ks_2samp(ours, theirs).pvalue > 1e-4, key


# What leaderboards provide besides.


@each_leaderboard
def test_holding_rows_out_changes_data_alone_and_no_density(name: str) -> None:
    """A compiled model is refitted by new data; each base model has a density in every draw."""
    cell = make_cell(name)
    base = cell.read["base_model"].iloc[-1]
    held = cell.table.assign(is_held_out=cell.table["base_model"] == base)
    before, after = (
        cell.module.data(table, cell.card, cell.module.Priors()) for table in (cell.table, held)
    )
    assert {k: np.shape(v) for k, v in after.items()} == {k: np.shape(v) for k, v in before.items()}
    assert any((np.asarray(after[key]) != np.asarray(before[key])).any() for key in after)
    draws = cell.prior.isel(draw=slice(0, 3))
    found, again = (
        cell.module.unit_log_likelihood(draws, each, cell.card) for each in (cell.table, held)
    )
    xr.testing.assert_equal(found, again)
    assert found.dims == ("chain", "draw", "base_model")
    assert set(found["base_model"].values) == set(cell.read["base_model"])
    assert np.isfinite(found).all()


@each_leaderboard
def test_fixing_a_share_moves_algorithms_alone_to_what_was_asked_for(name: str) -> None:
    cell, share = make_cell(name), 0.2
    options: Any = cell.card.options
    fixed = cell.module.fix_share(cell.truth, share, cell.table, cell.card)
    moved = {key for key in cell.truth if fixed[key] != cell.truth[key]}
    assert moved <= {"rate", "rate_by_year", "technique_gain", "technique_on_benchmark"}
    drawn = as_draws(fixed, cell.module.DIMS)
    made = cell.module.estimands(drawn, cell.table, cell.card)
    step = made.sel(comparison=options.headline_comparison)
    decades = {part: step[f"decades_{part}"].sum().item() for part in PARTS}
    assert decades["compute"] / sum(decades.values()) == pytest.approx(share)


# The prior predictive, in the units people think in.


def predict_height(cell: Cell) -> np.ndarray:
    """Place of the predicted scores between chance and the ceiling."""
    options: Any = cell.card.options
    facts = [options.benchmarks[name] for name in fitted_rows(cell.table)["benchmark"]]
    chance = np.array([0.0 if b.chance == "estimated" else b.chance for b in facts])
    items, ceiling = (np.array([getattr(b, k) for b in facts]) for k in ("item_count", "ceiling"))
    return (cell.predicted / items - chance) / (ceiling - chance)


PREDICTIONS: list[tuple[str, Callable[[Cell], Any], float, float, float, float]] = [
    # model, quantity, range, and the least and greatest share of the prior that lies in it
    ("scaling_law", lambda cell: cell.predicted, np.log(1), np.log(20), 0.97, 1),  # log nats
    ("efficiency_frontier", lambda cell: cell.predicted, -5, 2, 0.9, 1),  # decades
    ("efficiency_frontier", lambda cell: cell.prior["rate_mean"], -np.inf, 0, 0.05, 0.4),
    # faster than doubling every four months
    ("efficiency_frontier", lambda cell: cell.prior["rate_mean"], 12 * np.log10(2) / 4, 99, 0, 0.1),
    *(
        (name, lambda cell: cell.predicted / np.log(10), low, high, least, 1)
        for name in ("idea_production", "idea_production_ceiling")
        for low, high, least in ((-3, 30, 0.95), (-3, 1, 0.1), (3, 30, 0.1))
    ),
    ("compute_growth", lambda cell: cell.predicted + 24, 18, 28, 0.9, 1),
    ("factorial_split", lambda cell: cell.predicted, -4, 4, 0.9, 1),  # log10 GPU-hours
    ("factorial_split", lambda cell: cell.prior["gain"], -0.5, 2, 0.8, 1),  # decades
    # log2 minutes: a tenth of a second to four years, and some beyond an hour and below a minute
    ("horizon_trend", lambda cell: cell.predicted, -9, 21, 0.95, 1),
    ("horizon_trend", lambda cell: cell.predicted, 6, 99, 0.1, 0.5),
    ("horizon_trend", lambda cell: cell.predicted, -99, 0, 0.05, 0.5),
    *(
        ("compute_multiplier", predict_height, low, high, 0.1, 1)
        for low, high in ((-1, 0.3), (0.3, 0.7), (0.7, 2))
    ),
]


@pytest.mark.parametrize(("name", "quantity", "low", "high", "least", "most"), PREDICTIONS)
def test_prior_predictive_holds_what_may_be_and_little_else(
    name: str, quantity: Any, low: float, high: float, least: float, most: float
) -> None:
    values = np.asarray(quantity(make_cell(name)))
    assert least <= ((values >= low) & (values <= high)).mean() <= most
