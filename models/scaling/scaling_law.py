"""Loss of a training run from its parameters N and tokens D: the parametric law of Hoffmann et al.
2022, eq. 10.

Equations::

    log L_i ~ StudentT(1 + tail_weight, log(E + A N_i^-a + B D_i^-b), noise_scale)

    E  irreducible_loss        nats per token: what no run of this recipe gets below
    a  exponent_parameters     how fast the loss falls with parameters
    b  exponent_tokens         how fast the loss falls with tokens
    A, B                       sampled as contribution_parameters = A N0^-a and
                               contribution_tokens = B D0^-b, the nats that each term adds at the
                               geometric means N0, D0 of the runs

A and a alone have correlation 0.999 in the posterior; at the centre of the data they are nearly
independent.

Compute C = 6 N D. The least compute that reaches a loss L splits the reducible loss R = L - E as A
N^-a = R b / (a + b) and B D^-b = R a / (a + b) (Lagrange multiplier; Hoffmann et al. 2022, eq. 4),
so that N grows as C^(b / (a + b)). The *allocation factor* of a run is 6 N D over the least compute
that reaches L(N, D): how much compute a better division between parameters and tokens would have
saved.

What identifies it: runs of equal compute with different N. What it cannot tell apart: E and the
exponents, where runs are far above E. It speaks of one recipe and data set; other recipes have
other E, A and B.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.random import Generator

from models import INTERVAL_PROBABILITY, Card, Truth, fitted_rows, flatten
from models.core.estimands import describe
from models.core.prior import Prior, list_priors, prior_data
from models.options import ScalingOptions
from models.scaling import huber
from models.scaling.law import Law

TABLE = "scaling_grid"
# Measured in benchmarks/fits.py: low-rank mass matrices give 20 times the effective draws a second
# here.
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.9}
DIMS: dict[str, tuple[str, ...]] = {}
OPTIMAL_EXPONENT = "Exponent of compute in the optimal parameter count"


@dataclass(frozen=True)
class Priors:
    """Wide enough for every published law; none is centred on the replication's answer."""

    irreducible_loss: Prior = Prior("LogNormal", (np.log(1.7), 0.25), "nats per token").because(
        "entropy of web text per token: 90 % within 1.1 to 2.6"
    )
    exponent_parameters: Prior = Prior("LogNormal", (np.log(0.2), 0.8), "1").because(
        "Kaplan et al. 2020 found 0.08, Hoffmann et al. 2022 0.34: 90 % in 0.05-0.75"
    )
    exponent_tokens: Prior = Prior("LogNormal", (np.log(0.2), 0.8), "1").because(
        "Kaplan et al. 2020 found 0.10, Hoffmann et al. 2022 0.28: 90 % in 0.05-0.75"
    )
    contribution_parameters: Prior = Prior(
        "LogNormal", (np.log(0.4), 0.8), "nats per token"
    ).because("losses lie 0.2 to 3 nats above E: each term 0.1 to 1.5")
    contribution_tokens: Prior = Prior("LogNormal", (np.log(0.4), 0.8), "nats per token").because(
        "as for parameters"
    )
    noise_scale: Prior = Prior("HalfNormal", (0.02,), "log loss").because(
        "runs repeated with another seed differ by under 1 % of the loss"
    )
    tail_weight: Prior = Prior("Gamma", (2.0, 0.1), "degrees of freedom above one").because(
        "Juarez & Steel 2010: from heavy tails to nearly normal"
    )


@dataclass(frozen=True)
class Design:
    """The fitted runs, and the natural logs of the geometric means of their sizes."""

    rows: pd.DataFrame
    center_parameters: float
    center_tokens: float


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Empty: any `scaling_grid` can be fitted."""
    return ""


def headline_key(card: Card) -> str:
    """How far the headline run was from the optimum."""
    return f"allocation_factor[{card.options_of(ScalingOptions).headline_run}]"


def prepare(table: pd.DataFrame) -> Design:
    """The fitted runs of the grid."""
    rows = fitted_rows(table)
    centers = [np.log(rows[name]).mean() for name in ("parameters", "training_tokens")]
    return Design(rows, *map(float, centers))


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Logs of size about their centre and of loss, by run, and the parameters of the priors."""
    design = prepare(table)
    rows = design.rows
    return {
        "log_parameters": np.log(rows["parameters"].to_numpy()) - design.center_parameters,
        "log_tokens": np.log(rows["training_tokens"].to_numpy()) - design.center_tokens,
        "observed_log_loss": np.log(rows["loss_nats"].to_numpy()),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows of a `scaling_grid`; dims: run."""
    import pymc as pm

    values = data(table, card, priors)
    with pm.Model(coords={"run": np.arange(len(values["observed_log_loss"]))}) as model:
        names = ("log_parameters", "log_tokens", "observed_log_loss")
        log_parameters, log_tokens, log_loss = (pm.Data(n, values[n], dims="run") for n in names)
        law = [prior.variable(name) for name, prior in list_priors(priors)[:5]]
        irreducible_loss, exponent_n, exponent_d, contribution_n, contribution_d = law
        expected_loss = (
            irreducible_loss
            + contribution_n * pm.math.exp(-exponent_n * log_parameters)
            + contribution_d * pm.math.exp(-exponent_d * log_tokens)
        )
        pm.StudentT(
            "log_loss",
            nu=1 + priors.tail_weight.variable("tail_weight"),  # at 1 or less there is no mean
            mu=pm.math.log(expected_loss),
            sigma=priors.noise_scale.variable("noise_scale"),
            observed=log_loss,
            dims="run",
        )
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior; none has labels."""
    return {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The table with losses drawn from `truth`, whose keys are the variables of the model."""
    rows = fitted_rows(table)
    small = rows["parameters"] / np.exp(np.log(rows["parameters"]).mean())
    short = rows["training_tokens"] / np.exp(np.log(rows["training_tokens"]).mean())
    loss = (
        truth["irreducible_loss"]
        + truth["contribution_parameters"] / small ** truth["exponent_parameters"]
        + truth["contribution_tokens"] / short ** truth["exponent_tokens"]
    )
    noise = truth["noise_scale"] * rng.standard_t(1 + truth["tail_weight"], len(rows))
    return rows.assign(loss_nats=loss * np.exp(noise))


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """The law's constants, the optimal division, and the allocation factors of named runs."""
    return report(make_law(posterior, prepare(table)), card)


def make_law(posterior: xr.Dataset, design: Design) -> Law:
    """The law of each draw, its coefficients undone from the centre of the runs."""
    a, b = posterior["exponent_parameters"], posterior["exponent_tokens"]
    return Law(
        posterior["irreducible_loss"],
        a,
        b,
        np.log(posterior["contribution_parameters"]) + a * design.center_parameters,
        np.log(posterior["contribution_tokens"]) + b * design.center_tokens,
    )


def report(law: Law, card: Card) -> xr.Dataset:
    """What is reported of a law, whether fitted here or by the published method."""
    a, b = law.exponent_parameters, law.exponent_tokens
    flop = card.options_of(ScalingOptions).optimal_at_flop
    at = xr.DataArray(flop, {"flop": [f"{value:.3g}".replace("e+", "e") for value in flop]}, "flop")
    runs: Any = np.log(_named_runs(card))
    log_sizes = runs.to_xarray().rename(model="run")
    factor = law.allocation_factor(log_sizes["parameters"], log_sizes["training_tokens"])
    nats, ratio = "nats per token", "tokens per parameter"
    big_a, big_b = np.exp(law.log_coefficient_parameters), np.exp(law.log_coefficient_tokens)
    best = law.best_tokens_per_parameter(at).transpose(..., "flop")
    made = {
        "irreducible_loss": (law.irreducible_loss, "Irreducible loss", nats),
        "exponent_parameters": (a, "Exponent of parameters", "1"),
        "exponent_tokens": (b, "Exponent of tokens", "1"),
        "coefficient_parameters": (big_a, "Coefficient of parameters, A", nats),
        "coefficient_tokens": (big_b, "Coefficient of tokens, B", nats),
        "optimal_exponent_parameters": (b / (a + b), OPTIMAL_EXPONENT, "1"),
        "optimal_tokens_per_parameter": (best, "Optimal tokens per parameter", ratio),
        "allocation_factor": (factor.transpose(..., "run"), "Allocation factor", "factor"),
    }
    return xr.Dataset(
        {name: describe(*each, "positive", "headline") for name, each in made.items()}
    )


def _named_runs(card: Card) -> pd.DataFrame:
    """Parameters and tokens of the card's runs, by name.

    Raises ValueError naming runs that lack either.
    """
    if card.runs is None:
        raise ValueError("the scaling law's estimands need the run registry")
    sizes = card.runs.set_index("model")[["parameters", "training_tokens"]]
    runs = sizes.reindex(card.options_of(ScalingOptions).allocation_runs)
    lacking = list(runs.index[runs.isna().any(axis=1)])
    if lacking:
        raise ValueError(
            f"allocation_runs without parameters and tokens in the registry: {lacking}"
        )
    return runs


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Decades of parameters and of tokens."""
    rows = fitted_rows(table)
    sizes = {"log10 parameters": rows["parameters"], "log10 tokens": rows["training_tokens"]}
    return pd.DataFrame(sizes).apply(np.log10)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The published method: Huber loss on log residuals, BFGS from many starts, bootstrap.

    Two blocks: 90 % percentile bootstrap on the fitted rows, and the point fit with the excluded
    rows put back.
    """
    rows = fitted_rows(table)
    best = huber.fit(rows)
    draws = _tabulate(huber.bootstrap(rows, best), card)
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = draws.quantile(tail), draws.quantile(1 - tail)
    words = f"Huber fit, {len(rows)} runs, {huber.BOOTSTRAP_COUNT} bootstraps"
    blocks: list[tuple[Any, ...]] = [(words, _tabulate(best, card).iloc[0], lower, upper)]
    if len(table) > len(rows):
        words = f"Huber fit, all {len(table)} runs, no interval"
        blocks.append((words, _tabulate(huber.fit(table), card).iloc[0], np.nan, np.nan))
    names = ("method", "estimate", "lower", "upper")
    made = [pd.DataFrame(dict(zip(names, block, strict=True))) for block in blocks]
    frame = pd.concat(made).rename_axis("key").reset_index()
    frame.insert(1, "label", frame["key"])
    return frame


def _tabulate(fits: np.ndarray, card: Card) -> pd.DataFrame:
    """What is reported of each fit: a row per fit, a column per estimand."""
    made = report(huber.make_law(fits), card)
    return pd.DataFrame({key: draws.to_numpy() for key, draws in flatten(made)})
