"""`python -m benchmarks.slips [DATASET ...]`: slips put into shipped datasets, how many are named.

Cells of fitted rows are multiplied by 10 or 100 or divided by 1000, a fraction is taken for a
percent or the reverse, a day moves by a year (seed 20261130; 100 of each, in batches of a twentieth
of the rows, none of those that are accepted), and the dataset is judged as *ingest* and `apportion
check` judge it. Named is a slip that a rule, a comparison or the distance from the other rows names
at its line; `right` counts those named at its column too. A tab-separated line for each dataset,
column and slip, for the cells that have a second figure and for the others; then the totals.
"""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from models import fitted_rows
from pipeline.commands.outliers import find_outliers
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest import plausibility, validate
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.registries import read_datasets
from pipeline.ingest.stage import Accepted, accept
from pipeline.ingest.witnesses import PRODUCT, list_dates, list_witnesses

SEED, BATCH = 20261130, 20
AMOUNTS, DATES = ("training_flop", "parameters", "training_tokens"), ("release_date", "eval_date")
YEAR = pd.Timedelta(365, "D")
SLIPS: dict[str, tuple[tuple[str, ...], Callable[[pd.Series], pd.Series]]] = {
    "x10": (AMOUNTS, lambda value: value * 10),
    "x100": (AMOUNTS, lambda value: value * 100),
    "/1000": (AMOUNTS, lambda value: value / 1000),
    "percent for fraction": (("score",), lambda value: value * 100),
    "fraction for percent": (("score",), lambda value: value / 100),
    "a year late": (DATES, lambda value: value + YEAR),
    "a year early": (DATES, lambda value: value - YEAR),
}
COUNTS = ["injected", "named", "right"]
COLUMNS = ("dataset", "column", "slip", "second figure", *COUNTS, "share")


@dataclass(frozen=True)
class Read:
    """A dataset as it was accepted, with what its check reads besides."""

    given: Accepted
    citations: Bibliography
    law: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """The fitted rows."""
        return fitted_rows(self.given.validated)

    def find(self, validated: pd.DataFrame) -> set[tuple[int | None, str]]:
        """Line and column of every cell that is named."""
        card, runs = self.given.card, self.given.runs
        records = pd.DataFrame({"line": self.given.table["line"]})
        failures = validate.find_failures(validated, card, records)
        failures += plausibility.find_slips(validated, card, records, runs, self.citations)
        found = {(each.line, each.column) for each in failures}
        with np.errstate(all="ignore"):
            outliers = find_outliers(validated, card.for_model(runs, self.law))
        return found | {(each["line"], each["column"]) for each in outliers}

    def find_seconds(self) -> pd.DataFrame:
        """Whether another figure speaks of each cell, a column for each that has any."""
        rows, card = self.rows, self.given.card
        runs = self.given.runs if card.card.runs == "both" else None
        found = pd.DataFrame(index=rows.index)
        if "score" in rows:
            found["score"] = True  # chance and ceiling
        spoken = [] if card.card.runs == "registry" else [*list_witnesses(rows, card, runs)]
        for each in [*spoken, *list_dates(rows, card, runs, self.citations)]:
            known = each.said.notna() & rows[each.column].notna()
            for name in AMOUNTS if each.words == PRODUCT else (each.column,):
                found[name] = found.get(name, False) | known
        return found


def main() -> None:
    """Print the table and the totals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slips", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help="all of them if absent")
    parser.add_argument("--count", type=int, default=100, help="slips of each kind; default 100")
    options, layout, found = parser.parse_args(), Layout(), []
    every = sorted(chain.from_iterable(read_datasets(layout.datasets).values()))
    citations = read_bibliography(layout.bibliography)
    print(*COLUMNS, sep="\t", flush=True)
    for name in options.datasets or every:
        with contextlib.suppress(SourceError):  # where results that it reads are not there
            given = accept(layout, name, citation_keys=citations, reads_results=True)
            read = Read(given, citations, pd.read_parquet(layout.scaling_law))
            for row in measure(read, options.count):
                found.append((name, *row))
                _print(found[-1])
    frame = pd.DataFrame(found, columns=list(COLUMNS[:-1]))
    for keys in (["column", "slip", "second figure"], ["slip", "second figure"]):
        for key, counts in frame.groupby(keys, sort=False)[COUNTS].sum().iterrows():
            _print(("all", *["all"] * (3 - len(keys)), *key, *counts))


def _print(row: tuple[object, ...]) -> None:
    injected, named, _ = row[-3:]
    print(*row, f"{named / injected:.3f}", sep="\t", flush=True)


def measure(read: Read, count: int) -> Iterator[tuple[object, ...]]:
    """Column, slip, whether there is a second figure, and the three counts."""
    rng, rows, seconds = np.random.default_rng(SEED), read.rows, read.find_seconds()
    known, own = read.find(read.given.validated), read.given.card.card.columns
    for slip, (columns, change) in SLIPS.items():
        for column in columns:
            if column not in rows or column not in own or rows[column].isna().all():
                continue
            told = pd.concat(list(_inject(read, column, change, count, known, rng)))
            is_second = seconds.get(column, pd.Series(False, rows.index))[told.index]
            for says, each in told.groupby(is_second.to_numpy()):
                yield column, slip, "yes" if says else "no", len(each), *each.sum()


def _inject(
    read: Read,
    column: str,
    change: Callable[[pd.Series], pd.Series],
    count: int,
    known: set[tuple[int | None, str]],
    rng: np.random.Generator,
) -> Iterator[pd.DataFrame]:
    """Which of `count` slips are named, and named at their column, batch after batch."""
    rows = read.rows[~read.rows["line"].isin({line for line, _ in known})]
    cells = rows[column].dropna().index.to_numpy()
    size = max(1, len(cells) // BATCH)
    for start in range(0, count, size):
        drawn = rng.choice(cells, min(size, count - start), replace=False)
        lines = read.rows["line"][drawn]
        validated = read.given.validated.copy()
        at = validated["line"].isin(lines)
        validated.loc[at, column] = change(validated.loc[at, column])
        found = read.find(validated) - known
        printed = {column, plausibility.name_source(read.given.card, column)}
        told = [{name for where, name in found if where == line} for line in lines]
        yield pd.DataFrame(
            [(bool(each), bool(each & printed)) for each in told], drawn, ["named", "right"]
        )


if __name__ == "__main__":
    main()
