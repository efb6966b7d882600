"""The split of a step under every model of leaderboards, recomputed by plain arithmetic."""

from collections.abc import Callable
from functools import cache, partial
from itertools import permutations
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize
from tables_for_models import (
    BETWEEN,
    NOTHING,
    RECORD,
    WITHIN,
    find_row,
    list_present,
    make_card,
    make_leaderboard,
    make_loss_card,
    make_loss_leaderboard,
    make_loss_posterior,
    make_posterior,
    recompute_change,
    recompute_score,
    recompute_step,
)

from models import Card
from models.effective_compute.design import get_options, make_design
from models.leaderboards import compute_multiplier, era_ceilings, scale_dependent
from models.losses import loss_multiplier
from models.options import Comparison


class Case(NamedTuple):
    """A model with draws of its parameters on the toy leaderboard."""

    module: ModuleType
    posterior: Callable[..., xr.Dataset]
    card: Card
    table: pd.DataFrame


def of_scores(module: ModuleType, options: dict[str, Any] | None = None, **more: Any) -> Case:
    posterior = partial(make_posterior, **more)
    return Case(module, posterior, make_card(**(options or {})), make_leaderboard())


CASES = {
    "plain": of_scores(compute_multiplier),
    "allocation": of_scores(
        compute_multiplier, {"allocation": "scaling_law"}, allocation=(-0.3, 0.2, "base_model")
    ),
    "interaction": of_scores(scale_dependent, interaction=(0.08, 0.1, None)),
    "eras": of_scores(era_ceilings, early_height=(0.8, 0.05, "benchmark")),
    "loss": Case(loss_multiplier, make_loss_posterior, make_loss_card(), make_loss_leaderboard()),
}
each_case = pytest.mark.parametrize("case", CASES)


@cache
def make(case: str) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior of the case and its estimands."""
    module, posterior, card, table = CASES[case]
    drawn = posterior()
    return drawn, module.estimands(drawn, table, card)


def find_step(case: str, comparison: str) -> Comparison:
    """The card's comparison; the record path has the same ends as `BETWEEN`."""
    wanted = BETWEEN if comparison == RECORD else comparison
    comparisons = get_options(CASES[case].card).comparisons
    return next(step for step in comparisons if step.id == wanted)


def estimate(posterior: xr.Dataset, table: pd.DataFrame | None = None, **card: Any) -> xr.Dataset:
    """Estimands of the compute multiplier on the toy."""
    rows = make_leaderboard() if table is None else table
    return compute_multiplier.estimands(posterior, rows, make_card(**card))


@each_case
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, RECORD])
def test_parts_agree_with_plain_arithmetic_and_shares_sum_to_one(
    case: str, comparison: str
) -> None:
    posterior, made = make(case)
    step = find_step(case, comparison)
    expected = recompute_step(posterior, CASES[case].table, step)
    total = sum(expected.values())
    for kind, scale in (("decades", np.ones_like(total)), ("share", total)):
        found = list_present(made, kind, comparison)
        found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
        assert set(found) == set(expected)
        for part, values in expected.items():
            np.testing.assert_allclose(found[part], values / scale, atol=1e-10, err_msg=part)
    shares = list_present(made, "share", comparison)
    np.testing.assert_allclose(sum(shares.values()), 1, atol=1e-10)
    algorithms = [v for part, v in shares.items() if part not in ("compute", "unexplained")]
    found = made["share_algorithms"].sel(comparison=comparison)
    np.testing.assert_allclose(found, sum(algorithms))


@each_case
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, NOTHING, RECORD])
def test_shapley_values_sum_to_the_change_of_the_fitted_score(case: str, comparison: str) -> None:
    posterior, made = make(case)
    step = find_step(case, comparison)
    change = recompute_change(posterior, CASES[case].table, CASES[case].card, step)
    total = sum(list_present(made, "shapley", comparison).values())
    np.testing.assert_allclose(total, change, atol=1e-12)
    if comparison != NOTHING:
        shares = list_present(made, "shapley_share", comparison)
        np.testing.assert_allclose(sum(shares.values()), 1, atol=1e-10)


def test_shapley_values_are_the_mean_over_all_orders() -> None:
    posterior = make_posterior(draws=2)
    made = estimate(posterior)
    decades, found = (list_present(made, kind, BETWEEN) for kind in ("decades", "shapley"))
    start = find_row(make_leaderboard(), "MATH", find_step("plain", BETWEEN).earlier)
    nothing = np.zeros_like(decades["compute"])

    @cache
    def score(changed: frozenset[str]) -> np.ndarray:
        added = sum((decades[part] for part in changed), nothing)
        slope = posterior["slope"].sel(benchmark="MATH").to_numpy()
        moved = posterior["level"] + xr.DataArray(slope * added, dims=("chain", "draw"))
        drawn = posterior.assign(level=moved)
        return recompute_score(drawn, make_leaderboard(), make_card(), start)

    orders = list(permutations(decades))
    expected = dict.fromkeys(decades, nothing)
    for order in orders:
        for i, part in enumerate(order):
            gain = score(frozenset(order[: i + 1])) - score(frozenset(order[:i]))
            expected[part] = expected[part] + gain / len(orders)
    for part, values in expected.items():
        np.testing.assert_allclose(found[part], values, atol=1e-12, err_msg=part)


def test_eras_change_together_with_the_trend() -> None:
    """What early methods can reach is no part of its own: lifting it belongs to the trend."""
    (posterior, made), (_, plain) = make("eras"), make("plain")
    lifted = posterior.assign(early_height=xr.ones_like(posterior["early_height"]))
    again = era_ceilings.estimands(lifted, make_leaderboard(), make_card())
    for part in ("compute", "technique", "trend", "lab", "unexplained"):
        xr.testing.assert_allclose(again[f"shapley_{part}"], plain[f"shapley_{part}"])
    gained = made["shapley_trend"] - plain["shapley_trend"]
    assert (gained.sel(comparison=BETWEEN) > 0).all()


def test_step_within_a_base_model_has_its_known_compute_and_nothing_of_the_models_own() -> None:
    _, made = make("allocation")
    within = made.sel(comparison=WITHIN)
    np.testing.assert_allclose(within["decades_compute"], np.log10(1.2))
    for part in ("unexplained", "allocation"):
        assert (within[f"decades_{part}"] == 0).all()


def test_harness_changes_neither_decades_nor_scores_of_a_step() -> None:
    """Shares are about the reference harness: a step to another one is no progress."""
    table = make_leaderboard()
    table.loc[table["model"].isin(["Tuned 3", "Base 1"]), "harness"] = "uniform"
    again = estimate(make_posterior(harness_shift=(0.8, 0.1, "harness")), table)
    _, made = make("plain")
    for name in made.data_vars:
        xr.testing.assert_equal(again[name], made[name])


def test_step_of_nothing_has_decades_and_no_shares() -> None:
    for case, change in (("plain", "change of the score"), ("loss", "change of log perplexity")):
        _, made = make(case)
        assert (made["decades_compute"].sel(comparison=NOTHING) == 0).all()
        reasons = [made[f"{kind}_compute"].attrs["reasons"] for kind in ("share", "shapley_share")]
        assert "decades of effective compute sum to under 0.1 in 100 %" in reasons[0][NOTHING]
        assert change in reasons[1][NOTHING]
        assert made["share_compute"].sel(comparison=NOTHING).isnull().all()


@pytest.mark.parametrize(("draws_near_zero", "is_reported"), [(6, True), (7, False)])
def test_one_draw_in_a_hundred_may_have_a_small_total(
    draws_near_zero: int, is_reported: bool
) -> None:
    near = make_posterior()
    # Base 3 to Tuned 3 is log10 1.2, half a year of trend and two techniques: make some sum to 0.05
    step = np.log10(1.2) + near["rate"] * 183 / 365.25
    gains = near["technique_gain"].to_numpy().copy()
    flat = gains.reshape(-1, 2)
    flat[:draws_near_zero] = (0.05 - step.to_numpy().ravel()[:draws_near_zero, None]) / 2
    near["technique_gain"] = (near["technique_gain"].dims, flat.reshape(gains.shape))
    assert (WITHIN not in estimate(near)["share_compute"].attrs["reasons"]) == is_reported


@pytest.mark.parametrize(
    ("part", "changes", "card", "reason"),
    [
        ("allocation", {}, {}, "not separated"),
        ("trend", {}, {"trend": "none"}, "the card says `trend: none`: no rate is fitted"),
        ("lab", {"lab": "Lab 0"}, {}, "all rows are of one lab, Lab 0"),
        ("technique", {"techniques": ""}, {}, "no row carries a technique tag"),
    ],
)
def test_absent_part_is_missing_with_its_reason(
    part: str, changes: dict[str, str], card: dict[str, Any], reason: str
) -> None:
    posterior = make_posterior()
    drawn = posterior.drop_vars("rate") if part == "trend" else posterior
    made = estimate(drawn, make_leaderboard().assign(**changes), **card)
    assert made[f"decades_{part}"].isnull().all()
    assert set(made[f"decades_{part}"].attrs["reasons"].values()) == {reason}
    assert ("rate_decades_per_year" in made) == (part != "trend")


def test_step_without_the_compute_of_an_end_is_left_out_with_its_reason() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 3", "training_flop"] = np.nan
    compute = estimate(make_posterior(), table)["share_compute"]
    assert compute.attrs["reasons"][WITHIN] == "the training compute of one end is not known"
    assert compute.sel(comparison=WITHIN).isnull().all()


def test_step_to_a_row_that_is_not_fitted_is_left_out_with_its_reason() -> None:
    steps = make_loss_card().options.model_dump()["comparisons"]
    steps[0]["later"] |= {"model": "Not fitted", "is_fitted": False}
    card = make_loss_card(comparisons=steps)
    made = loss_multiplier.estimands(make_loss_posterior(), make_loss_leaderboard(), card)
    reasons = made["decades_compute"].attrs["reasons"]
    assert reasons[steps[0]["id"]] == "one end is left out of the fit"


# Gains that change with scale.


def test_product_is_shared_between_compute_and_trend_as_its_shapley_value() -> None:
    """Of Base 0 to Tuned 3: the mean over compute first and date first, corner by corner."""
    posterior, made = make("interaction")
    flat = posterior.assign(interaction=xr.zeros_like(posterior["interaction"]))
    plain = scale_dependent.estimands(flat, make_leaderboard(), make_card())
    design = make_design(make_leaderboard(), make_card())
    (c1, c2), (t1, t2) = (values[[0, 7]] for values in (design.log10_compute, design.years))
    strength = posterior["interaction"]
    by_compute = strength * ((c2 * t1 - c1 * t1) + (c2 * t2 - c1 * t2)) / 2
    by_trend = strength * ((c1 * t2 - c1 * t1) + (c2 * t2 - c2 * t1)) / 2
    for part, expected in (("compute", by_compute), ("trend", by_trend)):
        added = (made - plain)[f"decades_{part}"].sel(comparison=BETWEEN)
        np.testing.assert_allclose(added, expected, atol=1e-12)
    for part in ("technique", "lab", "unexplained"):
        xr.testing.assert_allclose(made[f"decades_{part}"], plain[f"decades_{part}"])


@pytest.mark.parametrize(("label", "decades"), [("1e22", -2), ("1e25", 1)])
def test_compute_equivalent_gain_solves_its_own_equation(label: str, decades: int) -> None:
    """The first date's algorithms with the gain on top equal the last date's without it."""
    posterior, made = make("interaction")
    years = make_design(make_leaderboard(), make_card()).years
    at = made.sel(flop=label)
    for draw in range(10):
        rate, strength = (float(posterior[n][0, draw]) for n in ("rate", "interaction"))
        assert at["rate_at_compute"][0, draw].item() == pytest.approx(rate + strength * decades)

        def effective(c: float, t: float, r: float = rate, s: float = strength) -> float:
            return c + r * t + s * t * c

        target = effective(decades, years.max())
        solved = optimize.brentq(lambda c, t=target, e=effective: e(c, years.min()) - t, -50, 50)
        gain = at["compute_equivalent_gain_decades"][0, draw].item()
        assert gain == pytest.approx(solved - decades, abs=1e-6)
