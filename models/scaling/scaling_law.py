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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize, special

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, Headline, Truth, fitted_rows
from models.core.figures import make_curve, make_intervals
from models.core.prior import Prior, list_priors, prior_data
from models.options import ScalingOptions

TABLE = "scaling_grid"
TITLE = "Scaling law"
# Measured in benchmarks/fits.py: low-rank mass matrices give 20 times the effective draws a second
# here.
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.9}
DIMS: dict[str, tuple[str, ...]] = {}
FLOP_A_PARAMETER_AND_TOKEN = 6  # forward and backward pass, Kaplan et al. 2020, section 2.1
HUBER_DELTA = 1e-3  # of Hoffmann et al. 2022, section 3.3
BOOTSTRAP_COUNT = 200
BOOTSTRAP_SEED = 20220329


@dataclass(frozen=True)
class Priors:
    """Wide enough for every published law; none is centred on the replication's answer."""

    irreducible_loss: Prior = Prior(
        "LogNormal",
        (np.log(1.7), 0.25),
        "nats per token",
        "entropy of web text per token: 90 % within 1.1 to 2.6",
    )
    exponent_parameters: Prior = Prior(
        "LogNormal",
        (np.log(0.2), 0.8),
        "1",
        "Kaplan et al. 2020 found 0.08, Hoffmann et al. 2022 0.34: 90 % in 0.05-0.75",
    )
    exponent_tokens: Prior = Prior(
        "LogNormal",
        (np.log(0.2), 0.8),
        "1",
        "Kaplan et al. 2020 found 0.10, Hoffmann et al. 2022 0.28: 90 % in 0.05-0.75",
    )
    contribution_parameters: Prior = Prior(
        "LogNormal",
        (np.log(0.4), 0.8),
        "nats per token",
        "losses lie 0.2 to 3 nats above E: each term 0.1 to 1.5",
    )
    contribution_tokens: Prior = Prior(
        "LogNormal", (np.log(0.4), 0.8), "nats per token", "as for parameters"
    )
    noise_scale: Prior = Prior(
        "HalfNormal",
        (0.02,),
        "log loss",
        "runs repeated with another seed differ by under 1 % of the loss",
    )
    tail_weight: Prior = Prior(
        "Gamma",
        (2.0, 0.1),
        "degrees of freedom above one",
        "Juarez & Steel 2010: from heavy tails to nearly normal",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Empty: any `scaling_grid` can be fitted."""
    return ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Logs of size about their centre and of loss, by run, and the parameters of the priors."""
    rows = fitted_rows(table)
    center_parameters, center_tokens = _centers(rows)
    return {
        "log_parameters": np.log(rows["parameters"]).to_numpy() - center_parameters,
        "log_tokens": np.log(rows["training_tokens"]).to_numpy() - center_tokens,
        "observed_log_loss": np.log(rows["loss_nats"]).to_numpy(),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows of a `scaling_grid`; dims: run."""
    import pymc as pm

    values = data(table, card, priors)
    with pm.Model(coords={"run": np.arange(len(fitted_rows(table)))}) as model:
        log_parameters = pm.Data("log_parameters", values["log_parameters"], dims="run")
        log_tokens = pm.Data("log_tokens", values["log_tokens"], dims="run")
        log_loss = pm.Data("observed_log_loss", values["observed_log_loss"], dims="run")
        irreducible_loss = priors.irreducible_loss.variable("irreducible_loss")
        exponent_parameters = priors.exponent_parameters.variable("exponent_parameters")
        exponent_tokens = priors.exponent_tokens.variable("exponent_tokens")
        contribution_parameters = priors.contribution_parameters.variable("contribution_parameters")
        contribution_tokens = priors.contribution_tokens.variable("contribution_tokens")
        expected_loss = (
            irreducible_loss
            + contribution_parameters * pm.math.exp(-exponent_parameters * log_parameters)
            + contribution_tokens * pm.math.exp(-exponent_tokens * log_tokens)
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


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior; none has labels."""
    return {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
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
    law = _law(posterior, fitted_rows(table))
    options = _options(card)
    made = xr.Dataset(
        {
            "irreducible_loss": law["E"].assign_attrs(
                label="Irreducible loss", unit="nats per token"
            ),
            "exponent_parameters": law["a"].assign_attrs(label="Exponent of parameters", unit="1"),
            "exponent_tokens": law["b"].assign_attrs(label="Exponent of tokens", unit="1"),
            "coefficient_parameters": np.exp(law["log_A"]).assign_attrs(
                label="Coefficient of parameters, A", unit="nats per token"
            ),
            "coefficient_tokens": np.exp(law["log_B"]).assign_attrs(
                label="Coefficient of tokens, B", unit="nats per token"
            ),
            "optimal_exponent_parameters": (law["b"] / (law["a"] + law["b"])).assign_attrs(
                label="Exponent of compute in the optimal parameter count", unit="1"
            ),
            "optimal_tokens_per_parameter": _optimal_ratio(law, options.optimal_at_flop),
            "allocation_factor": _allocation_factor(law, _named_runs(card)),
        }
    )
    descriptions = {
        "irreducible_loss": "E: loss that no parameters and tokens of this recipe get below",
        "exponent_parameters": "a in A N^-a",
        "exponent_tokens": "b in B D^-b",
        "coefficient_parameters": "A in A N^-a, N in parameters",
        "coefficient_tokens": "B in B D^-b, D in tokens",
        "optimal_exponent_parameters": "b / (a + b): power of compute in N",
        "optimal_tokens_per_parameter": "tokens per parameter of the least loss at that compute",
        "allocation_factor": "6ND over the least compute that reaches the run's fitted loss",
    }
    for name, description in descriptions.items():
        made[name].attrs |= {"description": description, "is_positive": True, "is_headline": True}
    return made


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Decades of parameters and of tokens."""
    rows = fitted_rows(table)
    return pd.DataFrame(
        {
            "log10 parameters": np.log10(rows["parameters"]),
            "log10 tokens": np.log10(rows["training_tokens"]),
        }
    )


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The published method: Huber loss on log residuals, BFGS from many starts, bootstrap.

    Two blocks: 90 % percentile bootstrap on the fitted rows, and the point fit with the excluded
    rows put back.
    """
    rows = fitted_rows(table)
    best = _huber_fit(rows, _starts())
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    draws = pd.DataFrame(
        _huber_summary(_huber_fit(rows.iloc[rng.integers(0, len(rows), len(rows))], [best]), card)
        for _ in range(BOOTSTRAP_COUNT)
    )
    tail = (1 - INTERVAL_PROBABILITY) / 2
    fitted = pd.DataFrame(
        {
            "estimate": pd.Series(_huber_summary(best, card)),
            "lower": draws.quantile(tail),
            "upper": draws.quantile(1 - tail),
        }
    ).assign(method=f"Huber fit, {len(rows)} runs, {BOOTSTRAP_COUNT} bootstraps")
    everything = table.reset_index(drop=True)
    all_rows = pd.DataFrame(
        {"estimate": pd.Series(_huber_summary(_huber_fit(everything, _starts()), card))}
    ).assign(
        lower=np.nan, upper=np.nan, method=f"Huber fit, all {len(everything)} runs, no interval"
    )
    parts = [fitted, all_rows] if len(everything) > len(rows) else [fitted]
    frame = pd.concat([part.rename_axis("key").reset_index() for part in parts], ignore_index=True)
    return frame.assign(label=frame["key"])[
        ["key", "label", "method", "estimate", "lower", "upper"]
    ]


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Loss against compute with the optimal frontier, and the allocation factors."""
    law = _law(posterior, fitted_rows(table))
    grid = np.geomspace(table["training_flop"].min(), 1e24, 40)
    reducible = _optimal_reducible(law, xr.DataArray(np.log(grid), dims="x"))
    curve = make_curve(grid, law["E"] + reducible, "least loss at this compute")
    points = table.assign(
        status=np.where(table["exclusion"].isna(), "fitted", "excluded"),
        tokens_per_parameter=table["training_tokens"] / table["parameters"],
    )
    allocation = make_intervals(_allocation_factor(law, _named_runs(card)))
    return [
        Figure(
            kind="scatter",
            id="loss-against-compute",
            title="Every run, and the least loss that its compute could have bought",
            caption="Points far above the band had too many parameters or too many tokens.",
            frame=points[
                [
                    "parameters",
                    "training_tokens",
                    "training_flop",
                    "loss_nats",
                    "tokens_per_parameter",
                    "status",
                    "citation",
                ]
            ],
            x="training_flop",
            y="loss_nats",
            colour="status",
            x_title="training compute (FLOP)",
            y_title="loss (nats per token)",
            is_log_x=True,
            hover=(
                "parameters",
                "training_tokens",
                "training_flop",
                "loss_nats",
                "tokens_per_parameter",
                "citation",
            ),
            curve=Curve(curve),
        ),
        Figure(
            kind="intervals",
            id="allocation-factors",
            title="How much compute a better division would have saved",
            caption="6ND over the least compute that reaches the same fitted loss; 1 is optimal.",
            frame=allocation,
            x_title="allocation factor",
            is_log_x=True,
        ),
    ]


def headline(card: Card) -> Headline:
    """How far the headline run was from the optimum."""
    run = _options(card).headline_run
    return Headline(
        key=f"allocation_factor[{run}]",
        sentence=f"With the best division of parameters and tokens, the loss of {run} would have "
        "taken {median} times less compute (90 % interval {lower} to {upper}).",
        notes=("The law is fitted to one recipe; the factor uses 6ND, not the reported compute.",),
    )


def _options(card: Card) -> ScalingOptions:
    assert isinstance(card.options, ScalingOptions)
    return card.options


def _centers(rows: pd.DataFrame) -> tuple[float, float]:
    """Natural logs of the geometric means of parameters and tokens."""
    return float(np.log(rows["parameters"]).mean()), float(np.log(rows["training_tokens"]).mean())


def _law(posterior: xr.Dataset, rows: pd.DataFrame) -> dict[str, Any]:
    """E, a, b and the logs of A and B, draw by draw."""
    center_parameters, center_tokens = _centers(rows)
    a, b = posterior["exponent_parameters"], posterior["exponent_tokens"]
    return {
        "E": posterior["irreducible_loss"],
        "a": a,
        "b": b,
        "log_A": np.log(posterior["contribution_parameters"]) + a * center_parameters,
        "log_B": np.log(posterior["contribution_tokens"]) + b * center_tokens,
    }


def _optimal_ratio(law: dict[str, Any], flop: list[float]) -> xr.DataArray:
    """Tokens per parameter of the least loss at each compute, Hoffmann et al. 2022, eq. 4."""
    labels = [f"{value:.3g}".replace("e+", "e") for value in flop]
    log_budget = xr.DataArray(
        np.log(np.array(flop) / FLOP_A_PARAMETER_AND_TOKEN), dims="flop", coords={"flop": labels}
    )
    ratio = np.exp(log_budget - 2 * _optimal_log_parameters(law, log_budget))
    return ratio.transpose("chain", "draw", "flop").assign_attrs(
        label="Optimal tokens per parameter", unit="tokens per parameter"
    )


def _optimal_log_parameters(law: dict[str, Any], log_budget: Any) -> Any:
    """Log N of the least loss where N D = exp(log_budget)."""
    a, b = law["a"], law["b"]
    return (np.log(a / b) + law["log_A"] - law["log_B"] + b * log_budget) / (a + b)


def _optimal_reducible(law: dict[str, Any], log_flop: Any) -> Any:
    """Least A N^-a + B D^-b, in nats, with 6 N D = exp(log_flop)."""
    log_budget = log_flop - np.log(FLOP_A_PARAMETER_AND_TOKEN)
    log_n = _optimal_log_parameters(law, log_budget)
    return np.exp(law["log_A"] - law["a"] * log_n) + np.exp(
        law["log_B"] - law["b"] * (log_budget - log_n)
    )


def _named_runs(card: Card) -> pd.DataFrame:
    """Parameters and tokens of the card's runs, by name.

    Raises ValueError naming runs that lack either.
    """
    names = _options(card).allocation_runs
    if card.runs is None:
        raise ValueError("the scaling law's estimands need the run registry")
    runs = card.runs.set_index("model").reindex(names)[["parameters", "training_tokens"]]
    lacking = list(runs.index[runs.isna().any(axis=1)])
    if lacking:
        raise ValueError(
            f"allocation_runs without parameters and tokens in the registry: {lacking}"
        )
    return runs


def _allocation_factor(law: dict[str, Any], runs: pd.DataFrame) -> xr.DataArray:
    factor = _compare_with_optimum(law, runs).transpose("chain", "draw", "run")
    return factor.assign_attrs(label="Allocation factor", unit="factor")


def _compare_with_optimum(law: dict[str, Any], runs: pd.DataFrame) -> Any:
    """6ND over the least compute that reaches the fitted loss of each run, on dim run."""
    coords = {"run": list(runs.index)}
    log_n = xr.DataArray(np.log(runs["parameters"].to_numpy()), dims="run", coords=coords)
    log_d = xr.DataArray(np.log(runs["training_tokens"].to_numpy()), dims="run", coords=coords)
    a, b = law["a"], law["b"]
    log_reducible = np.log(np.exp(law["log_A"] - a * log_n) + np.exp(law["log_B"] - b * log_d))
    best_log_n = (law["log_A"] - log_reducible + np.log((a + b) / b)) / a
    best_log_d = (law["log_B"] - log_reducible + np.log((a + b) / a)) / b
    return np.exp(log_n + log_d - best_log_n - best_log_d)


def _starts() -> list[np.ndarray]:
    """Starts of the optimiser (log A, log B, log E, a, b), in the grid of Hoffmann et al. 2022."""
    return [np.array([s, s, e, x, x]) for s in (5.0, 10.0) for e in (0.0, 0.5) for x in (0.2, 0.5)]


def _huber_fit(rows: pd.DataFrame, starts: list[np.ndarray]) -> np.ndarray:
    """Log A, log B, log E, a, b of the least sum of Huber losses over log residuals."""
    log_n, log_d, log_loss = (
        np.log(rows[c].to_numpy()) for c in ("parameters", "training_tokens", "loss_nats")
    )

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        terms = np.stack(
            [
                theta[0] - theta[3] * log_n,
                theta[1] - theta[4] * log_d,
                np.full_like(log_n, theta[2]),
            ]
        )
        total = special.logsumexp(terms, axis=0)
        weights, residual = np.exp(terms - total), total - log_loss
        pull = np.clip(residual, -HUBER_DELTA, HUBER_DELTA)
        slope = np.array(
            [*(weights @ pull), -(weights[0] * log_n) @ pull, -(weights[1] * log_d) @ pull]
        )
        return float(special.huber(HUBER_DELTA, residual).sum() / HUBER_DELTA), slope / HUBER_DELTA

    fits = [_minimise(objective, start) for start in starts]
    return min(fits, key=lambda theta: objective(theta)[0])


def _minimise(
    objective: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray
) -> np.ndarray:
    result = optimize.minimize(
        objective, start, jac=True, method="BFGS", options={"maxiter": 3000, "gtol": 1e-4}
    )
    return np.asarray(result.x)


def _huber_summary(theta: np.ndarray, card: Card) -> dict[str, float]:
    log_a, log_b, log_e, a, b = theta
    law = {"a": a, "b": b, "log_A": log_a, "log_B": log_b}
    runs = _named_runs(card)
    factors = _compare_with_optimum(law, runs)
    ratios = {}
    for flop in _options(card).optimal_at_flop:
        log_budget = np.log(flop / FLOP_A_PARAMETER_AND_TOKEN)
        label = f"{flop:.3g}".replace("e+", "e")
        ratios[f"optimal_tokens_per_parameter[{label}]"] = float(
            np.exp(log_budget - 2 * _optimal_log_parameters(law, log_budget))
        )
    return {
        "irreducible_loss": float(np.exp(log_e)),
        "exponent_parameters": float(a),
        "exponent_tokens": float(b),
        "coefficient_parameters": float(np.exp(log_a)),
        "coefficient_tokens": float(np.exp(log_b)),
        "optimal_exponent_parameters": float(b / (a + b)),
        **ratios,
        **{f"allocation_factor[{run}]": float(factors.sel(run=run)) for run in runs.index},
    }
