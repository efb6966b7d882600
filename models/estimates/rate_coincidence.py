"""Do software and hardware progress at similar rates? Pairs of rates, one pair a study.

Equations::

    log10 software_i ~ Normal(s_i, error)          log10 hardware_i ~ Normal(h_i, error)
    s_i = level + slope (h_i - log10 0.15) + deviation_i       deviation_i ~ Normal(0, scatter)
    ratio_i = 10^(s_i - h_i)
    correlation = slope sd(h) / sqrt((slope sd(h))^2 + scatter^2)

    software_i, hardware_i   published rates, decades per year
    error                    decades (log10) by which a published rate is off: none states its own
    level                    log10 software rate where hardware follows Moore's law, 0.15 a year

What identifies the ratios: the pairs themselves, each to within the error that the prior assumes.
What cannot be told with few pairs: slope and correlation, and so whether the rates coincide. With
fewer than eight independent pairs they are not reported, and no test of coincidence is made. Where
there are eight, chance is what pairs reshuffled between domains would show.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import xarray as xr
from numpy.random import Generator

from models import INTERVAL_PROBABILITY, Card, Truth, fitted_rows
from models.core.estimands import describe
from models.core.prior import Prior, list_priors, prior_data
from models.estimates.classical import COLUMNS
from models.options import GrowthOptions

TABLE = "growth_rates"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.99}
DIMS = dict.fromkeys(("hardware_true", "deviation"), ("domain",))
MINIMUM_PAIRS = 8  # independent ones, below which coincidence is not tested
MOORE = 0.15  # decades per year: a doubling every two years
RESHUFFLES = 200
RESHUFFLE_SEED = 20130513


@dataclass(frozen=True)
class Priors:
    """In log10 of decades per year."""

    level: Prior = Prior("Normal", (-0.8, 0.5), "log10 decades per year").because(
        "software near Moore's law to within a factor of 7 at 90 %"
    )
    slope: Prior = Prior("Normal", (0.5, 0.75), "1").because(
        "between unrelated (0) and proportional (1), and beyond either: 90 % in -0.7 to 1.7"
    )
    scatter: Prior = Prior("Gamma", (2.0, 6.0), "log10").because(
        "fields with the same hardware differ in software by up to a factor of 6: 90 % below 0.8"
    )
    error: Prior = Prior("LogNormal", (np.log(0.12), 0.35), "log10").because(
        "no rate states its error; those of other tables that do are good to 20-60 %: 90 % in "
        "0.07-0.21"
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Fewer than two pairs; else empty."""
    if (count := len(fitted_rows(table))) >= 2:
        return ""
    return f"there are {count} pairs of rates, and ratios of different fields need two"


def headline_key(card: Card) -> str:
    """The ratio of the pairs; whether they coincide is not said with so few."""
    return "ratio"


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The rates in log10, and the parameters of the priors."""
    rows = fitted_rows(table)
    return {
        "observed_log10_software": np.log10(rows["software_rate"].to_numpy()),
        "log10_hardware": np.log10(rows["hardware_rate"].to_numpy()),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted pairs; dim: domain, one a pair."""
    import pymc as pm

    values = data(table, card, priors)
    with pm.Model(coords={"domain": list(fitted_rows(table)["domain"])}) as model:
        observed, hardware = (
            pm.Data(name, values[name], dims="domain")
            for name in ("observed_log10_software", "log10_hardware")
        )
        level, slope, scatter, error = (prior.variable(name) for name, prior in list_priors(priors))
        hardware_offset = pm.Normal("hardware_offset", 0, 1, dims="domain")
        deviation_offset = pm.Normal("deviation_offset", 0, 1, dims="domain")
        true = pm.Deterministic("hardware_true", hardware + error * hardware_offset, dims="domain")
        deviation = pm.Deterministic("deviation", scatter * deviation_offset, dims="domain")
        software = level + slope * (true - np.log10(MOORE)) + deviation
        pm.Normal("log10_software", software, error, observed=observed, dims="domain")
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior, and the true hardware rates about the printed ones."""
    rows = fitted_rows(table)
    drawn: Truth = {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}
    printed = dict(zip(rows["domain"], np.log10(rows["hardware_rate"]), strict=True))
    error, scatter = drawn["error"], drawn["scatter"]
    drawn["hardware_true"] = {n: float(rng.normal(rate, error)) for n, rate in printed.items()}
    drawn["deviation"] = {name: float(rng.normal(0, scatter)) for name in printed}
    return drawn


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The pairs with software rates drawn from `truth`."""
    rows = fitted_rows(table)
    hardware, deviation = (rows["domain"].map(truth[n]) for n in ("hardware_true", "deviation"))
    true = truth["level"] + truth["slope"] * (hardware - np.log10(0.15)) + deviation
    return rows.assign(software_rate=[10 ** rng.normal(each, truth["error"]) for each in true])


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Ratio by domain and pooled; slope, correlation and similarity where there are pairs enough.

    Where there are not, those are missing, with the reason.
    """
    order = ("chain", "draw", "domain")
    hardware = posterior["hardware_true"].transpose(*order)
    above = posterior["slope"] * (hardware - np.log10(MOORE))
    software = (posterior["level"] + above + posterior["deviation"]).transpose(*order)
    log_ratio = software - hardware
    label = "Software rate over hardware rate"
    by_domain, pooled = 10**log_ratio, 10 ** log_ratio.mean("domain")
    marks: Any = ("factor", "positive", "headline")
    made = {
        "ratio_by_domain": describe(by_domain, label, *marks, key="ratio"),
        "ratio": describe(pooled, f"{label}, geometric mean of the pairs", *marks),
    }
    factor = card.options_of(GrowthOptions).within_factor
    tests = _test_coincidence(posterior, hardware, software, factor)
    reason = find_reason(fitted_rows(table))
    return xr.Dataset(made | {name: _withhold(each, reason) for name, each in tests.items()})


def find_reason(rows: pd.DataFrame) -> str:
    """Why coincidence is not tested; empty where there are pairs enough."""
    if len(rows) >= MINIMUM_PAIRS:
        return ""
    pairs = f"{len(rows)} independent pairs, under {MINIMUM_PAIRS}"
    return f"{pairs}: no test of coincidence is possible"


def _withhold(estimand: xr.DataArray, reason: str) -> xr.DataArray:
    """The estimand, or nothing in its place with the reason."""
    if not reason:
        return estimand
    labels = [dim for dim in estimand.dims if dim not in ("chain", "draw")]
    names: list[str | None] = [str(each) for dim in labels for each in estimand[dim].to_numpy()]
    return xr.full_like(estimand, np.nan).assign_attrs(
        estimand.attrs | {"is_positive": False, "reasons": dict.fromkeys(names or [None], reason)}
    )


def _test_coincidence(
    posterior: xr.Dataset, hardware: xr.DataArray, software: xr.DataArray, factor: float
) -> dict[str, xr.DataArray]:
    """Slope and correlation of the logs of the rates, and how alike the rates are.

    That is the share of pairs within `factor`, and of reshuffles that lie no closer.
    """
    slope = posterior["slope"]
    explained = slope * hardware.std("domain")
    correlation = explained / np.sqrt(explained**2 + posterior["scatter"] ** 2)
    hardware, software = hardware.drop_vars("domain"), software.drop_vars("domain")
    apart = abs(software - hardware)
    within = (apart <= np.log10(factor)).mean("domain")
    rng = np.random.default_rng(RESHUFFLE_SEED)
    closer = xr.zeros_like(apart.mean("domain"))
    for _ in range(RESHUFFLES):
        order = rng.permutation(hardware.sizes["domain"])
        mixed = abs(software.isel(domain=order) - hardware)
        closer = closer + (apart.mean("domain") < mixed.mean("domain"))
    within = within.expand_dims(factor=[f"{factor:g}"], axis=-1)
    similar = "Share of pairs whose rates are similar"
    further, share = "Share of reshuffled pairings that lie further apart", closer / RESHUFFLES
    return {
        "slope": describe(slope, "Slope of software on hardware", "1"),
        "correlation": describe(correlation, "Correlation of software and hardware rates", "1"),
        "p_ratio_within": describe(within, similar, "share of pairs", "positive"),
        "closer_than_reshuffled": describe(share, further, "share of reshuffles", "positive"),
    }


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The hardware rate of each pair, in log10, and the middle of its period."""
    rows = fitted_rows(table)
    middle = (rows["period_start"] + rows["period_end"]) / 2
    hardware = np.log10(rows["hardware_rate"])
    return pd.DataFrame({"hardware rate": hardware, "middle of the period": middle})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Geometric mean of the printed ratios with Student's interval."""
    rows = fitted_rows(table)
    logs = np.log10((rows["software_rate"] / rows["hardware_rate"]).to_numpy())
    fit = sm.OLS(logs, np.ones(len(logs))).fit()
    lower, upper = 10 ** fit.conf_int(alpha=1 - INTERVAL_PROBABILITY)[0]
    words = f"mean of the logs of {len(logs)} printed ratios, Student's interval"
    row = ["ratio", "pooled", words, float(10 ** fit.params[0]), float(lower), float(upper)]
    return pd.DataFrame([row], columns=COLUMNS)
