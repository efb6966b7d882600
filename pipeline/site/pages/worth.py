"""In words: what the parts of a step other than compute were worth, what a poor allocation cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.checks.numbers import TAILS
from pipeline.site.pages.answers import (
    CAVEAT,
    Attributions,
    describe_bound,
    describe_interval,
    describe_probability,
    element,
    family,
)
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import Check, find_caveats

PARTS = ("inference", "allocation", "technique", "trend", "lab")  # all but compute and unexplained
# Of these, what somebody chose: they name something that was done, as the trend and the lab do not.
CHOSEN = {"technique": "techniques", "inference": "compute at test time"}
REST = {
    "allocation": "the allocation of compute",
    "trend": "the trend with the date",
    "lab": "the laboratory",
}
FEW = 4  # steps that are told one by one
LIKELY = 2 / 3  # probability from which a part is called the larger
SURE = 0.95  # probability above which none is said
SIDES = {
    "over": "too many tokens for their size (over-trained)",
    "under": "too few tokens for their size (under-trained)",
}


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
    together = [f"decades_{part}[{element(key)}]" for part in CHOSEN]
    at = f"decades_unexplained[{element(key)}]"
    largest, chance = find_largest(parts)
    is_alone = bool(parts.any().sum() == 1)
    as_one = set(together) <= set(parts) and is_entangled(parts[together])
    told: dict[str, Any] = {
        "who": who,
        "largest": largest,
        "chance": "" if chance > SURE else describe_probability(chance),
        "is_alone": is_alone,
        "is_entangled": as_one,
        "chosen": [] if is_alone else _list_chosen(parts, together, as_one),
        "rest": [REST[part] for part in REST if _has(parts, f"decades_{part}[{element(key)}]")],
        "unexplained": at in draws and bool(draws[at].fillna(0.0).any()),
    }
    return say("worth", median=median, lower=lower, upper=upper, **told)


def _has(parts: pd.DataFrame, name: str) -> bool:
    return name in parts and bool(parts[name].any())


def _list_chosen(
    parts: pd.DataFrame, names: Sequence[str], as_one: bool
) -> list[tuple[str, list[float]]]:
    """What the chosen parts that changed were worth: their words, then median, lower and upper.

    One by one, or all as one where they are not known apart.
    """
    known = [name for name in names if _has(parts, name)]
    groups = [known] if as_one else [[name] for name in known]
    return [
        (
            " and ".join(CHOSEN[family(name).removeprefix("decades_")] for name in group),
            np.quantile(10 ** parts[group].sum(axis=1), [0.5, *TAILS]).tolist(),
        )
        for group in groups
        if group
    ]


def is_entangled(parts: pd.DataFrame) -> bool:
    """Whether the sum of the columns is known better than each of them: its interval is shorter."""
    ends = pd.concat([parts, parts.sum(axis=1)], axis=1).quantile(list(TAILS))
    *widths, whole = (ends.iloc[1] - ends.iloc[0]).to_list()
    return bool(whole < min(widths))


def list_worths(draws: pd.DataFrame, attributions: Attributions, headline: str) -> dict[str, str]:
    """What `say_worth` says of every step but the headline's, by the label of its share."""
    keys = [key for key in attributions if family(key) == "share_compute" and key != headline]
    said = {
        attributions[key]["label"].rpartition("compute: ")[2]: say_worth(draws, key) for key in keys
    }
    return {label: sentence for label, sentence in said.items() if sentence}


def say_other_steps(attributions: Attributions, key: str, check: Check) -> str:
    """The compute shares of the other steps, of many the least and the greatest; empty where there
    are none or `key` is no compute share. Shares that are zero by construction are left out, and
    one that has caveats of its own has the sign for it.
    """
    own = attributions.get(key, {})
    others = {
        name: each
        for name, each in attributions.items()
        if family(name) == family(key) == "share_compute"
        and each["median"] not in (None, own.get("median"))
        and each["lower"] != each["upper"]
    }
    if not others:
        return ""
    ordered = sorted(others.items(), key=lambda step: step[1]["median"])
    told = [
        (
            each["label"].rpartition("compute: ")[2],
            CAVEAT * bool(set(find_caveats(name, check)) - set(find_caveats(key, check)))
            + f"{describe_bound(each, 'median')} ({describe_interval(each)})",
        )
        for name, each in ordered
    ]
    return say("other_steps", steps=told, few=FEW)


def say_coefficients(attributions: Attributions) -> str:
    """The coefficients of allocation beside the law's 1 and no cost; empty without them."""
    found = {
        side: attributions.get(f"allocation_coefficient[{key}]") for key, side in SIDES.items()
    }
    return say("coefficients", sides={side: each for side, each in found.items() if each})


def find_largest(parts: pd.DataFrame) -> tuple[str, float]:
    """The part (a column `decades_<part>[...]`) that is most probably more than half of a gain, and
    the probability; empty where that is not above `LIKELY`.
    """
    whole = parts.sum(axis=1)
    chances = parts.apply(lambda part: ((whole > 0) & (2 * part > whole)).mean())
    name, chance = str(chances.idxmax()), float(chances.max())
    return (family(name).removeprefix("decades_") if chance > LIKELY else ""), chance
