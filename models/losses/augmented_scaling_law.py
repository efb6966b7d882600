"""Perplexity from parameters and tokens, both of which count for more every year: the form of Ho et
al. 2024, with an irreducible loss.

Equations, for row i on benchmark k, of paper j, released at t_i::

    log ppl_i ~ Normal(E_k + P_k 10^(-a n_i) + Q_k 10^(-b d_i) + paper_effect[j], noise_scale)
    paper_effect[j] ~ Normal(0, paper_scale)
    n_i = log10(N_i / N_ref) + (g(t_i) + rate_difference (t_i - t_ref)) / 2
    d_i = log10(D_i / D_ref) + (g(t_i) - rate_difference (t_i - t_ref)) / 2
    D_i = U_i (1 + R* (1 - exp(-(readings_i - 1) / R*)))

    N_i         parameters
    U_i, D_i    distinct tokens of the training set, and what they are worth when read again
                (Muennighoff et al. 2023); the references are the geometric means of N and U over
                the fitted rows, t_ref is their mean release date
    R*          repetition_worth: readings that count for something, beyond the first
    g           trend whose rate may change every year (see models/effective_compute/trend.py); a
                line where drift is 0
    a, b        exponent_parameters, exponent_tokens: as in A N^-a + B D^-b, so per natural log
    rate        decades of effective compute (6 N D) per year at the same N and D, over the span
    E_k         irreducible_loss, nats per token: the same for all dates
    P_k, Q_k    contribution_parameters, contribution_tokens: nats that each term adds at the
                references. Sampled are the sum level_k = E_k + P_k + Q_k, which the data know well,
                the share of E_k in it and the share of P_k in the rest; these two are alike across
                benchmarks (normal on the logit scale)
    paper_effect    nats shared by the rows of a paper: its vocabulary, tricks and protocol. The
                effects are integrated out of the likelihood, exactly, and what the rows say of each
                is kept: sampled with the rest, they halve the effective draws and a fit takes
                several times as long

On the rows of Ho et al. paper effects raise the predictive density of rows left out by 27 nats, and
normal noise predicts as well as Student's t, so noise is normal.

What identifies the parts: N and D, from models of one date; the rate, from models of like N and D
and different dates. What it cannot distinguish: progress through parameters from progress through
tokens (`rate_difference` follows its prior in part, and should not be quoted); E from the exponents
of its benchmark, where all models are far above E; better data, larger vocabularies and what was
done at test time from the trend.

A step is split into training compute (the FLOP that training took, readings included), allocation
(what repeated tokens are worth, against new ones) and trend: log10 6 N D is log10 of the FLOP less
what repetition wasted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.prior import Prior, prior_data
from models.core.variants import Parameters, Variant
from models.effective_compute.design import headline_key as headline_key
from models.effective_compute.multiplier import declare_data
from models.effective_compute.trend import build_trend, trend_data
from models.losses.augmented_design import SIZES, Sizes, prepare
from models.losses.augmented_estimands import baseline as baseline
from models.losses.augmented_estimands import estimands as estimands
from models.losses.augmented_estimands import fix_share as fix_share
from models.losses.augmented_law import LOG_10
from models.losses.augmented_simulation import DIMS as DIMS
from models.losses.augmented_simulation import sample_prior as sample_prior
from models.losses.augmented_simulation import simulate as simulate
from models.losses.paper_effects import build_paper_effect, draw_rows, weigh_rows
from models.losses.paper_effects import unit_log_likelihood as unit_log_likelihood
from models.options import LeaderboardOptions

TABLE = "loss_leaderboard"
# Readings and exponents of tokens lie along a ridge: at 0.98 single transitions diverge.
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.995}
_LINE: Parameters = {"drift": (0.0,)}
_DISTINCT: Parameters = {
    "repetition_worth": (float(np.log(1e-3)), 0.0)
}  # a second reading is worth nothing
# Special cases of the law: each choice that would move a headline, made once.
VARIANTS = {
    "line": Variant(priors=_LINE),
    "one_bend": Variant(options={"bend": True}),
    "distinct_tokens": Variant(priors=_DISTINCT),
    "all_readings": Variant(priors={"repetition_worth": (float(np.log(1e6)), 0.0)}),
    "all_of_these": Variant(priors=_LINE | _DISTINCT),
}


@dataclass(frozen=True)
class Priors:
    """In years, decades of effective compute, and nats per token."""

    rate: Prior = Prior("Normal", (0.4, 0.6), "decades per year").because(
        "published rates are 0.2 to 1.2; regress is not ruled out"
    )
    drift: Prior = Prior("HalfNormal", (0.6,), "decades per year").because(
        "rates of neighbouring years differ by up to 1.2 (95 %), as on other leaderboards"
    )
    repetition_worth: Prior = Prior("LogNormal", (float(np.log(15.4)), 1.0), "readings").because(
        "15.4 in Muennighoff et al. 2023, for large models of web text: 95 % in 2 to 110"
    )
    rate_difference: Prior = Prior("Normal", (0.0, 0.6), "decades per year").because(
        "the scale of the rate: makes the rates of parameters and tokens independent"
    )
    exponent_parameters: Prior = Prior("LogNormal", (float(np.log(0.12)), 0.6), "1").because(
        "0.07 in Ho et al. 2024 without E, 0.34 in Hoffmann et al. 2022: 95 % in 0.04-0.39"
    )
    exponent_tokens: Prior = Prior("LogNormal", (float(np.log(0.12)), 0.6), "1").because(
        "0.04 in Ho et al. 2024 without E, 0.28 in Hoffmann et al. 2022: 95 % in 0.04-0.39"
    )
    level: Prior = Prior("LogNormal", (float(np.log(3.5)), 0.25), "nats per token").because(
        "a model of middling size has a perplexity of 10 to 200 (90 %)"
    )
    irreducible_share_center: Prior = Prior("Beta", (2.0, 4.0), "share of the level").because(
        "text is neither free of entropy nor all of it: 0.08 to 0.66 (90 %), E about 1 nat"
    )
    irreducible_share_spread: Prior = Prior("HalfNormal", (0.5,), "logits").because(
        "texts and vocabularies differ: odds by up to 2.7 (95 %)"
    )
    parameters_share_center: Prior = Prior(
        "Beta", (2.0, 2.0), "share of the level above E"
    ).because("small models and little data cost alike: 0.14 to 0.86 (90 %)")
    parameters_share_spread: Prior = Prior("HalfNormal", (0.5,), "logits").because(
        "training sets differ in size: odds by up to 2.7 (95 %)"
    )
    paper_scale: Prior = Prior("HalfNormal", (0.2,), "log perplexity").because(
        "vocabularies and protocols move a perplexity by up to half (95 %)"
    )
    noise_scale: Prior = Prior("HalfNormal", (0.2,), "log perplexity").because(
        "networks of one size and date differ by up to half (95 %)"
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why the model cannot be fitted: no trend, or rows without N or D; empty where it can."""
    if card.options_of(LeaderboardOptions).trend == "none":
        return "the card says `trend: none`, and this model is one of progress with the calendar"
    lacking = fitted_rows(table)[SIZES].isna().any(axis=1)
    if lacking.any():
        return f"{int(lacking.sum())} fitted rows lack parameters or dataset tokens"
    return ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Sizes, dates, labels, weights and outcomes of the rows, and the parameters of the priors."""
    arrays = _list_data(prepare(table, card))
    return {name: np.asarray(value) for name, (value, _) in arrays.items()} | prior_data(priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, paper."""
    import pymc as pm

    sizes = prepare(table, card)
    coords = {
        "row": np.arange(len(sizes.rows)),
        "benchmark": sizes.benchmarks,
        "paper": sizes.papers,
        "year": sizes.trend.years,
        "step": sizes.trend.years[1:],
    }
    with pm.Model(coords=coords) as model:
        given = declare_data(_list_data(sizes))
        expected = _build_expected(sizes, priors, given)
        scales = [getattr(priors, name).variable(name) for name in ("noise_scale", "paper_scale")]
        pm.CustomDist(
            "log_perplexity",
            expected,
            *scales,
            given["row_weight"],
            given["paper_index"],
            dist=draw_rows,
            logp=weigh_rows,
            observed=given["observed_log_perplexity"],
            dims="row",
        )
        build_paper_effect(given, expected, *scales)
    return model


def _list_data(sizes: Sizes) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Every pm.Data but the priors'; a row that is held out has weight 0, out of the likelihood."""
    names = "log10_parameters log10_tokens readings years benchmark_index paper_index"
    rows = {name: getattr(sizes, name) for name in names.split()}
    rows["row_weight"] = np.where(sizes.is_held_out, 0.0, 1.0)
    rows["observed_log_perplexity"] = np.log(sizes.rows["perplexity"].to_numpy())
    return {name: (value, ("row",)) for name, value in rows.items()} | trend_data(sizes.trend)


def _build_expected(sizes: Sizes, priors: Priors, given: dict[str, Any]) -> Any:
    """The law's log perplexity of each row; call inside the model."""
    import pymc as pm

    gained = build_trend(sizes.trend, priors, given)
    apart = priors.rate_difference.variable("rate_difference") * given["years"]
    worth = priors.repetition_worth.scaled_variable("repetition_worth")
    again = 1 - worth * pm.math.expm1(-(given["readings"] - 1) / worth)
    parameters = given["log10_parameters"] + (gained + apart) / 2
    tokens = given["log10_tokens"] + pm.math.log10(again) + (gained - apart) / 2
    exponent_parameters = priors.exponent_parameters.variable("exponent_parameters")
    exponent_tokens = priors.exponent_tokens.variable("exponent_tokens")
    irreducible, from_parameters, from_tokens = (
        each[given["benchmark_index"]] for each in _build_contributions(priors)
    )
    return (
        irreducible
        + from_parameters * pm.math.exp(-exponent_parameters * LOG_10 * parameters)
        + from_tokens * pm.math.exp(-exponent_tokens * LOG_10 * tokens)
    )


def _build_contributions(priors: Priors) -> tuple[Any, Any, Any]:
    """E_k, P_k and Q_k by benchmark; call inside the model."""
    import pymc as pm

    def build_share(name: str) -> Any:
        center = getattr(priors, f"{name}_share_center").variable(f"{name}_share_center")
        spread = getattr(priors, f"{name}_share_spread").variable(f"{name}_share_spread")
        offset = pm.Normal(f"{name}_share_offset", 0, 1, dims="benchmark")
        return pm.math.sigmoid(pm.math.logit(center) + spread * offset)

    level = priors.level.variable("level", dims="benchmark")
    share, parameters_share = build_share("irreducible"), build_share("parameters")
    above = level * (1 - share)
    return (
        pm.Deterministic("irreducible_loss", level * share, dims="benchmark"),
        pm.Deterministic("contribution_parameters", above * parameters_share, dims="benchmark"),
        pm.Deterministic("contribution_tokens", above * (1 - parameters_share), dims="benchmark"),
    )


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Parameters, tokens and date of the fitted rows."""
    sizes = prepare(table, card)
    made = {"log10 parameters": sizes.log10_parameters, "log10 dataset tokens": sizes.log10_tokens}
    made |= {"log10 readings": np.log10(sizes.readings), "release date": sizes.years}
    return pd.DataFrame(made)
