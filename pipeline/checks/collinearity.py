"""How far the regressors of a model move together: correlations and variance inflation."""

import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.outliers_influence import variance_inflation_factor

from pipeline.checks.identified import LARGEST_INFLATION
from pipeline.checks.numbers import round_to


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
