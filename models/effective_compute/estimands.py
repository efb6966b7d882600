"""What readers ask of every leaderboard: rates of the trend, gains of techniques, and the reverse
test. With how much compute would an early method match today's best?
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from models import Card
from models.core.estimands import describe, describe_rate
from models.effective_compute.trend import MINIMUM_BASE_MODELS, Trend

FLOP_A_MOLE = 6.02214076e23
UNIT = "decades per year"


def describe_rates(
    posterior: xr.Dataset, trend: Trend, years: np.ndarray, at: str = ""
) -> xr.Dataset:
    """The mean rate over the span, that of each year, and by how much the later half is faster.

    `years`: dates of the rows since the reference date; `at`: words for where the rates hold.
    """
    made = describe_rate(posterior["rate"], f", mean over the span of the data{at}")
    if "rate_by_year" not in posterior:
        return made
    by_year = posterior["rate_by_year"].transpose("chain", "draw", "year")
    few = np.array(trend.years)[trend.base_count < MINIMUM_BASE_MODELS].tolist()
    labels = {year: f"{year} (under {MINIMUM_BASE_MODELS} base models)" for year in few}
    label, key = f"Rate of algorithmic progress in a year{at}", "rate_decades_per_year"
    made["rate_by_year"] = describe(by_year, label, UNIT, key=key, labels=labels)
    change = trend.change_rate(by_year.to_numpy(), years.min(), years.max())
    label = "Rate of the later half of the span less that of the earlier"
    key = "rate_change_decades_per_year"
    made["rate_change"] = describe(posterior["rate"].copy(data=change), label, UNIT, key=key)
    return made


def describe_rates_over_steps(split: xr.Dataset, spans: Sequence[float]) -> xr.Dataset:
    """The mean rate over each step's own span; none where its ends have one date."""
    decades, length = split["decades_trend"], np.asarray(spans, dtype=float)
    without = decades["comparison"].to_numpy()[length == 0].tolist()
    attributes = {
        "key": "rate_over_step_decades_per_year",
        "labels": decades.attrs["labels"],
        "reasons": dict.fromkeys(without, "both ends are of one date") | decades.attrs["reasons"],
    }
    rate = decades / xr.DataArray(np.where(length, length, np.nan), dims="comparison")
    label = "Mean rate of algorithmic progress over the step's own span"
    return xr.Dataset({"rate_over_step": describe(rate, label, UNIT, **attributes)})


def describe_gains(posterior: xr.Dataset) -> xr.Dataset:
    """Decades of training compute that each technique is worth, and the factor."""
    gain, name = posterior["technique_gain"], "technique_gain_decades"
    label = "Compute-equivalent gain of a technique"
    factor = describe(10**gain, label, "factor", "positive", derived_from=name)
    described = describe(gain, "Gain of a technique", "decades", "headline")
    return xr.Dataset({name: described, "technique_gain_factor": factor})


def describe_reverse_tests(
    needed_flop: dict[str, np.ndarray], template: xr.DataArray, card: Card, derived_from: str
) -> xr.Dataset:
    """Estimands from the FLOP that each early model's method needs, by draw.

    `needed_flop`: label -> draws (chain, draw), infinite where no compute suffices; `template`
    brings chain and draw; `derived_from` is the estimand whose convergence speaks for them. In
    FLOP, in moles of FLOP, in multiples of the largest known run (where the card brings the
    registry), and the probability that no compute suffices.
    """
    if not needed_flop:
        return xr.Dataset()
    draws = np.stack(list(needed_flop.values()), axis=-1)
    coords = {**template.coords, "early_model": list(needed_flop)}
    flop = xr.DataArray(draws, coords, (*template.dims, "early_model"))
    unreachable = xr.ones_like(flop) * (flop == np.inf).mean(("chain", "draw"))
    label = "Compute with which the early method would reach the best score"
    made = {
        "flop": (flop, label, "FLOP"),
        "moles": (flop / FLOP_A_MOLE, "The same in moles of FLOP", "moles of FLOP"),
        "p_unreachable": (unreachable, "Probability that no compute suffices", "probability"),
    }
    if card.runs is not None:
        largest = float(card.runs["training_flop"].max())
        label = f"The same in multiples of the largest known run ({largest:.2g} FLOP)"
        made["multiple_of_largest_run"] = (flop / largest, label, "factor")
    return xr.Dataset(
        {
            f"reverse_test_{name}": describe(*each, "positive", derived_from=derived_from)
            for name, each in made.items()
        }
    )
