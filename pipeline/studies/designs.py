"""How the interval of the compute share would shrink with more models, or with models whose compute
does not go with their date.

Outcomes are simulated from the posterior medians of the real data, on four designs:

- as it is;
- twice and five times as many base models: copies of all rows under new names, each base model's
  compute jittered by 0.3 decades (standard deviation) and its dates by half a year;
- uncorrelated: as many as there are, compute permuted among base models. The two ends of the
  headline comparison keep theirs, so that the step that is split stays the same.

The same truths are simulated on every design, so that the ratio of two widths is taken dataset by
dataset; its interval says how much of it is the chance of so few datasets.
"""

from dataclasses import replace
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
TIMES = {"as_it_is": 1, "twice": 2, "five_times": 5, "uncorrelated": 1}
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
    made = {name: _measure_design(study, posterior, name, truths) for name in TIMES}
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
    """What is told of the design, and the width of the interval in each of its datasets."""
    table = make_design_table(study, name)
    redesigned = replace(study, recipe=Recipe(study.model, table, study.card))

    def refit(index: int) -> Trial:
        truth = overlay(draw_truth_at(study, posterior, table, index), truths[index])
        rng = study.make_generator(f"design {name}", index)
        simulated = study.model.simulate(table, truth, rng)
        complete = add_unfitted(simulated, study.table)
        return refit_trial(redesigned, truth, simulated, complete, rng)

    trials, key = study.run(f"design {name}", refit, len(truths)), study.headline_share
    found = [None if isinstance(each, str) else each.found["width"].get(key) for each in trials]
    widths = pd.Series(found, dtype=float)
    size = {"base_models": int(table["base_model"].nunique()), "rows": len(table)}
    return size | count_failures(trials) | {"median_width": widths.median()}, widths


def make_design_table(study: Study, name: str) -> pd.DataFrame:
    """The fitted rows of the design `name`."""
    rows = fitted_rows(study.table)
    rng = study.make_generator(f"table {name}", 0)
    if name == "uncorrelated":
        return permute_compute(rows, study.card.options, rng)
    copies = [copy_models(rows, f"copy {i}", rng) for i in range(2, TIMES[name] + 1)]
    return pd.concat([rows, *copies], ignore_index=True)


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
    flop = rows["training_flop"].fillna(6 * rows["parameters"] * rows["training_tokens"])
    compute = np.log10(flop).groupby(rows["base_model"]).min().dropna()
    free = compute.drop(index=sorted(set(rows.loc[is_end, "base_model"])), errors="ignore")
    new = pd.Series(rng.permutation(free.to_numpy()), index=free.index)
    return scale_compute(rows, rows["base_model"].map(new - free).fillna(0.0))


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
