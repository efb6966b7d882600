"""One rate for all leaderboards: what was simulated is found, and no prior counts twice."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import ROOT, load_real, sample

import models
from models import Card, as_draws
from models.estimates import shared_rate
from models.estimates.options import OwnRateOptions

CARD = Card("toy", "own_rates", OwnRateOptions())
PRIOR_MEAN, PRIOR_SD = 0.4, 0.6


def make_table(rates: list[float], error: float = 0.1) -> pd.DataFrame:
    """Leaderboards whose posteriors are all equally wide."""
    count = len(rates)
    return pd.DataFrame(
        {
            "domain": [f"Field {i}" for i in range(count)],
            "posterior": [f"board_{i}-toy" for i in range(count)],
            "rate": rates,
            "rate_sd": error,
            "prior_mean": PRIOR_MEAN,
            "prior_sd": PRIOR_SD,
            "exclusion": pd.Series([None] * count, dtype="str"),
        }
    )


def make_draw(rates: dict[str, float], mean: float, spread: float, offset: float) -> xr.Dataset:
    truth = {"mean": mean, "between_sd": spread, "rate": rates, "new_domain_offset": offset}
    return as_draws(truth, shared_rate.DIMS)


def test_prior_divided_out_and_put_back_is_the_posterior() -> None:
    """Conjugate normal by hand: data 1.0 +- 0.3 under the prior 0.4 +- 0.6."""
    precision = 1 / 0.3**2 + 1 / PRIOR_SD**2
    rate = (1.0 / 0.3**2 + PRIOR_MEAN / PRIOR_SD**2) / precision
    told, error = shared_rate.divide_out_prior(make_table([rate], error=precision**-0.5))
    assert told.item() == pytest.approx(1.0)
    assert error.item() == pytest.approx(0.3)


def test_prior_hardly_matters_where_the_posterior_is_narrow() -> None:
    told, error = shared_rate.divide_out_prior(make_table([0.8], error=0.01))
    assert told.item() == pytest.approx(0.8, abs=2e-4)
    assert error.item() == pytest.approx(0.01, rel=2e-4)


def test_fits_to_data_without_error_in_the_mean_report_what_is_divided_out() -> None:
    """Simulated reports scatter about the truth once their prior is divided out, by its error."""
    table = make_table([0.5] * 4, error=0.3)
    rates = {"Field 0": -0.5, "Field 1": 0.2, "Field 2": 0.7, "Field 3": 1.5}
    rng = np.random.default_rng(5)
    truth = {"mean": 0.4, "between_sd": 0.5, "rate": rates, "new_domain_offset": 0.0}
    found = [
        shared_rate.divide_out_prior(shared_rate.simulate(table, truth, rng)) for _ in range(2000)
    ]
    told = np.array([each for each, _ in found])
    error = found[0][1]
    np.testing.assert_allclose(told.mean(0), list(rates.values()), atol=4 * error[0] / 2000**0.5)
    np.testing.assert_allclose(told.std(0), error, rtol=0.08)


def test_one_leaderboard_is_refused() -> None:
    assert "number of leaderboards whose rate may be quoted is 1" in shared_rate.unsupported_reason(
        make_table([0.4]), CARD
    )
    assert shared_rate.unsupported_reason(make_table([0.4, 0.5]), CARD) == ""


def test_leaderboard_that_did_not_converge_is_not_counted() -> None:
    table = make_table([0.4, 0.5])
    table.loc[1, "exclusion"] = "not converged"
    assert "is 1," in shared_rate.unsupported_reason(table, CARD)


def test_estimands_of_a_known_draw() -> None:
    table = make_table([0.4, 0.8], error=0.3)
    draw = make_draw({"Field 0": 0.4, "Field 1": 0.8}, mean=0.5, spread=0.25, offset=2.0)
    made = shared_rate.estimands(draw, table, CARD)
    assert made["predictive"].item() == pytest.approx(1.0)
    assert made["slowest"].item() == 0.4
    assert made["fastest_over_slowest"].item() == pytest.approx(2.0)
    assert made["p_positive"].item() == pytest.approx(0.97725, abs=1e-5)  # two standard deviations
    error_squared = 1 / (1 / 0.3**2 - 1 / PRIOR_SD**2)
    expected = error_squared / (error_squared + 0.25**2)
    np.testing.assert_allclose(made["shrinkage"], expected)


def test_ratio_has_no_upper_bound_where_the_slowest_may_stand_still() -> None:
    table = make_table([0.0, 0.8])
    draw = make_draw({"Field 0": -0.1, "Field 1": 0.8}, mean=0.5, spread=0.25, offset=0.0)
    assert shared_rate.estimands(draw, table, CARD)["fastest_over_slowest"].item() == np.inf


def test_no_estimand_is_taken_for_the_rate_of_a_leaderboard() -> None:
    """The overview lists what is called `rate_decades_per_year` as a leaderboard's own."""
    draw = make_draw({"Field 0": 0.4, "Field 1": 0.8}, mean=0.5, spread=0.25, offset=0.0)
    keys = [key for key, _ in models.flatten(shared_rate.estimands(draw, make_table([1, 1]), CARD))]
    assert not [key for key in keys if key.startswith("rate_decades_per_year")]


@pytest.mark.parametrize(("mean", "spread"), [(0.6, 0.4), (0.3, 0.15)])
def test_mean_and_spread_are_recovered(mean: float, spread: float) -> None:
    rng = np.random.default_rng(8)
    table = make_table([0.5] * 40, error=0.1)
    rates = {name: float(rng.normal(mean, spread)) for name in table["domain"]}
    truth = {"mean": mean, "between_sd": spread, "rate": rates, "new_domain_offset": 0.0}
    seen = shared_rate.simulate(table, truth, rng)
    posterior = sample("shared_rate", seen, CARD, seed=9)
    for name, value in (("mean", mean), ("between_sd", spread)):
        lower, upper = np.quantile(posterior[name], [0.005, 0.995])
        assert lower < value < upper, name
    assert float(posterior["between_sd"].std()) < 0.1
    errors = posterior["rate"].mean(("chain", "draw")) - np.array(list(rates.values()))
    assert float(np.abs(errors).mean()) < 0.1


def test_leaderboards_alike_are_pooled() -> None:
    table = make_table([0.5, 0.52, 0.48, 0.51, 0.49, 0.5], error=0.2)
    posterior = sample("shared_rate", table, CARD, seed=3)
    made = shared_rate.estimands(posterior, table, CARD)
    assert float(made["between_sd"].quantile(0.05)) < 0.05  # none at all is not ruled out
    assert float(made["shrinkage"].median()) > 0.5
    assert float(made["rate_by_domain"].std(("chain", "draw")).max()) < 0.17  # 0.21 on its own


def test_leaderboards_far_apart_keep_their_rates() -> None:
    table = make_table([0.2, 1.4, 0.3, 1.2], error=0.05)
    posterior = sample("shared_rate", table, CARD, seed=3)
    found = posterior["rate"].median(("chain", "draw"))
    np.testing.assert_allclose(found, table["rate"], atol=0.03)


def test_classical_twin_agrees_where_the_prior_says_little() -> None:
    rng = np.random.default_rng(2)
    table = make_table(list(rng.normal(0.6, 0.3, 60)), error=0.05)
    posterior = sample("shared_rate", table, CARD, seed=4)
    found = shared_rate.baseline(table, CARD).set_index("method")
    (random,) = [name for name in found.index if name.startswith("DerSimonian")]
    assert float(posterior["mean"].median()) == pytest.approx(
        found.loc[random, "estimate"], abs=0.02
    )
    width = found.loc[random, "upper"] - found.loc[random, "lower"]
    lower, upper = np.quantile(posterior["mean"], [0.05, 0.95])
    assert upper - lower == pytest.approx(width, rel=0.15)


def test_priors_in_the_records_are_those_of_the_models() -> None:
    table = pd.read_csv(ROOT / "data/sources/own_rates/records.csv")
    for _, row in table.iterrows():
        model = models.load(row["posterior"].partition("-")[2])
        priors = model.Priors()
        prior = getattr(priors, "multiplier", priors).rate
        assert prior.family == "Normal"
        assert prior.parameters == (row["prior_mean"], row["prior_sd"])


def test_leaderboard_speaks_by_the_first_model_of_its_table() -> None:
    """As on the overview; all of them pass at present."""
    from tables_for_models import read_yaml

    registry = read_yaml(ROOT / "models/models.yaml")["models"]
    for name in load_real("own_rates")[0]["posterior"]:
        dataset, _, model = name.partition("-")
        assert registry[load_real(dataset)[1].table][0] == model


def test_figure_has_every_leaderboard_alone_and_pooled_and_the_whole() -> None:
    table = make_table([0.4, 0.8])
    draw = make_draw({"Field 0": 0.45, "Field 1": 0.75}, mean=0.6, spread=0.2, offset=1.0)
    frame = shared_rate.charts(draw, table, CARD)[0].frame
    pairs = list(zip(frame["label"], frame["series"], strict=True))
    assert pairs == [
        ("Field 0", shared_rate.UNPOOLED),
        ("Field 0", shared_rate.POOLED),
        ("Field 1", shared_rate.UNPOOLED),
        ("Field 1", shared_rate.POOLED),
        ("Mean", shared_rate.OVERALL),
        ("A leaderboard not yet seen", shared_rate.OVERALL),
    ]
    assert frame["median"].iloc[[1, 3, 4, 5]].tolist() == pytest.approx([0.45, 0.75, 0.6, 0.8])
