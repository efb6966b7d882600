"""Posterior -> whether the data can tell apart what the headline divides.

Two things are measured: how far the regressors of the model move together (correlation, variance
inflation), and how far each headline contracted from its prior. `pipeline/checks/identified.py`
states the rule.
"""

from typing import Any

from models import estimand_key, flatten
from pipeline.checks.collinearity import correlate, inflate
from pipeline.checks.identified import describe_identification
from pipeline.checks.leave_out import round_to
from pipeline.checks.sensitivity import Draws, draw_prior, is_constant, list_headlines, width
from pipeline.fit.cell import Cell

DIGITS = 4


def identify(cell: Cell, driven_by_prior: list[str]) -> dict[str, Any]:
    """The panel: correlations, variance inflation, contraction; and the verdict on the headline."""
    regressors = cell.model.regressors(cell.table, cell.card)
    inflation = inflate(regressors)
    key = find_judged_key(cell)
    contraction = contract(cell, key)
    panel = {
        "judged": key,
        "correlations": correlate(regressors),
        "variance_inflation": inflation,
        "contraction": contraction,
    }
    return describe_identification(panel, driven_by_prior) | {"identification": panel}


def find_judged_key(cell: Cell) -> str:
    """The headline's key; of one that follows from another, the other's.

    A doubling time has no width where the rate may be zero: it is judged by the rate.
    """
    key = cell.model.headline_key(cell.card)
    reported = {found for found, _ in flatten(cell.estimands)}
    for name, variable in cell.estimands.items():
        label = key.removeprefix(estimand_key(str(name), variable))
        followed = f"{variable.attrs.get('derived_from')}{label}"
        if label != key and label[:1] in ("", "[") and followed in reported:
            return followed
    return key


def contract(cell: Cell, key: str) -> dict[str, float | None]:
    """1 less the width of the posterior interval over the prior's, of the headlines and of `key`.

    `key` is None where it is not reported, or is the same in every draw.
    """
    after: Draws = list_headlines(cell)
    judged = dict(flatten(cell.estimands)).get(key)
    if judged is not None and not bool(judged.isnull().any()) and not is_constant(judged):
        after = after | {key: judged}
    before = draw_prior(cell, after)
    found = {
        name: round_to(1 - width(draws) / width(before[name]), DIGITS)
        for name, draws in after.items()
    }
    return {key: None} | found
