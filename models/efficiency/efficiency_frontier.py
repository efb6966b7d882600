"""Resource needed to reach a fixed score, falling with the calendar: a stochastic frontier.

Equations::

    log10 C_i = level[target_i] - rate[target_i] (t_i - t0[target_i]) + u_i + v_i
    u_i ~ HalfNormal(inefficiency_scale)   decades above the frontier: not built to be cheap
    v_i ~ Normal(0, noise_scale)           decades: measurement and luck, both ways
    inefficiency_scale = spread sqrt(inefficiency_share)
    noise_scale        = spread sqrt(1 - inefficiency_share)
    rate[target] ~ Normal(rate_mean, rate_sd)

    C_i    resource (FLOP) that model i took to reach the target
    t_i    release date, years
    t0     date of the first model that reached the target
    level  decades of the frontier at t0 above the reference resource of the target

The reference is a constant of the card: a resource in the data would be an outcome, and levels
counted from it would be uncertain about their own origin.

u_i + v_i is integrated out: a half-normal plus a normal is a skew-normal with scale sqrt(su^2 +
sv^2) and shape su / sv (Aigner, Lovell & Schmidt 1977). Sampling u_i instead makes a funnel with 22
rows.

Every rerun is used, and no row is chosen for being a record: best-of-record slopes are biased. What
identifies the rate: models of different dates at one target. What cannot be told apart with few
rows: u from v (their sum's scale is known better than its division), and the rates of targets with
two rows from their common prior.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.random import Generator

from models import Card, Truth, fitted_rows
from models.core.dates import years_since
from models.core.estimands import describe, doubling_time_months
from models.core.prior import Prior, prior_data
from models.efficiency.classical import fit_slopes
from models.efficiency.half_normal import draw_rows, expect_inefficiency, log_density
from models.options import EfficiencyOptions

TABLE = "efficiency"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.995}
DIMS = dict.fromkeys(("level", "rate", "reference_resource"), ("target",))


@dataclass(frozen=True)
class Priors:
    """In decades of the resource and years."""

    level: Prior = Prior("Normal", (0.0, 1.0), "decades above the reference resource").because(
        "the reference is near the first model's: the frontier then lay within a factor of 40"
    )
    rate_mean: Prior = Prior("Normal", (0.3, 0.3), "decades per year").because(
        "halving every 4 to 5 months to some regress: 90 % in -0.2 to 0.8"
    )
    rate_sd: Prior = Prior("Gamma", (2.0, 15.0), "decades per year").because(
        "targets differ, by less than progress itself: 90 % in 0.02-0.32"
    )
    spread: Prior = Prior("LogNormal", (np.log(0.4), 0.6), "decades").because(
        "reruns of one year differ by up to a factor of ten: 90 % in 0.15-1.1"
    )
    inefficiency_share: Prior = Prior("Beta", (2.0, 2.0), "share of the squared scale").because(
        "how much of the spread is distance from the frontier is unknown; not all or none of it"
    )


@dataclass(frozen=True)
class Design:
    """Rows by target and date, and the targets.

    Columns added: `years` since the target's first model, `log10_ratio` to its reference resource.
    """

    rows: pd.DataFrame
    targets: list[str]

    @property
    def codes(self) -> np.ndarray:
        """The position of each row's target."""
        return np.asarray(pd.Categorical(self.rows["target"], categories=self.targets).codes)


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Empty: any `efficiency` table can be fitted."""
    return ""


def headline_key(card: Card) -> str:
    """How fast the compute for the headline target halved."""
    return f"doubling_time_months[{card.options_of(EfficiencyOptions).headline_target}]"


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """The fitted rows. Raises ValueError for a target without a reference resource."""
    rows, reference = fitted_rows(table), card.options_of(EfficiencyOptions).reference_resource
    lacking = sorted(set(rows["target"]) - set(reference))
    if lacking:
        raise ValueError(f"the card gives no reference_resource for the targets {lacking}")
    rows = rows.sort_values(["target", "release_date"], kind="stable", ignore_index=True)
    first_date = rows.groupby("target")["release_date"].transform("first")
    rows = rows.assign(
        years=years_since(rows["release_date"], first_date),
        log10_ratio=np.log10(rows["resource"] / rows["target"].map(reference)),
    )
    return Design(rows, list(rows["target"].drop_duplicates()))


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Years and decades of the rows, by target and date, and the parameters of the priors."""
    rows = prepare(table, card).rows
    return {
        "years": rows["years"].to_numpy(),
        "observed_log10_ratio": rows["log10_ratio"].to_numpy(),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows of an `efficiency` table; dims: row, target."""
    import pymc as pm

    design, values = prepare(table, card), data(table, card, priors)
    coords = {"row": np.arange(len(design.rows)), "target": design.targets}
    with pm.Model(coords=coords) as model:
        years, log10_ratio = (
            pm.Data(name, values[name], dims="row") for name in ("years", "observed_log10_ratio")
        )
        level = priors.level.variable("level", dims="target")
        rate_mean = priors.rate_mean.variable("rate_mean")
        rate_sd = priors.rate_sd.variable("rate_sd")
        # non-centred: three of four targets have two rows
        offset = pm.Normal("rate_offset", 0, 1, dims="target")
        rate = pm.Deterministic("rate", rate_mean + rate_sd * offset, dims="target")
        spread = priors.spread.variable("spread")
        share = priors.inefficiency_share.variable("inefficiency_share")
        inefficiency_scale = pm.Deterministic("inefficiency_scale", spread * pm.math.sqrt(share))
        noise_scale = pm.Deterministic("noise_scale", spread * pm.math.sqrt(1 - share))
        pm.CustomDist(
            "log10_ratio",
            level[design.codes] - rate[design.codes] * years,
            inefficiency_scale,
            noise_scale,
            logp=log_density,
            random=draw_rows,
            observed=log10_ratio,
            dims="row",
        )
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior, by target where it has one."""
    options: Any = card.options
    reference = options.reference_resource
    targets = sorted(set(fitted_rows(table)["target"]))
    rate_mean, rate_sd = float(priors.rate_mean.draw(rng)), float(priors.rate_sd.draw(rng))
    spread, share = float(priors.spread.draw(rng)), float(priors.inefficiency_share.draw(rng))
    return {
        "level": {target: float(priors.level.draw(rng)) for target in targets},
        "rate_mean": rate_mean,
        "rate_sd": rate_sd,
        "rate": {target: float(rng.normal(rate_mean, rate_sd)) for target in targets},
        "spread": spread,
        "inefficiency_share": share,
        "inefficiency_scale": spread * np.sqrt(share),
        "noise_scale": spread * np.sqrt(1 - share),
        "reference_resource": {name: reference[name] for name in targets},
    }


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The table with resources drawn from `truth`.

    Keys: level, rate and reference_resource by target; inefficiency_scale and noise_scale.
    """
    rows = fitted_rows(table)
    simulated = rows.copy()
    for target, group in rows.groupby("target"):
        years = (group["release_date"] - group["release_date"].min()).dt.days / 365.25
        above = np.abs(rng.normal(0, truth["inefficiency_scale"], len(group)))
        noise = rng.normal(0, truth["noise_scale"], len(group))
        decades = truth["level"][target] - truth["rate"][target] * years + above + noise
        simulated.loc[group.index, "resource"] = truth["reference_resource"][target] * 10**decades
    return simulated


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates by target and pooled, doubling times, reductions, distances from the frontier."""
    design, rate = prepare(table, card), posterior["rate"]
    period = design.rows.groupby("target")["years"].max().to_xarray()
    label, pooled = "Rate of algorithmic progress", posterior["rate_mean"]
    unit, of_rate = "decades per year", {"derived_from": "rate_decades_per_year"}
    mean, factor = f"{label}, mean of targets", 10 ** (rate * period)
    reduction = "Reduction over the observed period"
    away, distance = _distance(posterior, design), "Expected distance from the frontier"
    made = {
        "rate_decades_per_year": describe(rate, label, unit, "headline"),
        "pooled_rate": describe(pooled, mean, unit, "headline", key="rate_decades_per_year"),
        "doubling_time_months": doubling_time_months(rate).assign_attrs(of_rate),
        "reduction_factor": describe(factor, reduction, "factor", "positive", **of_rate),
        "distance_from_frontier_decades": describe(away, distance, "decades", "positive"),
    }
    return xr.Dataset(made)


def find_frontier(posterior: xr.Dataset, target: str, years: xr.DataArray) -> xr.DataArray:
    """log10 of the resource over the reference, along the frontier of the target, by draw."""
    drawn = posterior.sel(target=target)
    return drawn["level"] - drawn["rate"] * years


def _distance(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """Expected decades above the frontier given each row, by draw."""
    rows = design.rows
    labels = [f"{m}, {t}" for m, t in zip(rows["model"], rows["target"], strict=True)]
    columns = {"years": rows["years"], "observed": rows["log10_ratio"], "code": design.codes}
    at = xr.Dataset({name: ("model", each) for name, each in columns.items()}, {"model": labels})
    drawn = posterior.drop_vars("target").isel(target=at["code"])
    above = at["observed"] - (drawn["level"] - drawn["rate"] * at["years"])
    distance = expect_inefficiency(above, drawn["inefficiency_scale"], drawn["noise_scale"])
    return distance.transpose("chain", "draw", "model")


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Years since the target's first model, and 0 or 1 for every target but the first."""
    design = prepare(table, card)
    columns = {"years since the target's first model": design.rows["years"]}
    for target in design.targets[1:]:
        columns[f"target {target}"] = (design.rows["target"] == target).astype(float)
    return pd.DataFrame(columns)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS on the record points and a low quantile regression, for targets of five rows or more."""
    return fit_slopes(prepare(table, card).rows)
