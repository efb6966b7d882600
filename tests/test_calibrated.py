"""Intervals hold what is true: in the committed studies, and in a short one on real rows. Compute
and date that rise together give a wide share and a red panel.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boards import FACTS, make_board, make_board_card
from conftest import ROOT
from scipy.stats import binomtest
from tables_for_models import list_cells, load_real

import models
from models import as_draws
from models.leaderboards import compute_multiplier
from pipeline.checks.identification import identify
from pipeline.checks.refit import THOROUGH, Refitter
from pipeline.fit.cell import make_cell
from pipeline.studies import published_profile
from pipeline.studies.calibrate import SEED
from pipeline.studies.coverage import study_coverage
from pipeline.studies.engine import start
from pipeline.studies.recipe import Recipe
from pipeline.studies.trials import TAILS, Study

MODELS = 60
STEP = "toy-first-last"
TRUTH = {
    "slope": {"Toy": 1.0},
    "level": {"Toy": 0.0},
    **{name: {"Toy": value} for name, value in FACTS.items()},
    "rate": 0.5,
    "dispersion": 0.03,
}


def make_table(is_correlated: bool) -> pd.DataFrame:
    """Models of six labs whose compute grows with the date, exactly or not at all.

    Both ends of the comparison have the same compute and date in either case.
    """
    years = np.linspace(-3, 3, MODELS)
    decades = 0.8 * years
    if not is_correlated:
        decades[1:-1] = np.random.default_rng(3).permutation(decades[1:-1])
    dates = pd.Timestamp(2020, 1, 1) + pd.to_timedelta(years * 365.25, unit="D")
    return make_board(
        [f"Model {i}" for i in range(MODELS)],
        lab=[f"Lab {i % 6}" for i in range(MODELS)],
        release_date=dates.floor("D"),
        training_flop=10 ** (23 + decades),
        score=np.linspace(0.2, 0.9, MODELS),  # the sampler's units are those of the scores' spread
    )


CARD = make_board_card({STEP: ("Toy", "Model 0", f"Model {MODELS - 1}")})


@cache
def compile_model() -> Refitter:
    return Refitter(compute_multiplier, make_table(is_correlated=True), CARD)


def fit_panel(is_correlated: bool) -> tuple[dict[str, Any], np.ndarray]:
    """The identification panel, and the 90 % interval of the compute share."""
    card, table, model = CARD, make_table(is_correlated), compute_multiplier
    rng = np.random.default_rng(4)
    deviation = dict(zip(table["model"], rng.normal(0, 0.3, MODELS), strict=True))
    simulated = model.simulate(table, TRUTH | {"deviation": deviation}, rng)
    truths = [model.sample_prior(simulated, card, model.Priors(), rng) for _ in range(200)]
    prior = xr.concat([as_draws(truth, model.DIMS) for truth in truths], dim="draw")
    draws = compile_model().refit(simulated, card, model.Priors(), 5, THOROUGH)
    groups = {"posterior": draws, "prior": prior.assign_coords(draw=range(200))}
    module: Any = model
    cell = make_cell(module, simulated, card, xr.DataTree.from_dict(groups))
    parts = {
        part: cell.estimands[f"decades_{part}"].sel(comparison=STEP)
        for part in ("compute", "trend", "lab", "unexplained")
    }
    return identify(cell, []), np.quantile(parts["compute"] / sum(parts.values()), TAILS)


@pytest.mark.slow
def test_share_is_wide_and_not_identified_where_compute_and_date_rise_together() -> None:
    together, (low, high) = fit_panel(is_correlated=True)
    assert together["is_identified"] is False
    assert together["identification"]["variance_inflation"]["log10 compute"] > 100
    contraction = together["identification"]["contraction"]["rate_decades_per_year"]
    assert contraction < 0.5  # like its prior
    apart, (lower, upper) = fit_panel(is_correlated=False)
    assert apart["is_identified"] is True, apart["identification_reasons"]
    assert lower < 0.8 / 1.3 < upper  # 4.8 decades of compute, 3 of trend
    assert upper - lower < min(0.25, (high - low) / 2.5)
    assert high - low > 0.3


# Coverage.

STUDIES = [
    path
    for path in sorted((ROOT / "data/calibration").glob("*.json"))
    if path.stem != published_profile.CELL  # a study of the published fit, not of a model of ours
]
BINARY = "p_ceiling_within"  # a probability that most truths lie at the end of: held too often
LIKELY = 1e-3  # least p-value of coverage, under intervals that are right
DATASETS = 20


def find_unlikely(coverage: dict[str, Any]) -> dict[str, float]:
    """Shares of intervals that hold their truth which right intervals hardly ever have."""
    return {
        key: each["share"]
        for key, each in coverage["estimands"].items()
        if binomtest(each["covered"], each["intervals"], coverage["probability"]).pvalue < LIKELY
        and not key.startswith(BINARY)
    }


def test_every_model_has_a_study() -> None:
    assert {path.stem.partition("-")[2] for path in STUDIES} == {name for _, name in list_cells()}


def has_coverage(path: Path) -> bool:
    """Whether coverage was measured: pages say "not measured" where it was not."""
    return "coverage" in json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*filter(has_coverage, STUDIES)], ids=lambda path: path.stem)
def test_intervals_held_their_truths_in_the_committed_study(path: Path) -> None:
    coverage = json.loads(path.read_text(encoding="utf-8"))["coverage"]
    assert coverage["failed"] <= 0.02 * coverage["datasets"]
    assert find_unlikely(coverage) == {}


@pytest.mark.slow
def test_intervals_hold_simulated_truths_on_real_rows(tmp_path: Path) -> None:
    table, card = load_real("own_rates")
    model = models.load("shared_rate")
    with start("", 1, tmp_path) as engine:
        study = Study("toy", model, table, card, Recipe(model, table, card), SEED, engine)
        found = study_coverage(study, DATASETS)
    assert found["failed"] <= 1, found["failures"]
    assert find_unlikely(found) == {}
