"""Do intervals hold the truth where it has another structure than the model's prior would draw?

Truths stand at the posterior medians of the real data, but for what a structure changes: a trend
that is a line or bends sharply and, with a line, a cost of allocation that the scaling law gives or
none, or figures of compute without bias. `fitted` changes nothing: the rates of all years are those
found, however little their data say. Outcomes are simulated on the real rows and the model is
fitted as it is. Coverage is of 90 % intervals; a bend so sharp is rarer than the prior of the walk
expects, so that the rates of the two years that meet at it are drawn to each other: they have rows
of their own.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import Truth, fitted_rows
from pipeline.checks.refit import RefitError
from pipeline.studies.coverage import count_covered, gather
from pipeline.studies.designs import draw_truth_at
from pipeline.studies.perturb import describe_failure
from pipeline.studies.trials import Study, Trial, count_failures, refit_trial

EARLY, LATE = "rate_before_the_bend", "rate_after_the_bend"  # years but the two at the bend
YEARLY = "rate_decades_per_year["
COEFFICIENTS = ("allocation_under", "allocation_over")


@dataclass(frozen=True)
class Structure:
    """What differs from the medians: parameters, options of the card, rates before and after."""

    parameters: dict[str, float] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    is_line: bool = False
    rates: tuple[float, float] | None = None  # decades a year


STRUCTURES = {
    "line": Structure(is_line=True),
    "bend": Structure({"allocation_over": 0.2}, rates=(0.1, 1.0)),
    "no_allocation": Structure(dict.fromkeys(COEFFICIENTS, 0.0), is_line=True),
    "allocation_at_one": Structure(dict.fromkeys(COEFFICIENTS, 1.0), is_line=True),
    "berkson": Structure(options={"kind": "berkson"}, is_line=True),
    "fitted": Structure(),
}


def study_structures(study: Study, datasets: int) -> dict[str, Any]:
    """Coverage and bias of every watched quantity under each structure.

    A third of `datasets` for each. Empty where the model fits no trend.
    """
    try:
        posterior = study.find_medians("structures")
    except RefitError as failure:
        return describe_failure(str(failure))
    if "rate_by_year" not in posterior:
        return {"reason": "no rate by year is fitted"}
    has_allocation = "allocation_under" in posterior
    made = {}
    for name, structure in STRUCTURES.items():
        if not has_allocation and "allocation_under" in structure.parameters:
            continue
        part = f"structure {name}"
        task = partial(_run_trial, study, posterior, part, structure)
        trials = study.run(part, task, max(1, datasets // 3))
        made[name] = count_failures(trials) | {"estimands": _summarise(trials)}
    return {"bend": find_bend(study.table), "structures": made}


def _summarise(trials: list[Trial | str]) -> dict[str, Any]:
    return {
        str(key): count_covered(found)
        | {
            "truth": found["truth"].median(),
            "bias": (found["median"] - found["truth"]).median(),
            "width": found["width"].median(),
        }
        for key, found in gather(trials).groupby(level=0, sort=False)
    }


def _run_trial(study: Study, posterior: Any, part: str, structure: Structure, index: int) -> Trial:
    rng = study.make_generator(part, index)
    truth = draw_truth(study, posterior, structure, index)
    try:
        simulated = study.model.simulate(study.table, truth, rng)
    except ValueError as error:
        raise RefitError(f"simulation: {error}") from error
    derive = partial(add_halves, bend=find_bend(study.table))
    return refit_trial(study, truth, simulated, study.table, rng, derive)


def draw_truth(study: Study, posterior: Any, structure: Structure, index: int) -> Truth:
    """A truth at the medians of the posterior with what the structure changes."""
    known = {k: value for k, value in structure.parameters.items() if k in posterior}
    changed = posterior.assign({k: xr.full_like(posterior[k], v) for k, v in known.items()})
    card, error = study.card, getattr(study.card.options, "compute_error_decades", None)
    if structure.options and error is not None:
        update = {"compute_error_decades": error.model_copy(update=structure.options)}
        card = replace(card, options=card.options.model_copy(update=update))
    truth = draw_truth_at(replace(study, card=card), changed, study.table, index)
    if structure.rates:
        truth |= bend_rates(study.table, truth, structure.rates)
    if structure.is_line:
        truth["rate_by_year"] = dict.fromkeys(truth["rate_by_year"], truth["rate"])
    return truth


def find_bend(table: pd.DataFrame) -> int:
    """The year in which the sharp bend falls: the median one of the base models."""
    rows = fitted_rows(table)
    bases = rows["base_model"].fillna(rows["model"])
    return int(rows["release_date"].groupby(bases).min().dt.year.median())


def bend_rates(table: pd.DataFrame, truth: Truth, rates: tuple[float, float]) -> Truth:
    """Rates that change at the start of the year of the bend, and their mean over the span."""
    bend, dates = find_bend(table), fitted_rows(table)["release_date"]
    by_year = {year: rates[int(int(year) >= bend)] for year in truth["rate_by_year"]}
    days = pd.date_range(dates.min(), dates.max())[:-1].year.astype(str)
    return {"rate": float(np.mean([by_year[day] for day in days])), "rate_by_year": by_year}


def add_halves(draws: pd.DataFrame, bend: int) -> pd.DataFrame:
    """The draws with the mean of the yearly rates before and after the two years that meet at the
    bend.
    """
    keys = [str(key) for key in draws if str(key).startswith(YEARLY)]
    years = {key: int(key[len(YEARLY) : -1]) for key in keys}
    halves = {
        EARLY: [key for key, year in years.items() if year < bend - 1],
        LATE: [key for key, year in years.items() if year > bend],
    }
    made = {name: draws[chosen].mean(axis=1) for name, chosen in halves.items() if chosen}
    return draws.assign(**made)
