"""Special cases: what a choice would have said, and whether the data rule it out."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import make_card

from models.core.variants import Variant
from models.leaderboards.compute_multiplier import VARIANTS, Priors
from pipeline.checks.special_cases import compare, summarise


def test_differences_are_summed_over_units_with_their_standard_error() -> None:
    own = pd.Series([-1.0, -2.0, -3.0, -4.0], index=list("abcd"))
    worse = own - pd.Series([1.0, 1.2, 0.8, 1.0], index=list("abcd"))
    found = compare(worse, own)
    assert found["elpd_difference"] == pytest.approx(-4.0)
    assert found["elpd_difference_se"] == pytest.approx(np.sqrt(4 * np.var([1, 1.2, 0.8, 1])), 1e-3)
    assert found["is_ruled_out"] is True
    scattered = own + pd.Series([3.0, -4.0, 3.0, -3.0], index=list("abcd"))
    assert compare(scattered, own)["is_ruled_out"] is False
    kept = compare(scattered, own, {"b"})
    assert (kept["units"], kept["units_left_out"]) == (3, 1)
    assert kept["elpd_difference"] == pytest.approx(3.0)


def test_shares_rates_and_coefficients_are_kept_and_what_is_not_reported_is_not() -> None:
    draws = np.linspace(0, 1, 101).reshape(1, 101)
    dims = ("chain", "draw")
    made = xr.Dataset(
        {
            "share_compute": ((*dims, "comparison"), np.stack([draws, draws * np.nan], axis=-1)),
            "rate_decades_per_year": (dims, 2 * draws),
            "score_slope": (dims, draws),
        },
        coords={"comparison": ["a", "b"]},
    )
    found = summarise(made)
    assert set(found) == {"share_compute[a]", "rate_decades_per_year"}
    assert found["share_compute[a]"] == {"median": 0.5, "lower": 0.05, "upper": 0.95}


def test_variants_change_priors_and_options_and_nothing_else() -> None:
    before = make_card(kind="classical", compute_error_decades={"likely": 0.22})
    priors, card = VARIANTS["all_of_these"].apply(Priors(), before)
    assert priors.drift.parameters == (0.0,)
    assert priors.allocation_over.parameters == (1.0, 0.0)
    assert priors.rate == Priors().rate
    assert card.options.compute_error_decades.kind == "berkson"
    assert card.options.compute_error_decades.likely == 0.22
    assert card.options.comparisons == before.options.comparisons
    same, untouched = Variant().apply(Priors(), before)
    assert (same, untouched.options) == (Priors(), before.options)
