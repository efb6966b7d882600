"""How far results on the real data move when an assumption does: other priors, wrong compute."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models import as_draws, fitted_rows
from models.core.prior import list_priors
from pipeline.checks.refit import THOROUGH, RefitError
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
    runs: list[tuple[str, float] | None] = [None, None, *changes]  # None: as stated, two seeds
    refits = study.run("priors", lambda i: _refit_changed(study, i, runs[i]), len(runs))
    before = refits[0]
    if isinstance(before, str) or isinstance(refits[1], str):
        return {"reason": f"the refit to the real data failed: {refits[0]}, {refits[1]}"}
    shifts: dict[str, dict[str, Any]] = {}
    for (name, factor), after in zip(changes, refits[2:], strict=True):
        shift = {"reason": after} if isinstance(after, str) else compare(before, after)
        shifts.setdefault(name, {})[f"{factor:g}"] = shift
    return {
        "baseline": describe(before),
        "noise": compare(before, refits[1]),
        "shifts": shifts,
        "without_scale": [name for name in used if name in fixed],
        "not_used": [name for name, _ in stated if name not in used],
    }


def _refit_changed(study: Study, index: int, change: tuple[str, float] | None) -> Draws | str:
    """Draws of the watched quantities with one prior changed, or why there are none."""
    priors = study.priors
    if change:
        name, factor = change
        priors = replace(priors, **{name: getattr(priors, name).widened(factor)})
    try:
        posterior = study.refit_real("priors", index, priors=priors, settings=THOROUGH)
    except RefitError as failure:
        return str(failure)
    return study.measure(posterior, study.table)


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
    reason = _why_no_compute(study)
    if reason:
        return {"reason": reason}
    runs = study.run("wrong compute", lambda i: _measure_rate(study, i), REPEATS + 2)
    before, repeated, *after = runs
    if isinstance(before, str) or isinstance(repeated, str):
        return {"reason": f"the refit to the real data failed: {before}, {repeated}"}
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
    pairs = [study.model.data(each, study.card, study.priors) for each in (study.table, wrong)]
    if all(np.array_equal(pairs[0][name], pairs[1][name]) for name in pairs[0]):
        return "the model does not read the figure for training compute"
    if RATE not in _key_names(study):
        return "no rate is fitted"
    return ""


def _key_names(study: Study) -> set[str]:
    """Keys that the model has on this dataset, found with a truth from the prior."""
    rng = study.make_generator("keys", 0)
    truth = study.model.sample_prior(study.table, study.card, study.priors, rng)
    return set(study.measure(as_draws(truth, study.model.DIMS), study.table))


def _measure_rate(study: Study, index: int) -> np.ndarray | str:
    """Draws of the rate: of the real data with two seeds, then with wrong compute."""
    rng = study.make_generator("wrong compute", index)
    wrong = None if index < 2 else mistake_compute(study.table, rng)
    table = None if wrong is None else hold_reference(study.table, wrong)
    try:
        posterior = study.refit_real("wrong compute", index, table=table, settings=THOROUGH)
    except RefitError as failure:
        return str(failure)
    return study.measure(posterior, study.table)[RATE]


def _shift(before: np.ndarray, after: np.ndarray) -> float | None:
    return round_number((np.median(after) - np.median(before)) / before.std())


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
