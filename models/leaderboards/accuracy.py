"""The scores of a leaderboard of tests, and their density: its equations stand in
`compute_multiplier.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from models import Card, Truth
from models.effective_compute.design import Design, make_design
from models.effective_compute.steps import scale_algorithms
from models.effective_compute.units import integrate_units
from models.leaderboards.curve import rise
from models.options import AccuracyOptions, Benchmark


@dataclass(frozen=True)
class ScoreDesign(Design):
    """The design of a leaderboard of tests with what the card says of each test."""

    facts: dict[str, Benchmark]
    ceiling: np.ndarray  # (row,)
    item_count: np.ndarray  # (row,), questions behind each score

    @property
    def guessed(self) -> list[str]:
        """Benchmarks of free-form answers, whose chance level is estimated."""
        return [name for name in self.benchmarks if self.facts[name].chance == "estimated"]


def prepare(table: pd.DataFrame, card: Card) -> ScoreDesign:
    """The design of the fitted rows.

    Raises ValueError for benchmarks that the card does not describe.
    """
    design = make_design(table, card)
    facts = dict(card.options_of(AccuracyOptions).benchmarks)
    if unknown := [name for name in design.benchmarks if name not in facts]:
        raise ValueError(
            f"the card says nothing of the benchmarks {unknown}; it knows {list(facts)}"
        )
    rows = [facts[name] for name in design.rows["benchmark"]]
    return ScoreDesign(
        **vars(design),
        facts=facts,
        ceiling=np.array([each.ceiling for each in rows]),
        item_count=np.array([each.item_count for each in rows]),
    )


def measure_height(design: ScoreDesign) -> pd.Series:
    """The place of each score between chance and the ceiling, without guessing: 0 to 1."""
    levels = [design.facts[name].chance for name in design.rows["benchmark"]]
    chance = np.array([0.0 if level == "estimated" else float(level) for level in levels])
    return (design.rows["score"] - chance) / (design.ceiling - chance)


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its algorithms moved: compute has `share` of the headline comparison."""
    return scale_algorithms(truth, share, prepare(table, card))


def unit_log_likelihood(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, only: Collection[str] | None = None
) -> xr.DataArray:
    """Log density of the rows of each base model, what is its own integrated out.

    Dims chain, draw, base_model; coordinate row_count. Rows that were held out are in.
    """
    design = prepare(table, card)

    def each(name: str, rows: np.ndarray) -> np.ndarray:
        drawn = posterior[name].isel(benchmark=design.benchmark_index[rows])
        return np.asarray(drawn.to_numpy()[..., None])

    def density(rows: np.ndarray, effective: np.ndarray) -> np.ndarray:
        logit = each("level", rows) + each("slope", rows) * effective
        if design.harnesses:
            shift = posterior["harness_shift"].to_numpy() @ design.has_harness[rows].T
            logit = logit + shift[..., None]
        span = design.ceiling[rows][:, None] - each("chance", rows)
        if "early_height" in posterior:
            span = span * np.where(design.is_early[rows][:, None], each("early_height", rows), 1.0)
        power = np.exp(posterior["skew"].to_numpy())[..., None, None]
        expected = each("chance", rows) + span * rise(logit, power)
        items = design.item_count[rows][:, None]
        correct = np.round(design.rows["score"].to_numpy()[rows][:, None] * items)
        total = posterior["dispersion"].to_numpy()[..., None, None] ** -2
        right, wrong = expected * total, (1 - expected) * total
        count = -np.log(items + 1) - special.betaln(items - correct + 1, correct + 1)
        count = count + special.gammaln(total) - special.gammaln(items + total)
        return np.asarray(  # SciPy's betabinom, with what all nodes share taken once
            count
            + (special.gammaln(correct + right) - special.gammaln(right))
            + (special.gammaln(items - correct + wrong) - special.gammaln(wrong))
        )

    return integrate_units(posterior, design, density, only)
