"""Perplexities drawn from known parameters of the augmented law, in plain NumPy: no code in common
with the model.
"""

from typing import Any

import numpy as np
import pandas as pd

from models import Card, Truth, fitted_rows
from models.effective_compute.simulation import draw_walk

DIMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("level", "irreducible_loss"), ("benchmark",)),
    **dict.fromkeys(("contribution_parameters", "contribution_tokens"), ("benchmark",)),
    "paper_effect": ("paper",),
    "rate_by_year": ("year",),
    "flop_errors": ("end",),  # of compute at both ends of a step, in standard deviations
}


def sample_prior(table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator) -> Truth:
    """Every parameter drawn from its prior, in plain NumPy."""
    rows = fitted_rows(table)
    benchmarks, papers = (list(dict.fromkeys(rows[name])) for name in ("benchmark", "lab"))
    drawn = {name: prior for name, prior in vars(priors).items() if name != "level"}
    truth: Truth = {name: float(prior.draw(rng)) for name, prior in drawn.items()}
    if len(set(rows["release_date"].dt.year)) > 1:
        truth["rate_by_year"] = draw_walk(rows, truth, rng)
    truth["flop_errors"] = {"early": float(rng.normal()), "late": float(rng.normal())}
    level = np.asarray(priors.level.draw(rng, len(benchmarks)), dtype=float)

    def draw_share(name: str) -> np.ndarray:
        center, spread = truth[f"{name}_share_center"], truth[f"{name}_share_spread"]
        logits = np.log(center / (1 - center)) + rng.normal(0, spread, len(benchmarks))
        return np.asarray(1 / (1 + np.exp(-logits)))

    share, parameters_share = draw_share("irreducible"), draw_share("parameters")
    by_benchmark = {
        "level": level,
        "irreducible_loss": level * share,
        "contribution_parameters": level * (1 - share) * parameters_share,
        "contribution_tokens": level * (1 - share) * (1 - parameters_share),
    }
    for name, values in by_benchmark.items():
        truth[name] = dict(zip(benchmarks, values.tolist(), strict=True))
    effects = rng.normal(0, truth["paper_scale"], len(papers))
    return truth | {"paper_effect": dict(zip(papers, effects.tolist(), strict=True))}


def _gain(dates: pd.Series, truth: Truth) -> np.ndarray:
    """Decades since the mean date, the yearly rates added up day by day."""
    mean = dates.mean()
    if "rate_by_year" not in truth:
        return np.asarray((dates - mean).dt.total_seconds() / 86_400 / 365.25 * truth["rate"])
    days = pd.date_range(dates.min(), dates.max() + pd.Timedelta(days=1))
    daily = np.array([truth["rate_by_year"].get(str(y), 0.0) for y in days.year]) / 365.25
    reached = np.append(0.0, np.cumsum(daily))[:-1]
    at = (pd.concat([dates, pd.Series([mean])]) - days[0]).dt.total_seconds() / 86_400
    decades = np.interp(at, np.arange(len(days)), reached)
    return np.asarray(decades[:-1] - decades[-1])


def _read_again(rows: pd.DataFrame, worth: float) -> np.ndarray:
    """What the distinct tokens count for when they are read again, as a factor."""
    epochs = rows["epochs"].astype(float)
    epochs = epochs.fillna((rows["training_tokens"] / rows["dataset_tokens"]).astype(float))
    known = epochs.clip(lower=1.0)
    usual = known.groupby(rows["benchmark"]).transform("median").fillna(known.median()).fillna(1.0)
    again = known.fillna(usual) - 1
    return np.asarray(1 + worth * (1 - np.exp(-again / worth)), dtype=float)


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows with perplexities drawn from `truth`.

    Its keys: rate, rate_by_year, repetition_worth, rate_difference, exponent_parameters,
    exponent_tokens, noise_scale; irreducible_loss, contribution_parameters and contribution_tokens
    by benchmark; paper_effect by paper, missing ones count as zero.
    """
    rows = fitted_rows(table)
    larger = rows["parameters"] / np.exp(np.log(rows["parameters"]).mean())
    longer = rows["dataset_tokens"] / np.exp(np.log(rows["dataset_tokens"]).mean())
    age = (rows["release_date"] - rows["release_date"].mean()).dt.total_seconds() / 86_400 / 365.25
    gained = _gain(rows["release_date"], truth)
    larger = larger * 10 ** ((gained + truth["rate_difference"] * age) / 2)
    longer = longer * 10 ** ((gained - truth["rate_difference"] * age) / 2)
    longer = longer * _read_again(rows, truth["repetition_worth"])
    names = rows["benchmark"]
    loss = (
        names.map(truth["irreducible_loss"])
        + names.map(truth["contribution_parameters"]) / larger ** truth["exponent_parameters"]
        + names.map(truth["contribution_tokens"]) / longer ** truth["exponent_tokens"]
        + rows["lab"].map(truth.get("paper_effect", {})).astype(float).fillna(0.0)
    )
    return rows.assign(perplexity=np.exp(rng.normal(loss, truth["noise_scale"])))
