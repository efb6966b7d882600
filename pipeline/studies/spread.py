"""Specifications -> the range of each headline over them, and which choice moves it most.

The variance of the medians is divided by a linear model of the choices: each has the sum of squares
that the others cannot explain (type II, Fox 2016), and what no choice explains alone is left over.
"""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.formula.api import ols

from pipeline.checks.numbers import round_to

STRONG, MODERATE = 0.95, 0.8  # of the specifications, whose medians lie in our interval
Choices = dict[str, dict[str, Any]]


def describe_spread(table: pd.DataFrame, choices: Choices) -> dict[str, Any]:
    """By estimand: how many specifications, the range of their medians, the share of medians in our
    own 90 % interval with the grade it earns, and the share of the variance by choice.

    `table`: a row a specification and estimand, ours first, a column a choice; the leaving out of
    single laboratories and base models is not counted.
    """
    return {
        str(key): _describe(rows, choices) for key, rows in table.groupby("estimand", sort=False)
    }


def _describe(rows: pd.DataFrame, choices: Choices) -> dict[str, Any]:
    ours, counted = rows.iloc[0], rows[rows["kind"] != "without"]
    sound = counted[(counted["reason"] == "") & counted["median"].notna()]
    inside = float(sound["median"].between(ours["lower"], ours["upper"]).mean())
    single = [name for name, choice in choices.items() if choice["singly"]]
    crossed = sound[(sound[single] == "ours").all(axis=1)]
    return {
        "specifications": len(counted),
        "failed": len(counted) - len(sound),
        "lowest": round_to(sound["median"].min()),
        "highest": round_to(sound["median"].max()),
        "in_our_interval": round_to(inside),
        "grade": grade(inside),
        "variance": divide_variance(crossed["median"], crossed[list(choices)]),
    }


def grade(inside: float) -> str:
    """How robust an interval is, from the share of other specifications' medians that it holds."""
    return "strong" if inside >= STRONG else "moderate" if inside >= MODERATE else "weak"


def divide_variance(medians: pd.Series, choices: pd.DataFrame) -> dict[str, float]:
    """Share of the variance of `medians` by choice (columns of `choices`, a label a row), largest
    first, empty where there are too few; the rest is that of interactions and of Monte Carlo error.
    """
    varying = [str(name) for name in choices if (choices[name] != choices[name].iloc[0]).any()]
    if not varying or float(medians.var()) == 0:
        return {}
    frame = choices[varying].assign(median=medians.to_numpy())
    fitted = ols("median ~ " + " + ".join(f"C({name})" for name in varying), frame).fit()
    if fitted.df_resid < 1:
        return {}
    squares = sm.stats.anova_lm(fitted, typ=2)["sum_sq"]
    total = float(((medians - medians.mean()) ** 2).sum())
    shares = {name: float(squares[f"C({name})"]) / total for name in varying}
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {name: float(np.round(share, 3)) for name, share in ordered}
