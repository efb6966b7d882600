"""Effective compute as a sum of terms: what the leaderboard models share, whatever the outcome.

For row i of benchmark b, base model g, lab l, released at t_i::

    log10 effective_i = log10 C_i + a_i
    a_i = rate (t_i - t_ref) + interaction (t_i - t_ref) (log10 C_i - log10 C_ref)
          + sum of technique gains + allocation[g] + lab_effect[l] + deviation[g]

    rate        decades a year; absent with `trend: none` on the card
    interaction decades a year and decade: in models whose gains grow with scale, else absent
    technique   decades of compute that a tag is worth; it varies between benchmarks
    allocation  what the division between parameters and tokens cost (models/effective_compute/allocation.py)
    lab_effect  decades shared by the models of a laboratory
    deviation   decades particular to a base model and all models trained further from it:
                Normal(0, sqrt(s[confidence]^2 + deviation_scale^2))

The deviation holds two things that the data cannot separate: the error of the compute figure, with
standard deviation s by its confidence class, and what is particular to the model. They are
recovered from it afterwards by their conditional normal distribution; `unexplained` is the second,
and the first corrects the compute. The true compute is taken to scatter about the figure, as
whoever gives a figure "good to a factor of 3" says it does (Berkson's kind of error). Figures that
scatter about the truth would flatten the slope of compute besides:
`pipeline/studies/attenuation.py` measures what the rate would then be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import Card
from models.core.prior import Prior
from models.effective_compute.allocation import COMPONENTS, Allocation, summarise_allocation
from models.effective_compute.design import CLASSES, Design
from models.effective_compute.split import PARTS
from models.options import LeaderboardOptions

# Integrating a deviation out: scores may tell it to a hundredth of its scale, and the nodes of
# a Gauss-Hermite rule lie too far apart. Equal steps err by exp(-2 (pi width / step)^2).
NODES, REACH = 161, 7.0  # count, and scales to either side
SPLIT_SEED = 20220630  # of the conditional draws that divide a deviation


@dataclass(frozen=True)
class MultiplierPriors:
    """In decades of effective compute and years."""

    rate: Prior = Prior(
        "Normal",
        (0.4, 0.6),
        "decades per year",
        "published rates are 0.2 to 1.2; regress is not ruled out",
    )
    technique_gain: Prior = Prior(
        "Normal",
        (0.5, 1.0),
        "decades",
        "centred on a factor of 3: 90 % in 0.07 to 140, with Davidson et al. 2023's 5 to 100",
    )
    technique_spread: Prior = Prior(
        "LogNormal",
        (float(np.log(0.35)), 0.6),
        "decades",
        "the same technique is worth 1.4 to 9 times more on another benchmark (90 %)",
    )
    lab_scale: Prior = Prior(
        "LogNormal",
        (float(np.log(0.35)), 0.6),
        "decades",
        "labs of one date differ by a factor of 1.4 to 9 (90 %), and not by nothing",
    )
    deviation_scale: Prior = Prior(
        "HalfNormal", (0.5,), "decades", "models of one lab and date differ as labs do"
    )


def get_options(card: Card) -> LeaderboardOptions:
    """The card's options, which must be a leaderboard's."""
    assert isinstance(card.options, LeaderboardOptions)
    return card.options


def error_decades(design: Design, options: LeaderboardOptions) -> np.ndarray:
    """Standard deviation of the log10 compute of each base model."""
    by_class = options.compute_error_decades.model_dump()
    return np.array([by_class[CLASSES[position]] for position in design.class_index])


def find_allocation(design: Design, card: Card) -> Allocation | None:
    """The moment summary of allocation, or None where the card does not ask for it.

    Raises ValueError where the card asks for it and no draws of the law are given.
    """
    if get_options(card).allocation == "none":
        return None
    if card.scaling_law is None:
        raise ValueError("the card says `allocation: scaling_law`: the law's draws are needed")
    return summarise_allocation(card.scaling_law, design.parameters, design.training_tokens)


def multiplier_coords(design: Design, card: Card) -> dict[str, Any]:
    """Labels of the dims of the terms."""
    allocation = find_allocation(design, card)
    unknown = np.array([], int) if allocation is None else np.flatnonzero(~allocation.is_known)
    return {
        "undisclosed_model": [design.bases[position] for position in unknown],
        "row": np.arange(len(design.rows)),
        "benchmark": design.benchmarks,
        "technique": design.tags,
        "lab": design.labs,
        "base_model": design.bases,
        "component": np.arange(COMPONENTS),
    }


def multiplier_data(design: Design, card: Card) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data of the terms."""
    made: dict[str, tuple[Any, tuple[str, ...]]] = {
        "log10_compute": (design.log10_compute, ("row",)),
        "compute_error": (error_decades(design, get_options(card)), ("base_model",)),
    }
    if get_options(card).trend == "linear":
        made["years"] = (design.years, ("row",))
    allocation = find_allocation(design, card)
    if allocation is not None:
        made["allocation_mean"] = (allocation.mean, ("base_model",))
        made["allocation_loading"] = (allocation.loading, ("base_model", "component"))
        made["allocation_unknown_mean"] = (np.array(allocation.unknown_mean), ())
    return made


def build_shared(
    design: Design, card: Card, priors: Any, data: dict[str, Any], has_interaction: bool
) -> Any:
    """log10 effective compute of each row without its base model's deviation.

    In decades above the reference; call inside the model.
    """
    import pymc as pm

    total = data["log10_compute"]
    if "years" in data:
        total = total + priors.rate.variable("rate") * data["years"]
        if has_interaction:
            product = data["years"] * data["log10_compute"]
            total = total + priors.interaction.variable("interaction") * product
    if design.tags:
        total = total + _build_technique(design, priors)
    if "allocation_mean" in data:
        total = total + _build_allocation(design, card, data)[design.base_index]
    if len(design.labs) > 1:
        scale = priors.lab_scale.variable("lab_scale")
        total = total + pm.Normal("lab_effect", 0, scale, dims="lab")[design.lab_index]
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

    def log_density(value: Any, sd: Any, center: Any, width: Any) -> Any:
        return pm.logp(pm.Normal.dist(0, sd), value)

    def draw(
        sd: Any, center: Any, width: Any, rng: np.random.Generator, size: Any = None
    ) -> np.ndarray:
        return np.asarray(rng.normal(0, sd, size))

    deviation = pm.CustomDist(
        "deviation",
        scale,
        pull * spread**2,
        spread,
        logp=log_density,
        random=draw,
        transform=_around_data(),
        dims="base_model",
    )
    return deviation[design.base_index]


def _around_data() -> Any:
    """Values of a variable in units of its last input, the width, around the one before."""
    from pymc.logprob.transforms import Transform

    class AroundData(Transform):
        name = "recentred"  # one word: PyMC finds the variable again by cutting the last one off
        ndim_supp = 0

        def forward(self, value: Any, *inputs: Any) -> Any:
            return (value - inputs[-2]) / inputs[-1]

        def backward(self, value: Any, *inputs: Any) -> Any:
            return inputs[-2] + inputs[-1] * value

        def log_jac_det(self, value: Any, *inputs: Any) -> Any:
            import pytensor.tensor as pt

            return pt.log(inputs[-1]) + pt.zeros_like(value)

    return AroundData()


def _build_allocation(design: Design, card: Card, data: dict[str, Any]) -> Any:
    """Known from the law's draws, which move all of them together; drawn where unknown."""
    import pymc as pm
    import pytensor.tensor as pt

    allocation = find_allocation(design, card)
    assert allocation is not None
    law = pm.Normal("law_offset", 0, 1, dims="component")
    total = data["allocation_mean"] + pm.math.dot(data["allocation_loading"], law)
    unknown = np.flatnonzero(~allocation.is_known)
    if len(unknown):
        offset = pm.Normal("unknown_allocation_offset", 0, 1, dims="undisclosed_model")
        upper_tail = 0.5 * pt.erfc(offset / np.sqrt(2))  # its log is minus an exponential variable
        total = pt.set_subtensor(
            total[unknown], data["allocation_unknown_mean"] * pm.math.log(upper_tail)
        )
    return pm.Deterministic("allocation", total, dims="base_model")


def divide_deviation(
    posterior: xr.Dataset, design: Design, options: LeaderboardOptions
) -> tuple[xr.DataArray, xr.DataArray]:
    """The deviation of each base model as (error of its compute, unexplained).

    Drawn from their conditional normal distribution with a fixed seed; a truth brings both.

    Given d = e + r with e ~ N(0, s^2) and r ~ N(0, tau^2), e | d ~ N(d s^2 / (s^2 + tau^2), s^2
    tau^2 / (s^2 + tau^2)).
    """
    if "unexplained" in posterior:
        return posterior["compute_error"], posterior["unexplained"]
    deviation = posterior["deviation"]
    error_variance = xr.DataArray(
        error_decades(design, options) ** 2, dims="base_model", coords={"base_model": design.bases}
    )
    own_variance = posterior["deviation_scale"] ** 2
    total = error_variance + own_variance
    standard = xr.zeros_like(deviation) + np.random.default_rng(SPLIT_SEED).standard_normal(
        deviation.shape
    )
    error = deviation * error_variance / total + standard * np.sqrt(
        error_variance * own_variance / total
    )
    return error, deviation - error


def row_terms(
    posterior: xr.Dataset,
    design: Design,
    row: int,
    divided: tuple[xr.DataArray, xr.DataArray],
) -> dict[str, np.ndarray]:
    """The terms of one row's effective compute, decades above the reference, by part.

    Each has shape (chain, draw). The product of the interaction stands under `interaction`: it
    belongs to compute and trend together (`share_interaction`).
    """
    base = design.base_index[row]
    error, unexplained = divided
    terms = {
        "compute": design.log10_compute[row] + error.isel(base_model=base).to_numpy(),
        "unexplained": unexplained.isel(base_model=base).to_numpy(),
    }
    if "allocation" in posterior:
        terms["allocation"] = posterior["allocation"].isel(base_model=base).to_numpy()
    if design.tags:
        terms["technique"] = _technique_of(posterior, design, row)
    if "rate" in posterior:
        terms["trend"] = posterior["rate"].to_numpy() * design.years[row]
    if len(design.labs) > 1:
        terms["lab"] = posterior["lab_effect"].isel(lab=design.lab_index[row]).to_numpy()
    return terms


def _technique_of(posterior: xr.Dataset, design: Design, row: int) -> np.ndarray:
    gain = technique_on(posterior, design.benchmarks[design.benchmark_index[row]])
    carried = xr.DataArray(design.has_tag[row], dims="technique")
    return np.asarray((gain * carried).sum("technique").to_numpy())


def technique_on(posterior: xr.Dataset, benchmark: str) -> xr.DataArray:
    """Gain of each technique on one benchmark."""
    if "technique_on_benchmark" in posterior:
        return posterior["technique_on_benchmark"].sel(benchmark=benchmark)
    return posterior["technique_gain"]


def share_interaction(
    posterior: xr.Dataset,
    design: Design,
    rows: tuple[int, int],
    early: dict[str, np.ndarray],
    late: dict[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The terms of both ends with the interaction's product divided between compute and trend.

    The product of date and compute changes by both; each is given its Shapley value, half of its
    change at either end of the other. At the early end the product counts as trend.
    """
    if "interaction" not in posterior:
        return early, late
    strength = posterior["interaction"].to_numpy()
    first, last = rows
    compute = design.log10_compute[first], design.log10_compute[last]
    years = design.years[first], design.years[last]
    by_compute = strength * (compute[1] - compute[0]) * (years[0] + years[1]) / 2
    by_trend = strength * (years[1] - years[0]) * (compute[0] + compute[1]) / 2
    at_start = strength * compute[0] * years[0]
    early = early | {"trend": early["trend"] + at_start}
    late = late | {
        "trend": late["trend"] + at_start + by_trend,
        "compute": late["compute"] + by_compute,
    }
    return early, late


@dataclass(frozen=True)
class LeftOut:
    """What a base model's density needs when what is its own is integrated out."""

    effective: np.ndarray  # (chain, draw, row), less deviation and the effect of a lone lab
    scale: np.ndarray  # (chain, draw, base), of what is integrated out
    nodes: np.ndarray  # (node,), equally spaced, in units of the scale
    log_weights: np.ndarray  # (node,), of the normal density, summing to one


def integrate_out(posterior: xr.Dataset, design: Design, card: Card) -> LeftOut:
    """What is normal and a base model's own: its deviation and, of a lab with one, the lab effect.

    Nothing else tells them, so that a density given them would say little of the next model.
    """
    lone = find_lone_labs(design)
    without = posterior
    variance = posterior["deviation_scale"].to_numpy()[..., None] ** 2 + (
        error_decades(design, get_options(card)) ** 2
    )
    if lone.any():
        labs = posterior["lab_effect"].transpose("chain", "draw", "lab")
        without = posterior.assign(lab_effect=labs * xr.DataArray(~lone, dims="lab"))
        lab_of_base = design.lab_index[np.unique(design.base_index, return_index=True)[1]]
        own = posterior["lab_scale"].to_numpy()[..., None] ** 2
        variance = variance + np.where(lone[lab_of_base], own, 0.0)
    nodes = np.linspace(-REACH, REACH, NODES)
    log_weights = -(nodes**2) / 2 - np.log(np.exp(-(nodes**2) / 2).sum())
    effective = sum_effective(without, design).to_numpy()
    return LeftOut(effective, np.sqrt(variance), nodes, log_weights)


def find_lone_labs(design: Design) -> np.ndarray:
    """Labs with one base model, which has no other lab: shape (lab,); none where there is one."""
    if len(design.labs) == 1:
        return np.array([False])
    pairs = pd.DataFrame({"lab": design.lab_index, "base": design.base_index}).drop_duplicates()
    bases = pairs.groupby("lab")["base"].nunique()
    labs = pairs.groupby("base")["lab"].nunique()
    alone = pairs.groupby("lab")["base"].first().map(labs) == 1
    return np.asarray((bases == 1) & alone)


def label_units(posterior: xr.Dataset, design: Design, density: np.ndarray) -> xr.DataArray:
    """Densities on dims chain, draw, base_model, with the rows behind each as `row_count`."""
    coords = {
        "chain": posterior["chain"],
        "draw": posterior["draw"],
        "base_model": design.bases,
        "row_count": ("base_model", np.bincount(design.base_index, minlength=len(design.bases))),
    }
    return xr.DataArray(density, dims=("chain", "draw", "base_model"), coords=coords)


def sum_effective(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """log10 effective compute of every row less its base model's deviation: (chain, draw, row)."""
    rows = {"row": np.arange(len(design.rows))}

    def on_rows(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, dims="row", coords=rows)

    total = xr.zeros_like(posterior["deviation_scale"]) + on_rows(design.log10_compute)
    if "rate" in posterior:
        total = total + posterior["rate"] * on_rows(design.years)
    if "interaction" in posterior:
        total = total + posterior["interaction"] * on_rows(design.years * design.log10_compute)
    if design.tags:
        total = total + _technique_on_rows(posterior, design)
    if "allocation" in posterior:
        total = total + _pick(posterior["allocation"], "base_model", design.base_index)
    if len(design.labs) > 1:
        total = total + _pick(posterior["lab_effect"], "lab", design.lab_index)
    return total.transpose("chain", "draw", "row")


def _pick(values: xr.DataArray, dim: str, index: np.ndarray) -> xr.DataArray:
    """The value of each row's label, on dim `row`."""
    picked = values.isel({dim: xr.DataArray(index, dims="row")})
    return picked.drop_vars(dim).assign_coords(row=np.arange(len(index)))


def _technique_on_rows(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    carried = xr.DataArray(
        design.has_tag,
        dims=("row", "technique"),
        coords={"row": np.arange(len(design.rows)), "technique": design.tags},
    )
    if "technique_on_benchmark" not in posterior:
        return (posterior["technique_gain"] * carried).sum("technique")
    gain = _pick(posterior["technique_on_benchmark"], "benchmark", design.benchmark_index)
    return (gain * carried).sum("technique")


def absent_parts(design: Design, card: Card) -> dict[str, str]:
    """Parts that the models do not have on this dataset, with the reason."""
    options = get_options(card)
    absent = {}
    if options.allocation == "none":
        absent["allocation"] = f"not separated: {options.allocation_reason}"
    if options.trend == "none":
        absent["trend"] = "the card says `trend: none`: no rate is fitted"
    if len(design.labs) == 1:
        absent["lab"] = f"all rows are of one lab, {design.labs[0]}"
    if not design.tags:
        absent["technique"] = "no row carries a technique tag"
    return {part: absent[part] for part in PARTS if part in absent}


def regressors(design: Design, options: LeaderboardOptions) -> pd.DataFrame:
    """What the terms are built on: compute, date and techniques, a row a fitted row."""
    made = pd.DataFrame({"log10 compute": design.log10_compute})
    if options.trend == "linear":
        made["release date"] = design.years
    for position, tag in enumerate(design.tags):
        made[options.techniques[tag].label] = design.has_tag[:, position]
    return made
