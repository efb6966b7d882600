"""Posterior -> what each choice inside the model would have said, and what the data say of it.

A model may name special cases of itself (`VARIANTS`): other scales of priors, other options of the
card. The compiled model is fitted to each. Where a special case moves the headline out of the
model's own interval, either the data rule it out, which its predictive density shows, or the
interval is too narrow.
"""

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

import models
from models import flatten
from pipeline.checks.leave_out import THREADS, smooth, thin
from pipeline.checks.numbers import RULED_OUT, find_quantiles, round_to
from pipeline.checks.refit import RefitError, Refitter, Settings, differ
from pipeline.fit.cell import Cell

DRAWS = 1000  # of the predictive densities
# Long enough for a median within a tenth of the interval's standard deviation.
LENGTH = Settings(draws=750, tune=250, maxdepth=10, target_accept=0.9)
Entry = dict[str, Any]
FIRST_SEED = 3000  # added to the seed of the fit, so that no refit repeats its random numbers
SHOWN = ("share_compute", "rate_decades_per_year", "allocation_coefficient")


def fit_special_cases(
    cell: Cell, refitter: Refitter, units: Future[tuple[str, xr.DataArray]]
) -> dict[str, Any]:
    """Every special case by name: what it says of the headlines, and how it predicts.

    `units`: what is left out and its log density under the model, dims chain, draw, unit, which may
    still be under way. Empty for a model without special cases; one that changes nothing of this
    table is left out.
    """
    model = cast("models.Leaderboard", cell.model)
    priors, seed = model.Priors(), int(cell.tree.attrs["seed"]) + FIRST_SEED
    known = refitter.read(cell.table, cell.card, priors)
    variants = getattr(cell.model, "VARIANTS", {})
    applied = {name: variant.apply(priors, cell.card) for name, variant in variants.items()}
    cases = {
        name: (changed, card)
        for name, (changed, card) in applied.items()
        if differ(known, refitter.read(cell.table, card, changed))
    }
    if not cases:
        return {}

    def fit(position: int, name: str) -> RefitError | tuple[xr.Dataset, pd.Series, list[str]]:
        changed, card = cases[name]
        try:
            posterior = refitter.refit(cell.table, card, changed, seed + position, LENGTH)
            density = model.unit_log_likelihood(thin(posterior, DRAWS), cell.table, card)
            named = density.rename(base_model="unit").transpose("chain", "draw", "unit")
            return posterior, *smooth(named)
        except RefitError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        fitted = list(pool.map(fit, range(len(cases)), cases))
    own, unsure = smooth(thin(xr.Dataset({"density": units.result()[1]}), DRAWS)["density"])

    def describe(name: str, made: RefitError | tuple[xr.Dataset, pd.Series, list[str]]) -> Entry:
        if isinstance(made, RefitError):
            return {"reason": f"the refit failed: {made}"}
        posterior, by_unit, bad = made
        return {
            "reason": "",
            "estimands": summarise(model.estimands(posterior, cell.table, cases[name][1])),
            **compare(by_unit, own, {*bad, *unsure}),
            "divergences": int(posterior.attrs["divergences"]),
        }

    return dict(zip(cases, map(describe, cases, fitted), strict=True))


def compare(by_unit: pd.Series, own: pd.Series, unsure: Collection[str] = ()) -> dict[str, Any]:
    """By how much a special case predicts the units better than the model, and the error of that.

    Units of which either density is unreliable (Pareto k) are left out. The special case is ruled
    out where it predicts worse by more than two standard errors.
    """
    difference = (by_unit - own).drop(list(unsure)).dropna()  # units that either leaves out
    total, error = difference.sum(), np.sqrt(len(difference) * difference.var(ddof=0))
    return {
        "units": len(difference),
        "units_left_out": len(unsure),
        "elpd_difference": round_to(total),
        "elpd_difference_se": round_to(error),
        "is_ruled_out": bool(total < -RULED_OUT * error),
    }


def summarise(estimands: xr.Dataset) -> dict[str, dict[str, float | None]]:
    """Median and 90 % interval of shares, rates and coefficients, by key."""
    return {
        key: find_quantiles(draws)
        for key, draws in flatten(estimands)
        if key.partition("[")[0] in SHOWN and not draws.isnull().any()
    }
