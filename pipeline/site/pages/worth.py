"""What a step's parts other than compute were worth: the compute-equivalent gain, in words."""

import numpy as np
import pandas as pd

from pipeline.checks.numbers import TAILS
from pipeline.site.pages.answers import HALF, describe_probability, element, family
from pipeline.site.pages.sentences import say

PARTS = ("inference", "allocation", "technique", "trend", "lab")  # all but compute and unexplained
SURE = 0.95  # probability above which none is said


def say_worth(draws: pd.DataFrame, key: str) -> str:
    """How many times more training compute everything but compute was worth in the step of which
    `key` is the compute share, and which part is most of that; empty where the key is of no step.

    `draws` has a column per estimand. 10 to the power of the decades of all parts but compute and
    the unexplained (Davidson et al. 2023 call it the compute-equivalent gain).
    """
    names = [f"decades_{part}[{element(key)}]" for part in PARTS]
    known = [name for name in names if name in draws and draws[name].notna().any()]
    if family(key) != "share_compute" or not known or draws[known].isna().any(axis=None):
        return ""
    parts = draws[known].astype(float)
    median, lower, upper = np.quantile(10 ** parts.sum(axis=1), [0.5, *TAILS])
    who = "all" if names[0] not in known else "both" if draws[names[0]].any() else "algorithms"
    at = f"decades_unexplained[{element(key)}]"
    largest, chance = find_largest(parts)
    told = {"who": who, "largest": largest, "is_alone": parts.any().sum() == 1}
    told["chance"] = "" if chance > SURE else describe_probability(chance)
    told["unexplained"] = at in draws and bool(draws[at].fillna(0.0).any())
    return say("worth", median=median, lower=lower, upper=upper, **told)


def find_largest(parts: pd.DataFrame) -> tuple[str, float]:
    """The part (a column `decades_<part>[...]`) that is most probably more than half of a gain, and
    the probability; empty where that is not above one half.
    """
    whole = parts.sum(axis=1)
    chances = parts.apply(lambda part: ((whole > 0) & (2 * part > whole)).mean())
    name, chance = str(chances.idxmax()), float(chances.max())
    return (family(name).removeprefix("decades_") if chance > HALF else ""), chance
