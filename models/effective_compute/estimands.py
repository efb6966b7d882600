"""What readers ask of every leaderboard: rates of the trend, gains of techniques, and the reverse
test. With how much compute would an early method match today's best?
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from models import Card
from models.core.estimands import describe
from models.core.rates import describe_rate
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
    counts = zip(trend.years, trend.base_count, strict=True)
    few = [year for year, count in counts if count < MINIMUM_BASE_MODELS]
    made["rate_by_year"] = describe(
        by_year,
        f"Rate of algorithmic progress in a year{at}",
        UNIT,
        key="rate_decades_per_year",
        labels={year: f"{year} (under {MINIMUM_BASE_MODELS} base models)" for year in few},
    )
    made["rate_change"] = describe(
        posterior["rate"].copy(
            data=trend.change_rate(by_year.to_numpy(), years.min(), years.max())
        ),
        "Rate of the later half of the span less that of the earlier",
        UNIT,
        key="rate_change_decades_per_year",
    )
    return made


def describe_rates_over_steps(split: xr.Dataset, spans: Sequence[float]) -> xr.Dataset:
    """The mean rate over each step's own span; none where its ends have one date."""
    decades, length = split["decades_trend"], np.asarray(spans, dtype=float)
    reasons = {
        str(name): "both ends are of one date"
        for name, span in zip(decades["comparison"].to_numpy(), length, strict=True)
        if not span
    }
    rate = decades / xr.DataArray(np.where(length, length, np.nan), dims="comparison")
    described = describe(
        rate,
        "Mean rate of algorithmic progress over the step's own span",
        UNIT,
        key="rate_over_step_decades_per_year",
        labels=decades.attrs["labels"],
        reasons=reasons | decades.attrs["reasons"],
    )
    return xr.Dataset({"rate_over_step": described})


def describe_gains(posterior: xr.Dataset) -> xr.Dataset:
    """Decades of training compute that each technique is worth, and the factor."""
    gain = posterior["technique_gain"]
    return xr.Dataset(
        {
            "technique_gain_decades": gain.assign_attrs(
                label="Gain of a technique", unit="decades", is_headline=True
            ),
            "technique_gain_factor": (10**gain).assign_attrs(
                label="Compute-equivalent gain of a technique",
                unit="factor",
                is_positive=True,
                derived_from="technique_gain_decades",
            ),
        }
    )


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
    flop = xr.DataArray(
        np.stack(list(needed_flop.values()), axis=-1),
        dims=("chain", "draw", "early_model"),
        coords={
            "chain": template["chain"],
            "draw": template["draw"],
            "early_model": list(needed_flop),
        },
    )
    unreachable = xr.ones_like(flop) * (flop == np.inf).mean(("chain", "draw"))
    made = xr.Dataset(
        {
            "reverse_test_flop": flop.assign_attrs(
                label="Compute with which the early method would reach the best score", unit="FLOP"
            ),
            "reverse_test_moles": (flop / FLOP_A_MOLE).assign_attrs(
                label="The same in moles of FLOP", unit="moles of FLOP"
            ),
            "reverse_test_p_unreachable": unreachable.assign_attrs(
                label="Probability that no compute suffices", unit="probability"
            ),
        }
    )
    if card.runs is not None:
        largest = float(card.runs["training_flop"].max())
        made["reverse_test_multiple_of_largest_run"] = (flop / largest).assign_attrs(
            label=f"The same in multiples of the largest known run ({largest:.2g} FLOP)",
            unit="factor",
        )
    for variable in made.data_vars.values():
        variable.attrs |= {"is_positive": True, "derived_from": derived_from}
    return made
