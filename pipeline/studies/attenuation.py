"""What errors in compute do to the rate if the figures scatter about the truth.

The models let the truth scatter about the figure (errors of Berkson's kind): that widens intervals
and bends nothing. Where figures scatter about the truth instead (classical errors), the slope of
compute comes out too flat and the calendar is given what compute did. Simulation-extrapolation
(Cook & Stefanski 1994, J. Am. Stat. Assoc. 89, 1314) measures by how much, with the model as it is:
add errors of the size that the card states, fit, add more, and follow the medians of the rate back
to where there would be none. They are followed along a straight line and along a parabola: of a
linear model the rate (the slope of the date over that of compute) is linear in the variance of the
errors, of ours it need not be, and the distance of the two ends says how much that matters.
"""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from models import fitted_rows
from models.options.base import ComputeError
from pipeline.studies.perturb import RATE, find_reason, hold_reference
from pipeline.studies.trials import Study

# Variance of the errors added, over that of those stated: each six times.
ADDED = np.repeat([0.0, 0.5, 1.0, 1.5, 2.0], 6)
NONE_LEFT = -1.0  # of the added variance: where the stated errors would be gone
FORMS = {"line": 1, "parabola": 2}
PART = "attenuation"


def study_attenuation(study: Study) -> dict[str, Any]:
    """The median rate with errors added to compute, and what it would be without the stated ones.

    `corrected` has, for each form of the curve, the rate at its end, the standard error of that end
    from the scatter of the refits alone, and `shift`, the change in posterior standard deviations.
    """
    errors = getattr(study.card.options, "compute_error_decades", None)
    if errors is None:
        return {"reason": "the card states no error of the compute figures"}
    wrong = [
        add_errors(study.table, errors, added, study.make_generator(PART, i))
        for i, added in enumerate(ADDED)
    ]
    if reason := find_reason(study, wrong[-1]):
        return {"reason": reason}
    cases = [{"table": hold_reference(study.table, each)} for each in wrong]
    runs = zip(ADDED, study.measure_real(PART, cases), strict=True)
    made = [
        (added, *run.loc[RATE, ["median", "sd"]]) for added, run in runs if not isinstance(run, str)
    ]
    rates = pd.DataFrame(made, columns=["added", "rate", "sd"])
    failed = len(ADDED) - len(rates)
    if set(rates["added"]) != set(ADDED):
        return {"reason": f"{failed} of {len(ADDED)} refits failed"}
    means = rates.groupby("added").mean()
    fitted, spread = means.loc[0.0].to_numpy(float)
    ends = {form: extrapolate(rates, degree) for form, degree in FORMS.items()}
    return {
        "estimand": RATE,
        "fitted": fitted,
        "medians": {f"{added:g}": rate for added, rate in means["rate"].items()},
        "corrected": {
            form: {"rate": end, "standard_error": error, "shift": (end - fitted) / spread}
            for form, (end, error) in ends.items()
        },
        "refits": len(rates),
        "failed": failed,
    }


def extrapolate(rates: pd.DataFrame, degree: int) -> tuple[float, float]:
    """The rate where all stated errors are taken away, and the standard error of that end.

    `rates` has columns `added`, a variance in units of the stated one, and `rate`; least squares.
    """
    fit = sm.OLS(rates["rate"].to_numpy(), np.vander(rates["added"], degree + 1)).fit()
    end = fit.get_prediction(np.vander([NONE_LEFT], degree + 1))
    return float(end.predicted_mean[0]), float(end.se_mean[0])


def add_errors(
    table: pd.DataFrame, errors: ComputeError, added: float, rng: np.random.Generator
) -> pd.DataFrame:
    """The fitted rows with compute off by normal errors of `added` times the stated variance.

    All rows of a base model are off together, by the error of its surest class. A row without a
    figure, and so without a class, keeps none.
    """
    rows = fitted_rows(table)
    bases = rows["base_model"].fillna(rows["model"])
    stated = rows["compute_confidence"].map(errors.model_dump()).astype(float)
    error = stated.groupby(bases, sort=True).min() * np.sqrt(added)
    off = error * rng.normal(size=len(error))
    return rows.assign(training_flop=rows["training_flop"] * 10.0 ** bases.map(off))
