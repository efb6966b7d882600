"""The terms of effective compute of rows and of the ends of a step, draw by draw."""

import numpy as np
import xarray as xr

from models.effective_compute.design import Design

SPLIT_SEED = 20220630  # of the conditional draws that divide a deviation
# Standard deviation of log10 of the compute of continued training: 6ND and hardware time of
# Minerva's (Lewkowycz et al. 2022) differ by 0.4 decades.
CONTINUED_ERROR = 0.3
Terms = dict[str, np.ndarray]  # part -> decades above the reference
Divided = tuple[xr.DataArray, xr.DataArray]  # error of the compute, unexplained


def divide_deviation(posterior: xr.Dataset, design: Design) -> Divided:
    """The deviation of each base model as (error of its compute, unexplained).

    Drawn from their conditional normal distribution with a fixed seed; a truth brings both.

    Given d = e + r with e ~ N(0, s^2) and r ~ N(0, tau^2), e | d ~ N(d s^2 / (s^2 + tau^2), s^2
    tau^2 / (s^2 + tau^2)).
    """
    if "unexplained" in posterior:
        return posterior["compute_error"], posterior["unexplained"]
    deviation = posterior["deviation"]
    of_error = xr.DataArray(design.compute_error**2, {"base_model": design.bases}, "base_model")
    own = posterior["deviation_scale"] ** 2
    total = of_error + own
    standard = np.random.default_rng(SPLIT_SEED).standard_normal(deviation.shape)
    spread = np.sqrt(of_error * own / total)
    error = deviation * of_error / total + deviation.copy(data=standard) * spread
    return error, deviation - error


def row_terms(posterior: xr.Dataset, design: Design, rows: np.ndarray) -> Terms:
    """The terms of `rows` by part, without the base model's deviation; shape (chain, draw, row).

    The product of the interaction is left out: it belongs to compute and trend together.
    """

    def draw(name: str, *labels: str) -> np.ndarray:
        return posterior[name].transpose("chain", "draw", *labels).to_numpy()

    zero = np.zeros((*posterior["deviation_scale"].shape, len(rows)))
    terms = {"compute": zero + design.log10_compute[rows]}
    if "allocation" in posterior:
        terms["allocation"] = draw("allocation", "base_model")[..., design.base_index[rows]]
    if "technique_on_benchmark" in posterior:
        gains = draw("technique_on_benchmark", "benchmark", "technique")
        gains = gains[..., design.benchmark_index[rows], :]
    elif design.tags:
        gains = draw("technique_gain", "technique")[..., None, :]
    for part in ("inference", "technique"):
        if (is_of_part := design.is_of_part(part)).any():
            terms[part] = (gains * design.has_tag[rows] * is_of_part).sum(axis=-1)
    if "technique_by_base_effect" in posterior:
        effect = draw("technique_by_base_effect", "pair")
        techniques = design.options.techniques
        parts = np.array([techniques[design.tags[tag]].part for _, tag in design.pairs])
        for part in set(parts):
            terms[part] = terms[part] + effect @ (design.has_pair[rows] * (parts == part)).T
    if "rate_by_year" in posterior:
        terms["trend"] = draw("rate_by_year", "year") @ design.trend.exposure[rows].T
    elif "rate" in posterior:
        terms["trend"] = draw("rate")[..., None] * design.years[rows]
    if len(design.labs) > 1:
        terms["lab"] = draw("lab_effect", "lab")[..., design.lab_index[rows]]
    return terms


def sum_effective(posterior: xr.Dataset, design: Design) -> np.ndarray:
    """log10 effective compute of every row less its base model's deviation: (chain, draw, row)."""
    terms = row_terms(posterior, design, np.arange(len(design.rows)))
    total = sum(terms.values(), np.zeros_like(terms["compute"]))
    if "interaction" in posterior:
        product = design.later_years * design.log10_compute
        total = total + posterior["interaction"].to_numpy()[..., None] * product
    return total


def step_terms(
    posterior: xr.Dataset, design: Design, rows: tuple[int, int], divided: Divided
) -> tuple[Terms, Terms]:
    """All terms at both ends of a step, each of shape (chain, draw).

    The product of date and compute changes by both; compute and trend are each given its Shapley
    value, half of its change at either end of the other. At the early end it counts as trend.
    """
    error, unexplained = (
        each.transpose("chain", "draw", "base_model").to_numpy()[..., design.base_index[list(rows)]]
        for each in divided
    )
    terms = row_terms(posterior, design, np.array(rows)) | {"unexplained": unexplained}
    terms["compute"] = terms["compute"] + error + _continue(posterior, design, rows)
    early, late = ({part: each[..., end] for part, each in terms.items()} for end in (0, 1))
    if "interaction" in posterior:
        strength = posterior["interaction"].to_numpy()
        compute = design.log10_compute[list(rows)]
        years = design.later_years[list(rows)]
        at_start = strength * compute[0] * years[0]
        by_trend = strength * (years[1] - years[0]) * (compute[0] + compute[1]) / 2
        early["trend"] = early["trend"] + at_start
        late["trend"] = late["trend"] + at_start + by_trend
        late["compute"] = late["compute"] + strength * (compute[1] - compute[0]) * years.mean()
    return early, late


def _continue(posterior: xr.Dataset, design: Design, rows: tuple[int, int]) -> np.ndarray:
    """Error of the compute at both ends by that of its continued training, by a fixed seed.

    It has an error of its own, since the base model's is shared by both ends of a step; a truth
    brings it.
    """
    shape = posterior["deviation_scale"].shape
    drawn = np.random.default_rng(SPLIT_SEED + 1).normal(0, CONTINUED_ERROR, shape)
    if "continued_error" in posterior:
        drawn = posterior["continued_error"].to_numpy()
    share = design.continued_share[list(rows)]
    return np.asarray(np.log10(1 - share + share * 10 ** drawn[..., None]))


def absent_parts(design: Design) -> dict[str, str]:
    """Parts that the models do not have on this dataset, with the reason."""
    absent = {}
    if not design.is_of_part("inference").any():
        absent["inference"] = "no row has more than one answer"
    if design.options.allocation == "none":
        absent["allocation"] = "not separated"
    if not design.is_of_part("technique").any():
        absent["technique"] = "no row has a technique tag"
    if not design.has_trend:
        absent["trend"] = "the card says `trend: none`: no rate is fitted"
    if len(design.labs) == 1:
        absent["lab"] = f"all rows are of one lab, {design.labs[0]}"
    return absent
