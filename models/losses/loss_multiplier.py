"""Perplexity from effective compute: the compute multiplier for losses.

Equations, for row i of benchmark b, base model g and paper l::

    log ppl_i = E_b + exp(c_b - k (log10 C_i + a_i)) + noise_i,   noise_i ~ StudentT(nu, 0, scale)
    a_i       = rate (t_i - t_ref) + sum of technique gains + lab_effect[l] + deviation[g]

    E_b   irreducible loss on the benchmark, nats a token
    c_b   log of the reducible loss at the reference compute and date
    k     fall of the log reducible loss per decade of effective compute, common to all benchmarks

The terms of a_i are described in `models/effective_compute/multiplier.py`. Laboratories are not
coded in these data: the paper stands in their place. Rows without a compute figure are not read;
`models/losses/augmented_scaling_law.py` reads them.

What identifies the rate: models of like compute and different dates on the same benchmark. What it
cannot distinguish: better data from the trend; how compute was divided between parameters and data,
which moved with the date and is inside the rate here. The published form explains parameters and
data apart, and that, not the sampler, is what makes the two differ.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from scipy import stats

from models import Card, Truth
from models.core.noise import weighted_student_t
from models.core.prior import Prior, prior_data
from models.core.rates import describe_rate
from models.core.shapley import Subset
from models.effective_compute.baseline import Classical
from models.effective_compute.design import Design, get_options, headline_key, make_design
from models.effective_compute.estimands import describe_gains, describe_reverse_tests
from models.effective_compute.multiplier import (
    MultiplierPriors,
    build_deviation,
    build_shared,
    declare_data,
    list_regressors,
    multiplier_coords,
    multiplier_data,
)
from models.effective_compute.paths import label_early, list_record_paths
from models.effective_compute.simulation import (
    DIMS,
    draw_multiplier,
    effective_compute,
    rows_with_compute,
)
from models.effective_compute.steps import scale_algorithms, split_steps
from models.effective_compute.terms import divide_deviation, step_terms
from models.effective_compute.units import integrate_units

__all__ = ["DIMS", "headline_key"]  # those of all leaderboards

TABLE = "loss_leaderboard"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.95, "draws": 3000}
SMALLEST_LOSS = 0.1  # nats above the floor: below, the logarithm says nothing
BASELINE_SEED = 20220630


@dataclass(frozen=True)
class Priors(MultiplierPriors):
    """In decades of effective compute, years and nats."""

    irreducible_loss: Prior = Prior(
        "LogNormal",
        (0.0, 0.6),
        "nats per token",
        "entropy of a token given its past: 90 % within 0.4 to 2.7, perplexity 1.5 to 15",
    )
    reducible: Prior = Prior(
        "Normal",
        (float(np.log(2.0)), 0.7),
        "log nats per token",
        "at typical compute a perplexity of 7 to 600 is 0.6 to 6 nats above the floor (90 %)",
    )
    steepness: Prior = Prior(
        "LogNormal",
        (float(np.log(0.25)), 0.7),
        "per decade",
        "tenfold compute divides the reducible loss by 1.1 to 2.2: Kaplan et al. 0.12, Hoffmann et "
        "al. 0.4",
    )
    noise_scale: Prior = Prior(
        "HalfNormal", (0.1,), "nats per token", "tokenizers and tuning move a loss by up to 0.2"
    )
    tail_weight: Prior = Prior(
        "Gamma",
        (2.0, 0.1),
        "degrees of freedom above one",
        "Juarez & Steel 2010: from heavy tails to nearly normal",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend."""
    return "" if get_options(card).trend == "linear" else "the card says `trend: none`"


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    arrays = _list_data(make_design(table, card))
    return {name: np.asarray(value) for name, (value, _) in arrays.items()} | prior_data(priors)


def _list_data(design: Design) -> dict[str, tuple[Any, tuple[str, ...]]]:
    return multiplier_data(design) | {
        "row_weight": (1.0 - design.is_held_out, ("row",)),
        "observed_log_perplexity": (np.log(design.rows["perplexity"].to_numpy()), ("row",)),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows with compute; dims: row, benchmark, lab, base_model."""
    import pymc as pm

    design = make_design(table, card)
    with pm.Model(coords=multiplier_coords(design)) as model:
        given = declare_data(_list_data(design))
        floor = priors.irreducible_loss.variable("irreducible_loss", dims="benchmark")
        reducible = priors.reducible.variable("reducible", dims="benchmark")
        shared = build_shared(design, priors, given)
        index = design.benchmark_index
        steepness = priors.steepness.variable("steepness")
        noise_scale = priors.noise_scale.variable("noise_scale")
        before = reducible[index] - steepness * shared
        # What a row alone implies for its deviation: its loss above the floor, on the log scale.
        above = pm.math.maximum(given["observed_log_perplexity"] - floor[index], SMALLEST_LOSS)
        information = given["row_weight"] * (steepness * above / noise_scale) ** 2
        deviation = build_deviation(
            design, priors, given, (before - pm.math.log(above)) / steepness, information
        )
        expected = floor[index] + pm.math.exp(before - steepness * deviation)
        weighted_student_t(
            "log_perplexity",
            priors.tail_weight.variable("tail_weight"),
            expected,
            noise_scale,
            given["row_weight"],
            given["observed_log_perplexity"],
            "row",
        )
    return model


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior, in plain NumPy."""
    truth = draw_multiplier(table, card, priors, rng)
    rows = rows_with_compute(table)
    benchmarks = list(dict.fromkeys(rows["benchmark"]))
    truth |= {
        "irreducible_loss": {n: float(priors.irreducible_loss.draw(rng)) for n in benchmarks},
        "reducible": {name: float(priors.reducible.draw(rng)) for name in benchmarks},
    }
    for name in ("steepness", "noise_scale", "tail_weight"):
        truth[name] = float(getattr(priors, name).draw(rng))
    return truth


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows, those with compute with perplexities drawn from `truth`."""
    rows = table[table["exclusion"].isna() & table["training_flop"].notna()]
    level = rows["benchmark"].map(truth["reducible"]).to_numpy()
    effective = effective_compute(rows, truth)
    loss = rows["benchmark"].map(truth["irreducible_loss"]).to_numpy() + np.exp(
        np.minimum(level - truth["steepness"] * effective, 50.0)  # beyond, numbers overflow
    )
    noise = truth["noise_scale"] * rng.standard_t(1 + truth["tail_weight"], len(rows))
    drawn = pd.Series(np.exp(np.clip(loss + noise, -300, 300)), index=rows.index)
    fitted = table[table["exclusion"].isna()]
    return fitted.assign(perplexity=drawn.reindex(fitted.index).fillna(fitted["perplexity"]))


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its rate moved: compute is `share` of the headline comparison."""
    return scale_algorithms(truth, share, make_design(table, card))


def unit_log_likelihood(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, only: Collection[str] | None = None
) -> xr.DataArray:
    """Log density of the rows of each base model, what is its own integrated out.

    Dims chain, draw, base_model; coordinate row_count.
    """
    design = make_design(table, card)
    log_perplexity = np.log(design.rows["perplexity"].to_numpy())

    def density(rows: np.ndarray, effective: np.ndarray) -> np.ndarray:
        drawn = posterior.isel(benchmark=design.benchmark_index[rows])
        floor, level = (
            drawn[name].to_numpy()[..., None] for name in ("irreducible_loss", "reducible")
        )
        steepness, tail, scale = (
            posterior[name].to_numpy()[..., None, None]
            for name in ("steepness", "tail_weight", "noise_scale")
        )
        expected = floor + np.exp(level - steepness * effective)
        return np.asarray(stats.t.logpdf(log_perplexity[rows][:, None], 1 + tail, expected, scale))

    return integrate_units(posterior, design, density, only)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rate, doubling time, steepness, technique gains, the split, and the reverse test."""
    design = make_design(table, card)
    made = describe_rate(posterior["rate"])
    made["steepness"] = posterior["steepness"].assign_attrs(
        label="Fall of the log reducible loss", unit="per decade", is_positive=True
    )
    made["irreducible_loss"] = posterior["irreducible_loss"].assign_attrs(
        label="Irreducible loss", unit="nats per token", is_positive=True
    )
    if design.tags:
        made = made.merge(describe_gains(posterior)[["technique_gain_decades"]])
    made = made.merge(split_steps(posterior, design, partial(_expected_loss, posterior, design)))
    return made.merge(_reverse_tests(posterior, design, card))


def _expected_loss(
    posterior: xr.Dataset,
    design: Design,
    first: int,
    last: int,  # the same curve holds at both ends
    effective: np.ndarray,
    changed: Subset,
) -> np.ndarray:
    """The fitted log perplexity of a step, from effective compute."""
    drawn = posterior.isel(benchmark=design.benchmark_index[first])
    log_above = drawn["reducible"].to_numpy() - posterior["steepness"].to_numpy() * effective
    return np.asarray(drawn["irreducible_loss"].to_numpy() + np.exp(log_above))


def _reverse_tests(posterior: xr.Dataset, design: Design, card: Card) -> xr.Dataset:
    """Compute with which the earliest model's method would reach the best fitted loss.

    With an irreducible loss common to all dates some compute always suffices.
    """
    divided, needed = divide_deviation(posterior, design), {}
    for path in list_record_paths(design.rows, design.options.comparisons):
        assert path.rows is not None
        early, late = step_terms(posterior, design, path.rows, divided)
        target = sum(late.values(), np.zeros_like(late["compute"]))
        others = sum(early.values(), np.zeros_like(target)) - early["compute"]
        with np.errstate(over="ignore"):
            flop = 10.0 ** (target - others + design.log10_flop_reference)
        needed[label_early(design.rows, path)] = flop
    return describe_reverse_tests(needed, posterior["deviation_scale"], card, "steepness")


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows with compute."""
    return list_regressors(make_design(table, card))


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on compute, date, technique and benchmark, clustered by paper.

    No irreducible loss. The rate is the ratio of the slopes of date and compute; its interval comes
    from draws of the coefficients' normal distribution.
    """
    design = make_design(table, card)
    frame = pd.DataFrame(design.has_tag, columns=[f"tag_{tag}" for tag in design.tags]).assign(
        log_perplexity=np.log(design.rows["perplexity"].to_numpy()),
        log10_compute=design.log10_compute,
        years=design.years,
        benchmark=design.rows["benchmark"],
    )
    terms = ["log10_compute", "years", "C(benchmark)", *(f"tag_{tag}" for tag in design.tags)]
    fit = smf.ols("log_perplexity ~ " + " + ".join(terms), frame).fit(
        cov_type="cluster", cov_kwds={"groups": design.lab_index}
    )
    classical = Classical(fit, BASELINE_SEED)

    def rate(coefficients: pd.DataFrame) -> pd.Series:
        return coefficients["years"] / coefficients["log10_compute"]

    classical.add("rate_decades_per_year", rate)
    classical.add_doubling_time(rate)
    method = "OLS of log perplexity, no irreducible loss, clustered by paper"
    return pd.DataFrame(classical.rows).assign(method=method)
