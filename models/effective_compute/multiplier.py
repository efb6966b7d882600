"""Effective compute as a sum of terms: what the leaderboard models share, whatever the outcome.

For row i of base model g and lab l, released at t_i::

    log10 effective_i = log10 C_i + g(t_i)
                        + interaction max(t_i - t_ref, 0) (log10 C_i - log10 C_ref)
                        + sum of technique gains + allocation[g] + lab_effect[l] + deviation[g]

    C_i         physical training FLOP; of an estimate, what the figure says of it
                (see design.py)
    g           trend whose rate may change every year (see trend.py); absent with `trend: none` on
                the card, a line where drift is 0
    interaction decades a year and decade of compute: whether gains since the median model's year
                grow with scale. What few early models, most of them at the level of guessing, say
                of it is not carried over to them: the trend would have to make up for it
    technique   decades of compute that a tag is worth, or that a tenfold of samples is worth where
                the tag is inference compute; it varies between benchmarks, and between base models
                where one was evaluated with and without it
    allocation  what the division between parameters and tokens cost, times a coefficient for too
                few and one for too many tokens (see allocation.py)
    lab_effect  decades shared by the models of a laboratory
    deviation   decades particular to a base model and all models trained further from it:
                Normal(0, sqrt(s[confidence]^2 + deviation_scale^2))

The deviation holds two things that the data cannot separate: the error of the compute figure, with
standard deviation s by its confidence class, and what is particular to the model. They are
recovered from it afterwards by their conditional normal distribution; `unexplained` is the second,
and the first corrects the compute.

The terms that shrink (drift, interaction, the coefficients of allocation) are location plus scale
times a standard variable: with a scale of 0 they are out, and the special case is the same graph.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.core.prior import Prior
from models.effective_compute.allocation import COMPONENTS, Allocation
from models.effective_compute.around import draw_around
from models.effective_compute.design import Design
from models.effective_compute.trend import TYPICAL_DEVIATION, build_trend, trend_data


@dataclass(frozen=True)
class MultiplierPriors:
    """In decades of effective compute and years."""

    rate: Prior = Prior("Normal", (0.4, 0.6), "decades per year").because(
        "mean over the span; published rates are 0.2 to 1.2, regress is not ruled out"
    )
    drift: Prior = Prior("HalfNormal", (0.6,), "decades per year").because(
        "rates of neighbouring years differ by up to 1.2 (95 %): a sharp bend is not ruled out"
    )
    interaction: Prior = Prior(
        "Normal", (0.0, 0.2), "decades per year and decade of compute"
    ).because(
        "tenfold compute may double a rate of 0.4 or stop it (95 %); Gundlach et al. 2025 find "
        "gains that grow with scale, ablations at small scale none"
    )
    allocation_under: Prior = Prior("Normal", (0.7, 0.5), "1").because(
        "the law's grid covers too few tokens: a test feels all of that loss, half of it or none"
    )
    allocation_over: Prior = Prior("Normal", (0.5, 0.5), "1").because(
        "most over-trained models lie beyond the grid: all of the law's cost or none"
    )
    technique_gain: Prior = Prior("Normal", (0.5, 1.0), "decades").because(
        "centred on a factor of 3: 90 % in 0.07 to 140, with Davidson et al. 2023's 5 to 100"
    )
    technique_spread: Prior = Prior("LogNormal", (float(np.log(0.35)), 0.6), "decades").because(
        "the same technique is worth 1.4 to 9 times more on another benchmark (90 %)"
    )
    technique_by_base: Prior = Prior("HalfNormal", (0.2,), "decades").because(
        "a technique is worth up to 2.5 times more to one model than to another (95 %), or alike"
    )
    lab_scale: Prior = Prior("LogNormal", (float(np.log(0.35)), 0.6), "decades").because(
        "labs of one date differ by a factor of 1.4 to 9 (90 %), and not by nothing"
    )
    deviation_scale: Prior = Prior("HalfNormal", (0.5,), "decades").because(
        "models of one lab and date differ as labs do"
    )


def list_coords(design: Design) -> dict[str, Any]:
    """Labels of the dims of the terms."""
    allocation = design.allocation
    unknown = np.array([], int) if allocation is None else np.flatnonzero(~allocation.is_known)
    return {
        "undisclosed_model": [design.bases[position] for position in unknown],
        "row": np.arange(len(design.rows)),
        "benchmark": design.benchmarks,
        "technique": design.tags,
        "pair": [f"{design.bases[base]}: {design.tags[tag]}" for base, tag in design.pairs],
        "lab": design.labs,
        "base_model": design.bases,
        "component": np.arange(COMPONENTS),
        "side": ["under", "over"],
        "year": design.trend.years,
        "step": design.trend.years[1:],
    }


def list_data(design: Design) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data of the terms."""
    made: dict[str, tuple[Any, tuple[str, ...]]] = {
        "log10_compute": (design.log10_compute, ("row",)),
        "compute_error": (design.compute_error, ("base_model",)),
    }
    if len(design.labs) > 1:
        pairs = pd.DataFrame({"lab": design.lab_index, "base": design.base_index})
        bases = pairs.drop_duplicates()["lab"].value_counts().sort_index().to_numpy()
        made["lab_information"] = (bases / TYPICAL_DEVIATION**2, ("lab",))
    if design.has_trend:
        made["years"] = (design.years, ("row",))
        made["later_years"] = (design.later_years, ("row",))
        made |= trend_data(design.trend)
    if design.allocation is not None:
        made["allocation_mean"] = (design.allocation.mean, ("base_model",))
        made["allocation_loading"] = (design.allocation.loading, ("base_model", "component"))
        made["allocation_is_over"] = (design.allocation.is_over.astype(float), ("base_model",))
        made["allocation_unknown_mean"] = (design.allocation.unknown_mean, ("side",))
    return made


def declare_data(data: dict[str, tuple[Any, tuple[str, ...]]]) -> dict[str, Any]:
    """The pm.Data of these values and dims, by name; call inside a model context."""
    import pymc as pm

    return {name: pm.Data(name, value, dims=dims or None) for name, (value, dims) in data.items()}


def build_shared(design: Design, priors: Any, data: dict[str, Any]) -> Any:
    """log10 effective compute of each row without its base model's deviation.

    In decades above the reference; call inside the model.
    """
    total = data["log10_compute"]
    if design.has_trend:
        total = total + build_trend(design.trend, priors, data)
        product = data["later_years"] * data["log10_compute"]
        total = total + priors.interaction.scaled_variable("interaction") * product
    if design.tags:
        total = total + _build_technique(design, priors)
    if design.pairs:
        total = total + _build_by_base(design, priors)
    if design.allocation is not None:
        total = total + _build_allocation(design.allocation, priors, data)[design.base_index]
    if len(design.labs) > 1:
        scale = priors.lab_scale.variable("lab_scale")
        width = (scale**-2 + data["lab_information"]) ** -0.5
        total = total + draw_around("lab_effect", 0.0, scale, 0.0, width, "lab")[design.lab_index]
    return total


def _build_technique(design: Design, priors: Any) -> Any:
    import pymc as pm

    gain = priors.technique_gain.variable("technique_gain", dims="technique")
    if len(design.benchmarks) == 1:
        return pm.math.dot(design.has_tag, gain)
    spread = priors.technique_spread.variable("technique_spread")
    on_benchmark = pm.Normal(
        "technique_on_benchmark", gain, spread, dims=("benchmark", "technique")
    )
    return (on_benchmark[design.benchmark_index] * design.has_tag).sum(axis=1)


def _build_by_base(design: Design, priors: Any) -> Any:
    """What techniques are worth to single base models, by row."""
    import pymc as pm

    scale = priors.technique_by_base.scaled_variable("technique_by_base")
    offset = pm.Normal("technique_by_base_step", 0, 1, dims="pair")
    effect = pm.Deterministic("technique_by_base_effect", scale * offset, dims="pair")
    return pm.math.dot(design.has_pair, effect)


def build_deviation(
    design: Design, priors: Any, data: dict[str, Any], residual: Any, precision: Any
) -> Any:
    """The deviation of each row's base model, ~ Normal(0, scale); call inside the model.

    `residual` and `precision`, shape (row,): what each row alone would say of it in decades, and
    one over the square of its error. They move the sampler, not the model: it walks in units of
    what is left open once the rows are known, as it must where scores are as exact as ImageNet's.
    """
    import pymc as pm
    import pytensor.tensor as pt

    own = priors.deviation_scale.variable("deviation_scale")
    scale = pm.math.sqrt(data["compute_error"] ** 2 + own**2)
    zero = pt.zeros(len(design.bases))
    weight = pt.inc_subtensor(zero[design.base_index], precision)
    pull = pt.inc_subtensor(zero[design.base_index], precision * residual)
    spread = (weight + scale**-2) ** -0.5

    deviation = draw_around("deviation", 0.0, scale, pull * spread**2, spread, dims="base_model")
    return deviation[design.base_index]


def _build_allocation(allocation: Allocation, priors: Any, data: dict[str, Any]) -> Any:
    """Known from the law's draws, which move all of them together; drawn where unknown."""
    import pymc as pm
    import pytensor.tensor as pt

    under, over = (
        getattr(priors, f"allocation_{side}").scaled_variable(f"allocation_{side}")
        for side in ("under", "over")
    )
    law = pm.Normal("law_offset", 0, 1, dims="component")
    total = data["allocation_mean"] + pm.math.dot(data["allocation_loading"], law)
    total = total * (under + (over - under) * data["allocation_is_over"])
    unknown = np.flatnonzero(~allocation.is_known)
    if len(unknown):
        offset = pm.Normal("unknown_allocation_offset", 0, 1, dims="undisclosed_model")
        upper_tail = 0.5 * pt.erfc(offset / np.sqrt(2))  # its log is minus an exponential variable
        total = pt.set_subtensor(
            total[unknown],
            pm.math.dot(data["allocation_unknown_mean"], pm.math.stack([under, over]))
            * pm.math.log(upper_tail),
        )
    return pm.Deterministic("allocation", total, dims="base_model")


def list_regressors(design: Design) -> pd.DataFrame:
    """What the terms are built on: compute, date and techniques, one row per fitted row."""
    made = pd.DataFrame({"log10 compute": design.log10_compute})
    if design.has_trend:
        made["release date"] = design.years
    return made.assign(**dict(zip(design.tags, design.has_tag.T, strict=True)))
