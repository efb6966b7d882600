"""How much further a step's training compute went: the compute-equivalent gain, in words."""

import numpy as np
import pandas as pd

from pipeline.checks.numbers import TAILS
from pipeline.site.pages.answers import element, family
from pipeline.site.pages.sentences import say

PARTS = ("inference", "allocation", "technique", "trend", "lab")  # all but compute and unexplained


def say_worth(draws: pd.DataFrame, key: str) -> str:
    """How many times more training compute everything but compute was worth in the step of which
    `key` is the compute share; empty where the key is of no step.

    `draws` has a column per estimand. 10 to the power of the decades of all parts but compute and
    the unexplained (Davidson et al. 2023 call it the compute-equivalent gain).
    """
    names = [f"decades_{part}[{element(key)}]" for part in PARTS]
    known = [name for name in names if name in draws and draws[name].notna().any()]
    if family(key) != "share_compute" or not known or draws[known].isna().any(axis=None):
        return ""
    factors = 10 ** draws[known].sum(axis=1).to_numpy(dtype=float)
    median, lower, upper = np.quantile(factors, [0.5, *TAILS])
    who = "all" if names[0] not in known else "both" if draws[names[0]].any() else "algorithms"
    return say("worth", who=who, median=median, lower=lower, upper=upper)
