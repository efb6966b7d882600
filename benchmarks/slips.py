"""`python -m benchmarks.slips [--count 100]`: slips put into shipped datasets, and how many are named.

One cell of a fitted row at a time is multiplied by 10 or 100 or divided by 1000, a fraction taken
for a percent or the reverse, or a day moved by a year (seed 20261130), and the dataset is read
again as *ingest* and `apportion check` read it. Named is a slip that a rule, a comparison or the
distance from the other rows names at its line; `right` counts those named at its column. A line of
tab-separated numbers for each dataset, column and slip, once for the cells that have a second
figure and once for the others; then the totals.
"""

import argparse
import contextlib
from collections.abc import Callable, Iterator

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

SEED = 20261130
AMOUNTS = ("training_flop", "parameters", "training_tokens")
YEAR = pd.Timedelta(365, "D")
SLIPS: dict[str, tuple[tuple[str, ...], Callable[[pd.Series], pd.Series]]] = {
    "x10": (AMOUNTS, lambda value: value * 10),
    "x100": (AMOUNTS, lambda value: value * 100),
    "/1000": (AMOUNTS, lambda value: value / 1000),
    "percent for fraction": (("score",), lambda value: value * 100),
    "fraction for percent": (("score",), lambda value: value / 100),
    "a year late": (("release_date", "eval_date"), lambda value: value + YEAR),
    "a year early": (("release_date", "eval_date"), lambda value: value - YEAR),
}
COLUMNS = ("dataset", "column", "slip", "second_figure", "injected", "named", "right", "share")


def main() -> None:
    """Print the table of all datasets and the totals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slips", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--count", type=int, default=100, help="slips of each kind; default 100")
    count, layout = parser.parse_args().count, Layout()
    citations, found = read_bibliography(layout.bibliography), []
    print(*COLUMNS, sep="\t", flush=True)
    for name in sorted(sum(read_datasets(layout.datasets).values(), [])):
        with contextlib.suppress(SourceError):  # of results that are not there
            given = accept(layout, name, citation_keys=citations, reads_results=True)
            for row in measure(name, given, citations, layout, count):
                print(*row.values(), sep="\t", flush=True)
                found.append(row)
    every = pd.DataFrame(found)
    for keys in (["column", "slip", "second_figure"], ["slip", "second_figure"]):
        totals = every.groupby(keys, sort=False)[["injected", "named", "right"]].sum()
        for row in totals.reset_index().to_dict("records"):
            of = ("all", row.get("column", "all"), row["slip"], row["second_figure"])
            numbers = row["injected"], row["named"], row["right"]
            print(*of, *numbers, f"{row['named'] / row['injected']:.3f}", sep="\t")


def measure(
    name: str, given: Accepted, citations: Bibliography, layout: Layout, count: int
) -> Iterator[dict[str, object]]:
    """The lines of one dataset."""
    card, rng = given.card, np.random.default_rng(SEED)
    records = pd.DataFrame({"line": given.table["line"]})
    law = pd.read_parquet(layout.scaling_law)
    rows = fitted_rows(given.validated)
    has_second = find_seconds(rows, given, citations)
    own = set(card.card.columns) & set(rows)

    def find(validated: pd.DataFrame) -> set[tuple[int | None, str]]:
        failures = [
            *validate.find_failures(validated, card, records),
            *plausibility.find_slips(validated, card, records, given.runs, citations),
        ]
        lines = {(each.line, plausibility.name_source(card, each.column)) for each in failures}
        if not any(each.rule.startswith("at ") for each in failures):
            try:
                outliers = find_outliers(validated, card.for_model(given.runs, law))
            except ValueError:
                outliers = []
            lines |= {
                (each["line"], plausibility.name_source(card, each["column"])) for each in outliers
            }
        return lines

    known = find(given.validated)
    for slip, (columns, change) in SLIPS.items():
        for column in columns:
            cells = rows.index[rows[column].notna()] if column in own else rows.index[:0]
            if not len(cells):
                continue
            drawn = rng.choice(cells, count)
            told = {True: [0, 0, 0], False: [0, 0, 0]}
            for row in drawn:
                validated = given.validated.copy()
                at = validated["line"] == rows["line"][row]
                validated[column] = validated[column].where(~at, change(validated[column]))
                line = int(rows["line"][row])
                new = {each for each in find(validated) - known if each[0] == line}
                tally = told[bool(has_second.get(column, {}).get(line, False))]
                printed = plausibility.name_source(card, column)
                tally[0] += 1
                tally[1] += bool(new)
                tally[2] += (line, printed) in new
            for is_second, (injected, named, right) in told.items():
                if injected:
                    yield dict(
                        zip(
                            COLUMNS,
                            (
                                *(name, column, slip, "yes" if is_second else "no"),
                                *(injected, named, right, f"{named / injected:.3f}"),
                            ),
                            strict=True,
                        )
                    )


def find_seconds(
    rows: pd.DataFrame, given: Accepted, citations: Bibliography
) -> dict[str, dict[int, bool]]:
    """By column and line, whether another figure speaks of the cell."""
    runs = given.runs if given.card.card.runs == "both" else None
    is_known: dict[str, pd.Series] = {}

    def add(column: str, known: pd.Series) -> None:
        is_known[column] = is_known.get(column, pd.Series(False, rows.index)) | known

    if given.card.card.runs != "registry":
        for each in list_witnesses(rows, given.card, runs):
            columns = AMOUNTS if each.words == PRODUCT else (each.column,)
            for column in columns:
                add(column, each.said.notna() & rows[each.column].notna())
    for dated in list_dates(rows, given.card, runs, citations):
        add(dated.column, dated.said.notna())
    if "score" in rows:
        add("score", pd.Series(True, rows.index))  # chance and ceiling
    return {
        column: dict(zip(rows["line"].tolist(), known.tolist(), strict=True))
        for column, known in is_known.items()
    }


if __name__ == "__main__":
    main()
