"""The split of a step of a leaderboard, recomputed by plain arithmetic."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import (
    BETWEEN,
    DAYS,
    NOTHING,
    PAIRED,
    RECORD,
    WITHIN,
    find_row,
    list_present,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_change,
    recompute_score,
    recompute_step,
)

from models.core.parts import ALGORITHMS
from models.core.shapley import shapley_values
from models.effective_compute import design
from models.leaderboards import compute_multiplier
from models.options import Comparison, LeaderboardOptions

EXACT: Any = {"continued_error": (0.0, 0.0, None)}
STILL: Any = {"rate_by_year": (0.0, 0.0, "year"), "interaction": (0.0, 0.0, None)}
each_trend = pytest.mark.parametrize("trend", ["linear", "none"])


def find_step(comparison: str) -> Comparison:
    """The card's comparison; the record path has the same ends as `BETWEEN`."""
    wanted = BETWEEN if comparison == RECORD else comparison
    return next(
        step for step in make_card().options_of(LeaderboardOptions).comparisons if step.id == wanted
    )


def estimate(posterior: xr.Dataset, table: pd.DataFrame | None = None, **card: Any) -> xr.Dataset:
    rows = make_leaderboard() if table is None else table
    return compute_multiplier.estimands(posterior, rows, make_card(**card))


@cache
def make(trend: str = "linear") -> tuple[xr.Dataset, xr.Dataset]:
    """Draws of the toy's parameters and their estimands."""
    drawn = make_posterior(trend=trend)
    return drawn, estimate(drawn, trend=trend)


@each_trend
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, RECORD])
def test_parts_agree_with_plain_arithmetic_and_shares_sum_to_one(
    trend: str, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior, made = make(trend)
    if trend == "linear":  # with what techniques are worth to single base models
        monkeypatch.setattr(design, "MINIMUM_PAIRED", 4)
        posterior = make_posterior(**PAIRED)
        made = estimate(posterior)
    expected = recompute_step(posterior, make_leaderboard(), find_step(comparison))
    total = sum(expected.values())
    for kind, scale in (("decades", np.ones_like(total)), ("share", total)):
        found = list_present(made, kind, comparison)
        found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
        assert set(found) == set(expected)
        for part, values in expected.items():
            np.testing.assert_allclose(found[part], values / scale, atol=1e-10, err_msg=part)
    shares = list_present(made, "share", comparison)
    np.testing.assert_allclose(sum(shares.values()), 1, atol=1e-10)
    algorithms = sum(shares[part] for part in shares if part in ALGORITHMS)
    np.testing.assert_allclose(made["share_algorithms"].sel(comparison=comparison), algorithms)
    assert {"inference", "technique"} - set(ALGORITHMS) == {"inference"}
    if comparison == WITHIN:
        for part in ("unexplained", "allocation", "lab"):  # none of one base model's own
            assert (made[f"decades_{part}"].sel(comparison=WITHIN) == 0).all()


@each_trend
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, NOTHING, RECORD])
def test_shapley_values_sum_to_the_change_of_the_fitted_score(trend: str, comparison: str) -> None:
    posterior = make_posterior(trend=trend, **EXACT)
    made = estimate(posterior, trend=trend)
    change = recompute_change(posterior, make_leaderboard(), make_card(), find_step(comparison))
    total = sum(list_present(made, "shapley", comparison).values())
    np.testing.assert_allclose(total, change, atol=1e-12)
    if comparison != NOTHING:
        shares = list_present(made, "shapley_share", comparison)
        np.testing.assert_allclose(sum(shares.values()), 1, atol=1e-10)


def test_shapley_values_are_those_of_scores_with_parts_added() -> None:
    posterior = make_posterior(draws=2, trend="none")
    made = estimate(posterior, trend="none")
    decades, found = (list_present(made, kind, BETWEEN) for kind in ("decades", "shapley"))
    start = find_row(make_leaderboard(), "MATH", find_step(BETWEEN).earlier)

    def score(changed: tuple[str, ...]) -> np.ndarray:
        added = sum((decades[part] for part in changed), 0 * decades["compute"])
        moved = posterior["level"] + posterior["slope"] * xr.DataArray(
            added, dims=("chain", "draw")
        )
        return recompute_score(
            posterior.assign(level=moved), make_leaderboard(), make_card(), start
        )

    for part, values in shapley_values(list(decades), score).items():
        np.testing.assert_allclose(found[part], values, atol=1e-12, err_msg=part)


def test_reach_of_an_era_changes_together_with_the_trend() -> None:
    """What early methods can reach is no part of its own, where the trend is worth nothing too."""
    for height in (0.9, 1.0):
        made = estimate(make_posterior(**STILL, early_height=(height, 0.0, "benchmark")))
        assert (made["decades_trend"] == 0).all()
        gained = made["shapley_trend"].sel(comparison=BETWEEN)
        assert (gained > 0.005).all() if height < 1 else (abs(gained) < 1e-12).all()


def test_compute_of_continued_training_has_an_error_of_its_own() -> None:
    """Tuning adds a fifth of the compute, known to 0.3 decades: 90 % within a factor of 3.1."""
    drawn = make_posterior(**STILL, draws=4000).drop_vars("continued_error")
    compute = estimate(drawn)["decades_compute"].sel(comparison=WITHIN)
    expected = [np.log10(1 + 0.2 * 10 ** (0.3 * z)) for z in (-1.645, 0, 1.645)]
    np.testing.assert_allclose(np.quantile(compute, [0.05, 0.5, 0.95]), expected, atol=0.01)


def test_harness_changes_neither_decades_nor_scores_of_a_step() -> None:
    """Shares are about the reference harness: a step to another one is no progress."""
    table = make_leaderboard()
    table.loc[table["model"].isin(["Tuned 3", "Base 1"]), "harness"] = "uniform"
    posterior, made = make()
    again = estimate(posterior, table)
    for name in made.data_vars:
        xr.testing.assert_equal(again[name], made[name])


def test_step_of_nothing_has_decades_and_no_shares_and_no_rate() -> None:
    _, made = make()
    assert (made["decades_compute"].sel(comparison=NOTHING) == 0).all()
    reasons = [made[f"{kind}_compute"].attrs["reasons"] for kind in ("share", "shapley_share")]
    assert "decades of effective compute sum to under 0.1 in 100 %" in reasons[0][NOTHING]
    assert "change of the score" in reasons[1][NOTHING]
    assert made["share_compute"].sel(comparison=NOTHING).isnull().all()
    assert made["rate_over_step"].attrs["reasons"][NOTHING] == "both ends are of one date"


@pytest.mark.parametrize(
    ("part", "changes", "card", "reason"),
    [
        ("allocation", {}, {"allocation": "none"}, "not separated"),
        ("trend", {}, {"trend": "none"}, "the card says `trend: none`: no rate is fitted"),
        ("lab", {"lab": "Lab 0"}, {}, "all rows are of one lab, Lab 0"),
        ("technique", {"techniques": ""}, {}, "no row has a technique tag"),
        ("inference", {"techniques": ""}, {}, "no row has more than one answer"),
    ],
)
def test_absent_part_is_missing_with_its_reason(
    part: str, changes: dict[str, str], card: dict[str, Any], reason: str
) -> None:
    posterior = make_posterior(**{key: card[key] for key in card if key == "trend"})
    drawn = posterior.drop_vars("allocation") if part == "allocation" else posterior
    made = estimate(drawn, make_leaderboard().assign(**changes), **card)
    assert made[f"decades_{part}"].isnull().all()
    assert set(made[f"decades_{part}"].attrs["reasons"].values()) == {reason}
    assert ("rate_decades_per_year" in made) == (part != "trend")


def test_step_without_an_end_is_left_out_with_its_reason() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 3", "training_flop"] = np.nan
    steps = make_card().options.model_dump()["comparisons"]
    steps[1]["later"] |= {"model": "Not fitted", "is_fitted": False}
    compute = estimate(make()[0], table, comparisons=steps)["share_compute"]
    assert compute.attrs["reasons"][WITHIN] == "the training compute of one end is not known"
    assert compute.attrs["reasons"][BETWEEN] == "one end is left out of the fit"
    assert compute.sel(comparison=[WITHIN, BETWEEN]).isnull().all()


# Rates.


def test_rates_are_of_the_span_of_its_halves_and_of_each_step() -> None:
    """The span's middle is the last day of 2021."""
    posterior, made = make()
    by_year = posterior["rate_by_year"].to_numpy()
    early, late = by_year @ [275, 364, 0, 0] / 639, by_year @ [0, 1, 365, 273] / 639
    np.testing.assert_allclose(made["rate_change"], late - early)
    np.testing.assert_allclose(made["rate_decades_per_year"], by_year @ DAYS / sum(DAYS))
    within = made["rate_over_step"].sel(comparison=WITHIN) * 183 / 365.25
    np.testing.assert_allclose(within, made["decades_trend"].sel(comparison=WITHIN))
    assert set(made["rate_by_year"].attrs["labels"]) == {"2020", "2021", "2022", "2023"}  # 1 model


@pytest.mark.parametrize(("label", "decades"), [("1e22", -2), ("1e25", 1)])
def test_gain_of_the_period_is_what_the_first_dates_algorithms_lack(
    label: str, decades: int
) -> None:
    posterior, made = make()
    at = made.sel(flop=label)
    first, last = -275 / 365.25, (365 + 365 + 273) / 365.25
    by_scale = posterior["interaction"].to_numpy() * last * decades
    gain = posterior["rate_by_year"].to_numpy() @ DAYS / 365.25 + by_scale
    np.testing.assert_allclose(at["compute_equivalent_gain_decades"], gain)
    np.testing.assert_allclose(at["rate_at_compute"], gain / (last - first))
