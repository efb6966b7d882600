"""What errors in compute do to the rate if the figures scatter about the truth.

The models let the truth scatter about the figure (errors of Berkson's kind): that widens intervals
and bends nothing. Where figures scatter about the truth instead (classical errors), the slope of
compute comes out too flat and the calendar is given what compute did. Simulation-extrapolation
(Cook & Stefanski 1994, J. Am. Stat. Assoc. 89, 1314) measures by how much, with the model as it is:
add errors of the size that the card states, fit, add more, and follow the medians of the rate back
to where there would be none. They are followed along a straight line: of a linear model, the rate
(the slope of the date over that of compute) is linear in the variance of the errors.
"""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from models import fitted_rows
from models._base_options import ComputeError
from pipeline.checks.refit import THOROUGH, RefitError
from pipeline.studies.perturb import RATE, find_reason
from pipeline.studies.trials import Study, round_number

ADDED = (0.5, 1.0, 1.5, 2.0)  # variance of the errors added, over that of those stated
REPEATS = 6  # refits for each
NONE_LEFT = -1.0  # of the added variance: where the stated errors would be gone
PART = "attenuation"


def study_attenuation(study: Study) -> dict[str, Any]:
    """The median rate with errors added to compute, and what it would be without the stated ones.

    `shift` is the change in posterior standard deviations; `standard_error` is that of the line's
    end, in the rate's unit, from the scatter of the refits alone.
    """
    errors = getattr(study.card.options, "compute_error_decades", None)
    if errors is None:
        return {"reason": "the card states no error of the compute figures"}
    wrong = add_errors(study.table, errors, 1.0, study.make_generator(PART, 0))
    if reason := find_reason(study, wrong):
        return {"reason": reason}
    added = [0.0, *(each for each in ADDED for _ in range(REPEATS))]
    runs = study.run(PART, lambda index: _draw_rate(study, errors, added[index], index), len(added))
    if isinstance(runs[0], str):
        return {"reason": f"the refit to the real data failed: {runs[0]}"}
    made = [(each, run) for each, run in zip(added, runs, strict=True) if not isinstance(run, str)]
    if len(made) - 1 < REPEATS:
        return {"reason": f"{len(runs) - len(made)} of {len(ADDED) * REPEATS} refits failed"}
    medians = pd.DataFrame(
        {"added": [each for each, _ in made], "rate": [np.median(r) for _, r in made]}
    )
    fitted, spread = float(medians["rate"].iloc[0]), float(runs[0].std())
    corrected, standard_error = extrapolate(medians)
    by_added = medians.groupby("added")["rate"].mean()
    return {
        "estimand": RATE,
        "fitted": round_number(fitted),
        "corrected": round_number(corrected),
        "standard_error": round_number(standard_error),
        "shift": round_number((corrected - fitted) / spread),
        "medians": {f"{each:g}": round_number(median) for each, median in by_added.items()},
        "refits": len(made) - 1,
        "failed": len(runs) - len(made),
    }


def extrapolate(medians: pd.DataFrame) -> tuple[float, float]:
    """The rate where the variance added is that of all stated errors taken away, and its error.

    Columns `added` and `rate`; the first row is the fit to the real data, which the line meets.
    """
    fitted = medians["rate"].iloc[0]
    rows = medians.iloc[1:]
    line = sm.OLS((rows["rate"] - fitted).to_numpy(), rows["added"].to_numpy()).fit()
    return float(fitted + NONE_LEFT * line.params[0]), float(line.bse[0] * abs(NONE_LEFT))


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
    factor = 10.0 ** bases.map(off).astype(float)
    return rows.assign(training_flop=rows["training_flop"] * factor)


def _draw_rate(study: Study, errors: ComputeError, added: float, index: int) -> np.ndarray | str:
    """Draws of the rate with errors added, or why there are none."""
    rng = study.make_generator(PART, index)
    table = add_errors(study.table, errors, added, rng) if added else None
    try:
        posterior = study.refit_real(PART, index, table=table, settings=THOROUGH)
    except RefitError as failure:
        return str(failure)
    return study.measure(posterior, study.table)[RATE]
