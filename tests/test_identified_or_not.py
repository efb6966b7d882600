"""Compute and date that rise together give a wide share and a red panel; apart, a narrow one."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import INTERVAL_PROBABILITY, Card
from models.leaderboards import compute_multiplier
from models.options import AccuracyOptions
from pipeline.checks.identification import identify
from pipeline.checks.sensitivity import measure_sensitivity
from pipeline.fit.cell import Cell
from pipeline.fit.sample import fit

# Random draws of the outcome's distribution run in Python: slower, no less right.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning"),
]

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
    rng = np.random.default_rng(3)
    years = np.linspace(-3, 3, MODELS)
    decades = 0.8 * years
    if not is_correlated:
        decades[1:-1] = rng.permutation(decades[1:-1])
    rows = pd.DataFrame(
        {
            "model": [f"Model {i}" for i in range(MODELS)],
            "lab": [f"Lab {i % 6}" for i in range(MODELS)],
            "release_date": pd.Timestamp(2020, 1, 1) + pd.to_timedelta(years * 365.25, unit="D"),
            "training_flop": 10 ** (23 + decades),
        }
    )
    return rows.assign(
        line=range(2, MODELS + 2),
        benchmark="Toy",
        base_model=rows["model"],
        method="direct",
        harness="reported",
        techniques="",
        compute_confidence="confident",
        is_dense=False,
        parameters=np.nan,
        training_tokens=np.nan,
        score=0.0,
        exclusion=pd.Series([None] * MODELS, dtype="str"),
    )


def make_card() -> Card:
    facts = {"label": "Toy", "chance": 0.1, "ceiling": 0.95, "item_count": 2000, "reason": "a test"}
    sides = [{"model": f"Model {i}", "method": "direct"} for i in (0, MODELS - 1)]
    step = {"id": STEP, "label": "first to last", "benchmark": "Toy"}
    tree = {
        "benchmarks": {"Toy": facts},
        "trend": "linear",
        "techniques": {},
        "comparisons": [step | {"earlier": sides[0], "later": sides[1]}],
        "headline_comparison": STEP,
        "reference_harness": "reported",
        "allocation": "none",
        "allocation_reason": "the models of the test have no size",
    }
    return Card("toy", "accuracy_leaderboard", AccuracyOptions.model_validate(tree))


@cache
def fit_panel(is_correlated: bool) -> tuple[dict[str, Any], np.ndarray]:
    """The identification panel, and the 90 % interval of the compute share."""
    card, table = make_card(), make_table(is_correlated)
    rng = np.random.default_rng(4)  # errors of compute of 0.15 decades, and models' own 0.3
    deviation = dict(zip(table["model"], rng.normal(0, np.hypot(0.15, 0.3), MODELS), strict=True))
    simulated = compute_multiplier.simulate(table, TRUTH | {"deviation": deviation}, rng)
    settings = {"draws": 500, "tune": 800, "chains": 2}
    tree = fit(compute_multiplier, simulated, card, settings, seed=5)
    made = compute_multiplier.estimands(tree["posterior"].to_dataset(), simulated, card)
    cell = Cell(compute_multiplier, simulated, card, tree, made)
    share = made["decades_compute"].sel(comparison=STEP) / sum(
        made[f"decades_{part}"].sel(comparison=STEP)
        for part in ("compute", "trend", "lab", "unexplained")
    )
    tails = [(1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2]
    panel = identify(cell, measure_sensitivity(cell)["driven_by_prior"])
    return panel, np.quantile(share, tails)


def test_share_is_wide_and_not_identified_where_compute_and_date_rise_together() -> None:
    panel, (lower, upper) = fit_panel(is_correlated=True)
    assert panel["is_identified"] is False
    inflation = panel["identification"]["variance_inflation"]
    assert inflation["log10 compute"] > 100
    assert panel["identification"]["contraction"]["rate_decades_per_year"] < 0.5  # like its prior
    assert upper - lower > 0.3


def test_share_is_narrow_and_identified_where_they_do_not() -> None:
    panel, (lower, upper) = fit_panel(is_correlated=False)
    assert panel["is_identified"] is True, panel["identification_reasons"]
    assert upper - lower < 0.25
    assert lower < 0.8 / 1.3 < upper  # 4.8 decades of compute, 3 of trend


def test_correlation_alone_makes_the_interval_several_times_wider() -> None:
    widths = [float(np.diff(fit_panel(is_correlated)[1])[0]) for is_correlated in (True, False)]
    assert widths[0] > 2.5 * widths[1]
