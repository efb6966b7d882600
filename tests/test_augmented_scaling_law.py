"""The augmented scaling law: the split and reverse test by hand, rows left out, and recovery."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import optimize, stats
from tables_for_models import assert_near, load_real, sample

from models import Card, as_draws, fitted_rows
from models.losses import augmented_scaling_law
from models.losses.augmented_design import prepare
from models.losses.augmented_law import law_at, least_flop
from models.losses.augmented_scaling_law import DIMS, Priors
from models.options import LossOptions
from pipeline.studies.trials import add_unfitted

BETWEEN, SAME_DAY = "wiki-small_2016-large_2022", "wiki-small_2016-wide_2016"
RECORD, OTHER_RECORD = "wiki-first_record-last_record", "penn_tree-first_record-last_record"
PRESENT = ("compute", "trend")
ONCE = Mode(linker="py", optimizer="fast_compile")
TRUTH: dict[str, Any] = {
    "rate": 0.5,
    "rate_difference": -0.3,
    "exponent_parameters": 0.12,
    "exponent_tokens": 0.07,
    "irreducible_loss": {"Wiki": 0.8, "Penn Tree": 1.2},
    "contribution_parameters": {"Wiki": 1.4, "Penn Tree": 1.1},
    "contribution_tokens": {"Wiki": 1.1, "Penn Tree": 1.6},
    "paper_effect": {"One": 0.1, "Two": -0.2, "Three": 0.05},
    "paper_scale": 0.15,
    "noise_scale": 0.2,
}


def make_table() -> pd.DataFrame:
    """Seven rows on two benchmarks, of three papers; the last is not fitted."""
    columns = [
        *("benchmark", "model", "lab", "release_date"),
        *("parameters", "dataset_tokens", "perplexity"),
    ]
    rows = [
        ("Wiki", "Small", "One", "2016-03-01", 1e7, 1e8, 60.0),
        ("Wiki", "Wide", "One", "2016-03-01", 5e7, 1e8, 50.0),
        ("Wiki", "Middle", "Two", "2019-07-01", 3e8, 1e9, 25.0),
        ("Wiki", "Large", "Three", "2022-04-01", 7e10, 1e12, 8.0),
        ("Penn Tree", "Small", "One", "2016-03-01", 1e7, 1e6, 110.0),
        ("Penn Tree", "Large", "Three", "2022-04-01", 7e10, 1e12, 20.0),
        ("Wiki", "Copied", "Three", "2022-04-01", 7e10, 1e12, 7.0),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        release_date=pd.to_datetime(frame["release_date"]),
        method="direct",
        base_model=frame["model"],
        exclusion=pd.Series([None] * (len(rows) - 1) + ["a copy"], dtype="str"),
        citation="doe2020",
        locator="Table 1",
        is_verified=True,
    )


def make_card(runs: pd.DataFrame | None = None, **changes: Any) -> Card:
    """Its card: one step between dates and one within a day."""
    small, wide, large = (
        {"model": name, "method": "direct"} for name in ("Small", "Wide", "Large")
    )
    common = {"benchmark": "Wiki", "earlier": small}
    tree: dict[str, Any] = {
        "benchmarks": {"Wiki": {}, "Penn Tree": {}},
        "trend": "linear",
        "techniques": {},
        "comparisons": [
            {"id": BETWEEN, "later": large, **common},
            {"id": SAME_DAY, "later": wide, **common},
        ],
        "headline_comparison": BETWEEN,
        "reference_harness": "reported",
        "allocation": "none",
    }
    options = LossOptions.model_validate(tree | changes)
    return Card("toy", "loss_leaderboard", options, runs=runs)


def make_posterior(draws: int = 200, seed: int = 1) -> xr.Dataset:
    """Two chains of draws around `TRUTH`, every parameter by itself."""
    rng = np.random.default_rng(seed)
    once = as_draws(TRUTH, DIMS).isel(chain=0, draw=0, drop=True)
    made = {}
    for name, value in once.data_vars.items():
        noise = rng.normal(0, 0.1, (2, draws, *value.shape))
        scaled = value.to_numpy() * np.exp(noise) if (value > 0).all() else value.to_numpy() + noise
        made[name] = (("chain", "draw", *value.dims), scaled)
    return xr.Dataset(made, coords=once.coords)


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    return make_posterior()


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return augmented_scaling_law.estimands(posterior, make_table(), make_card())


def find(model: str, benchmark: str = "Wiki") -> pd.Series:
    table = make_table()
    return table[(table["model"] == model) & (table["benchmark"] == benchmark)].iloc[0]


def pick(made: xr.Dataset, kind: str, comparison: str = BETWEEN) -> dict[str, np.ndarray]:
    return {part: made[f"{kind}_{part}"].sel(comparison=comparison).to_numpy() for part in PRESENT}


def log_perplexity(
    posterior: xr.Dataset, sizes: tuple[float, float], dates: tuple[Any, Any], benchmark: str
) -> np.ndarray:
    """The documented law; the dates at which N and D are taken may differ."""
    rows = fitted_rows(make_table())
    drawn = posterior.sel(benchmark=benchmark)
    total = drawn["irreducible_loss"]
    for name, column, size, date, sign in (
        ("parameters", "parameters", sizes[0], dates[0], 1),
        ("tokens", "dataset_tokens", sizes[1], dates[1], -1),
    ):
        years = (date - rows["release_date"].mean()).total_seconds() / (365.25 * 86_400)
        rate = (posterior["rate"] + sign * posterior["rate_difference"]) / 2
        effective = np.log10(size) - np.log10(rows[column]).mean() + rate * years
        total = total + drawn[f"contribution_{name}"] / 10 ** (
            posterior[f"exponent_{name}"] * effective
        )
    return total.transpose("chain", "draw").to_numpy()


def law_of_row(posterior: xr.Dataset, row: pd.Series) -> np.ndarray:
    dates = (row["release_date"], row["release_date"])
    return log_perplexity(
        posterior, (row["parameters"], row["dataset_tokens"]), dates, row["benchmark"]
    )


def test_parts_agree_with_plain_arithmetic(posterior: xr.Dataset, made: xr.Dataset) -> None:
    early, late = find("Small"), find("Large")
    compute = np.log10(
        late["parameters"] * late["dataset_tokens"] / early["parameters"] / early["dataset_tokens"]
    )
    years = (late["release_date"] - early["release_date"]).days / 365.25
    trend = posterior["rate"].to_numpy() * years
    found = pick(made, "decades")
    np.testing.assert_allclose(found["compute"], compute)
    np.testing.assert_allclose(found["trend"], trend)
    np.testing.assert_allclose(pick(made, "share")["compute"], compute / (compute + trend))


def test_step_may_end_at_a_row_that_is_not_fitted(posterior: xr.Dataset, made: xr.Dataset) -> None:
    """Copied has the size and date of Large, and is left out of the fit."""
    card = make_card()
    steps = list(card.options.model_dump()["comparisons"])
    steps[0]["later"] |= {"model": "Copied", "is_fitted": False}
    found = augmented_scaling_law.estimands(posterior, make_table(), make_card(comparisons=steps))
    for kind in ("decades", "shapley"):
        for part, values in pick(found, kind).items():
            np.testing.assert_array_equal(values, pick(made, kind)[part])


@pytest.mark.parametrize("comparison", [BETWEEN, SAME_DAY, RECORD, OTHER_RECORD])
def test_shares_sum_to_one_and_algorithms_are_the_trend(made: xr.Dataset, comparison: str) -> None:
    for kind in ("share", "shapley_share"):
        parts = pick(made, kind, comparison)
        np.testing.assert_allclose(sum(parts.values()), 1, atol=1e-12)
        found = made[f"{kind}_algorithms"].sel(comparison=comparison)
        np.testing.assert_array_equal(found, parts["trend"])
        assert comparison != SAME_DAY or (parts["compute"] == 1).all()
    for part in ("allocation", "technique", "lab", "unexplained"):
        assert made[f"share_{part}"].isnull().all()
        assert made[f"share_{part}"].attrs["reasons"][comparison]


def test_shapley_values_are_means_over_all_orders_of_four_players(
    posterior: xr.Dataset, made: xr.Dataset
) -> None:
    ends = [
        {
            "N": row["parameters"],
            "D": row["dataset_tokens"],
            "trend in N": row["release_date"],
            "trend in D": row["release_date"],
        }
        for row in (find("Small"), find("Large"))
    ]

    def worth(state: dict[str, Any]) -> np.ndarray:
        dates = (state["trend in N"], state["trend in D"])
        return log_perplexity(posterior, (state["N"], state["D"]), dates, "Wiki")

    expected = dict.fromkeys(ends[0], np.zeros(1))
    for order in permutations(ends[0]):
        state = dict(ends[0])
        for player in order:
            before = worth(state)
            state[player] = ends[1][player]
            expected[player] = expected[player] + (worth(state) - before) / 24
    found = pick(made, "shapley")
    np.testing.assert_allclose(found["compute"], expected["N"] + expected["D"], atol=1e-12)
    trend = expected["trend in N"] + expected["trend in D"]
    np.testing.assert_allclose(found["trend"], trend, atol=1e-12)
    change = law_of_row(posterior, find("Large")) - law_of_row(posterior, find("Small"))
    np.testing.assert_allclose(sum(found.values()), change, atol=1e-12)


def test_benchmark_without_a_path_has_no_step(posterior: xr.Dataset) -> None:
    table = make_table()
    is_first = (table["model"] == "Small") & (table["benchmark"] == "Penn Tree")
    found = augmented_scaling_law.estimands(
        posterior, table.assign(perplexity=table["perplexity"].where(~is_first, 2.0)), make_card()
    )
    assert OTHER_RECORD not in found["comparison"].values
    assert list(found["reverse_test_flop"]["early_model"].values) == ["Wiki: Wide"]


# The reverse test.


def flop_by_search(posterior: xr.Dataset, draw: int, early: pd.Series, target: float) -> float:
    """Least 6 N D at which the law of the early date gives `target`, by numerical search."""
    one = posterior.isel(chain=[0], draw=[draw])
    dates = (early["release_date"], early["release_date"])

    def loss(log10_n: float, log10_c: float) -> float:
        sizes = (10**log10_n, 10 ** (log10_c - log10_n) / 6)
        return float(log_perplexity(one, sizes, dates, early["benchmark"]).item())

    def least(log10_c: float) -> float:
        found = optimize.minimize_scalar(
            loss, bounds=(-10, 60), args=(log10_c,), method="bounded", options={"xatol": 1e-10}
        )
        return float(found.fun)

    return float(optimize.brentq(lambda c: least(c) - target, 1, 80, xtol=1e-10))


@pytest.mark.parametrize("draw", [0, 7, 50])
def test_reverse_test_agrees_with_a_search(
    posterior: xr.Dataset, made: xr.Dataset, draw: int
) -> None:
    target = law_of_row(posterior, find("Large"))[0, draw]
    found = made["reverse_test_flop"].sel(early_model="Wiki: Wide").isel(chain=0, draw=draw)
    expected = flop_by_search(posterior, draw, find("Wide"), target)
    assert np.log10(found.item()) == pytest.approx(expected, abs=1e-5)
    moles = made["reverse_test_moles"].sel(early_model="Wiki: Wide").isel(chain=0, draw=draw)
    assert moles.item() == pytest.approx(found.item() / 6.02214076e23)


def test_loss_at_or_below_the_irreducible_one_takes_infinite_compute(posterior: xr.Dataset) -> None:
    law = law_at(posterior, prepare(make_table(), make_card()), "Wiki", 0.0)
    assert np.isinf(least_flop(law, law["E"])).all()
    assert np.isinf(least_flop(law, law["E"] - 0.1)).all()
    assert np.isfinite(least_flop(law, law["E"] + 1e-14)).all()  # beyond all numbers, reachable


# The likelihood.


@pytest.fixture(scope="module")
def point() -> dict[str, Any]:
    """Where the sampler starts: a point at which densities are compared."""
    model = augmented_scaling_law.build(make_table(), make_card(), Priors())
    return dict(model.initial_point(1))


def log_density(table: pd.DataFrame, point: dict[str, Any]) -> float:
    model = augmented_scaling_law.build(table, make_card(), Priors())
    return float(model.compile_logp(vars=model.observed_RVs, mode=ONCE)(point))


def values_at(table: pd.DataFrame, point: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every variable of the model at the point, by name."""
    model = augmented_scaling_law.build(table, make_card(), Priors())
    names = [each.name for each in model.unobserved_value_vars]
    values = model.compile_fn(model.unobserved_value_vars, inputs=model.value_vars, mode=ONCE)(
        point
    )
    return dict(zip(names, values, strict=True))


def residuals_at(table: pd.DataFrame, values: dict[str, np.ndarray]) -> pd.Series:
    """Log perplexity less the documented law, by fitted row."""
    rows = fitted_rows(table)
    benchmarks = list(rows["benchmark"].unique())
    known = {
        name: (("chain", "draw", *DIMS.get(name, ())), np.asarray(value)[None, None])
        for name, value in values.items()
        if name in TRUTH and "paper_" not in name
    }
    drawn = xr.Dataset(known, coords={"benchmark": benchmarks})
    law = [law_of_row(drawn, row).item() for _, row in rows.iterrows()]
    return np.log(rows["perplexity"]) - law


def density_by_hand(table: pd.DataFrame, point: dict[str, Any], kept: pd.Series) -> float:
    """The rows of each paper are jointly normal: noise, and an effect that they share."""
    values = values_at(table, point)
    residuals = residuals_at(table, values)[kept]
    total = 0.0
    for _, group in residuals.groupby(fitted_rows(table)["lab"]):
        shared = values["paper_scale"] ** 2 * np.ones((len(group), len(group)))
        covariance = shared + values["noise_scale"] ** 2 * np.eye(len(group))
        total += stats.multivariate_normal.logpdf(group, np.zeros(len(group)), covariance)
    return float(total)


def test_density_is_that_of_papers_with_a_shared_effect(point: dict[str, Any]) -> None:
    kept = pd.Series(True, index=fitted_rows(make_table()).index)
    expected = density_by_hand(make_table(), point, kept)
    assert log_density(make_table(), point) == pytest.approx(expected)


@pytest.mark.parametrize("held", [["Small"], ["Wide", "Large"]])
def test_held_out_rows_leave_the_likelihood_exactly(point: dict[str, Any], held: list[str]) -> None:
    table = make_table()
    marked = table.assign(is_held_out=table["model"].isin(held))
    expected = density_by_hand(table, point, ~fitted_rows(table)["model"].isin(held))
    assert log_density(marked, point) == pytest.approx(expected)
    changed = marked["perplexity"].where(~marked["is_held_out"], 3.0)
    assert log_density(marked.assign(perplexity=changed), point) == pytest.approx(expected)


def test_paper_effect_is_what_its_rows_say(point: dict[str, Any]) -> None:
    values = values_at(make_table(), point)
    rows = fitted_rows(make_table())
    one = residuals_at(make_table(), values)[rows["lab"] == "One"]
    noise, own = values["noise_scale"] ** 2, values["paper_scale"] ** 2
    assert values["paper_effect_mean"][0] == pytest.approx(own * one.sum() / (noise + 3 * own))
    assert values["paper_effect_scale"][0] ** 2 == pytest.approx(noise * own / (noise + 3 * own))
    held = values_at(make_table().assign(is_held_out=make_table()["lab"] == "Three"), point)
    assert held["paper_effect_mean"][2] == 0  # as of a new paper
    assert held["paper_effect_scale"][2] == pytest.approx(held["paper_scale"])


def fitted_draws(point: dict[str, Any], table: pd.DataFrame) -> xr.Dataset:
    """The point as a posterior of one draw."""
    labels = {"benchmark": ["Wiki", "Penn Tree"], "paper": ["One", "Two", "Three"]}
    dims = DIMS | dict.fromkeys(("paper_effect_mean", "paper_effect_scale"), ("paper",))
    values = values_at(table, point)
    known = {
        name: (("chain", "draw", *dims.get(name, ())), np.asarray(value)[None, None])
        for name, value in values.items()
        if name in TRUTH or name in dims
    }
    return xr.Dataset(known, coords=labels)


@pytest.mark.parametrize("name", ["Small", "Wide", "Middle", "Large"])
def test_density_of_a_base_model_is_given_the_rows_of_all_others(
    point: dict[str, Any], name: str
) -> None:
    table = make_table()
    draws = fitted_draws(point, table)
    found = augmented_scaling_law.unit_log_likelihood(draws, table, make_card())
    others = fitted_rows(table)["model"] != name
    expected = density_by_hand(table, point, others | True) - density_by_hand(table, point, others)
    assert found.sel(base_model=name).item() == pytest.approx(expected)


def test_density_of_a_paper_that_was_held_out_is_that_of_a_new_paper(point: dict[str, Any]) -> None:
    table = make_table()
    marked = table.assign(is_held_out=table["lab"] == "Three")
    draws = fitted_draws(point, marked)
    expected = density_by_hand(table, point, fitted_rows(table)["lab"] == "Three")
    for given in (table, marked):
        found = augmented_scaling_law.unit_log_likelihood(draws, given, make_card())
        assert found.sel(base_model="Large").item() == pytest.approx(expected)


# What goes in.


def test_simulated_perplexities_follow_the_law_where_noise_is_nil(posterior: xr.Dataset) -> None:
    truth = TRUTH | {"noise_scale": 0.0}
    simulated = augmented_scaling_law.simulate(make_table(), truth, np.random.default_rng(1))
    draws = as_draws(TRUTH, DIMS)
    for _, row in simulated.iterrows():
        effect = TRUTH["paper_effect"][row["lab"]]
        expected = law_of_row(draws, row).item() + effect
        assert np.log(row["perplexity"]) == pytest.approx(expected)


def test_share_of_a_step_within_a_day_cannot_be_fixed() -> None:
    with pytest.raises(ValueError, match="no rate makes compute"):
        augmented_scaling_law.fix_share(
            TRUTH, 0.5, make_table(), make_card(headline_comparison=SAME_DAY)
        )


@pytest.mark.parametrize("column", ["parameters", "dataset_tokens"])
def test_rows_without_size_are_refused(column: str) -> None:
    table = make_table()
    lacking = table.assign(**{column: table[column].where(table["model"] != "Wide")})
    assert augmented_scaling_law.unsupported_reason(table, make_card()) == ""
    no_trend = augmented_scaling_law.unsupported_reason(table, make_card(trend="none"))
    assert "trend: none" in no_trend
    assert augmented_scaling_law.unsupported_reason(lacking, make_card()).startswith("1 fitted row")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "Other"}, "no row with parameters and tokens is of Wiki"),
        ({"parameters": 2e7}, "differ in param"),
    ],
)
def test_side_that_is_no_single_model_is_refused(
    posterior: xr.Dataset, changed: dict[str, Any], words: str
) -> None:
    table = make_table()
    more = pd.concat([table, table.iloc[[0]].assign(**changed)], ignore_index=True)
    if "model" in changed:
        more = more.iloc[1:]
    with pytest.raises(ValueError, match=words):
        augmented_scaling_law.estimands(posterior, more, make_card())


# Real rows.


def test_classical_rate_is_near_the_published_one() -> None:
    # Ho et al. 2024, section 3.1: the doubling takes 8.4 months, 95 % interval 4.5 to 14.3
    frame = augmented_scaling_law.baseline(*load_real("lm_perplexity")).set_index("key")
    assert 4.5 < frame.loc["doubling_time_months", "estimate"] < 14.3


@pytest.mark.slow
def test_known_truth_is_recovered() -> None:
    table, card = load_real("lm_perplexity")
    rng = np.random.default_rng(11)
    truth = augmented_scaling_law.sample_prior(table, card, Priors(), rng) | {
        "rate": 0.5,
        "rate_difference": 0.1,
        "exponent_parameters": 0.15,
        "exponent_tokens": 0.08,
        "irreducible_loss": {"PTB": 1.3, "WikiText-2": 0.9, "WikiText-103": 1.0},
        "contribution_parameters": {"PTB": 1.2, "WikiText-2": 1.5, "WikiText-103": 1.3},
        "contribution_tokens": {"PTB": 1.1, "WikiText-2": 1.3, "WikiText-103": 1.1},
        "noise_scale": 0.1,
    }
    simulated = augmented_scaling_law.simulate(table, truth, rng)
    posterior = sample("augmented_scaling_law", simulated, card, seed=11)
    for name in ("rate", "rate_difference", "exponent_parameters", "exponent_tokens"):
        assert_near(posterior[name], truth[name])
    assert_near(posterior["irreducible_loss"].sel(benchmark="PTB"), 1.3)
    assert posterior["rate"].std() < 0.15
    complete = add_unfitted(simulated, table)
    made, true = (
        augmented_scaling_law.estimands(each, complete, card)["share_compute"]
        for each in (posterior, as_draws(truth, DIMS))
    )
    for comparison in true["comparison"].values:
        step = {"comparison": comparison}
        assert_near(made.sel(step), true.sel(step).item())
