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
import statsmodels.formula.api as smf
import xarray as xr
from scipy import stats

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, Headline, Truth, fitted_rows
from models.core.dates import DAYS_A_YEAR, years_since
from models.core.figures import make_curve, make_intervals
from models.core.prior import Prior, prior_data
from models.core.rates import doubling_time_months, to_doubling_time
from models.options import EfficiencyOptions

TABLE = "efficiency"
TITLE = "Efficiency frontier"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.995}
DIMS = dict.fromkeys(("level", "rate", "reference_resource"), ("target",))
FRONTIER_QUANTILE = 0.1  # of the quantile regression that stands beside the frontier
MINIMUM_ROWS = 5  # of a target for a classical fit
HOVER_COLUMNS = ("model", "target", "release_date", "resource", "epochs", "citation")
BOOTSTRAP_COUNT = 200
BOOTSTRAP_SEED = 20200508


@dataclass(frozen=True)
class Priors:
    """In decades of the resource and years."""

    level: Prior = Prior(
        "Normal",
        (0.0, 1.0),
        "decades above the reference resource",
        "the reference is near the first model's: the frontier then lay within a factor of 40",
    )
    rate_mean: Prior = Prior(
        "Normal",
        (0.3, 0.3),
        "decades per year",
        "halving every 4 to 5 months to some regress: 90 % in -0.2 to 0.8",
    )
    rate_sd: Prior = Prior(
        "Gamma",
        (2.0, 15.0),
        "decades per year",
        "targets differ, by less than progress itself: 90 % in 0.02-0.32",
    )
    spread: Prior = Prior(
        "LogNormal",
        (np.log(0.4), 0.6),
        "decades",
        "reruns of one year differ by up to a factor of ten: 90 % in 0.15-1.1",
    )
    inefficiency_share: Prior = Prior(
        "Beta",
        (2.0, 2.0),
        "share of the squared scale",
        "how much of the spread is distance from the frontier is unknown; not all or none of it",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Empty: any `efficiency` table can be fitted."""
    return ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Years and decades of the rows, by target and date, and the parameters of the priors."""
    rows = _prepare(fitted_rows(table), _options(card))
    return {
        "years": rows["years"].to_numpy(),
        "observed_log10_ratio": rows["log10_ratio"].to_numpy(),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows of an `efficiency` table; dims: row, target."""
    import pymc as pm

    rows = _prepare(fitted_rows(table), _options(card))
    values = data(table, card, priors)
    targets = _targets(rows)
    target_index = pd.Categorical(rows["target"], categories=targets).codes
    with pm.Model(coords={"row": np.arange(len(rows)), "target": targets}) as model:
        years = pm.Data("years", values["years"], dims="row")
        log10_ratio = pm.Data("observed_log10_ratio", values["observed_log10_ratio"], dims="row")
        level = priors.level.variable("level", dims="target")
        rate_mean = priors.rate_mean.variable("rate_mean")
        rate_sd = priors.rate_sd.variable("rate_sd")
        offset = pm.Normal(
            "rate_offset", 0, 1, dims="target"
        )  # non-centred: three of four targets have two rows
        rate = pm.Deterministic("rate", rate_mean + rate_sd * offset, dims="target")
        spread = priors.spread.variable("spread")
        share = priors.inefficiency_share.variable("inefficiency_share")
        inefficiency_scale = pm.Deterministic("inefficiency_scale", spread * pm.math.sqrt(share))
        noise_scale = pm.Deterministic("noise_scale", spread * pm.math.sqrt(1 - share))
        pm.CustomDist(
            "log10_ratio",
            level[target_index] - rate[target_index] * years,
            inefficiency_scale,
            noise_scale,
            logp=_log_density,
            random=_draw_rows,
            observed=log10_ratio,
            dims="row",
        )
    return model


def _log_density(value: Any, frontier: Any, inefficiency_scale: Any, noise_scale: Any) -> Any:
    """Log density of half-normal plus normal.

    PyMC's own SkewNormal is -inf a few scales below the frontier.
    """
    import pymc as pm
    from pymc.distributions.dist_math import normal_lcdf

    scale = pm.math.sqrt(inefficiency_scale**2 + noise_scale**2)
    shape = inefficiency_scale / noise_scale
    log_normal = pm.logp(pm.Normal.dist(frontier, scale), value)
    return np.log(2.0) + log_normal + normal_lcdf(0, 1, shape * (value - frontier) / scale)


def _draw_rows(
    frontier: Any,
    inefficiency_scale: Any,
    noise_scale: Any,
    rng: np.random.Generator,
    size: Any = None,
) -> np.ndarray:
    """Draws for the predictive checks; shapes broadcast as NumPy's."""
    above = np.abs(rng.normal(0, inefficiency_scale, size))
    return frontier + above + rng.normal(0, noise_scale, size)


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior, by target where it has one."""
    assert isinstance(card.options, EfficiencyOptions)
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
        "reference_resource": {name: card.options.reference_resource[name] for name in targets},
    }


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
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
    rows = _prepare(fitted_rows(table), _options(card))
    rate = posterior["rate"]
    period = xr.DataArray(
        rows.groupby("target")["years"].max().reindex(_targets(rows)).to_numpy(), dims="target"
    )
    return xr.Dataset(
        {
            "rate_decades_per_year": rate.assign_attrs(
                label="Rate of algorithmic progress",
                unit="decades per year",
                description="yearly fall of log10 resource along the frontier of the target",
                is_headline=True,
            ),
            "pooled_rate": posterior["rate_mean"].assign_attrs(
                key="rate_decades_per_year",
                label="Rate of algorithmic progress, mean of targets",
                unit="decades per year",
                description="mean of the distribution from which the targets' rates are drawn",
                is_headline=True,
            ),
            "doubling_time_months": doubling_time_months(rate).assign_attrs(
                derived_from="rate_decades_per_year"
            ),
            "reduction_factor": (10 ** (rate * period)).assign_attrs(
                label="Reduction over the observed period",
                unit="factor",
                description="frontier resource at the first date over that at the last",
                is_positive=True,
                derived_from="rate_decades_per_year",
            ),
            "distance_from_frontier_decades": _distance(posterior, rows),
        }
    )


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Years since the target's first model, and 0 or 1 for every target but the first."""
    rows = _prepare(fitted_rows(table), _options(card))
    columns = {"years since the target's first model": rows["years"]}
    for target in _targets(rows)[1:]:
        columns[f"target {target}"] = (rows["target"] == target).astype(float)
    return pd.DataFrame(columns)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS on the record points, and a low quantile regression on all reruns.

    For targets with at least five rows; the others have no rows in the frame.
    """
    rows = _prepare(fitted_rows(table), _options(card))
    parts = []
    for target in _targets(rows):
        group = rows[rows["target"] == target]
        if len(group) < MINIMUM_ROWS:
            continue
        records = group[group["log10_ratio"] <= group["log10_ratio"].cummin()]
        parts += [
            _ols_slope(records, target),
            _quantile_slope(group, target),
        ]
    if not parts:
        return pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])
    return pd.concat(parts, ignore_index=True)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Resource against date with the headline target's frontier, and the rates by target."""
    rows = _prepare(fitted_rows(table), _options(card))
    target = _options(card).headline_target
    reference = _options(card).reference_resource[target]
    return [
        Figure(
            kind="scatter",
            id="resource-against-date",
            title="Compute to reach each target, every rerun",
            caption=f"The band is the frontier of the {target} target: the cheapest way known.",
            frame=rows[[*HOVER_COLUMNS, "reduction_factor", "locator"]],
            x="release_date",
            y="resource",
            colour="target",
            x_title="release date",
            y_title="compute to reach the target (FLOP)",
            is_log_y=True,
            hover=HOVER_COLUMNS,
            curve=Curve(_frontier_curve(posterior, rows, target, reference)),
        ),
        Figure(
            kind="intervals",
            id="rates-by-target",
            title="Rate of algorithmic progress by target",
            caption="Targets with two rows lean on the common distribution of rates.",
            frame=make_intervals(posterior["rate"]),
            x_title="decades per year",
        ),
    ]


def headline(card: Card) -> Headline:
    """How fast the compute for the headline target halved."""
    target = _options(card).headline_target
    return Headline(
        key=f"doubling_time_months[{target}]",
        sentence=f"The compute needed to reach {target}'s level halved every {{median}} months "
        "(90 % interval {lower} to {upper}).",
        notes=("Training compute of one run, not the cost of finding the recipe.",),
    )


def _options(card: Card) -> EfficiencyOptions:
    assert isinstance(card.options, EfficiencyOptions)
    return card.options


def _targets(rows: pd.DataFrame) -> list[str]:
    return list(rows["target"].drop_duplicates())


def _prepare(rows: pd.DataFrame, options: EfficiencyOptions) -> pd.DataFrame:
    """Rows by date with `years` since the target's first model and `log10_ratio` to its reference.

    Raises ValueError for a target without a reference resource.
    """
    lacking = sorted(set(rows["target"]) - set(options.reference_resource))
    if lacking:
        raise ValueError(f"the card gives no reference_resource for the targets {lacking}")
    rows = rows.sort_values(["target", "release_date"], kind="stable").reset_index(drop=True)
    first_date = rows.groupby("target")["release_date"].transform("first")
    return rows.assign(
        years=years_since(rows["release_date"], first_date),
        log10_ratio=np.log10(rows["resource"] / rows["target"].map(options.reference_resource)),
    )


def _distance(posterior: xr.Dataset, rows: pd.DataFrame) -> xr.DataArray:
    """Expected decades above the frontier given the row, by draw (Jondrow et al. 1982, eq. 1)."""
    code = pd.Categorical(rows["target"], categories=_targets(rows)).codes
    labels = [
        f"{model}, {target}" for model, target in zip(rows["model"], rows["target"], strict=True)
    ]
    coords = {"model": labels}
    years = xr.DataArray(rows["years"].to_numpy(), dims="model", coords=coords)
    observed = xr.DataArray(rows["log10_ratio"].to_numpy(), dims="model", coords=coords)
    pick = xr.DataArray(code, dims="model", coords=coords)
    drawn = posterior.drop_vars("target")
    residual = observed - (
        drawn["level"].isel(target=pick) - drawn["rate"].isel(target=pick) * years
    )
    variance_u, variance_v = drawn["inefficiency_scale"] ** 2, drawn["noise_scale"] ** 2
    mean = residual * variance_u / (variance_u + variance_v)
    scale = np.sqrt(variance_u * variance_v / (variance_u + variance_v))
    standard = mean / scale
    # pdf / cdf by logs: far below the frontier both underflow
    hazard = xr.apply_ufunc(lambda z: np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z)), standard)
    return (
        (mean + scale * hazard)
        .transpose("chain", "draw", "model")
        .assign_attrs(
            label="Expected distance from the frontier",
            unit="decades",
            description="expected decades above the frontier, given the row; interval of the mean",
            is_positive=True,
        )
    )


def _ols_slope(records: pd.DataFrame, target: str) -> pd.DataFrame:
    fit = smf.ols("log10_ratio ~ years", records).fit()
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    return _as_estimands(
        -fit.params["years"], -upper, -lower, target, f"OLS on {len(records)} records"
    )


def _quantile_slope(group: pd.DataFrame, target: str) -> pd.DataFrame:
    """With a bootstrap over rows: a kernel standard error fails with so few of them."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)

    def slope(rows: pd.DataFrame) -> float:
        return -float(
            smf.quantreg("log10_ratio ~ years", rows).fit(q=FRONTIER_QUANTILE).params["years"]
        )

    draws = [
        slope(group.iloc[rng.integers(0, len(group), len(group))]) for _ in range(BOOTSTRAP_COUNT)
    ]
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    method = f"{FRONTIER_QUANTILE:.0%} quantile regression, {BOOTSTRAP_COUNT} bootstraps"
    return _as_estimands(slope(group), lower, upper, target, method)


def _as_estimands(
    estimate: float, lower: float, upper: float, target: str, method: str
) -> pd.DataFrame:
    """A rate and the doubling time it implies, as rows of the baseline."""
    rate = pd.Series({"estimate": estimate, "lower": lower, "upper": upper})
    months = to_doubling_time(rate).rename({"lower": "upper", "upper": "lower"})
    frame = pd.DataFrame(
        [rate, months],
        index=[f"rate_decades_per_year[{target}]", f"doubling_time_months[{target}]"],
    )
    return frame.rename_axis("key").reset_index().assign(label=target, method=method)


def _frontier_curve(
    posterior: xr.Dataset, rows: pd.DataFrame, target: str, reference: float
) -> pd.DataFrame:
    group = rows[rows["target"] == target]
    years = np.linspace(0, group["years"].max(), 40)
    drawn = posterior.sel(target=target)
    line = drawn["level"] - drawn["rate"] * xr.DataArray(years, dims="x")
    dates = group["release_date"].min() + pd.to_timedelta(years * DAYS_A_YEAR, unit="D").round("D")
    return make_curve(dates, 10**line * reference, f"{target} frontier")
