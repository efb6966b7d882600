"""One rate for all leaderboards, and the rates of software and hardware."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import ROOT, sample

import models
from models import Card, as_draws
from models.estimates import rate_coincidence, shared_rate
from models.options import GrowthOptions, OwnRateOptions

CARD = Card("toy", "own_rates", OwnRateOptions())
PRIOR_MEAN, PRIOR_SD = 0.4, 0.6
MEAN, SPREAD = 0.6, 0.3


def make_table(rates: list[float], error: float = 0.1) -> pd.DataFrame:
    """Leaderboards whose posteriors are all equally wide."""
    count = len(rates)
    return pd.DataFrame(
        {
            "domain": [f"Field {i}" for i in range(count)],
            "rate": rates,
            "rate_sd": error,
            "base_models": [f"A{i}" for i in range(count)],
            "prior_mean": PRIOR_MEAN,
            "prior_sd": PRIOR_SD,
            "exclusion": pd.Series([None] * count, dtype="str"),
        }
    )


def test_prior_divided_out_and_put_back_is_the_posterior() -> None:
    """Conjugate normal by hand: data 1.0 +- 0.3 under the prior 0.4 +- 0.6."""
    precision = 1 / 0.3**2 + 1 / PRIOR_SD**2
    rate = (1.0 / 0.3**2 + PRIOR_MEAN / PRIOR_SD**2) / precision
    design = shared_rate.prepare(make_table([rate], error=precision**-0.5))
    assert design.told.item() == pytest.approx(1.0)
    assert design.error.item() == pytest.approx(0.3)


def test_rates_are_pooled_by_their_errors_and_the_spread() -> None:
    """Two leaderboards by hand: half of the distance where error and spread are alike."""
    table = make_table([0.4, 0.8], error=0.3)
    error = shared_rate.prepare(table).error[0]
    drawn = {"mean": 0.6, "between_sd": error, "new_domain_offset": 1.0}
    drawn |= {"rate": {"Field 0": 0.5, "Field 1": 0.75}}
    made = shared_rate.estimands(as_draws(drawn, shared_rate.DIMS), table, CARD)
    np.testing.assert_allclose(made["shrinkage"], 0.5)
    assert made["predictive"].item() == pytest.approx(0.6 + error)
    assert made["slowest"].item() == 0.5
    assert made["fastest_over_slowest"].item() == 1.5
    assert shared_rate.unsupported_reason(table, CARD) == ""
    assert "may be quoted is 1" in shared_rate.unsupported_reason(table.head(1), CARD)


@pytest.mark.slow
def test_mean_and_spread_are_recovered_and_the_classical_twin_agrees() -> None:
    """Thirty leaderboards simulated from a known mean and spread: the prior says little."""
    rng = np.random.default_rng(8)
    table = make_table([0.5] * 30, error=0.2)
    rates = rng.normal(MEAN, SPREAD, 30)
    truth = {"rate": dict(zip(table["domain"], rates, strict=True)), "likeness": 0.0}
    seen = shared_rate.simulate(table, truth, rng)
    posterior = sample("shared_rate", seen, CARD, seed=9, draws=1500)
    for name, value in (("mean", MEAN), ("between_sd", SPREAD)):
        lower, upper = np.quantile(posterior[name], [0.005, 0.995])
        assert lower < value < upper, name
    assert float(posterior["between_sd"].std()) < 0.1
    assert float(np.abs(posterior["rate"].mean(("chain", "draw")) - rates).mean()) < 0.2
    found = shared_rate.baseline(seen, CARD).iloc[0]
    assert found["method"].startswith("DerSimonian")
    lower, median, upper = np.quantile(posterior["mean"], [0.05, 0.5, 0.95])
    assert median == pytest.approx(found["estimate"], abs=0.02)
    assert upper - lower == pytest.approx(found["upper"] - found["lower"], rel=0.15)


def test_priors_in_the_records_are_those_of_the_models() -> None:
    table = pd.read_csv(ROOT / "data/sources/own_rates/records.csv")
    for _, row in table.iterrows():
        priors = models.load(row["posterior"].partition("-")[2]).Priors()
        prior = getattr(priors, "multiplier", priors).rate
        assert prior.family == "Normal"
        assert prior.parameters == (row["prior_mean"], row["prior_sd"])


def test_errors_go_together_by_the_base_models_that_leaderboards_share() -> None:
    """Two of three models on both of the first two: 2 / 3, times how alike their errors are."""
    table = make_table([0.5] * 3).assign(base_models=["A | B | C", "B | C | D", "E"])
    design = shared_rate.prepare(table)
    assert design.shared == pytest.approx(np.array([[1, 2 / 3, 0], [2 / 3, 1, 0], [0, 0, 1]]))
    truth = {"rate": dict.fromkeys(table["domain"], 0.5), "likeness": 0.6}
    rng = np.random.default_rng(8)
    drawn = [shared_rate.simulate(table, truth, rng)["rate"] for _ in range(4000)]
    correlation = np.corrcoef(np.array(drawn), rowvar=False)
    assert correlation[0, 1:] == pytest.approx([0.4, 0.0], abs=0.05)


# Software and hardware rates: ratios always, a test of coincidence where pairs are enough.

GROWTH = Card("toy", "growth_rates", GrowthOptions(within_factor=1.5))


def make_pairs(count: int) -> pd.DataFrame:
    """Pairs whose rates differ from pair to pair."""
    hardware = 0.1 * 1.3 ** np.arange(count)
    frame = pd.DataFrame({"software_rate": 2 * hardware, "hardware_rate": hardware})
    return frame.assign(
        domain=[f"Field {i}" for i in range(count)],
        exclusion=pd.Series([None] * count, dtype="str"),
    )


def estimate(count: int, decades: float) -> xr.Dataset:
    """The estimands of one draw in which software is a fixed multiple of hardware."""
    table = make_pairs(count)
    hardware = dict(zip(table["domain"], np.log10(table["hardware_rate"]), strict=True))
    truth = {
        "level": np.log10(rate_coincidence.MOORE) + decades,
        "slope": 1.0,
        "scatter": 1e-6,
        "hardware_true": hardware,
        "deviation": dict.fromkeys(hardware, 0.0),
    }
    return rate_coincidence.estimands(as_draws(truth, rate_coincidence.DIMS), table, GROWTH)


def test_fewer_than_eight_pairs_have_ratios_and_no_test_and_one_pair_nothing() -> None:
    made = estimate(7, np.log10(2))
    np.testing.assert_allclose(made["ratio_by_domain"], 2.0)
    np.testing.assert_allclose(made["ratio"], 2.0)
    for name in ("slope", "correlation", "p_ratio_within", "closer_than_reshuffled"):
        assert made[name].isnull().all()
        (reason,) = set(made[name].attrs["reasons"].values())
        assert reason.startswith("7 independent pairs")
    assert "1 pairs" in rate_coincidence.unsupported_reason(make_pairs(1), GROWTH)


@pytest.mark.parametrize(("factor", "share"), [(2.0, 0.0), (1.2, 1.0)])
def test_eight_pairs_are_tested(factor: float, share: float) -> None:
    made = estimate(8, np.log10(factor))
    found = {name: made[name].item() for name in ("p_ratio_within", "correlation", "slope")}
    assert found == pytest.approx({"p_ratio_within": share, "correlation": 1.0, "slope": 1.0})
    assert estimate(8, 0.0)["closer_than_reshuffled"].item() > 0.95  # pairs that belong together
