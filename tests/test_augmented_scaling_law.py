"""The augmented scaling law: the split and reverse test by hand, and rows left out."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boards import make_board, make_board_card
from scipy import optimize, stats
from tables_for_models import load_real

from models import Card, as_draws, fitted_rows
from models.core.shapley import shapley_values
from models.core.variants import Variant
from models.losses import augmented_scaling_law
from models.losses.augmented_scaling_law import DIMS, VARIANTS, Priors
from pipeline.fit.density import UNCOMPILED

BETWEEN, SAME_DAY = "wiki-small_2016-large_2022", "wiki-small_2016-wide_2016"
RECORD, OTHER_RECORD = "wiki-first_record-last_record", "penn_tree-first_record-last_record"
STEP = {"comparison": BETWEEN}
PRESENT = ("compute", "allocation", "trend")
ABSENT = ("inference", "technique", "lab", "unexplained")
YEARS = [str(year) for year in range(2016, 2023)]
DAYS = xr.DataArray([306, 365, 365, 365, 366, 365, 90], dims="year")  # first to last release
TRUTH: dict[str, Any] = {
    "rate_by_year": dict(zip(YEARS, [0.1, 0.9, 0.2, 0.6, 0.4, 1.0, 0.3], strict=True)),
    "rate_difference": -0.3,
    "repetition_worth": 15.0,
    "exponent_parameters": 0.12,
    "exponent_tokens": 0.07,
    "irreducible_loss": {"Wiki": 0.8, "Penn Tree": 1.2},
    "contribution_parameters": {"Wiki": 1.4, "Penn Tree": 1.1},
    "contribution_tokens": {"Wiki": 1.1, "Penn Tree": 1.6},
    "paper_effect": {"One": 0.1, "Two": -0.2, "Three": 0.05},
    "paper_scale": 0.15,
    "noise_scale": 0.2,
}
TRUTH["rate"] = np.average(list(TRUTH["rate_by_year"].values()), weights=DAYS)
# By row: printed, from tokens of training, the median of the benchmark, at least once; printed, the
# median of one; at least once.
READINGS = [40.0, 30.0, 30.0, 1.0, 100.0, 100.0, 1.0]


def make_table() -> pd.DataFrame:
    """Seven rows on two benchmarks, of three papers; the last is not fitted."""
    columns = [
        *("benchmark", "model", "lab", "release_date", "parameters", "dataset_tokens"),
        *("epochs", "training_tokens", "training_flop", "compute_confidence", "perplexity"),
    ]
    small, wide = ("Small", "One", "2016-03-01", 1e7), ("Wide", "One", "2016-03-01", 5e7)
    middle, large = ("Middle", "Two", "2019-07-01", 3e8), ("Large", "Three", "2022-04-01", 7e10)
    unknown, once = (np.nan, np.nan, np.nan, None), (0.7, np.nan, 4e23, "likely")
    rows = [
        ("Wiki", *small, 1e8, 40, 9e9, 3e17, "confident", 60.0),
        ("Wiki", *wide, 1e8, np.nan, 3e9, np.nan, None, 50.0),
        ("Wiki", *middle, 1e9, *unknown, 25.0),
        ("Wiki", *large, 1e12, *once, 8.0),
        ("Penn Tree", *small, 1e6, 100, np.nan, 6e15, "speculative", 110.0),
        ("Penn Tree", *large, 1e12, *unknown, 20.0),
        ("Wiki", "Copied", *large[1:], 1e12, *once, 7.0),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    table = make_board(list(frame["model"]), **{name: frame[name] for name in columns})
    table["release_date"] = pd.to_datetime(frame["release_date"])
    table.loc[6, "exclusion"] = "a copy"
    return table.drop(columns="score")


def make_card(**changes: Any) -> Card:
    """Its card: one step between dates and one within a day."""
    steps = {BETWEEN: ("Wiki", "Small", "Large"), SAME_DAY: ("Wiki", "Small", "Wide")}
    benchmarks: dict[str, Any] = {"Wiki": {}, "Penn Tree": {}}
    return make_board_card(steps, "loss_leaderboard", **({"benchmarks": benchmarks} | changes))


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    """Two chains of draws around `TRUTH`, every parameter by itself."""
    rng = np.random.default_rng(1)
    once = as_draws(TRUTH, DIMS).isel(chain=0, draw=0, drop=True)
    made = {}
    for name, value in once.data_vars.items():
        noise = rng.normal(0, 0.1, (2, 200, *value.shape))
        scaled = value.to_numpy() * np.exp(noise) if (value > 0).all() else value.to_numpy() + noise
        made[name] = (("chain", "draw", *value.dims), scaled)
    drawn = xr.Dataset(made, coords=once.coords)
    return drawn.assign(rate=drawn["rate_by_year"].weighted(DAYS).mean("year"))


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return augmented_scaling_law.estimands(posterior, make_table(), make_card())


def find(model: str, benchmark: str = "Wiki") -> pd.Series:
    table = make_table().assign(readings=READINGS)
    return table[(table["model"] == model) & (table["benchmark"] == benchmark)].iloc[0]


def pick(made: xr.Dataset, kind: str, comparison: str = BETWEEN) -> dict[str, np.ndarray]:
    return {part: made[f"{kind}_{part}"].sel(comparison=comparison).to_numpy() for part in PRESENT}


def gain(posterior: xr.Dataset, date: Any) -> xr.DataArray:
    """Decades from the start of 2016 to the date, the rates of its years added up."""
    starts = [pd.Timestamp(int(year), 1, 1) for year in [*YEARS, "2023"]]
    spent = [
        max(min(date, end) - start, pd.Timedelta(0)) / pd.Timedelta(days=365.25)
        for start, end in pairwise(starts)
    ]
    return xr.dot(posterior["rate_by_year"], xr.DataArray(spent, dims="year"), dim="year")


def effective_tokens(posterior: xr.Dataset, row: pd.Series) -> xr.DataArray:
    """The distinct tokens, and what reading them again adds."""
    half = posterior["repetition_worth"]
    return row["dataset_tokens"] * (1 + half * (1 - np.exp(-(row["readings"] - 1) / half)))


def log_perplexity(
    posterior: xr.Dataset, parameters: Any, tokens: Any, date: Any, benchmark: str
) -> np.ndarray:
    """The documented law."""
    rows = fitted_rows(make_table())
    reference = rows["release_date"].mean()
    drawn = posterior.sel(benchmark=benchmark)
    gained = gain(posterior, date) - gain(posterior, reference)
    apart = posterior["rate_difference"] * ((date - reference) / pd.Timedelta(days=365.25))
    total = drawn["irreducible_loss"]
    for name, column, size, both in (
        ("parameters", "parameters", parameters, gained + apart),
        ("tokens", "dataset_tokens", tokens, gained - apart),
    ):
        effective = np.log10(size) - np.log10(rows[column]).mean() + both / 2
        total = total + drawn[f"contribution_{name}"] / 10 ** (
            posterior[f"exponent_{name}"] * effective
        )
    return total.transpose("chain", "draw").to_numpy()


def law_of_row(posterior: xr.Dataset, row: pd.Series) -> np.ndarray:
    tokens = effective_tokens(posterior, row)
    return log_perplexity(
        posterior, row["parameters"], tokens, row["release_date"], row["benchmark"]
    )


# The split.


def test_parts_agree_with_plain_arithmetic(posterior: xr.Dataset, made: xr.Dataset) -> None:
    # as readings vary within a benchmark where they are known: 40, 30, 1 about 30; 100
    unread = np.log10([4 / 3, 1, 1 / 30, 1]).std(ddof=1)
    steps = ((BETWEEN, "Large", 4e23, 0.3), (SAME_DAY, "Wide", 6 * 5e7 * 3e9, unread))
    for comparison, later, flop, error in steps:  # the second is not printed
        early, late = find("Small"), find(later)
        first, last = (
            np.log10(row["parameters"] * effective_tokens(posterior, row)) for row in (early, late)
        )
        trend = gain(posterior, late["release_date"]) - gain(posterior, early["release_date"])
        found, sd = pick(made, "decades", comparison), np.hypot(0.05, error)
        np.testing.assert_allclose(found["compute"] + found["allocation"], last - first)
        np.testing.assert_allclose(found["trend"], trend, atol=1e-12)
        assert found["compute"].mean() == pytest.approx(np.log10(flop / 3e17), abs=0.2 * sd)
        assert found["compute"].std() == pytest.approx(sd, rel=0.15)
        share = pick(made, "share", comparison)["compute"]
        np.testing.assert_allclose(share, found["compute"] / (last - first + trend))


def test_shares_sum_to_one_and_absent_parts_have_a_reason(made: xr.Dataset) -> None:
    for comparison in (BETWEEN, SAME_DAY, RECORD, OTHER_RECORD):
        for kind in ("share", "shapley_share"):
            parts = pick(made, kind, comparison)
            np.testing.assert_allclose(sum(parts.values()), 1, atol=1e-12)
            found = made[f"{kind}_algorithms"].sel(comparison=comparison)
            np.testing.assert_allclose(found, parts["allocation"] + parts["trend"])
            assert comparison != SAME_DAY or (parts["trend"] == 0).all()
        for part in ABSENT:
            assert made[f"share_{part}"].attrs["reasons"][comparison]
    assert all(made[f"share_{part}"].isnull().all() for part in ABSENT)


def test_shapley_values_move_parts_by_parts(posterior: xr.Dataset, made: xr.Dataset) -> None:
    """Compute moves parameters and the tokens read; allocation, what these are worth."""
    early, late = find("Small"), find("Large")
    tokens = [effective_tokens(posterior, row) for row in (early, late)]
    read = 10 ** made["decades_compute"].sel(STEP) * early["parameters"] / late["parameters"]

    def worth(moved: tuple[str, ...]) -> np.ndarray:
        size = (late if "compute" in moved else early)["parameters"]
        date = (late if "trend" in moved else early)["release_date"]
        longer = tokens[0] * (read if "compute" in moved else 1.0)
        longer = longer * (tokens[1] / tokens[0] / read if "allocation" in moved else 1.0)
        return log_perplexity(posterior, size, longer, date, "Wiki")

    found = pick(made, "shapley")
    for part, expected in shapley_values(list(PRESENT), worth).items():
        np.testing.assert_allclose(found[part], expected, atol=1e-12)
    change = law_of_row(posterior, late) - law_of_row(posterior, early)
    np.testing.assert_allclose(sum(found.values()), change, atol=1e-12)


# The reverse test.


def flop_by_search(posterior: xr.Dataset, draw: int, early: pd.Series, target: float) -> float:
    """Least 6 N D at which the law of the early date gives `target`, by numerical search."""
    one = posterior.isel(chain=[0], draw=[draw])

    def least(log10_c: float) -> float:
        def loss(log10_n: float) -> float:
            sizes = (10**log10_n, 10 ** (log10_c - log10_n) / 6)
            at = (early["release_date"], early["benchmark"])
            return float(log_perplexity(one, *sizes, *at).item())

        options = {"xatol": 1e-10}
        found = optimize.minimize_scalar(loss, bounds=(-10, 60), method="bounded", options=options)
        return float(found.fun)

    return float(optimize.brentq(lambda c: least(c) - target, 1, 80, xtol=1e-10))


def test_reverse_test_agrees_with_a_search(posterior: xr.Dataset, made: xr.Dataset) -> None:
    found = made["reverse_test_flop"].sel(early_model="Wiki: Wide")
    for draw in (0, 7):
        target = law_of_row(posterior, find("Large"))[0, draw]
        expected = flop_by_search(posterior, draw, find("Wide"), target)
        assert np.log10(found[0, draw].item()) == pytest.approx(expected, abs=1e-5)
    moles = made["reverse_test_moles"].sel(early_model="Wiki: Wide")
    np.testing.assert_allclose(moles, found / 6.02214076e23)


# The likelihood.


@pytest.fixture(scope="module")
def point() -> dict[str, Any]:
    """Near where the sampler starts: a point at which densities are compared."""
    model = augmented_scaling_law.build(make_table(), make_card(), Priors())
    rng = np.random.default_rng(5)
    start = model.initial_point(1).items()
    return {name: value + rng.normal(0, 0.3, value.shape) for name, value in start}


def log_density(table: pd.DataFrame, point: dict[str, Any]) -> float:
    model = augmented_scaling_law.build(table, make_card(), Priors())
    return float(model.compile_logp(vars=model.observed_RVs, mode=UNCOMPILED)(point))


def draws_at(
    table: pd.DataFrame, point: dict[str, Any], variant: Variant | None = None
) -> xr.Dataset:
    """The point as a posterior of one draw."""
    priors, card = (variant or Variant()).apply(Priors(), make_card())
    model = augmented_scaling_law.build(table, card, priors)
    variables = model.unobserved_value_vars
    values = model.compile_fn(variables, inputs=model.value_vars, mode=UNCOMPILED)(point)
    dims = DIMS | dict.fromkeys(("paper_effect_mean", "paper_effect_scale"), ("paper",))
    known = {
        each.name: (("chain", "draw", *dims.get(each.name, ())), np.asarray(value)[None, None])
        for each, value in zip(variables, values, strict=True)
        if each.name in TRUTH or each.name in dims
    }
    labels = {"benchmark": ["Wiki", "Penn Tree"], "paper": ["One", "Two", "Three"], "year": YEARS}
    return xr.Dataset(known, coords=labels)


def density_by_hand(table: pd.DataFrame, point: dict[str, Any], kept: pd.Series) -> float:
    """The rows of each paper are jointly normal: noise, and an effect that they share."""
    draws = draws_at(table, point)
    rows = fitted_rows(table.assign(readings=READINGS))[kept]
    law = [law_of_row(draws, row).item() for _, row in rows.iterrows()]
    noise, own = (draws[name].item() ** 2 for name in ("noise_scale", "paper_scale"))
    total = 0.0
    for _, group in (np.log(rows["perplexity"]) - law).groupby(rows["lab"]):
        covariance = own * np.ones((len(group), len(group))) + noise * np.eye(len(group))
        total += stats.multivariate_normal.logpdf(group, np.zeros(len(group)), covariance)
    return float(total)


@pytest.mark.parametrize("held", [[], ["Small"], ["Wide", "Large"]])
def test_density_is_that_of_papers_with_a_shared_effect_without_rows_held_out(
    point: dict[str, Any], held: list[str]
) -> None:
    table = make_table()
    marked = table.assign(is_held_out=table["model"].isin(held))
    expected = density_by_hand(table, point, ~fitted_rows(table)["model"].isin(held))
    assert log_density(marked, point) == pytest.approx(expected)
    changed = marked["perplexity"].where(~marked["is_held_out"], 3.0)
    assert log_density(marked.assign(perplexity=changed), point) == pytest.approx(expected)


def test_density_of_a_base_model_is_given_the_rows_of_all_others(point: dict[str, Any]) -> None:
    """That of the one model of a paper is the same where the paper was held out."""
    table = make_table()
    rows, marked = fitted_rows(table), table.assign(is_held_out=table["lab"] == "Three")
    for given in (table, marked):
        draws = draws_at(given, point)
        found = augmented_scaling_law.unit_log_likelihood(draws, given, make_card())
        for name in ("Large",) if given is marked else ("Small", "Wide", "Middle", "Large"):
            whole, others = (
                density_by_hand(table, point, kept)
                for kept in (rows["model"].notna(), rows["model"] != name)
            )
            assert found.sel(base_model=name).item() == pytest.approx(whole - others)


def test_special_cases_are_special_and_rates_average_over_the_span(point: dict[str, Any]) -> None:
    found = {name: draws_at(make_table(), point, each) for name, each in VARIANTS.items()}
    found["own"] = draws_at(make_table(), point)
    for name, count in (("own", 7), ("line", 1), ("all_of_these", 1), ("one_bend", 2)):
        rates = found[name]["rate_by_year"]
        assert len(np.unique(rates.round(9))) == count
        assert rates.weighted(DAYS).mean().item() == pytest.approx(found[name]["rate"].item())
    for name, worth in (("distinct_tokens", 1e-3), ("all_of_these", 1e-3), ("all_readings", 1e6)):
        assert found[name]["repetition_worth"].item() == pytest.approx(worth)


# What goes in.


def test_what_cannot_be_fitted_or_split_is_refused(posterior: xr.Dataset) -> None:
    table = make_table()
    assert augmented_scaling_law.unsupported_reason(table, make_card()) == ""
    no_trend = augmented_scaling_law.unsupported_reason(table, make_card(trend="none"))
    assert "trend: none" in no_trend
    for column in ("parameters", "dataset_tokens"):
        lacking = table.assign(**{column: table[column].where(table["model"] != "Wide")})
        reason = augmented_scaling_law.unsupported_reason(lacking, make_card())
        assert reason.startswith("1 fitted row")
    card = make_card(headline_comparison=SAME_DAY)
    with pytest.raises(ValueError, match="no rate makes compute"):
        augmented_scaling_law.fix_share(TRUTH, 0.5, table, card)
    no_row = table.assign(model=table["model"].replace("Small", "Other"))
    two = pd.concat([table, table.iloc[[0]].assign(parameters=2e7)], ignore_index=True)
    words = "no row with parameters and tokens is of Wiki", "differ in param"
    for rows, said in zip((no_row, two), words, strict=True):
        with pytest.raises(ValueError, match=said):
            augmented_scaling_law.estimands(posterior, rows, make_card())


# Real rows.


def test_classical_rate_is_near_the_published_one() -> None:
    # Ho et al. 2024, section 3.1: the doubling takes 8.4 months, 95 % interval 4.5 to 14.3
    frame = augmented_scaling_law.baseline(*load_real("lm_perplexity")).set_index("key")
    assert 4.5 < frame.loc["doubling_time_months", "estimate"] < 14.3
