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
from pipeline.studies.trials import Study, Trial, count_failures, find, run_trial

RANK_BINS = 20
SHARES = (0.2, 0.5, 0.8)
CONSTANT_WIDTH = 1e-9  # of an interval, relative to its ends: nothing was estimated


def study_coverage(study: Study, datasets: int) -> dict[str, Any]:
    """How many of the intervals of each watched quantity hold the truth that was drawn; of the
    ranks of the truths the mean (0.5 without bias), how many fell in each of 20 equal bins, and
    the p-value of uniform ranks.
    """
    trials = study.run("coverage", partial(run_trial, study, "coverage"), datasets)
    estimands, constant = {}, []
    for key, found in gather(trials).groupby(level=0, sort=False):
        if (found["width"] <= CONSTANT_WIDTH * found["upper"].abs().clip(lower=1.0)).all():
            constant.append(key)
            continue
        counts, _ = np.histogram(found["rank"], RANK_BINS, (0, 1))
        ranks = {
            "mean_rank": found["rank"].mean(),
            "rank_p": stats.chisquare(counts).pvalue,
            "rank_counts": counts.tolist(),
        }
        estimands[key] = count_covered(found) | ranks
    return count_failures(trials) | {
        "probability": INTERVAL_PROBABILITY,
        "estimands": estimands,
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
        bias = found["median"] - found["truth"]
        made[f"{share:g}"] = {
            **count_failures(trials),
            **count_covered(found),
            "mean_bias": bias.mean(),
            "median_bias": bias.median(),
            "mean_width": found["width"].mean(),
        }
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
        "share": float(is_covered.mean()),
    }
