"""Gains that change with scale: how the product of date and compute is shared, and what a gain is
worth at a stated compute.
"""

import numpy as np
import pytest
import xarray as xr
from scipy import optimize
from tables_for_models import (
    BETWEEN,
    RECORD,
    WITHIN,
    list_present,
    list_steps,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_change,
    recompute_step,
)

from models.effective_compute.design import make_design
from models.leaderboards import compute_multiplier, scale_dependent

EACH_STEP = pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, RECORD])


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    return make_posterior(interaction=(0.08, 0.1, None))


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return scale_dependent.estimands(posterior, make_leaderboard(), make_card())


@EACH_STEP
def test_parts_agree_with_plain_arithmetic(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    (wanted,) = [s for s in list_steps(make_leaderboard(), make_card()) if s.id == comparison]
    expected = recompute_step(posterior, make_leaderboard(), wanted)
    found = list_present(made, "decades", comparison)
    found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
    assert set(found) == set(expected)
    for part, values in expected.items():
        np.testing.assert_allclose(found[part], values, atol=1e-10, err_msg=part)


@EACH_STEP
def test_shapley_values_sum_to_the_change_of_the_fitted_score(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    (wanted,) = [s for s in list_steps(make_leaderboard(), make_card()) if s.id == comparison]
    change = recompute_change(posterior, make_leaderboard(), make_card(), wanted)
    total = sum(list_present(made, "shapley", comparison).values())
    np.testing.assert_allclose(total, change, atol=1e-12)


def test_product_is_shared_between_compute_and_trend_as_its_shapley_value(
    posterior: xr.Dataset, made: xr.Dataset
) -> None:
    """Of Base 0 to Tuned 3: the mean over compute first and date first, corner by corner."""
    plain = scale_dependent.estimands(
        posterior.assign(interaction=xr.zeros_like(posterior["interaction"])),
        make_leaderboard(),
        make_card(),
    )
    design = make_design(make_leaderboard())
    (c1, c2), (t1, t2) = (values[[0, 7]] for values in (design.log10_compute, design.years))
    strength = posterior["interaction"]
    by_compute = strength * ((c2 * t1 - c1 * t1) + (c2 * t2 - c1 * t2)) / 2
    by_trend = strength * ((c1 * t2 - c1 * t1) + (c2 * t2 - c2 * t1)) / 2
    np.testing.assert_allclose(by_compute + by_trend, strength * (c2 * t2 - c1 * t1))
    for part, expected in (("compute", by_compute), ("trend", by_trend)):
        added = (made - plain)[f"decades_{part}"].sel(comparison=BETWEEN)
        np.testing.assert_allclose(added, expected, atol=1e-12)


def test_other_parts_know_nothing_of_the_interaction(
    posterior: xr.Dataset, made: xr.Dataset
) -> None:
    plain = compute_multiplier.estimands(
        posterior.drop_vars("interaction"), make_leaderboard(), make_card()
    )
    for part in ("technique", "lab", "unexplained"):
        xr.testing.assert_allclose(made[f"decades_{part}"], plain[f"decades_{part}"])


def test_rate_at_a_stated_compute_is_on_the_line(posterior: xr.Dataset, made: xr.Dataset) -> None:
    assert list(made["rate_at_compute"]["flop"].values) == ["1e22", "1e24", "1e25"]
    for label, decades in (("1e22", -2), ("1e24", 0), ("1e25", 1)):
        expected = posterior["rate"] + posterior["interaction"] * decades
        np.testing.assert_allclose(made["rate_at_compute"].sel(flop=label), expected)


@pytest.mark.parametrize(("label", "decades"), [("1e22", -2), ("1e25", 1)])
def test_compute_equivalent_gain_solves_its_own_equation(
    posterior: xr.Dataset, made: xr.Dataset, label: str, decades: int
) -> None:
    """The first date's algorithms with the gain on top equal the last date's without it."""
    years = make_design(make_leaderboard()).years
    first, last = years.min(), years.max()
    found = made["compute_equivalent_gain_decades"].sel(flop=label).to_numpy()
    for draw in range(20):
        rate, strength = (float(posterior[n][0, draw]) for n in ("rate", "interaction"))

        def effective(c: float, t: float, r: float = rate, s: float = strength) -> float:
            return c + r * t + s * t * c

        target = effective(decades, last)
        solved = optimize.brentq(lambda c, t=target, e=effective: e(c, first) - t, -50, 50)
        assert found[0, draw] == pytest.approx(solved - decades, abs=1e-6)


def test_without_an_interaction_the_gain_is_rate_times_years() -> None:
    flat = make_posterior(interaction=(0.0, 0.0, None))
    made = scale_dependent.estimands(flat, make_leaderboard(), make_card())
    years = np.ptp(make_design(make_leaderboard()).years)
    gain = made["compute_equivalent_gain_decades"]
    for label in gain["flop"].values:
        np.testing.assert_allclose(gain.sel(flop=label), flat["rate"] * years)


def test_rate_of_the_page_names_its_compute(made: xr.Dataset) -> None:
    assert "at 1e24 FLOP" in made["rate_decades_per_year"].attrs["label"]
