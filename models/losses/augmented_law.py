"""The augmented law at a date: expected log perplexity, and the best division of compute between
parameters and tokens.
"""

import numpy as np
import xarray as xr

from models.losses.augmented_design import FLOP_A_PARAMETER_AND_TOKEN, Sizes

LOG_10 = float(np.log(10))
LARGEST_DECADES = 300.0  # of a compute that is finite: more does not fit into a number


def rates_through(posterior: xr.Dataset) -> xr.DataArray:
    """Decades a year through parameters and through tokens, on dim `through`."""
    rate, difference = posterior["rate"], posterior["rate_difference"]
    both = xr.concat([(rate + difference) / 2, (rate - difference) / 2], dim="through")
    return both.assign_coords(through=["parameters", "tokens"]).transpose(
        "chain", "draw", "through"
    )


def progress_through(
    posterior: xr.Dataset, sizes: Sizes, years: np.ndarray, name: str
) -> xr.DataArray:
    """Decades of parameters or of tokens gained since the reference date, on dims ..., date."""
    total = posterior["rate"] * xr.DataArray(years, dims="date")
    if "rate_by_year" in posterior:
        exposure = xr.DataArray(
            sizes.trend.expose(years), dims=("date", "year"), coords={"year": sizes.trend.years}
        )
        total = xr.dot(posterior["rate_by_year"], exposure, dim="year")
    sign = 1 if name == "parameters" else -1
    apart = posterior["rate_difference"] * xr.DataArray(years, dims="date")
    return (total + sign * apart) / 2


def repeat_worth(posterior: xr.Dataset, readings: xr.DataArray) -> xr.DataArray:
    """Decades that reading the distinct tokens again adds to them (Muennighoff et al. 2023, eq. 5).

    D = U (1 + R* (1 - exp(-(readings - 1) / R*))): each further reading is worth less.
    """
    half = posterior["repetition_worth"]
    factor: xr.DataArray = 1 - half * xr.ufuncs.expm1(-(readings - 1) / half)
    return xr.ufuncs.log10(factor)


def expect(posterior: xr.Dataset, sizes: Sizes) -> xr.DataArray:
    """The law's log perplexity of every row, paper effects left out, on a further dim `row`."""
    again = repeat_worth(posterior, xr.DataArray(sizes.readings, dims="row"))
    names = xr.DataArray(sizes.rows["benchmark"].to_numpy(), dims="row")
    terms = posterior["irreducible_loss"].sel(benchmark=names, drop=True)
    for name, size in (("parameters", sizes.log10_parameters), ("tokens", sizes.log10_tokens)):
        gained = progress_through(posterior, sizes, sizes.years, name).rename(date="row")
        effective = xr.DataArray(size, dims="row") + gained + (again if name == "tokens" else 0.0)
        contribution = posterior[f"contribution_{name}"].sel(benchmark=names, drop=True)
        terms = terms + contribution * np.exp(-posterior[f"exponent_{name}"] * LOG_10 * effective)
    return terms


def law_at(
    posterior: xr.Dataset, sizes: Sizes, benchmark: str, years: float
) -> dict[str, xr.DataArray]:
    """E, a, b and the natural logs of A and B in E + A N^-a + B D^-b, at a date."""
    drawn = posterior.sel(benchmark=benchmark, drop=True)
    law: dict[str, xr.DataArray] = {"E": drawn["irreducible_loss"]}
    for letter, name, reference in (
        ("a", "parameters", sizes.log10_parameters_reference),
        ("b", "tokens", sizes.log10_tokens_reference),
    ):
        gained = progress_through(posterior, sizes, np.array([years]), name).squeeze("date")
        exponent = posterior[f"exponent_{name}"]
        at_one = xr.ufuncs.log(drawn[f"contribution_{name}"])
        law[letter] = exponent
        law[f"log_{letter.upper()}"] = at_one + exponent * LOG_10 * (reference - gained)
    return law


def _log_compute_of_unit_loss(law: dict[str, xr.DataArray]) -> xr.DataArray:
    """Natural log of the least 6 N D at which A N^-a + B D^-b is 1.

    The best division has A N^-a = R b / (a + b) and B D^-b = R a / (a + b), with R their sum
    (Lagrange multiplier; Hoffmann et al. 2022, eq. 4). So log 6ND falls by 1/a + 1/b per log R.
    """
    a, b = law["a"], law["b"]
    log_parameters = (law["log_A"] + np.log((a + b) / b)) / a
    log_tokens = (law["log_B"] + np.log((a + b) / a)) / b
    return np.log(FLOP_A_PARAMETER_AND_TOKEN) + log_parameters + log_tokens


def least_flop(law: dict[str, xr.DataArray], loss: xr.DataArray) -> xr.DataArray:
    """Least 6 N D that reaches a loss in nats; infinite where the loss is not above E."""
    above = (loss - law["E"]).where(loss > law["E"])
    slope = 1 / law["a"] + 1 / law["b"]
    decades = (_log_compute_of_unit_loss(law) - slope * np.log(above)) / LOG_10
    # Many decades stay finite: infinite says unreachable and nothing else.
    return (10.0 ** decades.clip(-LARGEST_DECADES, LARGEST_DECADES)).fillna(np.inf)


def least_loss(law: dict[str, xr.DataArray], flop: xr.DataArray) -> xr.DataArray:
    """Least loss in nats that 6 N D = `flop` reaches."""
    slope = 1 / law["a"] + 1 / law["b"]
    return law["E"] + np.exp((_log_compute_of_unit_loss(law) - np.log(flop)) / slope)
