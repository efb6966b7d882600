"""Cell -> how well the model, fitted to what was known at a date, predicts the scores that came
after, beside three naive forecasts.

A forecast is a set of draws for each later row; its error is the continuous ranked probability
score (Gneiting & Raftery 2007), E|X - y| - E|X - X'| / 2, in units of the score: for a forecast
without spread, the absolute error.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special
from statsmodels.formula.api import ols

from models import fitted_rows
from models.horizons.design import read_figures, read_intervals
from pipeline.checks.leave_out import thin
from pipeline.checks.numbers import TAILS, find_quantiles, round_to
from pipeline.checks.refit import Settings
from pipeline.core.files import write_json
from pipeline.core.layout import Layout
from pipeline.fit.density import sample_predictions
from pipeline.ingest.tables import OF_MODELS
from pipeline.studies.calibrate import SEED, open_study
from pipeline.studies.cuts import NO_CUT, find_cuts
from pipeline.studies.engine import Engine
from pipeline.studies.record import describe_inputs
from pipeline.studies.trials import Study, draw_seed

LENGTH = Settings(draws=600, tune=300)
DRAWS = 500  # of each forecast
LATEST = 10  # rows whose mean and spread are the forecast "last values"
EDGE = 0.005  # of the range of a score: logits beyond say nothing
PART = "backtest"
MODEL, COMPUTE, DATE, LAST = "model", "compute alone", "date alone", "last values"
Frame = pd.DataFrame


def run_backtest(
    layout: Layout, cell: tuple[str, str], engine: Engine, seed: int = SEED
) -> Path | str:
    """Forecast from every cut-off of the cell (dataset, model) and write the errors: the file, or
    why there is none.
    """
    study = open_study(layout, cell, engine, seed)
    if isinstance(study, str):
        return study
    if study.card.table not in OF_MODELS or "release_date" not in study.table:
        return "its table has no dated models to predict"
    cuts = find_cuts(study.table)
    if not cuts:
        return NO_CUT
    found = study.run(PART, partial(forecast, study, cuts), cuts)
    whole = study.ask("rates", lambda each: read_rates(each.refit_real("rates", 0)))
    told = [
        {"date": f"{cut:%Y-%m-%d}"} | (each if isinstance(each, dict) else {"reason": each})
        for cut, each in zip(cuts, found, strict=True)
    ]
    path = layout.backtest(study.name)
    head = {"dataset": cell[0], "model": cell[1], "made_with": describe_inputs(layout, study.name)}
    write_json(path, head | {"outcome": name_outcome(study.table), "rates": whole, "cuts": told})
    return path


def forecast(study: Study, cuts: list[pd.Timestamp], index: int) -> dict[str, Any]:
    """Errors of all forecasts made at a cut-off, and the rate of the year that it begins."""
    cut, rows = cuts[index], fitted_rows(study.table)
    is_later = (rows["release_date"] >= cut).to_numpy()
    rng = study.make_generator(PART, index)
    marked = rows.assign(is_held_out=is_later)
    posterior = study.refitter.refit(marked, study.card, study.priors, draw_seed(rng), LENGTH)
    ours = predict(study, posterior, draw_seed(rng))[:, is_later]
    outcome = read_outcome(rows)
    drawn = {MODEL: ours}
    for name, draw in NAIVE.items():
        drawn[name] = draw(rows, is_later, study.card.options, rng)
    errors = {name: score(draws, outcome[is_later]) for name, draws in drawn.items()}
    rates = read_rates(posterior)
    year = str(cut.year)
    return {
        "earlier": int((~is_later).sum()),
        "later": int(is_later.sum()),
        "errors": errors,
        "rate": {"year": year} | rates[year] if year in rates else None,
    }


def predict(study: Study, posterior: xr.Dataset, seed: int) -> np.ndarray:
    """Outcomes of all fitted rows under the draws of a posterior, shape (draw, row)."""
    built = study.refitter.built
    (drawn,) = sample_predictions(built, thin(posterior, DRAWS), seed).data_vars.values()
    values = drawn.stack(sample=("chain", "draw")).transpose("sample", ...).to_numpy()
    is_count = str(drawn.name) == "correct"
    return np.asarray(values / built["item_count"].get_value() if is_count else values)


def read_outcome(rows: Frame) -> np.ndarray:
    """What is predicted of each row: the score, the log of the perplexity, or log2 of the horizon
    (the mean of its two-piece normal).
    """
    if "score" in rows:
        return rows["score"].to_numpy(dtype=float)
    if "horizon_minutes" in rows:
        return read_intervals(rows)[0]
    return np.log(rows["perplexity"].to_numpy(dtype=float))


def name_outcome(table: Frame) -> str:
    """The unit of errors, in words."""
    if "horizon_minutes" in table:
        return "doublings of the horizon"
    return "share" if "score" in table else "nats per token"


def read_rates(posterior: xr.Dataset) -> dict[str, Any]:
    """Median and 90 % interval of the rate of each year; empty without a trend."""
    if "rate_by_year" not in posterior:
        return {}
    years = posterior["rate_by_year"]
    return {str(year.item()): find_quantiles(years.sel(year=year)) for year in years["year"]}


def regress(formula: str, rows: Frame, is_later: np.ndarray, options: Any, rng: Any) -> np.ndarray:
    """Draws of later outcomes from a linear fit of the earlier ones, on a scale without bounds.

    A later row whose compute is not known has the mean and the spread of the earlier rows.
    """
    lower, upper = find_range(rows, options)
    frame = rows.assign(
        outcome=to_line(read_outcome(rows), lower, upper),
        compute=read_compute(rows),
        years=(rows["release_date"] - rows["release_date"].min()).dt.days / 365.25,
    )
    earlier, later = frame[~is_later], frame[is_later].assign(benchmark=known(frame, is_later))
    told = ols(formula, earlier).fit().get_prediction(later)
    made = pd.DataFrame({"mean": told.predicted_mean, "std": told.se_obs}, told.row_labels)
    chosen = made.reindex(later.index).fillna(earlier["outcome"].agg(["mean", "std"]))
    drawn = rng.normal(chosen["mean"], chosen["std"], (DRAWS, len(chosen)))
    return from_line(drawn, lower[is_later], upper[is_later])


def known(frame: Frame, is_later: np.ndarray) -> pd.Series:
    """The benchmark of each later row; of one that is new, the commonest of the earlier."""
    earlier = frame.loc[~is_later, "benchmark"]
    later = frame.loc[is_later, "benchmark"]
    return later.where(later.isin(set(earlier)), earlier.mode().iloc[0])


def read_compute(rows: Frame) -> pd.Series:
    """log10 FLOP of each row; of horizons, only figures that do not rest on benchmark scores."""
    if "horizon_minutes" in rows:
        return read_figures(rows)
    return np.log10(rows["training_flop"].fillna(6 * rows["parameters"] * find_tokens(rows)))


def find_tokens(rows: Frame) -> pd.Series:
    """Training tokens, or those of the dataset times its readings."""
    tokens = rows["training_tokens"]
    if "dataset_tokens" in rows:
        tokens = tokens.fillna(rows["dataset_tokens"] * rows["epochs"].fillna(1))
    return tokens


def repeat_last(rows: Frame, is_later: np.ndarray, options: Any, rng: Any) -> np.ndarray:
    """Draws around the mean of the latest rows of the same benchmark, with their spread."""
    lower, upper = find_range(rows, options)
    line = pd.Series(to_line(read_outcome(rows), lower, upper), rows.index)
    earlier = rows[~is_later].sort_values("release_date", kind="stable")
    latest = earlier.groupby("benchmark").tail(LATEST)
    told = line[latest.index].groupby(latest["benchmark"]).agg(["mean", "std"])
    overall = line[latest.index].agg(["mean", "std"])
    chosen = told.reindex(rows.loc[is_later, "benchmark"]).fillna(overall)
    drawn = rng.normal(chosen["mean"], chosen["std"], (DRAWS, len(chosen)))
    return from_line(drawn, lower[is_later], upper[is_later])


NAIVE: dict[str, Callable[..., np.ndarray]] = {
    COMPUTE: partial(regress, "outcome ~ C(benchmark) + compute"),
    DATE: partial(regress, "outcome ~ C(benchmark) + years"),
    LAST: repeat_last,
}


def find_range(rows: Frame, options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Chance and ceiling of each row; without bounds for perplexities and horizons."""
    if "score" not in rows:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    facts = [dict(options.benchmarks)[name] for name in rows["benchmark"]]
    chance = [0.0 if each.chance == "estimated" else float(each.chance) for each in facts]
    return np.array(chance), np.array([each.ceiling for each in facts])


def to_line(outcome: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Logits of a score between its bounds; logs of perplexities and horizons as they are."""
    height = np.clip((outcome - lower) / (upper - lower), EDGE, 1 - EDGE)
    return np.where(np.isnan(lower), outcome, special.logit(height))


def from_line(drawn: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The inverse of `to_line`, shape (draw, row)."""
    return np.where(np.isnan(lower), drawn, lower + (upper - lower) * special.expit(drawn))


def score(drawn: np.ndarray, outcome: np.ndarray) -> dict[str, float]:
    """Mean CRPS over rows, and the share of them in the forecast's 90 % interval."""
    ordered = np.sort(drawn, axis=0)
    count = len(ordered)
    weight = (2 * np.arange(1, count + 1) - count - 1)[:, None] / count**2  # E|X - X'| / 2
    crps = np.abs(ordered - outcome).mean(axis=0) - (weight * ordered).sum(axis=0)
    low, high = np.quantile(ordered, TAILS, axis=0)
    is_inside = (low <= outcome) & (outcome <= high)
    return {"crps": round_to(crps.mean()) or 0.0, "coverage": round_to(is_inside.mean()) or 0.0}
