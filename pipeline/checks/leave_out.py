"""Posterior -> how well the model predicts what it has not seen: a base model, or a row.

Leaderboards leave out a base model with all its rows, its deviation integrated out: the next model
is what a reader wants predicted, and a row left out alone is known from its siblings. Other models
leave out a row. The density is that of Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry
2017). Where it is unreliable for a few base models they are left out by fitting again, each alone;
where for many, whole labs are left out in turn.
"""

import math
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from models import Leaderboard, fitted_rows
from pipeline.checks.numbers import round_to
from pipeline.checks.refit import QUICK, RefitError, Refitter, differ
from pipeline.fit.cell import Cell

# Of the integrated density; more draws change the sum by less than its Monte Carlo error.
MAXIMUM_DRAWS = 2000
MAXIMUM_SINGLE = 12  # base models left out one by one; of more, whole labs are left out together
MAXIMUM_FOLDS = 8  # each is a fit of its own; more would leave little more in for it
THREADS = 2  # folds fitted at a time; the draws do not depend on it
FIRST_REFIT_SEED = 1000  # added to the seed of the fit, so that no fold repeats its random numbers
UNIT_DIGITS = 5

Refit = Callable[[pd.DataFrame, int], xr.Dataset]  # table, seed -> posterior


def leave_out(
    cell: Cell, refitter: Refitter | None, units: tuple[str, xr.DataArray] | None = None
) -> dict[str, Any]:
    """The predictive density of every unit left out, their sum and how it was measured.

    `units` is what `find_units` gives, where that is known already. A fit that did not converge has
    no `refitter`: nothing ranks its density.
    """
    unit, density = units or find_units(cell)
    by_unit, bad = smooth(density)
    method, note = "PSIS-LOO", ""
    if bad:
        refitted, method = _leave_out_by_refits(cell, unit, bad, refitter)
        if refitted is None:
            method, note = f"PSIS-LOO, {len(bad)} of {len(by_unit)} unreliable", method
        else:
            by_unit = refitted.reindex(by_unit.index).fillna(by_unit)
    return {
        "bad_pareto_k": len(bad),
        "elpd_loo": round_to(by_unit.sum()),
        "elpd_loo_se": round_to(math.sqrt(len(by_unit) * by_unit.var(ddof=0))),
        "unit": unit,
        "elpd_method": method,
        "elpd_note": note,
        "elpd_by_unit": {str(k): round_to(value, UNIT_DIGITS) for k, value in by_unit.items()},
        "rows_by_unit": count_rows(density),
    }


def find_units(cell: Cell) -> tuple[str, xr.DataArray]:
    """What is left out, and the log density of each on dims chain, draw, unit."""
    if hasattr(cell.model, "unit_log_likelihood"):
        posterior = thin(cell.tree["posterior"].to_dataset(), MAXIMUM_DRAWS)
        density = cell.model.unit_log_likelihood(posterior, cell.table, cell.card)
        return "base model", density.rename(base_model="unit").transpose("chain", "draw", "unit")
    (density,) = cell.tree["log_likelihood"].to_dataset().data_vars.values()
    dims = [dim for dim in density.dims if dim not in ("chain", "draw")]
    bare = density.drop_vars(set(density.coords) - {"chain", "draw"})
    stacked = bare.stack(unit=dims, create_index=False)
    return "row", stacked.assign_coords(unit=_label_rows(cell, stacked.sizes["unit"]))


def count_rows(density: xr.DataArray) -> dict[str, int]:
    """How many rows stand behind the density of each unit: densities of other rows do not compare.

    One each where the model does not say (coordinate row_count).
    """
    counts = density.coords.get("row_count", xr.ones_like(density["unit"], dtype=int))
    return {str(unit): int(count) for unit, count in counts.to_series().items()}


def _label_rows(cell: Cell, count: int) -> list[str]:
    """The line of each row in the file of records, where a row of the density is a fitted row."""
    rows = fitted_rows(cell.table)
    if len(rows) == count and "line" in rows:
        return [f"line {line}" for line in rows["line"]]
    return [f"row {position}" for position in range(count)]


def thin(draws: xr.Dataset, at_most: int) -> xr.Dataset:
    """Every n-th draw of each chain, so that at most `at_most` draws are left."""
    total = draws.sizes["chain"] * draws.sizes["draw"]
    return draws.isel(draw=slice(None, None, math.ceil(total / at_most)))


def smooth(density: xr.DataArray) -> tuple[pd.Series, list[str]]:
    """Left-out log density of each unit, and the units whose estimate is unreliable.

    Raises RefitError where the draws are too alike to tell.
    """
    tree = xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"unit_density": density})})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ warns of bad Pareto k, which is counted and shown
        try:
            loo = arviz_stats.loo(tree, pointwise=True, reff=_relative_efficiency(density))
        except ValueError as error:  # of a chain that stood still: "All tail values are the same"
            raise RefitError(f"the densities of units hardly vary: {error}") from error
    by_unit = pd.Series(loo.elpd_i.to_numpy(), index=density["unit"].to_numpy())
    bad = by_unit.index[np.asarray(loo.pareto_k > loo.good_k)]
    return by_unit, [str(unit) for unit in bad]


def _relative_efficiency(density: xr.DataArray) -> float:
    """Effective draws of the units' likelihoods over draws, on average; 1 at most."""
    likelihood = np.exp(density - density.max(("chain", "draw")))
    effective = arviz_stats.ess(xr.Dataset({"likelihood": likelihood}), method="mean")
    draws = density.sizes["chain"] * density.sizes["draw"]
    mean = float(np.nanmean(effective["likelihood"]) / draws)
    return min(1.0, mean) if math.isfinite(mean) else 1.0


def choose_groups(table: pd.DataFrame) -> str:
    """What is kept together in a fold: a lab; where all rows are of one lab, a base model."""
    return "lab" if len(set(fitted_rows(table)["lab"])) > 1 else "base_model"


def find_groups(table: pd.DataFrame, by: str) -> pd.Series:
    """The group of each row: that of its base model's first fitted row, so that none is divided."""
    first = fitted_rows(table).drop_duplicates("base_model")
    group = pd.Series(first[by].astype(str).to_numpy(), index=first["base_model"].to_numpy())
    return table["base_model"].map(group)


def make_folds(table: pd.DataFrame, by: str) -> list[list[str]]:
    """The groups of the fitted rows in at most `MAXIMUM_FOLDS` folds of about as many rows.

    The largest group first, each into the fold that has the fewest rows so far.
    """
    counts = find_groups(fitted_rows(table), by).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    folds: list[list[str]] = [[] for _ in range(min(MAXIMUM_FOLDS, len(ordered)))]
    sizes = [0] * len(folds)
    for group, count in ordered:
        lightest = sizes.index(min(sizes))
        folds[lightest].append(str(group))
        sizes[lightest] += count
    return folds


def hold_out(table: pd.DataFrame, by: str, groups: list[str]) -> pd.DataFrame:
    """The table with the rows of `groups` marked: they keep their place and leave the likelihood.

    Their lab and base models keep their parameters too, which are then drawn from the population.
    """
    return table.assign(is_held_out=find_groups(table, by).isin(groups))


def _leave_out_by_refits(
    cell: Cell, unit: str, bad: list[str], refitter: Refitter | None
) -> tuple[pd.Series | None, str]:
    """Log density of the base models refitted without and how it was measured; or None, and why.

    A few are left out alone, which leaves the others' densities as they are; else all, by lab.
    """
    if refitter is None:
        return None, "the fit did not converge, and is not fitted again"
    if unit == "row":
        return None, "rows are left out one by one: nothing to leave out together"
    is_few = len(bad) <= MAXIMUM_SINGLE
    by = "base_model" if is_few else choose_groups(cell.table)
    folds = [[each] for each in bad] if is_few else make_folds(cell.table, by)
    if not is_few and len(folds) < 2:
        return None, "all rows are of one base model"
    if not _heeds(cell, hold_out(cell.table, by, folds[0])):
        return None, "the model does not leave rows out of its likelihood (column is_held_out)"
    try:
        by_unit = leave_folds_out(cell, by, folds, refit_of(cell, refitter))
    except RefitError as error:
        return None, f"a fit without one of the folds failed: {error}"
    if is_few:
        return by_unit, f"PSIS-LOO, {len(bad)} refitted"
    return by_unit, f"{len(folds)}-fold by {by.replace('_', ' ')}"


def _heeds(cell: Cell, marked: pd.DataFrame) -> bool:
    """Whether the model's data differ for the marked table: else nothing would be left out."""
    priors = cell.model.Priors()
    data = [cell.model.data(table, cell.card, priors) for table in (cell.table, marked)]
    return differ(*data)


def leave_folds_out(cell: Cell, by: str, folds: list[list[str]], refit: Refit) -> pd.Series:
    """Log density of each base model under the posterior fitted without its fold."""
    model = cast("Leaderboard", cell.model)
    seed = int(cell.tree.attrs["seed"]) + FIRST_REFIT_SEED

    def leave(position: int, groups: list[str]) -> pd.Series:
        marked = hold_out(cell.table, by, groups)
        posterior = refit(marked, seed + position)
        held = set(marked.loc[marked["is_held_out"], "base_model"])
        density = model.unit_log_likelihood(posterior, cell.table, cell.card, held)
        total = density.reduce(special.logsumexp, ("chain", "draw"))
        return (total - math.log(posterior.sizes["chain"] * posterior.sizes["draw"])).to_series()

    with ThreadPoolExecutor(THREADS) as pool:
        return pd.concat(pool.map(leave, range(len(folds)), folds))


def refit_of(cell: Cell, refitter: Refitter) -> Refit:
    """Refits of the compiled model to marked tables, as short as those of the studies.

    A fold's density is an average over draws: 1000 put its error below the differences that count.
    """
    priors = cell.model.Priors()
    return lambda table, seed: refitter.refit(table, cell.card, priors, seed, QUICK)
