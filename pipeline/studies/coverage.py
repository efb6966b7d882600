"""Do intervals hold the truth as often as they say? Posteriors fitted to data simulated from it.

Truths are drawn from the prior and outcomes simulated on the real rows, so that the intervals of a
right computation hold their truths at exactly their stated rate, and ranks of truths among draws
are uniform (Talts et al. 2018). Data sets that the table could not hold are drawn again. With the
compute share fixed instead, coverage says how intervals do where the share is such.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
from scipy import stats

from models import INTERVAL_PROBABILITY, Leaderboard, Truth
from pipeline.studies.trials import Found, Study, Trial, count_failures, round_number, run_trial

RANK_BINS = 10
SHARES = (0.2, 0.5, 0.8)
CONSTANT_WIDTH = 1e-9  # of an interval, relative to its ends: nothing was estimated


def study_coverage(study: Study, datasets: int) -> dict[str, Any]:
    """How many of the intervals of each watched quantity hold the truth that was drawn."""
    trials = study.run("coverage", partial(run_trial, study, "coverage"), datasets)
    by_key = gather(trials)
    constant = [key for key, found in by_key.items() if all(map(_is_constant, found))]
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
        part, change = f"fixed share {share:g}", _fixing(study, share)
        trials = study.run(part, partial(run_trial, study, part, change=change), count)
        found = gather(trials).get(key, [])
        made[f"{share:g}"] = count_failures(trials) | count_covered(found) | describe_bias(found)
    return {"estimand": key, "probability": INTERVAL_PROBABILITY, "shares": made}


def _fixing(study: Study, share: float) -> Callable[[Truth], Truth]:
    model = cast("Leaderboard", study.model)
    return lambda truth: model.fix_share(truth, share, study.table, study.card)


def gather(trials: list[Trial]) -> dict[str, list[Found]]:
    """What all refits found, by key."""
    made: dict[str, list[Found]] = {}
    for trial in trials:
        for key, found in trial.found.items():
            made.setdefault(key, []).append(found)
    return made


def count_covered(found: list[Found]) -> dict[str, Any]:
    """Intervals that hold their truth, of how many, and the share of them."""
    covered = sum(each.lower <= each.truth <= each.upper for each in found)
    share = round_number(covered / len(found)) if found else None
    return {"covered": covered, "intervals": len(found), "share": share}


def describe_ranks(found: list[Found]) -> dict[str, Any]:
    """Mean rank (0.5 without bias) and the p-value of uniform ranks in ten bins."""
    ranks = [each.rank for each in found]
    counts, _ = np.histogram(ranks, RANK_BINS, (0, 1))
    return {
        "mean_rank": round_number(np.mean(ranks)),
        "rank_p": round_number(stats.chisquare(counts).pvalue),
    }


def describe_bias(found: list[Found]) -> dict[str, Any]:
    """Mean and median of (median of the posterior less truth), and the mean width."""
    if not found:
        return {"mean_bias": None, "median_bias": None, "mean_width": None}
    bias = [each.median - each.truth for each in found]
    return {
        "mean_bias": round_number(np.mean(bias)),
        "median_bias": round_number(np.median(bias)),
        "mean_width": round_number(np.mean([each.upper - each.lower for each in found])),
    }


def _is_constant(found: Found) -> bool:
    size = max(1.0, abs(found.upper))
    return found.upper - found.lower <= CONSTANT_WIDTH * size
