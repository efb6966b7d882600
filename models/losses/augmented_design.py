"""The design of the augmented law: rows by parameters, tokens, readings, compute, date and paper,
and the steps that are split.

Readings are how often the distinct tokens were read (epochs), at least once. Where they are not
printed they follow from tokens of training over distinct ones, else they are the median of the
benchmark's rows. Training compute is the printed figure, else 6 N times the tokens read.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.dates import years_since
from models.effective_compute.design import held_out
from models.effective_compute.steps import is_of_side, list_record_paths
from models.effective_compute.trend import Trend, make_trend
from models.options import Comparison, LeaderboardOptions, Side

SIZES = ["parameters", "dataset_tokens"]  # columns
FLOP_A_PARAMETER_AND_TOKEN = 6  # forward and backward pass, Kaplan et al. 2020, section 2.1


@dataclass(frozen=True)
class End:
    """Where a step begins or ends: decades and years from the references."""

    log10_parameters: float
    log10_tokens: float
    readings: float
    log10_flop: float  # decades, not from a reference
    flop_error: float  # standard deviation of it given its figure, decades
    years: float


@dataclass(frozen=True)
class SizePair:
    """One step with its two ends."""

    comparison: Comparison
    early: End
    late: End

    @property
    def years(self) -> float:
        """Years between the ends."""
        return self.late.years - self.early.years


@dataclass(frozen=True)
class Sizes:
    """The fitted rows as arrays; `rows` keeps their order. Decades and years from references."""

    options: LeaderboardOptions
    rows: pd.DataFrame
    unfitted: pd.DataFrame  # rows left out of the fit whose parameters and tokens are known
    benchmarks: list[str]
    papers: list[str]
    log10_parameters_reference: float
    log10_tokens_reference: float
    date_reference: pd.Timestamp
    log10_parameters: np.ndarray  # (row,)
    log10_tokens: np.ndarray  # (row,)
    readings: np.ndarray  # (row,), how often the distinct tokens were read
    years: np.ndarray  # (row,)
    trend: Trend
    benchmark_index: np.ndarray  # (row,)
    paper_index: np.ndarray  # (row,)
    is_held_out: np.ndarray  # (row,), left out of the likelihood
    typical_readings: pd.Series  # by benchmark, where they are not known
    readings_spread: float  # standard deviation of log10 of the known readings within a benchmark

    def list_pairs(self) -> list[SizePair]:
        """The card's comparisons, then the record path of every benchmark: first row to best."""
        comparisons = self.options.comparisons
        pairs = [
            SizePair(each, *(self._find_end(each.benchmark, s) for s in (each.earlier, each.later)))
            for each in comparisons
        ]
        for path in list_record_paths(self.rows, comparisons):
            assert path.rows is not None
            ends = (self._place(self.rows.iloc[row]) for row in path.rows)
            pairs.append(SizePair(path.comparison, *ends))
        return pairs

    def _find_end(self, benchmark: str, side: Side) -> End:
        """The row of `side`; rows that differ in perplexity only count as one.

        It need not be fitted: the split of a step needs the sizes and dates of its ends, not their
        perplexities. Raises ValueError where there is none, or where rows differ in size or date.
        """
        rows = self.rows if side.is_fitted else self.unfitted
        found = rows[is_of_side(rows, benchmark, side)]
        what = f"{benchmark}, model {side.model!r}, method {side.method!r}"
        if not len(found):
            raise ValueError(f"no row with parameters and tokens is of {what}")
        if len(found.drop_duplicates([*SIZES, "release_date"])) > 1:
            raise ValueError(f"rows of {what} differ in parameters, tokens or date")
        return self._place(found.iloc[0])

    def _place(self, row: pd.Series) -> End:
        years = years_since(pd.Series([row["release_date"]]), self.date_reference)
        frame = row.to_frame().T
        readings = float(fill_readings(frame, self.typical_readings)[0])
        flop, error = row["training_flop"], self.readings_spread
        if pd.notna(flop):
            error = self.options.compute_error_decades.model_dump()[row["compute_confidence"]]
        else:
            flop = FLOP_A_PARAMETER_AND_TOKEN * row["parameters"] * row["dataset_tokens"] * readings
        return End(
            log10_parameters=float(np.log10(row["parameters"])) - self.log10_parameters_reference,
            log10_tokens=float(np.log10(row["dataset_tokens"])) - self.log10_tokens_reference,
            readings=readings,
            log10_flop=float(np.log10(flop)),
            flop_error=float(error),
            years=float(years.iloc[0]),
        )


def count_readings(rows: pd.DataFrame) -> pd.Series:
    """How often each row's distinct tokens were read, at least once; NaN where it is not known."""
    read = rows["training_tokens"] / rows["dataset_tokens"]
    return rows["epochs"].astype(float).fillna(read.astype(float)).clip(lower=1.0)


def fill_readings(rows: pd.DataFrame, typical: pd.Series) -> np.ndarray:
    """The readings of each row; where they are not known, what is typical of its benchmark."""
    return count_readings(rows).fillna(rows["benchmark"].map(typical)).to_numpy(dtype=float)


def prepare(table: pd.DataFrame, card: Card) -> Sizes:
    """The fitted rows, with references that depend on sizes and dates alone."""
    rows = fitted_rows(table)
    known = count_readings(rows)
    by_benchmark = known.groupby(rows["benchmark"])
    typical = by_benchmark.median().fillna(float(known.median()) if known.notna().any() else 1.0)
    spread = float((np.log10(known) - np.log10(rows["benchmark"].map(typical))).std())
    parameters, tokens = (np.log10(rows[name]) for name in SIZES)
    date = pd.Timestamp(rows["release_date"].mean())
    benchmark_index, benchmarks = pd.factorize(rows["benchmark"].astype("object"))
    paper_index, papers = pd.factorize(rows["lab"].astype("object"))
    options = card.options_of(LeaderboardOptions)
    years = years_since(rows["release_date"], date).to_numpy()
    regressors = np.column_stack([np.ones(len(rows)), parameters, tokens, years])
    bases = rows["base_model"].fillna(rows["model"])
    dates = rows["release_date"].groupby(bases).min()
    others = pd.DataFrame(regressors).groupby(bases.to_numpy()).mean().to_numpy()
    return Sizes(
        options=options,
        rows=rows,
        unfitted=table[table["exclusion"].notna() & table[SIZES].notna().all(axis=1)],
        benchmarks=list(benchmarks),
        papers=list(papers),
        log10_parameters_reference=float(parameters.mean()),
        log10_tokens_reference=float(tokens.mean()),
        date_reference=date,
        log10_parameters=(parameters - parameters.mean()).to_numpy(),
        log10_tokens=(tokens - tokens.mean()).to_numpy(),
        readings=fill_readings(rows, typical),
        years=years,
        trend=make_trend(rows["release_date"], dates, date, others, options.bend),
        benchmark_index=benchmark_index,
        paper_index=paper_index,
        is_held_out=held_out(rows),
        typical_readings=typical,
        readings_spread=spread if np.isfinite(spread) else 0.0,
    )
