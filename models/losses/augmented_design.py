"""The design of the augmented law: rows by parameters, tokens, date and paper, and the steps that
are split.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.dates import years_since
from models.effective_compute.design import get_options, held_out
from models.effective_compute.paths import is_of_side, list_record_paths
from models.options import Comparison, LeaderboardOptions, Side

SIZES = ["parameters", "dataset_tokens"]  # columns


@dataclass(frozen=True)
class End:
    """Where a step begins or ends: decades and years from the references."""

    log10_parameters: float
    log10_tokens: float
    years: float


@dataclass(frozen=True)
class SizePair:
    """One step with its two ends."""

    comparison: Comparison
    early: End
    late: End

    @property
    def decades_of_compute(self) -> float:
        """Change of log10 6 N D."""
        early, late = self.early, self.late
        return (
            late.log10_parameters - early.log10_parameters + late.log10_tokens - early.log10_tokens
        )

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
    years: np.ndarray  # (row,)
    benchmark_index: np.ndarray  # (row,)
    paper_index: np.ndarray  # (row,)
    is_held_out: np.ndarray  # (row,), left out of the likelihood

    def list_pairs(self) -> list[SizePair]:
        """The card's comparisons, then the record path of every benchmark: first row to best."""
        comparisons = self.options.comparisons
        pairs = [
            SizePair(each, *(self._find_end(each.benchmark, side) for side in sides))
            for each in comparisons
            for sides in [(each.earlier, each.later)]
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
        return End(
            log10_parameters=float(np.log10(row["parameters"])) - self.log10_parameters_reference,
            log10_tokens=float(np.log10(row["dataset_tokens"])) - self.log10_tokens_reference,
            years=float(years.iloc[0]),
        )


def prepare(table: pd.DataFrame, card: Card) -> Sizes:
    """The fitted rows, with references that depend on sizes and dates alone."""
    rows = fitted_rows(table)
    parameters, tokens = (np.log10(rows[name]) for name in SIZES)
    date = pd.Timestamp(rows["release_date"].mean())
    benchmark_index, benchmarks = pd.factorize(rows["benchmark"].astype("object"))
    paper_index, papers = pd.factorize(rows["lab"].astype("object"))
    return Sizes(
        options=get_options(card),
        rows=rows,
        unfitted=table[table["exclusion"].notna() & table[SIZES].notna().all(axis=1)],
        benchmarks=list(benchmarks),
        papers=list(papers),
        log10_parameters_reference=float(parameters.mean()),
        log10_tokens_reference=float(tokens.mean()),
        date_reference=date,
        log10_parameters=(parameters - parameters.mean()).to_numpy(),
        log10_tokens=(tokens - tokens.mean()).to_numpy(),
        years=years_since(rows["release_date"], date).to_numpy(),
        benchmark_index=benchmark_index,
        paper_index=paper_index,
        is_held_out=held_out(rows),
    )
