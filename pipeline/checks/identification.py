"""Posterior -> how well the data tell apart what the headline divides.

Measured are how far the regressors of the model move together (correlation, variance inflation),
and how far each headline contracted from its prior. The prior of a ratio is so wide that every
posterior is narrow beside it: a share of a step is judged by the decades of all that is not
compute. `pipeline/checks/identified.py` grades what was found.
"""

from typing import Any

import xarray as xr

from models import flatten
from models.core.parts import PARTS
from pipeline.checks.identified import correlate, describe_identification, find_outside, inflate
from pipeline.checks.numbers import find_interval, round_to
from pipeline.checks.sensitivity import Draws, estimate_before, is_constant, list_headlines, width
from pipeline.fit.cell import Cell


def identify(
    cell: Cell, driven_by_prior: list[str], cases: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The panel: correlations, variance inflation, contraction; and the grades of the headlines.

    `cases`: the special cases of the model, by name (pipeline/checks/special_cases.py).
    """
    regressors = cell.model.regressors(cell.table, cell.card)
    key = find_judged_key(cell)
    panel = {
        "judged": key,
        "correlations": correlate(regressors),
        "variance_inflation": inflate(regressors),
        "contraction": contract(cell, key),
    }
    judged, outside = dict(flatten(cell.estimands)).get(key), list[str]()
    if cases and judged is not None:
        outside = find_outside(key, cases, find_interval(judged))
    graded = describe_identification(panel, driven_by_prior, outside)
    return graded | {"identification": panel | {"outside": outside}}


def find_judged_key(cell: Cell) -> str:
    """The headline's key; of one that follows from another, the other's.

    A doubling time has no width where the rate may be zero: it is judged by the rate.
    """
    key = cell.model.headline_key(cell.card)
    reported = dict(flatten(cell.estimands))
    other = reported[key].attrs.get("derived_from") if key in reported else None
    followed = f"{other}{key.removeprefix(key.partition('[')[0])}"
    return followed if followed in reported else key


def contract(cell: Cell, key: str) -> dict[str, float | None]:
    """1 less the width of the posterior interval over the prior's, of the headlines and of `key`.

    `key` is None where it is not reported, or is the same in every draw.
    """
    after, before = dict(flatten(cell.estimands)), estimate_before(cell)
    names, judged = list(list_headlines(cell)), after.get(key)
    if judged is not None and not judged.isnull().any() and not is_constant(judged):
        names.append(key)
    return {key: None} | {
        name: round_to(1 - _width_behind(name, after) / _width_behind(name, before))
        for name in names
    }


def _width_behind(key: str, draws: Draws) -> float:
    """Width of the 90 % interval; of a compute share, that of the decades which are not compute."""
    family, _, label = key.partition("[")
    parts = [draws.get(f"decades_{part}[{label}") for part in PARTS if part != "compute"]
    known = [each for each in parts if each is not None and not bool(each.isnull().any())]
    if family != "share_compute" or not known:
        return width(draws[key])
    return width(sum(known, xr.zeros_like(known[0])))
