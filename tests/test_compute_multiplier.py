"""The compute multiplier: the split by plain arithmetic, what is not reported, and recovery."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special
from tables_for_models import (
    load_real,
    make_card,
    make_leaderboard,
    recompute_step,
    sample,
)

from models import Card, compute_multiplier, fitted_rows, flatten
from models._design import CLASSES, find_side, make_design
from models._options import LeaderboardOptions
from models.compute_multiplier import COMPUTE_ERROR_DECADES, _divide_deviation

CHAINS, DRAWS = 2, 300
PARTS = ("compute", "allocation", "technique", "trend", "lab", "unexplained")
WITHIN, BETWEEN, NOTHING = "math-base_3-tuned_3", "math-base_0-tuned_3", "math-base_0-base_0"


def make_posterior(seed: int = 1) -> xr.Dataset:
    """Draws of every parameter of the toy leaderboard, independent of one another."""
    rng = np.random.default_rng(seed)
    coords = {
        "benchmark": ["MATH"],
        "technique": ["domain_tuning", "majority_vote"],
        "lab": ["Lab 0", "Lab 1"],
        "base_model": [f"Base {i}" for i in range(4)],
    }

    def draw(mean: float, sd: float, dim: str | None = None) -> tuple[tuple[str, ...], np.ndarray]:
        dims = ("chain", "draw", dim) if dim else ("chain", "draw")
        return dims, rng.normal(mean, sd, (CHAINS, DRAWS, *([len(coords[dim])] if dim else [])))

    return xr.Dataset(
        {
            "slope": draw(1.0, 0.05, "benchmark"),
            "midpoint": draw(1.5, 0.1, "benchmark"),
            "chance": draw(0.02, 0.001, "benchmark"),
            "rate": draw(0.4, 0.1),
            "technique_gain": draw(0.6, 0.1, "technique"),
            "lab_effect": draw(0.0, 0.2, "lab"),
            "deviation": draw(0.0, 0.3, "base_model"),
            "deviation_scale": (("chain", "draw"), np.abs(rng.normal(0.3, 0.05, (CHAINS, DRAWS)))),
        },
        coords=coords,
    )


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    return make_posterior()


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return compute_multiplier.estimands(posterior, make_leaderboard(), make_card())


def pick(made: xr.Dataset, kind: str, comparison: str) -> dict[str, np.ndarray]:
    """Draws of the parts that the toy has, by part."""
    return {
        part: made[f"{kind}_{part}"].sel(comparison=comparison).to_numpy()
        for part in PARTS
        if part != "allocation"
    }


def score_of(posterior: xr.Dataset, effective: np.ndarray) -> np.ndarray:
    slope, midpoint, chance = (
        posterior[name].isel(benchmark=0).to_numpy() for name in ("slope", "midpoint", "chance")
    )
    return chance + (0.95 - chance) / (1 + np.exp(-slope * (effective - midpoint)))


def effective_compute(posterior: xr.Dataset, model: str) -> np.ndarray:
    """Decades above 1e24 FLOP of the toy's row of `model`, from the documented equation."""
    row = make_leaderboard().set_index("model").loc[model]
    years = (row["release_date"] - pd.Timestamp(2023, 1, 1)).days / 365.25
    gains = [posterior["technique_gain"].sel(technique=tag) for tag in row["techniques"].split()]
    total = (
        np.log10(row["training_flop"])
        - 24
        + posterior["rate"] * years
        + sum(gains)
        + posterior["lab_effect"].sel(lab=row["lab"])
        + posterior["deviation"].sel(base_model=row["base_model"])
    )
    return total.to_numpy()


@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN])
def test_parts_agree_with_plain_arithmetic(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    options = make_card().options
    assert isinstance(options, LeaderboardOptions)
    (wanted,) = [c for c in options.comparisons if c.id == comparison]
    expected = recompute_step(posterior, make_leaderboard(), wanted)
    total = sum(expected.values())
    for kind, scale in (("decades", np.ones_like(total)), ("share", total)):
        found = pick(made, kind, comparison)
        found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
        assert set(found) == set(expected)
        for part, values in expected.items():
            np.testing.assert_allclose(found[part], values / scale, atol=1e-10, err_msg=part)


@pytest.mark.parametrize("kind", ["share", "shapley_share"])
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN])
def test_shares_sum_to_one_in_every_draw(made: xr.Dataset, kind: str, comparison: str) -> None:
    total = sum(pick(made, kind, comparison).values())
    np.testing.assert_allclose(total, 1, atol=1e-10)


@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN])
def test_shapley_values_sum_to_the_change_of_the_fitted_score(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    early = "Base 3" if comparison == WITHIN else "Base 0"
    change = score_of(posterior, effective_compute(posterior, "Tuned 3")) - score_of(
        posterior, effective_compute(posterior, early)
    )
    np.testing.assert_allclose(sum(pick(made, "shapley", comparison).values()), change, atol=1e-12)


def test_shapley_values_are_the_mean_over_all_orders(
    posterior: xr.Dataset, made: xr.Dataset
) -> None:
    decades, found = pick(made, "decades", BETWEEN), pick(made, "shapley", BETWEEN)
    expected = dict.fromkeys(decades, 0.0)
    orders = list(permutations(decades))
    for order in orders:
        reached = effective_compute(posterior, "Base 0")
        for part in order:
            after = reached + decades[part]
            gain = score_of(posterior, after) - score_of(posterior, reached)
            expected[part] = expected[part] + gain / len(orders)
            reached = after
    for part, values in expected.items():
        np.testing.assert_allclose(found[part], values, atol=1e-12, err_msg=part)


@pytest.mark.parametrize("kind", ["share", "shapley_share"])
def test_algorithms_are_technique_trend_and_lab_without_the_unexplained(
    made: xr.Dataset, kind: str
) -> None:
    parts = pick(made, kind, BETWEEN)
    found = made[f"{kind}_algorithms"].sel(comparison=BETWEEN).to_numpy()
    np.testing.assert_allclose(found, parts["technique"] + parts["trend"] + parts["lab"])


def test_step_within_a_base_model_has_nothing_unexplained(made: xr.Dataset) -> None:
    assert (made["decades_unexplained"].sel(comparison=WITHIN) == 0).all()


def test_compute_of_a_step_within_a_base_model_is_known(made: xr.Dataset) -> None:
    np.testing.assert_allclose(made["decades_compute"].sel(comparison=WITHIN), np.log10(1.2))


def test_technique_comes_from_its_own_terms(posterior: xr.Dataset, made: xr.Dataset) -> None:
    changed = posterior.assign(deviation=posterior["deviation"] + 1, rate=posterior["rate"] * 3)
    again = compute_multiplier.estimands(changed, make_leaderboard(), make_card())
    xr.testing.assert_equal(made["decades_technique"], again["decades_technique"])
    np.testing.assert_allclose(
        made["decades_technique"].sel(comparison=BETWEEN),
        posterior["technique_gain"].sum("technique"),
    )


def test_gain_factor_is_ten_to_the_decades(made: xr.Dataset) -> None:
    np.testing.assert_allclose(made["technique_gain_factor"], 10 ** made["technique_gain_decades"])


def test_gains_of_two_techniques_are_two_estimands(made: xr.Dataset) -> None:
    keys = {key for key, _ in flatten(made)}
    assert {f"technique_gain_factor[{tag}]" for tag in ("domain_tuning", "majority_vote")} <= keys


def test_shares_of_a_total_near_zero_are_not_reported(made: xr.Dataset) -> None:
    reason = made["share_compute"].attrs["reasons"][NOTHING]
    assert "decades of effective compute sum to under 0.1 in 100 % of the draws" in reason
    assert made["share_compute"].sel(comparison=NOTHING).isnull().all()


def test_decades_of_a_total_near_zero_are_reported(made: xr.Dataset) -> None:
    assert NOTHING not in made["decades_compute"].attrs["reasons"]
    assert (made["decades_compute"].sel(comparison=NOTHING) == 0).all()


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
    made = compute_multiplier.estimands(near, make_leaderboard(), make_card())
    assert (WITHIN not in made["share_compute"].attrs["reasons"]) == is_reported


def test_no_trend_means_no_rate() -> None:
    made = compute_multiplier.estimands(
        make_posterior().drop_vars("rate"), make_leaderboard(), make_card("none")
    )
    assert not [name for name in made if "rate" in str(name) or "doubling" in str(name)]
    assert set(made["decades_trend"].attrs["reasons"].values()) == {
        "the card says `trend: none`: no rate is fitted"
    }


def test_no_trend_means_no_rate_in_the_baseline() -> None:
    keys = compute_multiplier.baseline(*load_real("minerva"))["key"]
    assert not keys.str.contains("rate|doubling").any()


def test_classical_shares_are_of_compute_technique_and_trend() -> None:
    table, card = load_real("math")
    found = compute_multiplier.baseline(table, card).set_index("key")["estimate"]
    design = make_design(table)
    step = next(c for c in card.options.comparisons if c.id == "math-gpt_4-gpt_4_5")
    early, late = (find_side(design, "MATH", side) for side in (step.earlier, step.later))
    compute = design.log10_compute[late] - design.log10_compute[early]
    trend = found["rate_decades_per_year"] * (design.years[late] - design.years[early])
    assert (design.has_tag[late] == design.has_tag[early]).all()
    assert found[f"share_compute[{step.id}]"] == pytest.approx(compute / (compute + trend))


def test_few_base_models_get_no_clustered_errors() -> None:
    methods = {
        dataset: set(compute_multiplier.baseline(*load_real(dataset))["method"])
        for dataset in ("minerva", "math")
    }
    assert methods["minerva"] == {"OLS of logits, no labs, no guessing, robust errors"}
    assert methods["math"] == {"OLS of logits, no labs, no guessing, clustered by base model"}


def test_one_lab_has_no_lab_part() -> None:
    table = make_leaderboard().assign(lab="Lab 0")
    made = compute_multiplier.estimands(make_posterior(), table, make_card())
    assert set(made["share_lab"].attrs["reasons"].values()) == {"all rows are of one lab, Lab 0"}
    assert made["decades_lab"].isnull().all()


def test_rows_without_tags_have_no_technique_part() -> None:
    table = make_leaderboard().assign(techniques="")
    made = compute_multiplier.estimands(make_posterior(), table, make_card())
    assert "technique_gain_decades" not in made
    assert set(made["decades_technique"].attrs["reasons"].values()) == {
        "no row carries a technique tag"
    }


def test_part_that_the_model_lacks_is_absent_with_its_reason(made: xr.Dataset) -> None:
    assert made["decades_allocation"].isnull().all()
    assert set(made["decades_allocation"].attrs["reasons"]) == {WITHIN, BETWEEN, NOTHING}


@pytest.mark.parametrize("base", range(4))
def test_deviation_is_divided_with_the_conditional_moments(base: int) -> None:
    """Draw error and own part apart and keep the pairs whose sum is near the deviation."""
    design, own_sd, deviation = make_design(make_leaderboard()), 0.4, 0.35
    error_sd = COMPUTE_ERROR_DECADES[CLASSES[design.class_index[base]]]
    rng = np.random.default_rng(base)
    error = rng.normal(0, error_sd, 2_000_000)
    near = error[np.abs(error + rng.normal(0, own_sd, error.size) - deviation) < 0.01]
    count = 40_000
    fixed = xr.Dataset(
        {
            "deviation": (("chain", "draw", "base_model"), np.full((1, count, 4), deviation)),
            "deviation_scale": (("chain", "draw"), np.full((1, count), own_sd)),
        },
        coords={"base_model": design.bases},
    )
    divided, unexplained = _divide_deviation(fixed, design)
    found = divided.isel(base_model=base)
    assert found.mean().item() == pytest.approx(near.mean(), abs=0.01)
    assert found.std().item() == pytest.approx(near.std(), rel=0.03)
    np.testing.assert_allclose(divided + unexplained, deviation)


def test_errors_of_two_base_models_are_independent(posterior: xr.Dataset) -> None:
    error, _ = _divide_deviation(xr.zeros_like(posterior), make_design(make_leaderboard()))
    assert (error == 0).all()  # nothing of its own and nothing to divide
    spread = xr.zeros_like(posterior).assign(deviation_scale=posterior["deviation_scale"])
    error, _ = _divide_deviation(spread, make_design(make_leaderboard()))
    draws = error.transpose("base_model", "chain", "draw").to_numpy().reshape(4, -1)
    assert np.abs(np.corrcoef(draws) - np.eye(4)).max() < 4 / np.sqrt(CHAINS * DRAWS)


def test_unknown_benchmark_is_refused_by_name() -> None:
    table = make_leaderboard().assign(benchmark="GSM8K")
    with pytest.raises(ValueError, match=r"says nothing of the benchmarks \['GSM8K'\]"):
        compute_multiplier.build(table, make_card(), compute_multiplier.Priors())


def facts(card: Card) -> dict[str, Any]:
    """What a simulation takes from the card; free-form answers are guessed at 3 %."""
    assert isinstance(card.options, LeaderboardOptions)
    benchmarks = card.options.benchmarks
    return {
        "chance": {n: 0.03 if b.chance == "estimated" else b.chance for n, b in benchmarks.items()},
        "ceiling": {name: b.ceiling for name, b in benchmarks.items()},
        "item_count": {name: b.item_count for name, b in benchmarks.items()},
    }


def draw_effects(labels: pd.Series, sd: float, rng: np.random.Generator) -> dict[str, float]:
    names = labels.drop_duplicates()
    return dict(zip(names, rng.normal(0, sd, len(names)), strict=True))


def test_simulated_scores_follow_the_curve_where_noise_is_small() -> None:
    table = make_leaderboard()
    truth = facts(make_card()) | {
        "slope": {"MATH": 0.9},
        "midpoint": {"MATH": 1.0},
        "technique_gain": {"domain_tuning": 0.5, "majority_vote": 0.3},
        "lab_effect": {"Lab 0": 0.2, "Lab 1": -0.2},
        "rate": 0.4,
        "dispersion": 1e-4,
        "item_count": {"MATH": 10_000_000},
    }
    simulated = compute_multiplier.simulate(table, truth, np.random.default_rng(1))
    years = (table["release_date"] - pd.Timestamp(2023, 1, 1)).dt.days / 365.25
    effective = np.log10(table["training_flop"] / 1e24) + 0.4 * years
    effective += 0.5 * table["techniques"].str.contains("domain_tuning")
    effective += 0.3 * table["techniques"].str.contains("majority_vote")
    effective += np.where(table["lab"] == "Lab 0", 0.2, -0.2)
    expected = 0.02 + 0.93 * special.expit(0.9 * (effective - 1.0))
    np.testing.assert_allclose(simulated["score"], expected, atol=0.002)


@pytest.mark.slow
def test_known_truth_is_recovered_on_the_rows_of_math() -> None:
    table, card = load_real("math")
    rng = np.random.default_rng(5)
    rows = fitted_rows(table)
    gains = {
        "chain_of_thought": 0.4,
        "domain_tuning": 1.0,
        "instruction_tuning": 0.6,
        "majority_vote": 0.7,
        "tool_use": 0.5,
    }
    truth = facts(card) | {
        "slope": {"MATH": 1.0},
        "midpoint": {"MATH": 2.0},
        "rate": 0.7,
        "technique_gain": gains,
        "lab_effect": draw_effects(rows["lab"], 0.25, rng),
        "deviation": draw_effects(rows["base_model"], 0.3, rng),
        "dispersion": 0.05,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=5)
    assert_near(posterior["rate"], truth["rate"])
    assert_near(posterior["slope"].sel(benchmark="MATH"), 1.0)
    for tag, gain in gains.items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
    made = compute_multiplier.estimands(posterior, simulated, card)
    options = card.options
    assert isinstance(options, LeaderboardOptions)
    for comparison in options.comparisons[:3]:
        decades = true_decades(rows, truth, comparison)
        total = sum(decades.values())
        for part in ("technique", "trend"):
            found = made[f"decades_{part}"].sel(comparison=comparison.id)
            assert_near(found, decades[part])
        found = made["decades_compute"] + made["decades_unexplained"]
        assert_near(found.sel(comparison=comparison.id), decades["compute"])
        assert_near(
            made["share_algorithms"].sel(comparison=comparison.id),
            1 - decades["compute"] / total,
        )
    assert posterior["rate"].std() < 0.25


@pytest.mark.slow
def test_known_gains_are_recovered_on_the_rows_of_minerva() -> None:
    table, card = load_real("minerva")
    rng = np.random.default_rng(7)
    benchmarks = list(facts(card)["chance"])
    truth = facts(card) | {
        "slope": dict.fromkeys(benchmarks, 1.0),
        "midpoint": dict(zip(benchmarks, (2.5, 1.0, 3.0, 1.5), strict=True)),
        "technique_gain": {"domain_tuning": 1.5, "majority_vote": 0.7},
        "dispersion": 0.03,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=7)
    for tag, gain in truth["technique_gain"].items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
    assert_near(posterior["slope"].sel(benchmark="GSM8K"), 1.0)
    made = compute_multiplier.estimands(posterior, simulated, card)
    step = "math-palm_540b-minerva_540b_maj"
    flop = fitted_rows(table).drop_duplicates("model").set_index("model")["training_flop"]
    compute = np.log10(flop["Minerva 540B"] / flop["PaLM 540B"])
    assert_near(made["share_compute"].sel(comparison=step), compute / (compute + 2.2))


def true_decades(rows: pd.DataFrame, truth: dict[str, Any], comparison: Any) -> dict[str, float]:
    """Decades of a step from the truth; compute holds the deviation of the base model."""
    values = []
    for side in (comparison.earlier, comparison.later):
        found = rows[(rows["model"] == side.model) & (rows["method"] == side.method)].iloc[0]
        values.append(
            {
                "compute": np.log10(found["training_flop"])
                + truth["deviation"][found["base_model"]],
                "technique": sum(truth["technique_gain"][t] for t in found["techniques"].split()),
                "trend": truth["rate"] * found["release_date"].toordinal() / 365.25,
                "lab": truth["lab_effect"][found["lab"]],
            }
        )
    return {part: values[1][part] - values[0][part] for part in values[0]}


def assert_near(draws: xr.DataArray, truth: float) -> None:
    mean, sd = draws.mean().item(), draws.std().item()
    assert abs(mean - truth) < 3 * sd, f"{mean:.3f} +- {sd:.3f}, truth {truth:.3f}"
