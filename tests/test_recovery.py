"""Known truths are recovered: simulated on the real rows of a dataset, and fitted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import read_cases
from tables_for_models import load_real

import models
from models import as_draws, flatten
from pipeline.checks.refit import Refitter, choose_settings
from pipeline.studies.trials import add_unfitted

SEED = 6
CASES = read_cases("recovery.yaml")
DRAWN = ("technique_gain", "rate_by_year")  # compared where there are any, besides what is known
STEPS = ("decades_technique", "decades_trend", "share_algorithms")


def pin(priors: Any, values: dict[str, float]) -> Any:
    """The priors with these terms known."""
    fixed = {k: replace(getattr(priors, k), parameters=(v, 0.0)) for k, v in values.items()}
    return replace(priors, **fixed)


def assert_recovered(posterior: xr.Dataset, truth: xr.Dataset) -> int:
    """Three standard deviations or the middle 99 % of the draws hold every truth; the count of
    those that could be compared. A ratio (a share) may have no standard deviation: that of its
    draws depends on their largest, and its truth is judged by its rank.
    """
    found, known = (dict(flatten(each)) for each in (posterior, truth))
    compared = [key for key in found if key in known and np.isfinite(known[key]).all()]
    compared = [key for key in compared if np.isfinite(found[key]).all()]
    for key in compared:
        draws, true = found[key].to_numpy(), known[key].item()
        away, sd = abs(draws.mean() - true), draws.std()
        within = 0.005 < (draws < true).mean() < 0.995
        assert away < 3 * sd + 1e-9 or within, f"{key}: {away:.3g} off, {sd:.3g} wide"
    return len(compared)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['dataset']}-{case['model']}")
def test_known_truth_is_recovered(case: dict[str, Any]) -> None:
    module: Any = models.load(case["model"])
    (table, card), rng = load_real(case["dataset"]), np.random.default_rng(SEED)
    priors, pinned = module.Priors(), case.get("pinned", {})
    truth = module.sample_prior(table, card, pin(priors, pinned), rng) | case["known"]
    simulated = module.simulate(table, truth, rng)
    refitter = Refitter(module, table, card)
    posterior = refitter.refit(simulated, card, priors, SEED, choose_settings(refitter))
    drawn = as_draws(truth, module.DIMS)
    names = [*case["known"], *pinned, *(name for name in DRAWN if name in truth)]
    assert_recovered(posterior[names], drawn[names])
    for name, most in case["narrow"].items():
        assert (posterior[name].std(("chain", "draw")) < most).all(), name
    complete = add_unfitted(simulated, table)
    made, true = (module.estimands(each, complete, card) for each in (posterior, drawn))
    asked = [name for name in made if made[name].attrs.get("is_headline") or name in STEPS]
    assert assert_recovered(made[asked], true[asked]) >= case["compared"]
