"""How far results on the real data move when an assumption does: other priors, wrong compute."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models import as_draws, fitted_rows
from models.core.prior import list_priors
from pipeline.studies.trials import TAILS, Draws, Study, round_number

FACTORS = (2.0, 0.5)  # of each prior's scale
WRONG_FACTOR = 3.0
REPEATS = 10
RATE = "rate_decades_per_year"


def study_priors(study: Study) -> dict[str, Any]:
    """Shift of every watched median, over its interval's width, with each prior wider or narrower.

    `noise` is the shift between two refits that differ in their seed alone: shifts like it say
    nothing.
    """
    stated = list_priors(study.priors)
    used = [name for name, _ in stated if f"prior_{name}" in study.refitter.data_names]
    fixed = [name for name, prior in stated if prior.widened(2.0) == prior]
    changes = [(name, factor) for name in used if name not in fixed for factor in FACTORS]
    sets = [study.priors, study.priors]  # as stated, with two seeds
    sets += [
        replace(study.priors, **{name: getattr(study.priors, name).widened(factor)})
        for name, factor in changes
    ]
    refits = study.run(
        "priors", lambda i: study.measure_real("priors", i, priors=sets[i]), len(sets)
    )
    before, repeated, *others = refits
    if isinstance(before, str) or isinstance(repeated, str):
        return _describe_failure(before, repeated)
    shifts: dict[str, dict[str, Any]] = {}
    for (name, factor), after in zip(changes, others, strict=True):
        shift = {"reason": after} if isinstance(after, str) else compare(before, after)
        shifts.setdefault(name, {})[f"{factor:g}"] = shift
    return {
        "baseline": describe(before),
        "noise": compare(before, repeated),
        "shifts": shifts,
        "without_scale": [name for name in used if name in fixed],
        "not_used": [name for name, _ in stated if name not in used],
    }


def _describe_failure(*refits: Draws | str) -> dict[str, Any]:
    reasons = [each for each in refits if isinstance(each, str)]
    return {"reason": f"the refit to the real data failed: {', '.join(reasons)}"}


def measure_width(draws: np.ndarray) -> float:
    """Width of the 90 % equal-tailed interval."""
    lower, upper = np.quantile(draws, TAILS)
    return float(upper - lower)


def describe(draws: Draws) -> dict[str, Any]:
    """Median and interval width by key."""
    return {
        key: {
            "median": round_number(np.median(each)),
            "width": round_number(measure_width(each)),
        }
        for key, each in draws.items()
    }


def compare(before: Draws, after: Draws) -> dict[str, float | None]:
    """Change of each median over the width before; constants are left out."""
    return {
        key: round_number((np.median(after[key]) - np.median(each)) / measure_width(each))
        for key, each in before.items()
        if key in after and measure_width(each) > 0
    }


def study_wrong_compute(study: Study) -> dict[str, Any]:
    """Shift of the rate, in posterior sds, when half of the closed models' compute is off by 3."""
    if reason := _why_no_compute(study):
        return {"reason": reason}
    before, repeated, *after = study.run(
        "wrong compute", lambda i: _measure_mistaken(study, i), REPEATS + 2
    )
    if isinstance(before, str) or isinstance(repeated, str):
        return _describe_failure(before, repeated)
    shifts = [None if isinstance(each, str) else _shift(before, each) for each in after]
    sizes = [abs(shift) for shift in shifts if shift is not None]
    return {
        "estimand": RATE,
        "factor": WRONG_FACTOR,
        "shifts": shifts,
        "failed": len(shifts) - len(sizes),
        "failures": [each for each in after if isinstance(each, str)],
        "largest": max(sizes, default=None),
        "mean_size": round_number(np.mean(sizes)) if sizes else None,
        "noise": _shift(before, repeated),
    }


def _why_no_compute(study: Study) -> str:
    if not {"is_open_weights", "training_flop", "base_model"} <= set(study.table):
        return "the table does not say whose compute was disclosed"
    wrong = mistake_compute(study.table, study.make_generator("wrong compute", 0))
    return "no fitted model has closed weights" if wrong is None else find_reason(study, wrong)


def find_reason(study: Study, wrong: pd.DataFrame) -> str:
    """Why other compute figures can move no rate; empty where they can."""
    before, after = (
        study.model.data(each, study.card, study.priors) for each in (study.table, wrong)
    )
    if all(np.array_equal(before[name], after[name]) for name in before):
        return "the model does not read the figure for training compute"
    truth = study.model.sample_prior(
        study.table, study.card, study.priors, study.make_generator("keys", 0)
    )
    found = study.measure(as_draws(truth, study.model.DIMS), study.table)
    return "" if RATE in found else "no rate is fitted"


def _measure_mistaken(study: Study, index: int) -> Draws | str:
    """Draws on the real data with two seeds, then with wrong compute."""
    wrong = None
    if index >= 2:
        wrong = mistake_compute(study.table, study.make_generator("wrong compute", index))
    table = None if wrong is None else hold_reference(study.table, wrong)
    return study.measure_real("wrong compute", index, table=table)


def _shift(before: Draws, after: Draws) -> float | None:
    change = np.median(after[RATE]) - np.median(before[RATE])
    return round_number(change / before[RATE].std())


def hold_reference(table: pd.DataFrame, wrong: pd.DataFrame) -> pd.DataFrame:
    """Wrong figures, scaled in common where the round reference that models count from would move.

    A common factor says nothing of the rate; a reference that jumps by a decade moves the priors.
    """
    before, after = (
        np.log10(fitted_rows(each)["training_flop"]).median() for each in (table, wrong)
    )
    if round(before) == round(after):
        return wrong
    return wrong.assign(training_flop=wrong["training_flop"] * 10 ** (before - after))


def mistake_compute(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame | None:
    """The fitted rows with half of the closed base models' compute three times too high or low.

    All rows of a base model are wrong together. None where no fitted model is closed.
    """
    rows = fitted_rows(table)
    bases = rows["base_model"].fillna(rows["model"])  # the registry leaves a model's own name out
    closed = sorted(set(bases[~rows["is_open_weights"].astype(bool)]))
    if not closed:
        return None
    chosen = rng.permutation(closed)[: max(1, len(closed) // 2)]
    factors = dict(zip(chosen, WRONG_FACTOR ** rng.choice([-1.0, 1.0], len(chosen)), strict=True))
    factor = bases.map(factors).astype(float).fillna(1.0)
    return rows.assign(training_flop=rows["training_flop"] * factor)
