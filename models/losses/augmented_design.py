"""The design of the augmented law: rows by parameters, tokens, date and paper, and the steps that
are split.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.dates import years_since
from models.effective_compute.design import name_benchmark
from models.options import Comparison, LossOptions, Side

SIZES = ["parameters", "dataset_tokens"]  # columns


@dataclass(frozen=True)
class Sizes:
    """The fitted rows as arrays; `rows` keeps their order. Decades and years from references."""

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


@dataclass(frozen=True)
class End:
    """Where a step begins or ends: decades and years from the references."""

    log10_parameters: float
    log10_tokens: float
    years: float


@dataclass(frozen=True)
class Pair:
    """One step with its two ends."""

    comparison: Comparison
    early: End
    late: End


def get_loss_options(card: Card) -> LossOptions:
    assert isinstance(card.options, LossOptions)
    return card.options


def find_headline(card: Card) -> Comparison:
    options = get_loss_options(card)
    return next(c for c in options.comparisons if c.id == options.headline_comparison)


def make_sizes(table: pd.DataFrame) -> Sizes:
    """The fitted rows, with references that depend on sizes and dates alone."""
    rows = fitted_rows(table)
    parameters, tokens = (np.log10(rows[name]) for name in SIZES)
    date = pd.Timestamp(rows["release_date"].mean())
    return Sizes(
        rows=rows,
        unfitted=table[table["exclusion"].notna() & table[SIZES].notna().all(axis=1)],
        benchmarks=[str(name) for name in rows["benchmark"].unique()],
        papers=[str(name) for name in rows["lab"].unique()],
        log10_parameters_reference=float(parameters.mean()),
        log10_tokens_reference=float(tokens.mean()),
        date_reference=date,
        log10_parameters=(parameters - parameters.mean()).to_numpy(),
        log10_tokens=(tokens - tokens.mean()).to_numpy(),
        years=years_since(rows["release_date"], date).to_numpy(),
    )


def find_positions(values: pd.Series, labels: list[str]) -> np.ndarray:
    return pd.Categorical(values, categories=labels).codes.astype(int)


def list_size_pairs(sizes: Sizes, card: Card) -> list[Pair]:
    """The card's comparisons, then the record path of every benchmark: first row to best."""
    pairs = [
        Pair(
            each,
            _find_end(sizes, each.benchmark, each.earlier),
            _find_end(sizes, each.benchmark, each.later),
        )
        for each in get_loss_options(card).comparisons
    ]
    for benchmark in sizes.benchmarks:
        first, best = find_record_path(sizes, benchmark)
        if first != best:
            ends = (_place(sizes, sizes.rows.iloc[row]) for row in (first, best))
            pairs.append(Pair(_name_path(sizes, card, benchmark, (first, best)), *ends))
    return pairs


def _find_end(sizes: Sizes, benchmark: str, side: Side) -> End:
    """The row of `side`; rows that differ in perplexity only count as one.

    It need not be fitted: the split of a step asks for sizes and dates of its ends, not for their
    perplexities. Raises ValueError where there is none, or where rows differ in size or date.
    """
    rows = sizes.rows if side.is_fitted else sizes.unfitted
    found = rows[
        (rows["benchmark"] == benchmark)
        & (rows["model"] == side.model)
        & (rows["method"] == side.method)
    ]
    what = f"{benchmark}, model {side.model!r}, method {side.method!r}"
    if not len(found):
        raise ValueError(f"no row with parameters and tokens is of {what}")
    if len(found.drop_duplicates([*SIZES, "release_date"])) > 1:
        raise ValueError(f"rows of {what} differ in parameters, tokens or date")
    return _place(sizes, found.iloc[0])


def _place(sizes: Sizes, row: pd.Series) -> End:
    return End(
        log10_parameters=float(np.log10(row["parameters"])) - sizes.log10_parameters_reference,
        log10_tokens=float(np.log10(row["dataset_tokens"])) - sizes.log10_tokens_reference,
        years=float(years_since(pd.Series([row["release_date"]]), sizes.date_reference).iloc[0]),
    )


def find_record_path(sizes: Sizes, benchmark: str) -> tuple[int, int]:
    """Positions of the first row by date and of the lowest perplexity.

    Of several rows on the first date the lowest is taken, of several lowest the earliest.
    """
    rows = sizes.rows[sizes.rows["benchmark"] == benchmark]
    orders = (["release_date", "perplexity"], ["perplexity", "release_date"])
    first, best = (int(rows.sort_values(order, kind="stable").index[0]) for order in orders)
    return first, best


def _name_path(sizes: Sizes, card: Card, benchmark: str, ends: tuple[int, int]) -> Comparison:
    options = get_loss_options(card)
    first, last = (
        Side(model=row["model"], method=row["method"])
        for row in (sizes.rows.iloc[end] for end in ends)
    )
    return Comparison(
        id=f"{name_benchmark(benchmark, options.comparisons)}-first_record-last_record",
        label=f"{options.benchmarks[benchmark].label}, first to last record "
        f"({first.model} to {last.model})",
        benchmark=benchmark,
        earlier=first,
        later=last,
    )


def decades_of_compute(pair: Pair) -> float:
    """Change of log10 6 N D."""
    early, late = pair.early, pair.late
    return late.log10_parameters - early.log10_parameters + late.log10_tokens - early.log10_tokens


def years_between(pair: Pair) -> float:
    return pair.late.years - pair.early.years
