"""How far results on the real data move when an assumption does: other priors, wrong compute."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models import as_draws, fitted_rows
from models.core.prior import list_priors
from pipeline.checks.refit import differ
from pipeline.studies.rows import PUBLISHED
from pipeline.studies.trials import Study

FACTORS = (2.0, 0.5)  # of each prior's scale
WRONG_FACTOR = 3.0
REPEATS = 10
RATE = "rate_decades_per_year"


def study_priors(study: Study) -> dict[str, Any]:
    """Shift of every watched median, over its interval's width, with each prior wider or narrower.

    `noise` is the shift between two refits that differ in their seed alone: shifts like it say
    nothing.
    """
    priors = dict(list_priors(study.priors))
    read = study.ask("data", lambda study: study.refitter.data_names)
    used = [name for name in priors if f"prior_{name}" in read]
    scaled = [name for name in used if priors[name].widened(2.0) != priors[name]]
    changes = [(name, factor) for name in scaled for factor in FACTORS]
    changed = [{name: priors[name].widened(factor)} for name, factor in changes]
    cases = [{"priors": replace(study.priors, **each)} for each in ({}, {}, *changed)]
    before, repeated, *others = study.measure_real("priors", cases)
    if isinstance(before, str) or isinstance(repeated, str):
        return describe_failure(before, repeated)
    shifts: dict[str, dict[str, Any]] = {name: {} for name in scaled}
    for (name, factor), after in zip(changes, others, strict=True):
        shift = {"reason": after} if isinstance(after, str) else compare(before, after)
        shifts[name][f"{factor:g}"] = shift
    return {
        "baseline": before[["median", "width"]].to_dict("index"),
        "noise": compare(before, repeated),
        "shifts": shifts,
        "without_scale": [name for name in used if name not in scaled],
        "not_used": [name for name in priors if name not in used],
    }


def describe_failure(*refits: Any) -> dict[str, Any]:
    """The reasons of those refits to the real data that failed."""
    reasons = ", ".join(each for each in refits if isinstance(each, str))
    return {"reason": f"the refit to the real data failed: {reasons}"}


def compare(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, float]:
    """Change of each median over the width before, by key; constants are left out."""
    shifts = (after["median"].reindex(before.index) - before["median"]) / before["width"]
    kept = shifts[before["width"] > 0].dropna()
    return {str(key): float(shift) for key, shift in kept.items()}


def study_wrong_compute(study: Study) -> dict[str, Any]:
    """Shift of the rate, in posterior sds, when compute that nobody published is off by 3."""
    if not {"compute_confidence", "training_flop", "base_model"} <= set(study.table):
        return {"reason": "the table does not say whose compute was published"}
    if (fitted_rows(study.table)["compute_confidence"] == PUBLISHED).all():
        return {"reason": "the compute of every fitted model was published"}
    part = "wrong compute"
    wrong = [
        mistake_compute(study.table, study.make_generator(part, i)) for i in range(REPEATS + 2)
    ]
    if reason := find_reason(study, wrong[0]):
        return {"reason": reason}
    cases = [{"table": hold_reference(study.table, each)} for each in wrong[2:]]
    before, repeated, *others = study.measure_real(part, [{}, {}, *cases])
    if isinstance(before, str) or isinstance(repeated, str):
        return describe_failure(before, repeated)
    shifts = [None if isinstance(each, str) else _shift(before, each) for each in others]
    sizes = [abs(shift) for shift in shifts if shift is not None]
    failures = [each for each in others if isinstance(each, str)]
    return {
        "estimand": RATE,
        "factor": WRONG_FACTOR,
        "shifts": shifts,
        "failed": len(failures),
        "failures": failures,
        "largest": max(sizes, default=None),
        "mean_size": float(np.mean(sizes)) if sizes else None,
        "noise": _shift(before, repeated),
    }


def find_reason(study: Study, wrong: pd.DataFrame) -> str:
    """Why other compute figures can move no rate; empty where they can."""
    before, after = (
        study.model.data(each, study.card, study.priors) for each in (study.table, wrong)
    )
    if not differ(before, after):
        return "the model does not read the figure for training compute"
    rng = study.make_generator("keys", 0)
    truth = study.model.sample_prior(study.table, study.card, study.priors, rng)
    found = study.measure(as_draws(truth, study.model.DIMS))
    return "" if RATE in found else "no rate is fitted"


def _shift(before: pd.DataFrame, after: pd.DataFrame) -> float:
    change = after["median"] - before["median"]
    return float((change / before["sd"])[RATE])


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


def mistake_compute(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows with the compute of half of the base models that did not publish it three
    times too high or low.

    All rows of a base model are wrong together.
    """
    rows = fitted_rows(table)
    bases = rows["base_model"].fillna(rows["model"])  # the registry leaves a model's own name out
    unknown = sorted(set(bases[rows["compute_confidence"] != PUBLISHED]))
    chosen = rng.permutation(unknown)[: max(1, len(unknown) // 2)]
    factors = pd.Series(WRONG_FACTOR ** rng.choice([-1.0, 1.0], len(chosen)), chosen)
    return rows.assign(training_flop=rows["training_flop"] * bases.map(factors).fillna(1.0))
