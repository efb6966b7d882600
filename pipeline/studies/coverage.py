"""Do intervals hold the truth as often as they say? Posteriors fitted to data simulated from it.

Truths are drawn from the prior and outcomes simulated on the real rows, so that the intervals of a
right computation hold their truths at exactly their stated rate, and ranks of truths among draws
are uniform (Talts et al. 2018). Data sets that the table could not hold are drawn again. With the
compute share fixed instead, coverage says how intervals do where the share is such.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import INTERVAL_PROBABILITY, Truth
from pipeline.studies.trials import Study, Trial, count_failures, find, round_number, run_trial

RANK_BINS = 10
SHARES = (0.2, 0.5, 0.8)
CONSTANT_WIDTH = 1e-9  # of an interval, relative to its ends: nothing was estimated


def study_coverage(study: Study, datasets: int) -> dict[str, Any]:
    """How many of the intervals of each watched quantity hold the truth that was drawn."""
    trials = study.run("coverage", partial(run_trial, study, "coverage"), datasets)
    by_key = {str(key): found for key, found in gather(trials).groupby(level=0, sort=False)}
    constant = [key for key, found in by_key.items() if _is_constant(found)]
    return count_failures(trials) | {
        "probability": INTERVAL_PROBABILITY,
        "estimands": {
            key: count_covered(found) | describe_ranks(found)
            for key, found in by_key.items()
            if key not in constant
        },
        "constant": constant,
    }


def study_fixed_share(study: Study, datasets: int) -> dict[str, Any]:
    """Coverage, bias and width where compute is 0.2, 0.5 and 0.8 of the headline comparison.

    A sixth of `datasets` at each share.
    """
    if not hasattr(study.model, "fix_share"):
        return {"reason": "the model has no comparisons whose share could be fixed"}
    key, count = study.headline_share, max(1, datasets // (2 * len(SHARES)))
    made = {}
    for share in SHARES:
        part, change = f"fixed share {share:g}", partial(_fix_share, study, share)
        trials = study.run(part, partial(run_trial, study, part, change=change), count)
        found = gather(trials).query("index == @key")
        made[f"{share:g}"] = count_failures(trials) | count_covered(found) | describe_bias(found)
    return {"estimand": key, "probability": INTERVAL_PROBABILITY, "shares": made}


def _fix_share(study: Study, share: float, truth: Truth) -> Truth:
    return study.model.fix_share(truth, share, study.table, study.card)


def gather(trials: list[Trial | str]) -> pd.DataFrame:
    """What all refits found, by key."""
    nothing = find(pd.Series(dtype=float), pd.DataFrame(dtype=float))
    return pd.concat([nothing, *(each.found for each in trials if not isinstance(each, str))])


def count_covered(found: pd.DataFrame) -> dict[str, Any]:
    """Intervals that hold their truth, of how many, and the share of them."""
    is_covered = found["truth"].between(found["lower"], found["upper"])
    return {
        "covered": int(is_covered.sum()),
        "intervals": len(found),
        "share": round_number(is_covered.mean()),
    }


def measure_p_value(covered: int, intervals: int, probability: float) -> float:
    """The p-value of so many intervals holding their truth where each does with `probability`."""
    return float(stats.binomtest(covered, intervals, probability).pvalue)


def describe_ranks(found: pd.DataFrame) -> dict[str, Any]:
    """Mean rank (0.5 without bias) and the p-value of uniform ranks in ten bins."""
    counts, _ = np.histogram(found["rank"], RANK_BINS, (0, 1))
    p_value = stats.chisquare(counts).pvalue
    return {"mean_rank": round_number(found["rank"].mean()), "rank_p": round_number(p_value)}


def describe_bias(found: pd.DataFrame) -> dict[str, Any]:
    """Mean and median of (median of the posterior less truth), and the mean width."""
    bias = found["median"] - found["truth"]
    return {
        "mean_bias": round_number(bias.mean()),
        "median_bias": round_number(bias.median()),
        "mean_width": round_number((found["upper"] - found["lower"]).mean()),
    }


def _is_constant(found: pd.DataFrame) -> bool:
    size = found["upper"].abs().clip(lower=1.0)
    return bool((found["upper"] - found["lower"] <= CONSTANT_WIDTH * size).all())
