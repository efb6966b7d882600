"""Cell -> its headlines under every specification that a sensible person might have chosen.

All are data of one compiled model: other scales of priors, other options of the card, rows that
leave the likelihood; a model that cannot leave out rows is compiled for those that are kept. Made
by people (`apportion multiverse`), in minutes. Writes a table, a row a specification and estimand,
and beside it what the choices are, the range, and what both were made with.
"""

from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.base import array_stats

from models import fitted_rows, flatten
from pipeline.checks.leave_out import smooth, thin
from pipeline.checks.numbers import find_quantiles
from pipeline.checks.refit import THOROUGH, Refitter, Settings, differ
from pipeline.checks.special_cases import compare
from pipeline.core.files import write_json, write_text
from pipeline.core.layout import Layout
from pipeline.studies.calibrate import SEED, open_study
from pipeline.studies.engine import Engine
from pipeline.studies.recipe import Recipe
from pipeline.studies.record import describe_specifications
from pipeline.studies.specifications import (
    OURS,
    Choice,
    Specification,
    apply,
    drop_idle,
    list_specifications,
    mark_rows,
    read_choices,
)
from pipeline.studies.spread import describe_spread
from pipeline.studies.trials import Study, draw_seed

LENGTH = Settings(draws=600, tune=250)
LONGER = Settings(draws=2500, tune=500, maxdepth=9)  # where a median is not known well enough
DRAWS = 300  # of the predictive density of a unit
RATE, RECORDS = "rate_decades_per_year", "first_record-last_record"
EXPONENT = "optimal_exponent_parameters"
# Of a median that can be shown: its Monte Carlo error is then under a fifth of the posterior's sd.
LEAST_ESS, LARGEST_RHAT, MOST_DIVERGENT = 50, 1.05, 0.01
MOST_INFLUENTIAL = 5  # base models that are left out in turn, besides those of the headline's ends
PART = "specification"


def run_multiverse(
    layout: Layout, cell: tuple[str, str], crossed: int, engine: Engine, seed: int = SEED
) -> Path | str:
    """Fit every specification of the cell (dataset, model) and write what each says: the file, or
    why there is none. `crossed`: how many specifications of several choices together.
    """
    study = open_study(layout, cell, engine, seed)
    if isinstance(study, str):
        return study
    choices = read_choices(layout.specifications, cell[1])
    if not choices:
        return "models/specifications.yaml names no choices of its model"
    made_with = describe_specifications(layout, study.name)
    study = replace(study, key=f"{study.key} {made_with['choices']}")  # what is kept is of these
    choices = _drop_idle(study, choices)
    rng = study.make_generator(PART, 0)
    specifications = list_specifications(choices, find_labs(study.table), crossed, rng)
    found = study.run(PART, partial(fit, study, choices, specifications), specifications)
    ours = found[0]
    if isinstance(ours, str):
        return f"the model itself could not be refitted: {ours}"
    bases = list(dict.fromkeys([*find_ends(study), *rank(ours)])) if "influence" in ours else []
    others = [Specification("without", left_out=("base_model", each)) for each in bases]
    found += study.run(f"{PART} without", partial(fit, study, choices, others), others)
    rows = [
        list_rows(each, specification, ours, list(choices))
        for each, specification in zip(found, [*specifications, *others], strict=True)
    ]
    path = layout.multiverse(study.name)
    titles = {name: describe_choice(choice) for name, choice in choices.items()}
    table = pd.DataFrame(list(chain.from_iterable(rows)))
    head = {"dataset": cell[0], "model": cell[1], "made_with": made_with}
    spread = describe_spread(table, titles)
    write_text(path.with_suffix(".csv"), table.to_csv(index=False))
    write_json(path, head | {"choices": titles, "spread": spread})
    return path


def list_keys(study: Study) -> list[str]:
    """Keys of what is watched: the headline, compute's share of the path from the first to the last
    record, the rate, and how the best size of a model grows with compute.
    """
    headline = study.model.headline_key(study.card)
    records = f"{headline.partition('-')[0]}-{RECORDS}]"
    return list(dict.fromkeys((headline, records, RATE, EXPONENT)))


def find_labs(table: pd.DataFrame) -> list[str]:
    """Laboratories of the fitted rows that can be left out: those beside which there are others."""
    rows = fitted_rows(table)
    labs = sorted(set(rows["lab"].dropna())) if "lab" in rows else []
    return labs if len(labs) > 1 else []


def marks_rows(study: Study) -> bool:
    """Whether rows that are marked leave the likelihood of the model, as in all of leaderboards."""
    return hasattr(study.model, "unit_log_likelihood")


def select_rows(study: Study, marked: pd.DataFrame) -> pd.DataFrame:
    """The rows to fit of all: without those that are marked where the model ignores marks."""
    return marked if marks_rows(study) else marked[~marked["is_held_out"]]


def compile_for(study: Study, rows: pd.DataFrame) -> Refitter:
    """The model compiled for these rows: that of the study unless some were dropped."""
    if len(rows) == len(fitted_rows(study.table)):
        return study.refitter
    return Recipe(study.model, rows, study.card).compile()


def _drop_idle(study: Study, choices: dict[str, Choice]) -> dict[str, Choice]:
    """The choices that change anything of this table."""

    def read(specification: Specification) -> dict[str, np.ndarray]:
        priors, card = apply(specification, choices, study.model, study.card)
        rows = select_rows(study, mark_rows(study.table, specification, choices))
        if study.model.unsupported_reason(rows, card):
            return ours
        return dict(study.model.data(rows, card, priors))

    known = study.ask("data", lambda each: sorted(each.refitter.data_names))
    ours = dict[str, np.ndarray]()
    ours = {name: value for name, value in read(Specification("ours")).items() if name in known}
    return drop_idle(choices, lambda each: differ(ours, read(each)), study.table)


def fit(
    study: Study, choices: dict[str, Choice], specifications: list[Specification], index: int
) -> dict[str, Any]:
    """What a specification says: quantiles of the watched estimands, the density of each unit left
    out, and how far the draws can be trusted.
    """
    one = specifications[index]
    priors, card = apply(one, choices, study.model, study.card)
    marked = mark_rows(study.table, one, choices)
    rows = select_rows(study, marked)
    refitter, table = compile_for(study, rows), study.table if marks_rows(study) else rows
    seed = draw_seed(study.make_generator(f"{PART} {one}", 0))
    for length in (THOROUGH,) if one.kind == OURS else (LENGTH, LONGER):
        posterior = refitter.refit(rows, card, priors, seed, length)
        made = study.model.estimands(posterior, table, card)
        watched = {key: draws for key, draws in flatten(made) if key in list_keys(study)}
        fault = find_fault(posterior, watched)
        if not fault:
            break
    found = {
        "estimands": {key: find_quantiles(draws) for key, draws in watched.items()},
        "reason": fault,
        "rows": int((~marked["is_held_out"]).sum()),
    }
    if marks_rows(study):
        units = study.model.unit_log_likelihood(thin(posterior, DRAWS), study.table, card)
        if one.kind == OURS:
            share = xr.Dataset({"share": watched[list_keys(study)[0]]})
            found["influence"] = measure_influence(units, thin(share, DRAWS))
        if not marked["is_held_out"].any():
            density = units.rename(base_model="unit").transpose("chain", "draw", "unit")
            found["density"], found["unsure"] = smooth(density)
    return found


def find_fault(posterior: xr.Dataset, watched: dict[str, xr.DataArray]) -> str:
    """Why the medians cannot be trusted; empty where they can."""
    draws = xr.Dataset({f"q{i}": each for i, each in enumerate(watched.values())})
    draws = draws.drop_vars([name for name, each in draws.items() if each.isnull().any()])
    if not draws:
        return "the step is too small to be divided"
    ess = min(float(each) for each in arviz_stats.ess(draws).values())
    rhat = max(float(each) for each in arviz_stats.rhat(draws).values())
    divergent = posterior.attrs["divergences"] / posterior.sizes["draw"]
    faults = {
        f"effective draws {ess:.0f}": ess < LEAST_ESS,
        f"R-hat {rhat:.3f}": rhat > LARGEST_RHAT,
        f"{divergent:.1%} of the transitions divergent": divergent > MOST_DIVERGENT,
    }
    return ", ".join(fault for fault, is_there in faults.items() if is_there)


def measure_influence(units: xr.DataArray, share: xr.Dataset) -> dict[str, float]:
    """By how much the mean share would move without each base model, in posterior standard
    deviations: draws weighted by one over its likelihood (importance sampling, as in PSIS).
    """
    drawn = share["share"].to_numpy().ravel()
    ratios = units.rename(base_model="unit").transpose("unit", "chain", "draw").to_numpy()
    moved = {}
    for name, each in zip(units["base_model"].to_numpy(), ratios, strict=True):
        logs, _ = array_stats.psislw(-each.ravel())  # smoothed, so that no single draw decides
        weights = np.exp(logs - np.logaddexp.reduce(logs))
        moved[str(name)] = float((weights @ drawn - drawn.mean()) / drawn.std())
    return moved


def find_ends(study: Study) -> list[str]:
    """The base models of the two ends of the headline's step."""
    options: Any = study.card.options
    step = next(each for each in options.comparisons if each.id == options.headline_comparison)
    rows = fitted_rows(study.table).drop_duplicates("model").set_index("model")
    known = [side.model for side in (step.earlier, step.later) if side.model in rows.index]
    return [str(base) for base in rows.loc[known, "base_model"].fillna(pd.Series(known, known))]


def rank(ours: dict[str, Any]) -> list[str]:
    """The base models that move the share most."""
    moved = pd.Series(ours["influence"])
    return list(moved.abs().sort_values(ascending=False).index[:MOST_INFLUENTIAL])


def list_rows(
    found: dict[str, Any] | str,
    specification: Specification,
    ours: dict[str, Any],
    choices: list[str],
) -> list[dict[str, Any]]:
    """One specification as the table has it: a row an estimand."""
    made = {"kind": specification.kind} | dict.fromkeys(choices, OURS) | dict(specification.made)
    column, name = specification.left_out or ("", "")
    made |= {"without": name, "without_kind": column}
    if isinstance(found, str):
        failed = {"reason": f"the refit failed: {found}"}
        return [made | failed | {"estimand": key} for key in ours["estimands"]]
    made |= {"fitted_rows": found["rows"], "reason": found["reason"]}
    if "density" in found and specification.kind != OURS:
        told = compare(found["density"], ours["density"], {*found["unsure"], *ours["unsure"]})
        if told.pop("units"):
            made |= told
    return [made | {"estimand": key} | each for key, each in found["estimands"].items()]


def describe_choice(choice: Choice) -> dict[str, Any]:
    """Titles and reasons, as the file has them."""
    ways = {name: choice[name] for name in (OURS, *choice.others)}
    told = {name: {"title": each.title, "reason": each.reason} for name, each in ways.items()}
    return {"title": choice.title, "singly": choice.singly, "ways": told}
