"""Compute and date that rise together give a wide share and a red panel; apart, a narrow one."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models import INTERVAL_PROBABILITY, Card, as_draws
from models.leaderboards import compute_multiplier
from models.options import AccuracyOptions
from pipeline.checks.identification import identify
from pipeline.checks.refit import THOROUGH, Refitter
from pipeline.fit.cell import make_cell

pytestmark = pytest.mark.slow

MODELS = 60
STEP = "toy-first-last"
TRUTH = {
    "slope": {"Toy": 1.0},
    "level": {"Toy": 0.0},
    "chance": {"Toy": 0.1},
    "ceiling": {"Toy": 0.95},
    "item_count": {"Toy": 2000},
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
    names, start = [f"Model {i}" for i in range(MODELS)], pd.Timestamp(2020, 1, 1)
    return pd.DataFrame(
        {
            "line": range(2, MODELS + 2),
            "model": names,
            "base_model": names,
            "lab": [f"Lab {i % 6}" for i in range(MODELS)],
            "release_date": (start + pd.to_timedelta(years * 365.25, unit="D")).floor("D"),
            "training_flop": 10 ** (23 + decades),
            "benchmark": "Toy",
            "method": "direct",
            "harness": "reported",
            "techniques": "",
            "compute_confidence": "confident",
            "is_dense": False,
            "parameters": np.nan,
            "training_tokens": np.nan,
            "score": 0.0,
            "exclusion": pd.Series([None] * MODELS, dtype="str"),
        }
    )


def make_card() -> Card:
    early, late = ({"model": f"Model {i}", "method": "direct"} for i in (0, MODELS - 1))
    tree = {
        "benchmarks": {"Toy": {"chance": 0.1, "ceiling": 0.95, "item_count": 2000}},
        "trend": "linear",
        "techniques": {},
        "comparisons": [{"id": STEP, "benchmark": "Toy", "earlier": early, "later": late}],
        "headline_comparison": STEP,
        "reference_harness": "reported",
        "allocation": "none",
    }
    return Card("toy", "accuracy_leaderboard", AccuracyOptions.model_validate(tree))


@cache
def compile_model() -> Refitter:
    return Refitter(compute_multiplier, make_table(is_correlated=True), make_card())


@cache
def fit_panel(is_correlated: bool) -> tuple[dict[str, Any], np.ndarray]:
    """The identification panel, and the 90 % interval of the compute share."""
    card, table, model = make_card(), make_table(is_correlated), compute_multiplier
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
    tails = [(1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2]
    return identify(cell, []), np.quantile(parts["compute"] / sum(parts.values()), tails)


def test_share_is_wide_and_not_identified_where_compute_and_date_rise_together() -> None:
    panel, (lower, upper) = fit_panel(is_correlated=True)
    assert panel["is_identified"] is False
    assert panel["identification"]["variance_inflation"]["log10 compute"] > 100
    assert panel["identification"]["contraction"]["rate_decades_per_year"] < 0.5  # like its prior
    assert upper - lower > 0.3


def test_share_is_narrow_and_identified_where_they_do_not() -> None:
    panel, (lower, upper) = fit_panel(is_correlated=False)
    assert panel["is_identified"] is True, panel["identification_reasons"]
    assert lower < 0.8 / 1.3 < upper  # 4.8 decades of compute, 3 of trend
    assert upper - lower < 0.25
    assert upper - lower < np.diff(fit_panel(is_correlated=True)[1])[0] / 2.5
