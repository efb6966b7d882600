"""How far the regressors of a model move together, and the grade of identification."""

import warnings
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from pipeline.checks.numbers import round_to

GRADES = ("strong", "moderate", "weak", "none")
# Contraction at which each grade begins: the interval is 1/5, 1/2, 4/5 as wide as the prior's.
STEPS = (0.8, 0.5, 0.2)
IDENTIFIED = ("strong", "moderate")
MAXIMUM_INFLATION = 10.0  # the usual limit (Kutner et al. 2005): the error is 3 times its least
LARGEST_INFLATION = 1e6  # what stands for infinity, which JSON does not have
DIVIDED = ("compute", "date", "year")  # words by which regressors that the headline divides go


def correlate(regressors: pd.DataFrame) -> list[dict[str, Any]]:
    """The correlation of every pair of regressors that vary."""
    varying = _drop_constant(regressors)
    found = varying.corr()
    return [
        {"first": a, "second": b, "correlation": round_to(found.loc[a, b])}
        for a, b in combinations(varying.columns, 2)
    ]


def inflate(regressors: pd.DataFrame) -> dict[str, Any]:
    """How many times the others inflate the variance of each regressor's coefficient.

    `LARGEST_INFLATION` where the others determine it.
    """
    from statsmodels.stats.outliers_influence import variance_inflation_factor  # a second to import

    varying = _drop_constant(regressors)
    design = np.column_stack([np.ones(len(varying)), varying.to_numpy(dtype=float)])
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        # of a near-singular design, which is what is being measured
        warnings.filterwarnings("ignore", message="The design matrix is poorly conditioned")
        found = [variance_inflation_factor(design, i + 1) for i in range(varying.shape[1])]
    # 1 / (1 - R^2): where rounding puts R^2 above 1 it is negative
    bounded = [min(value, LARGEST_INFLATION) if value > 0 else LARGEST_INFLATION for value in found]
    return {
        str(name): round_to(value) for name, value in zip(varying.columns, bounded, strict=True)
    }


def _drop_constant(regressors: pd.DataFrame) -> pd.DataFrame:
    known = regressors.dropna()
    return known.loc[:, known.max() > known.min()]


def describe_identification(
    panel: dict[str, Any], driven_by_prior: Collection[str], outside: Collection[str] = ()
) -> dict[str, Any]:
    """The grades of all headlines, and of the judged one the verdict and its reasons.

    `outside`: special cases that the data do not rule out and that move the judged headline out of
    its interval.
    """
    grades = {
        key: grade(key, value, driven_by_prior)
        for key, value in panel["contraction"].items()
        if value is not None
    }
    key = panel["judged"]
    if key not in grades:
        reason = f"The headline {key} is not reported: there is nothing to judge."
        nothing = {"is_identified": None, "identification_reason": reason}
        return nothing | {"identification_reasons": [], "identification_grade": grades}
    grades[key] = lower(grades[key], len(outside))
    reasons = explain(key, panel["contraction"][key], driven_by_prior, outside)
    return {
        "is_identified": grades[key] in IDENTIFIED,
        "identification_reason": "",
        "identification_reasons": reasons,
        "identification_grade": grades,
    }


def grade(key: str, contraction: float, driven_by_prior: Collection[str]) -> str:
    """How well the data tell the quantity `key`.

    By how much its interval contracted from the prior's; a grade less where it moves with the
    prior (power scaling, or scaling of a prior in the study).
    """
    reached = sum(contraction < step for step in STEPS)
    return lower(GRADES[reached], int(key in driven_by_prior))


def lower(found: str, by: int) -> str:
    """The grade that is `by` steps below; `none` at the least."""
    return GRADES[min(GRADES.index(found) + by, len(GRADES) - 1)]


def explain(
    key: str, contraction: float, driven_by_prior: Collection[str], outside: Collection[str]
) -> list[str]:
    """Why the headline has its grade, a sentence each."""
    what = f"the decades behind {key}" if key.startswith("share_") else key
    driven = "driven" if key in driven_by_prior else "not driven"
    reasons = [
        f"The 90 % interval of {what} is {1 - contraction:.2g} times as wide as its prior's.",
        f"{key} is {driven} by its prior.",
    ]
    if outside:
        names = ", ".join(name.replace("_", " ") for name in outside)
        reasons.append(f"Not ruled out, and outside of the interval: {names}.")
    return reasons


def find_outside(
    key: str, cases: Mapping[str, dict[str, Any]], interval: tuple[float, float]
) -> list[str]:
    """Special cases that are not ruled out and whose median of `key` is outside of `interval`."""
    return [
        name
        for name, case in cases.items()
        if not case["reason"]
        and key in case["estimands"]
        and not case["is_ruled_out"]
        and not interval[0] <= case["estimands"][key]["median"] <= interval[1]
    ]
