"""Intervals hold simulated truths as often as they say, on real rows; without the lab term not.

Twenty datasets a model: enough to find a broken likelihood. The studies in `data/calibration/`
have 300 each.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from tables_for_models import list_cells, load_real
from test_identified_or_not import MODELS, make_card, make_table

import models
from models import as_draws
from models.leaderboards import compute_multiplier
from pipeline.checks.fingerprint import measure_p_value
from pipeline.checks.refit import RefitError, Refitter
from pipeline.studies.calibrate import make_study
from pipeline.studies.coverage import study_coverage
from pipeline.studies.trials import TAILS

pytestmark = pytest.mark.slow

DATASETS = 20
LAB_DATASETS = 40
TOO_UNLIKELY = 1e-4  # of so few covered, under intervals that are right
# The design on which each model is tried: its smallest, that CI may run all of them.
DESIGNS = {
    "efficiency_frontier": "imagenet_efficiency",
    "scaling_law": "chinchilla_runs",
    "compute_multiplier": "minerva",
    "scale_dependent": "imagenet",
    "era_ceilings": "math",
    "loss_multiplier": "lm_perplexity",
    "augmented_scaling_law": "lm_perplexity",
    "meta_analysis": "substitution_elasticity",
    "rate_coincidence": "software_hardware_rates",
    "idea_production": "research_inputs",
    "idea_production_ceiling": "research_inputs",
    "compute_growth": "training_runs",
    "shared_rate": "own_rates",
}


def test_every_model_is_tried() -> None:
    assert set(DESIGNS) == {name for _, name in list_cells()}


@pytest.mark.parametrize("name", DESIGNS)
def test_intervals_hold_simulated_truths_on_real_rows(name: str) -> None:
    table, card = load_real(DESIGNS[name])
    found = study_coverage(make_study(name, models.load(name), table, card, jobs=2), DATASETS)
    assert found["failed"] <= 1, found["failures"]
    for key, each in found["estimands"].items():
        p_value = measure_p_value(each["covered"], each["intervals"], found["probability"])
        assert p_value > TOO_UNLIKELY, f"{key}: {each['covered']} of {each['intervals']}"


@cache
def cover_rate(has_labs: bool) -> float:
    """Share of 90 % intervals that hold the rate where labs follow one another in time.

    Truths have lab effects in either case; without labs the fit takes all models for one lab's.
    """
    card = make_card()
    table = make_table(is_correlated=False).assign(
        lab=[f"Lab {6 * i // MODELS}" for i in range(MODELS)]
    )
    shown = table if has_labs else table.assign(lab="one lab")
    priors = compute_multiplier.Priors()
    refitter = Refitter(compute_multiplier, shown, card)
    rng = np.random.default_rng(11)
    hits = [_is_rate_covered(table, shown, refitter, priors, rng) for _ in range(LAB_DATASETS)]
    return float(np.mean(hits))


def _is_rate_covered(
    table: pd.DataFrame,
    shown: pd.DataFrame,
    refitter: Refitter,
    priors: compute_multiplier.Priors,
    rng: np.random.Generator,
) -> bool:
    card = make_card()
    truth = compute_multiplier.sample_prior(table, card, priors, rng)
    truth |= {"slope": {"Toy": 1.0}, "level": {"Toy": 0.0}}  # scores that say something
    simulated = compute_multiplier.simulate(table, truth, rng).assign(lab=shown["lab"])
    try:
        posterior = refitter.refit(simulated, card, priors, int(rng.integers(2**31)))
    except RefitError:
        return False  # a fit that gives nothing covers nothing
    lower, upper = np.quantile(posterior["rate"], TAILS)
    return bool(lower <= float(as_draws(truth, compute_multiplier.DIMS)["rate"].item()) <= upper)


def test_rate_is_covered_with_the_lab_term() -> None:
    assert cover_rate(has_labs=True) >= 0.8


def test_coverage_fails_without_the_lab_term() -> None:
    assert cover_rate(has_labs=False) < 0.75
