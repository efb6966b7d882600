"""What would settle the split: the interval of the compute share with more models, or with others.

Outcomes are simulated from the posterior medians of the real data, on these designs:

- as it is;
- twice and five times as many base models: copies of all rows under new names, each base model's
  compute jittered by 0.3 decades (standard deviation) and its dates by half a year;
- small and late: ten more, the latest base models at the compute of the ten smallest;
- big and early: ten more, the earliest base models at the compute of the ten largest, as if old
  methods were run again at today's scale;
- uncorrelated: as many as there are, compute permuted among base models. The two ends of the
  headline comparison keep theirs, so that the step that is split stays the same.

The same truths are simulated on every design, so that the ratio of two widths is taken dataset by
dataset; its interval says how much of it is the chance of so few datasets. A dataset is decisive
where the interval of the share lies on one side of one half.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from models import INTERVAL_PROBABILITY, Truth, fitted_rows
from models.core.prior import Prior, list_priors
from pipeline.checks.refit import RefitError
from pipeline.studies.perturb import describe_failure
from pipeline.studies.recipe import Recipe
from pipeline.studies.trials import Study, Trial, add_unfitted, count_failures, refit_trial

DESIGN_DATASETS = 10
JITTER_DECADES = 0.3
JITTER_DAYS = 0.5 * 365.25
ADDED = 10  # base models
HALF = 0.5  # of the step
# What is exchangeable is drawn anew with its fitted scale, not taken over.
PER_MODEL_DIMS = {"base_model", "undisclosed_model", "pair", "lab"}
# Compute is 6 N D: each takes the square root of a change of compute.
SIZES = ("parameters", "training_tokens", "dataset_tokens")


def study_design(study: Study, datasets: int = DESIGN_DATASETS) -> dict[str, Any]:
    """Median width of the headline compute share's 90 % interval on each design, and the ratio of
    the widths to those of the design as it is (`compare_widths`).
    """
    if not study.headline_share:
        return {"reason": "the table has no comparisons"}
    try:
        posterior = study.find_medians("design")
    except RefitError as failure:
        return describe_failure(str(failure))
    truths = [draw_truth_at(study, posterior, study.table, i) for i in range(datasets)]
    made = {name: _measure_design(study, posterior, name, truths) for name in DESIGNS}
    _, reference = made["as_it_is"]
    designs = {name: told | compare_widths(each, reference) for name, (told, each) in made.items()}
    return {"estimand": study.headline_share, "designs": designs}


def compare_widths(widths: pd.Series, reference: pd.Series) -> dict[str, float]:
    """Geometric mean of the ratios of widths, pair by pair, with its 90 % interval (Student's t on
    their logs); NaN where a pair or two are too few. Missing widths are NaN.
    """
    ratios = widths / reference
    logs = pd.Series(np.log(ratios[ratios.between(0, np.inf, inclusive="neither")]))
    error = logs.sem() if len(logs) > 2 else np.nan
    half = stats.t.ppf((1 + INTERVAL_PROBABILITY) / 2, max(len(logs) - 1, 1)) * error
    ends = {"ratio": 0.0, "ratio_lower": -half, "ratio_upper": half}
    return {name: float(np.exp(logs.mean() + end)) for name, end in ends.items()}


def _measure_design(
    study: Study, posterior: xr.Dataset, name: str, truths: list[Truth]
) -> tuple[dict[str, Any], pd.Series]:
    """What is told of the design, and the width of the interval in each of its datasets, NaN where
    a refit failed.
    """
    table = make_design_table(study, name)
    redesigned = replace(study, recipe=Recipe(study.model, table, study.card))

    def refit(index: int) -> Trial:
        truth = overlay(draw_truth_at(study, posterior, table, index), truths[index])
        rng = study.make_generator(f"design {name}", index)
        simulated = study.model.simulate(table, truth, rng)
        complete = add_unfitted(simulated, study.table)
        return refit_trial(redesigned, truth, simulated, complete, rng)

    trials = study.run(f"design {name}", refit, len(truths))
    found = [_find_interval(each, study.headline_share) for each in trials]
    intervals = pd.DataFrame(found, columns=["lower", "upper"])
    made = intervals.dropna()
    decisive = ~made["lower"].le(HALF) | ~made["upper"].ge(HALF)
    widths = intervals["upper"] - intervals["lower"]
    size = {"base_models": int(table["base_model"].nunique()), "rows": len(table)}
    told = {"median_width": widths.median(), "decisive": int(decisive.sum())}
    return size | count_failures(trials) | told, widths


def _find_interval(trial: Trial | str, key: str) -> tuple[float, float]:
    """The interval of the estimand `key`; NaN where there is none."""
    if isinstance(trial, str) or key not in trial.found.index:
        return np.nan, np.nan
    return tuple(trial.found.loc[key, ["lower", "upper"]])


def make_design_table(study: Study, name: str) -> pd.DataFrame:
    """The fitted rows of the design `name`."""
    rng = study.make_generator(f"table {name}", 0)
    return DESIGNS[name](fitted_rows(study.table), study.card.options, rng)


def multiply(rows: pd.DataFrame, _: Any, rng: np.random.Generator, times: int) -> pd.DataFrame:
    """The rows, and `times` - 1 copies of them as of other models."""
    copies = [copy_models(rows, f"copy {i}", rng) for i in range(2, times + 1)]
    return pd.concat([rows, *copies], ignore_index=True)


def add_small_late(rows: pd.DataFrame, _: Any, rng: np.random.Generator) -> pd.DataFrame:
    """The rows, and those of the latest base models at the compute of the smallest."""
    bases = find_bases(rows)
    chosen, target = bases.nlargest(ADDED, "date"), bases.nsmallest(ADDED, "decades")
    return add_models(rows, chosen["decades"], target["decades"], rng)


def add_big_early(rows: pd.DataFrame, _: Any, rng: np.random.Generator) -> pd.DataFrame:
    """The rows, and those of the earliest base models at the compute of the largest."""
    bases = find_bases(rows)
    chosen, target = bases.nsmallest(ADDED, "date"), bases.nlargest(ADDED, "decades")
    return add_models(rows, chosen["decades"], target["decades"], rng)


def find_bases(rows: pd.DataFrame) -> pd.DataFrame:
    """By base model with known compute, its least decades of FLOP and first date of release."""
    flop = rows["training_flop"].fillna(6 * rows["parameters"] * rows["training_tokens"])
    found = {"decades": np.log10(flop), "date": rows["release_date"]}
    return pd.DataFrame(found).groupby(rows["base_model"]).min().dropna(subset="decades")


def add_models(
    rows: pd.DataFrame, chosen: pd.Series, target: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    """The rows, and copies of those of the `chosen` base models, each with one `target` of compute;
    both are decades of FLOP.
    """
    decades = pd.Series(rng.permutation(target.to_numpy()), chosen.index) - chosen
    copied = rows[rows["base_model"].isin(chosen.index)]
    moved = scale_compute(copied, copied["base_model"].map(decades))
    names = {name: copied[name] + " (run again)" for name in ("model", "base_model")}
    return pd.concat([rows, moved.assign(**names)], ignore_index=True)


def copy_models(rows: pd.DataFrame, mark: str, rng: np.random.Generator) -> pd.DataFrame:
    """The rows as of other models: new names, compute and dates jittered by base model."""
    bases = sorted(set(rows["base_model"]))
    decades = pd.Series(rng.normal(0, JITTER_DECADES, len(bases)), bases)
    days = pd.Series(rng.normal(0, JITTER_DAYS, len(bases)), bases).round()
    moved = rows["release_date"] + pd.to_timedelta(rows["base_model"].map(days), unit="D")
    named = {name: rows[name] + f" ({mark})" for name in ("model", "base_model")}
    scaled = scale_compute(rows, rows["base_model"].map(decades))
    return scaled.assign(release_date=moved, **named)


def scale_compute(rows: pd.DataFrame, decades: pd.Series) -> pd.DataFrame:
    """Rows with compute times 10^decades, model and data growing alike."""
    sizes = {name: rows[name] * 10 ** (decades / 2) for name in SIZES if name in rows}
    return rows.assign(training_flop=rows["training_flop"] * 10**decades, **sizes)


def permute_compute(rows: pd.DataFrame, options: Any, rng: np.random.Generator) -> pd.DataFrame:
    """Rows with compute permuted among base models; the headline's two ends keep theirs.

    What the rows of one base model differ by (further training) stays. Base models without known
    compute keep theirs.
    """
    step = next(each for each in options.comparisons if each.id == options.headline_comparison)
    is_end = rows["model"].isin([step.earlier.model, step.later.model])
    compute = find_bases(rows)["decades"]
    free = compute.drop(index=sorted(set(rows.loc[is_end, "base_model"])), errors="ignore")
    new = pd.Series(rng.permutation(free.to_numpy()), index=free.index)
    return scale_compute(rows, rows["base_model"].map(new - free).fillna(0.0))


# How the fitted rows of each design come from those there are, the options and random numbers.
DESIGNS: dict[str, Callable[[pd.DataFrame, Any, np.random.Generator], pd.DataFrame]] = {
    "as_it_is": partial(multiply, times=1),
    "twice": partial(multiply, times=2),
    "five_times": partial(multiply, times=5),
    "small_late": add_small_late,
    "big_early": add_big_early,
    "uncorrelated": permute_compute,
}


def draw_truth_at(study: Study, posterior: xr.Dataset, table: pd.DataFrame, index: int) -> Truth:
    """A truth on the rows of `table` at the posterior's medians.

    The model draws it from priors without width at the medians, so that deviations of base models
    and effects of laboratories come out with the fitted scale; what else has labels then takes the
    median of its label.
    """
    pinned = {
        name: Prior("Normal", (float(posterior[name].median()), 0.0), prior.unit, "pinned")
        for name, prior in list_priors(study.priors)
        if name in posterior
    }
    rng = study.make_generator("design truth", index)
    drawn = study.model.sample_prior(table, study.card, replace(study.priors, **pinned), rng)
    return overlay(drawn, as_truth(posterior.median(("chain", "draw")), study.model.DIMS))


def as_truth(values: xr.Dataset, dims: dict[str, tuple[str, ...]]) -> Truth:
    """`values` as numbers by label, those of single models left out."""
    return {
        str(name): each.transpose(*dims[str(name)]).to_pandas().T.to_dict()
        if each.dims
        else float(each)
        for name, each in values.items()
        if not PER_MODEL_DIMS & set(each.dims) and set(each.dims) == set(dims.get(str(name), ()))
    }


def overlay(drawn: Any, known: Any) -> Any:
    """`drawn` with every value that `known` has too; what only `known` has is left out."""
    if not isinstance(drawn, dict):
        return known
    return {
        key: overlay(value, known[key]) if key in known else value for key, value in drawn.items()
    }
