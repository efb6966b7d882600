"""The design of a leaderboard: benchmark, tags, lab, base model, date and compute of each row.

The kind of errors of compute is the card's (`compute_error_decades`), the scale s that of the
confidence class. A figure of kind `berkson` is unbiased for what was used. One of kind `classical`
scatters about it, as an estimate does; among runs of one date, whose compute varies by sd, a high
figure is then high in part by error. With log10 C* ~ Normal(m0 + m1 t, sd) and
figure ~ Normal(log10 C*, s)::

    log10 C* | figure ~ Normal(figure - w (figure - m0 - m1 t), sd s / sqrt(sd^2 + s^2))
    w = s^2 / (sd^2 + s^2)

So both are the same model with another mean and scale (Carroll et al. 2006, section 2.2). The trend
of compute is the least-squares line through the figures of the base models, taken as known: its own
error moves a figure by a few hundredths of a decade.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.dates import years_since
from models.effective_compute.allocation import Allocation, summarise_allocation
from models.effective_compute.trend import Trend, make_trend
from models.options import LeaderboardOptions

MINIMUM_PAIRED = 5  # base models with a technique and without, to say how far its worth varies
MINIMUM_BASE_MODELS = 3  # fewer cannot tell a technique from its models


@dataclass(frozen=True)
class Design:
    """The fitted rows of a leaderboard as arrays; `rows` keeps their order.

    Compute and dates are counted from round references in their middle, so that parameters keep
    their meaning and the sampler sees little correlation.
    """

    options: LeaderboardOptions
    rows: pd.DataFrame
    without_compute: set[str]  # models of fitted rows that have no compute figure
    benchmarks: list[str]
    tags: list[str]
    labs: list[str]
    bases: list[str]
    harnesses: list[str]  # those that are not the card's reference
    benchmark_index: np.ndarray  # (row,)
    lab_index: np.ndarray  # (row,)
    base_index: np.ndarray  # (row,)
    # (row, tag), 0 or 1; of inference compute the decades: log10 of the samples
    has_tag: np.ndarray
    has_harness: np.ndarray  # (row, harness), 0 or 1
    log10_flop_reference: float  # decades of compute are counted from here: the median, rounded
    reference_date: pd.Timestamp  # years are counted from here: 1 January of the median year
    log10_compute: np.ndarray  # (row,), what the figure says of it, in decades above the reference
    years: np.ndarray  # (row,), since the reference date
    trend: Trend
    is_early: np.ndarray  # (row,), released on or before the median release date of the base models
    is_held_out: np.ndarray  # (row,), left out of the likelihood
    # (base,), standard deviation of the log10 compute given its figure, in decades, by the surest
    # class among the rows: fine-tunes only add to it
    compute_error: np.ndarray
    # (row,), share of the compute that continued training added to the base model's
    continued_share: np.ndarray
    # (base,), of dense models; NaN elsewhere. Fine-tunes only add tokens: the least are the base's
    parameters: np.ndarray
    training_tokens: np.ndarray
    scaling_law: pd.DataFrame | None  # draws of the law that allocation is measured against

    @property
    def later_years(self) -> np.ndarray:
        """Years after the reference date, zero before it: shape (row,)."""
        return np.maximum(self.years, 0.0)

    @cached_property
    def allocation(self) -> Allocation | None:
        """The moment summary of allocation; None where the card does not ask for it.

        Raises ValueError where the card asks for it and no draws of the law are given.
        """
        if self.options.allocation == "none":
            return None
        if self.scaling_law is None:
            raise ValueError("the card says `allocation: scaling_law`: the law's draws are needed")
        return summarise_allocation(self.scaling_law, self.parameters, self.training_tokens)

    def is_of_part(self, part: str) -> np.ndarray:
        """Which tags count in `part`, technique or inference: shape (tag,)."""
        techniques = self.options.techniques
        return np.array([techniques[tag].part == part for tag in self.tags], dtype=bool)

    @cached_property
    def pairs(self) -> list[list[int]]:
        """Positions of base models and tags, where a base model has rows with the tag and without.

        Elsewhere what a technique is worth to one base model is part of its deviation. None where
        such base models are few: they do not tell how far its worth varies.
        """
        by_base = pd.DataFrame(self.has_tag != 0).groupby(self.base_index)
        found = np.argwhere((by_base.any() & ~by_base.all()).to_numpy())
        return found.tolist() if len(set(found[:, 0])) >= MINIMUM_PAIRED else []

    @cached_property
    def has_pair(self) -> np.ndarray:
        """The entry of `has_tag` for the tag of the pair, in the rows of its base model.

        Shape (row, pair).
        """
        bases, tags = np.array(self.pairs, dtype=int).reshape(-1, 2).T
        return np.where(self.base_index[:, None] == bases, self.has_tag[:, tags], 0.0)

    @property
    def has_trend(self) -> bool:
        """Whether progress with the calendar is fitted."""
        return self.options.trend == "linear"


def make_design(table: pd.DataFrame, card: Card) -> Design:
    """The design of the fitted rows that have a compute figure.

    An optional column `is_held_out` marks rows that keep their place and leave the likelihood.
    Raises ValueError where a technique cannot be distinguished from its models or from another
    technique, and where the card asks for allocation and too little is known to measure it.
    """
    options = card.options_of(LeaderboardOptions)
    fitted = fitted_rows(table)
    rows = fitted[fitted["training_flop"].notna()].reset_index(drop=True)
    benchmarks, labs, bases, harnesses = (
        list(rows[name].drop_duplicates().astype(str))
        for name in ("benchmark", "lab", "base_model", "harness")
    )
    harnesses = [name for name in harnesses if name != options.reference_harness]
    carried = rows["techniques"].astype("str").where(rows["techniques"].notna(), "").str.split()
    tags = sorted(set().union(*carried))
    has_tag = np.array([[tag in present for tag in tags] for present in carried], dtype=float)
    _check_tags(rows, tags, has_tag)
    for position, tag in enumerate(tags):
        if options.techniques[tag].part == "inference":
            has_tag[:, position] *= _count_decades(rows["sample_count"], has_tag[:, position])
    base_index = _positions(rows["base_model"], bases)
    by_base = rows.groupby(base_index)
    first_dates = by_base["release_date"].min()
    reference_date = pd.Timestamp(int(first_dates.dt.year.median()), 1, 1)
    log10_flop = np.log10(rows["training_flop"].to_numpy())
    reference = float(np.round(np.median(log10_flop)))
    is_dense = by_base["is_dense"].all()
    least_flop = by_base["training_flop"].min().to_numpy()
    years = years_since(rows["release_date"], reference_date).to_numpy()
    explains = np.column_stack([np.ones(len(rows)), log10_flop - reference, years, has_tag])
    others = pd.DataFrame(explains).groupby(base_index).mean()
    scale = rows["compute_confidence"].map(options.compute_error_decades.model_dump())
    error = scale.astype(float).groupby(base_index).min().to_numpy()
    added = np.zeros(len(bases))
    if options.compute_error_decades.kind == "classical":
        figures = pd.Series(log10_flop).groupby(base_index).min().to_numpy()
        dates = pd.Series(years).groupby(base_index).min().to_numpy()
        added, error = correct_figures(figures, dates, error)
    return Design(
        options=options,
        rows=rows,
        without_compute=set(fitted["model"][fitted["training_flop"].isna()]) - set(rows["model"]),
        benchmarks=benchmarks,
        tags=tags,
        labs=labs,
        bases=bases,
        harnesses=harnesses,
        benchmark_index=_positions(rows["benchmark"], benchmarks),
        lab_index=_positions(rows["lab"], labs),
        base_index=base_index,
        has_tag=has_tag.reshape(len(rows), len(tags)),
        has_harness=(rows[["harness"]].to_numpy() == np.array([harnesses])).astype(float),
        log10_flop_reference=reference,
        reference_date=reference_date,
        log10_compute=log10_flop + added[base_index] - reference,
        years=years,
        trend=make_trend(
            rows["release_date"], first_dates, reference_date, others.to_numpy(), options.bend
        ),
        is_early=(rows["release_date"] <= first_dates.median()).to_numpy(),
        is_held_out=held_out(rows),
        compute_error=error,
        continued_share=1 - least_flop[base_index] / rows["training_flop"].to_numpy(),
        parameters=by_base["parameters"].min().where(is_dense).to_numpy(),
        training_tokens=by_base["training_tokens"].min().where(is_dense).to_numpy(),
        scaling_law=card.scaling_law,
    )


def headline_key(card: Card) -> str:
    """The estimand that pages put first: the compute share of the headline comparison."""
    return f"share_compute[{card.options_of(LeaderboardOptions).headline_comparison}]"


def correct_figures(
    log10_compute: np.ndarray, years: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Decades to add to each figure, and what is then left open, under classical errors.

    All have shape (base,): a figure, its date and the standard deviation of its error.
    """
    degree = 1 if np.ptp(years) > 0 else 0
    expected = np.polyval(np.polyfit(years, log10_compute, degree), years)
    freedom = max(len(years) - degree - 1, 1)
    scatter = ((log10_compute - expected) ** 2).sum() / freedom
    variance = np.maximum(scatter - error**2, scatter / 2)  # the figures' scatter holds their error
    weight = error**2 / (variance + error**2)
    return weight * (expected - log10_compute), np.sqrt(variance * weight)


def held_out(rows: pd.DataFrame) -> np.ndarray:
    """Whether each row is left out of the likelihood, shape (row,)."""
    return np.asarray(rows.get("is_held_out", pd.Series(False, index=rows.index)), dtype=bool)


def _count_decades(samples: pd.Series, is_tagged: np.ndarray) -> np.ndarray:
    """log10 of the samples behind each row; where not known, the mean of those that are."""
    decades = np.log10(samples.astype(float).clip(lower=1).to_numpy())
    known = decades[(is_tagged > 0) & np.isfinite(decades)]
    return np.where(np.isfinite(decades), decades, known.mean() if len(known) else 1.0)


def _positions(values: pd.Series, categories: list[str]) -> np.ndarray:
    return pd.Categorical(values, categories=categories).codes.astype(int)


def _check_tags(rows: pd.DataFrame, tags: list[str], has_tag: np.ndarray) -> None:
    carried = dict(zip(tags, has_tag.T == 1, strict=True))
    counts = {tag: rows.loc[has, "base_model"].nunique() for tag, has in carried.items()}
    few = {tag: count for tag, count in counts.items() if count < MINIMUM_BASE_MODELS}
    if few:
        raise ValueError(
            f"techniques with fewer than {MINIMUM_BASE_MODELS} base models among the fitted rows: "
            f"{few}. Pool the tag with its neighbour on the card, or exclude its rows by name"
        )
    pairs = combinations(tags, 2)
    together = [(a, b) for a, b in pairs if np.array_equal(carried[a], carried[b])]
    if together:
        raise ValueError(
            f"techniques that always occur together cannot be distinguished: {together}. Pool them"
        )
