"""Training cost of a fixed loss, old and new algorithm on old and new data: the split of the gain.

Equations::

    log10 H_i = level[s] - sum_c gain[s, c] x_ic - interaction[s] x_i1 x_i2 + Normal(0, error)
    gain[s, c] = gain_mean[c] + gain_slope[c] z_s + departure[s, c]
    error      = error_decades of the card times error_ratio

    H_i    GPU-hours until the loss of run i reached the threshold of its scale s
    x_ic   cause c (algorithm, data) of run i: -1/2 if old, 1/2 if new
    z_s    log10 parameters of the scale, less the mean over the scales
    level  log10 GPU-hours, mean of the four runs of a scale
    gain   decades saved by the new cause, mean over both states of the other; `departure` is what
           is particular to a scale

With this coding a gain is the Shapley value of its cause in log compute: the mean of what it saves
with the other cause old and with it new. The two gains sum to the log of the whole saving.
`interaction` is how many more decades the new algorithm saves on new data than on old.

What identifies the gains: four runs at one loss that differ in one cause at a time. What it cannot
tell apart: the error of measurement from the interaction, since four runs have four means; the
error is what its prior says. Nor, with two scales, the slope from what is particular to a scale.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from numpy.random import Generator

from models import INTERVAL_PROBABILITY, Card, Truth, fitted_rows
from models.core.estimands import describe
from models.core.prior import Prior, prior_data
from models.options import ExperimentOptions

TABLE = "controlled_experiment"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95}
CAUSES = ["algorithm", "data"]
DIMS = {
    **dict.fromkeys(("level", "interaction"), ("scale",)),
    **dict.fromkeys(("gain_mean", "gain_slope"), ("cause",)),
    **dict.fromkeys(("departure", "gain"), ("scale", "cause")),
}


@dataclass(frozen=True)
class Priors:
    """In decades (log10) of GPU-hours."""

    level: Prior = Prior("Normal", (0.0, 2.0), "log10 GPU-hours").because(
        "experiments that can be repeated four times: 90 % between 2 seconds and 2000 GPU-hours"
    )
    gain_mean: Prior = Prior("Normal", (0.5, 0.5), "decades").because(
        "what is new was kept because it was cheaper: 90 % from twice the cost to 20 times less"
    )
    gain_slope: Prior = Prior("Normal", (0.0, 1.0), "decades per decade of parameters").because(
        "ten times the parameters may make a gain ten times larger or smaller, not a hundred"
    )
    departure: Prior = Prior("Normal", (0.0, 0.1), "decades").because(
        "each scale is tuned by itself: its gains lie within a factor of 1.5 of their trend (90 %)"
    )
    interaction: Prior = Prior("Normal", (0.0, 0.3), "decades").because(
        "factors that multiply have none; two thirds of the prior lie within a factor of two"
    )
    error_ratio: Prior = Prior("LogNormal", (0.0, 0.3), "1").because(
        "no run was repeated: the card's error is good to a factor of 1.6 at 90 %"
    )


@dataclass(frozen=True)
class Design:
    """The fitted runs; the scales, smallest first, and their `sizes`: z in the equations.

    `is_new` has dims (row, cause): -1/2 if old, 1/2 if new. `codes`: the scale of each row.
    """

    rows: pd.DataFrame
    scales: list[str]
    sizes: np.ndarray
    codes: np.ndarray
    is_new: np.ndarray


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Names the scales that lack one of the four combinations."""
    counts = fitted_rows(table).groupby("scale").size()
    lacking = sorted(counts.index[counts < 4])
    if lacking or counts.empty:
        return f"a split needs all four runs of a scale; incomplete: {lacking or 'all'}"
    if fitted_rows(table).groupby("parameters")["scale"].nunique().max() > 1:
        return "two scales have as many parameters: no change with scale can be told from them"
    return ""


def headline_key(card: Card) -> str:
    """The algorithm's part at the largest scale."""
    return "algorithm_share_at_largest"


def prepare(table: pd.DataFrame) -> Design:
    """The fitted runs by scale."""
    rows = fitted_rows(table)
    log10_sizes = np.log10(rows.groupby("scale")["parameters"].first().sort_values())
    scales = list(log10_sizes.index)
    codes = np.asarray(pd.Categorical(rows["scale"], categories=scales).codes)
    is_new = np.where(rows[CAUSES] == "new", 0.5, -0.5)
    return Design(rows, scales, (log10_sizes - log10_sizes.mean()).to_numpy(), codes, is_new)


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """What is new in each run, its log10 GPU-hours, sizes of the scales, priors, stated error."""
    design = prepare(table)
    return {
        "is_new": design.is_new,
        "sizes": design.sizes,
        "observed_log10_hours": np.log10(design.rows["gpu_hours"].to_numpy()),
        "stated_error": np.asarray(card.options_of(ExperimentOptions).error_decades),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, scale, cause."""
    import pymc as pm

    design, values = prepare(table), data(table, card, priors)
    coords = {"row": np.arange(len(design.rows)), "scale": design.scales, "cause": CAUSES}
    with pm.Model(coords=coords) as model:
        is_new = pm.Data("is_new", values["is_new"], dims=("row", "cause"))
        sizes = pm.Data("sizes", values["sizes"], dims="scale")
        observed = pm.Data("observed_log10_hours", values["observed_log10_hours"], dims="row")
        stated = pm.Data("stated_error", values["stated_error"])
        level = priors.level.variable("level", dims="scale")
        mean = priors.gain_mean.variable("gain_mean", dims="cause")
        slope = priors.gain_slope.variable("gain_slope", dims="cause")
        departure = priors.departure.variable("departure", dims=("scale", "cause"))
        trend = mean + slope * sizes[:, None]
        gain = pm.Deterministic("gain", trend + departure, dims=("scale", "cause"))
        interaction = priors.interaction.variable("interaction", dims="scale")
        error = stated * priors.error_ratio.variable("error_ratio")
        both = interaction[design.codes] * is_new[:, 0] * is_new[:, 1]
        expected = level[design.codes] - (gain[design.codes] * is_new).sum(axis=1) - both
        pm.Normal("log10_hours", expected, error, observed=observed, dims="row")
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior; `error` in decades."""
    sizes = fitted_rows(table).groupby("scale")["parameters"].first().sort_values()
    middle = np.log10(sizes).mean()
    options: Any = card.options
    mean, slope = (
        {cause: float(prior.draw(rng)) for cause in CAUSES}
        for prior in (priors.gain_mean, priors.gain_slope)
    )
    departure = {s: {c: float(priors.departure.draw(rng)) for c in CAUSES} for s in sizes.index}
    ratio = float(priors.error_ratio.draw(rng))
    return {
        "level": {scale: float(priors.level.draw(rng)) for scale in sizes.index},
        "gain_mean": mean,
        "gain_slope": slope,
        "departure": departure,
        "gain": {
            scale: {
                c: mean[c] + slope[c] * (np.log10(size) - middle) + departure[scale][c]
                for c in CAUSES
            }
            for scale, size in sizes.items()
        },
        "interaction": {scale: float(priors.interaction.draw(rng)) for scale in sizes.index},
        "error_ratio": ratio,
        "error": options.error_decades * ratio,
    }


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The table with GPU-hours drawn from `truth`.

    An old cause costs half of its gain above the mean of the scale, a new one half below it. Where
    one of the two is old a quarter of the interaction is lost, elsewhere a quarter is saved.
    """
    rows = fitted_rows(table)
    decades = rows["scale"].map(truth["level"]) + rng.normal(0, truth["error"], len(rows))
    for cause in CAUSES:
        gain = rows["scale"].map({scale: by[cause] for scale, by in truth["gain"].items()})
        decades += gain.where(rows[cause] == "old", -gain) / 2
    further = rows["scale"].map(truth["interaction"])
    decades += further.where(rows["algorithm"].ne(rows["data"]), -further) / 4
    return rows.assign(gpu_hours=10**decades)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Gains, interaction and the algorithm's share by scale; how they change with parameters."""
    design = prepare(table)
    gains = {cause: posterior["gain"].sel(cause=cause, drop=True) for cause in CAUSES}
    share = gains["algorithm"] / (gains["algorithm"] + gains["data"])
    words = "The algorithm's share of the gain"
    both = "Interaction: further gain of the new algorithm on new data"
    largest = share.sel(scale=design.scales[-1], drop=True)
    made = {
        "algorithm_share": describe(share, words, "share", "headline"),
        "algorithm_share_at_largest": describe(
            largest, f"{words}, largest scale", "share", "headline"
        ),
        "interaction_decades": describe(posterior["interaction"], both, "decades", "headline"),
    }
    for cause, gain in gains.items():
        said, key = f"Gain of the new {cause}", f"{cause}_gain_decades"
        made[key] = describe(gain, said, "decades", "headline")
        factor = describe(10**gain, said, "factor", "positive", derived_from=key)
        made[f"{cause}_gain_factor"] = factor
    if len(design.scales) > 1:
        made |= _describe_changes(posterior, share, design.sizes)
    return xr.Dataset(made)


def _describe_changes(posterior: xr.Dataset, share: xr.DataArray, sizes: np.ndarray) -> Any:
    """The change of share and gains per tenfold of parameters; that of the share by OLS."""
    weights = xr.DataArray(sizes / (sizes @ sizes), dims="scale")
    words, rise = "per tenfold of parameters", (share * weights).sum("scale")
    said = f"Change of the algorithm's share, {words}"
    made = {"algorithm_share_change": describe(rise, said, "share", "headline")}
    for cause in CAUSES:
        slope = posterior["gain_slope"].sel(cause=cause, drop=True)
        said = f"Change of the gain of the new {cause}, {words}"
        made[f"{cause}_gain_change"] = describe(slope, said, "decades", "headline")
    return made


def expect_hours(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """Expected GPU-hours of every run, by draw; dims chain, draw, row."""
    at = posterior.isel(scale=xr.DataArray(design.codes, dims="row"))
    is_new = xr.DataArray(design.is_new, {"cause": CAUSES}, ("row", "cause"))
    both = at["interaction"] * is_new.prod("cause")
    return 10 ** (at["level"] - (at["gain"] * is_new).sum("cause") - both)


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """What is new in each run, and the size of its scale."""
    design = prepare(table)
    made = pd.DataFrame(design.is_new, columns=[f"new {cause}" for cause in CAUSES])
    return made.assign(**{"log10 parameters": design.sizes[design.codes]})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Least squares of each scale alone, and of its gains on log10 parameters.

    Four runs leave no residual: the error of a run is the card's, taken as known.
    """
    design, error = prepare(table), card.options_of(ExperimentOptions).error_decades
    runs = pd.DataFrame(design.is_new, columns=CAUSES)
    runs = runs.assign(scale=design.rows["scale"], saved=-np.log10(design.rows["gpu_hours"]))
    names = [f"{cause}_gain_decades" for cause in CAUSES] + ["interaction_decades"]
    alone = {
        scale: _fit_known("saved ~ algorithm * data", runs[runs["scale"] == scale], error, names)
        for scale in design.scales
    }
    blocks = [each.rename(index=f"{{}}[{scale}]".format) for scale, each in alone.items()]
    for name in names[:2] if len(alone) > 1 else []:
        gains = [each.loc[name, "estimate"] for each in alone.values()]
        by_size = pd.DataFrame({"gain": gains, "size": design.sizes})
        changed = [name.replace("decades", "change")]
        blocks.append(_fit_known("gain ~ size", by_size, error, changed))
    frame = pd.concat(blocks).rename_axis("key").reset_index()
    return frame.assign(label=frame["key"], method="OLS, the card's error as known")


def _fit_known(formula: str, rows: pd.DataFrame, error: float, names: list[str]) -> pd.DataFrame:
    """Estimate and interval of each coefficient but the first; `error` is that of a row."""
    how = {"cov_type": "fixed scale", "cov_kwds": {"scale": error**2}, "use_t": False}
    fit = smf.ols(formula, rows).fit(**how)
    interval = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY)
    made = interval.set_axis(["lower", "upper"], axis=1).assign(estimate=fit.params)
    return made.iloc[1:].set_axis(names, axis=0)
