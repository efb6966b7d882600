"""Truths drawn from the prior, and horizons drawn from a truth, in plain NumPy.

What the figures say of compute is found another way than in design.py: trend, compute and figures
are one normal vector, of which the figures are known (a vague prior on the trend's coefficients).
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from models import Card, Truth, fitted_rows
from models.core.prior import list_priors

DIMS: dict[str, tuple[str, ...]] = {
    "compute": ("base_model",),
    "unexplained": ("base_model",),
    "compute_growth": ("period",),
}
VAGUE = 100.0  # decades: standard deviation of each coefficient before any figure


def sample_prior(table: pd.DataFrame, card: Card, priors: Any, rng: Generator) -> Truth:
    """Every parameter drawn from its prior, compute from what its figures say."""
    options: Any = card.options
    rows, day = fitted_rows(table), pd.Timestamp(options.bend_date)
    bases = _list_bases(rows, options.compute_error_decades.model_dump())
    reference = pd.Timestamp(int(bases["date"].dt.year.median()), 1, 1)
    terms = np.column_stack(
        [
            np.ones(len(bases)),
            (bases["date"] - reference).dt.days / 365.25,
            np.minimum((bases["date"] - day).dt.days / 365.25, 0.0),
            bases["is_open"],
        ]
    ).astype(float)
    coefficients, compute = _draw_compute(terms, bases, options, rng)
    truth: Truth = {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}
    unexplained = truth["spread"] * rng.normal(size=len(bases))
    truth["compute"] = dict(zip(bases.index, compute.tolist(), strict=True))
    truth["unexplained"] = dict(zip(bases.index, unexplained.tolist(), strict=True))
    since = float(coefficients[1])
    truth["compute_growth"] = {"before": since + float(coefficients[2]), "since": since}
    truth["reference"], truth["bend"] = reference.toordinal(), day.toordinal()
    return truth


def _list_bases(rows: pd.DataFrame, errors: dict[str, Any]) -> pd.DataFrame:
    """Date, openness, figure (decades above 10^25 FLOP) and its error of every base model."""
    known = rows["training_flop"].where(~rows["is_compute_circular"])
    frame = pd.DataFrame(
        {
            "base_model": rows["base_model"].astype(str),
            "date": rows["release_date"],
            "is_open": rows["is_open_weights"],
            "figure": np.log10(known) - 25.0,
            "error": rows["compute_confidence"].map(errors).astype(float),
        }
    )
    how = {"date": "min", "is_open": "max", "figure": "min", "error": "min"}
    return frame.groupby("base_model", sort=False).agg(how)


def _draw_compute(
    terms: np.ndarray, bases: pd.DataFrame, options: Any, rng: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the trend and compute of every base model, given the figures."""
    known, error = bases["figure"].notna().to_numpy(), bases["error"].to_numpy()
    figures = bases["figure"].to_numpy()[known]
    both = np.vstack([np.eye(terms.shape[1]), terms])
    before = VAGUE**2 * both @ both.T
    size = terms.shape[1]
    before[size:, size:] += options.compute_scatter_decades**2 * np.eye(len(terms))
    seen = size + np.flatnonzero(known)
    noisy = before[np.ix_(seen, seen)] + np.diag(error[known] ** 2)
    gain = np.linalg.solve(noisy, before[seen]).T
    covariance = before - gain @ before[seen]
    drawn = rng.multivariate_normal(gain @ figures, (covariance + covariance.T) / 2, method="eigh")
    coefficients, compute = drawn[:size], drawn[size:]
    if options.compute_error_decades.kind == "berkson":
        compute[known] = figures + rng.normal(0.0, error[known])
    return coefficients, compute


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The table with horizons, and both ends of their intervals, drawn from `truth`."""
    rows = fitted_rows(table)
    names = ["lower_minutes", "horizon_minutes", "upper_minutes"]
    reference, bend = (pd.Timestamp.fromordinal(truth[name]) for name in ("reference", "bend"))
    known = np.log10(rows["training_flop"].where(~rows["is_compute_circular"]))
    added = (known - known.groupby(rows["base_model"]).transform("min")).fillna(0.0)
    compute = rows["base_model"].map(truth["compute"]) + added
    years = (rows["release_date"] - reference).dt.days / 365.25
    early = np.minimum((rows["release_date"] - bend).dt.days / 365.25, 0.0)
    expected = truth["level"] + truth["slope"] * compute + truth["rate"] * years
    expected = expected - truth["change"] * early + rows["base_model"].map(truth["unexplained"])
    ends: pd.DataFrame = rows[names].apply(np.log2)
    below, above = (ends[b] - ends[a] for a, b in pairwise(names))
    gap = (above - below) / 1.959964
    sd = np.sqrt((1 - 2 / np.pi) * gap**2 + above * below / 1.959964**2)
    estimate = expected + rng.normal(size=len(rows)) * sd - np.sqrt(2 / np.pi) * gap
    moved = 2.0 ** (ends.sub(ends["horizon_minutes"], axis=0).add(estimate, axis=0))
    return rows.assign(**moved)
