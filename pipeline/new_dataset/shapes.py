"""A received file -> which table it fills, and a column a benchmark stacked into rows."""

import re
from pathlib import Path

import pandas as pd

from pipeline.core.failures import file_failure
from pipeline.ingest.benchmarks import Catalogue
from pipeline.ingest.cells import MISSING_TEXT
from pipeline.new_dataset.draft import RATING, find_columns
from pipeline.new_dataset.readings import propose_reading
from pipeline.new_dataset.received import Sheet

# Columns of a table that show that a file fills it, in the order in which they are tried.
EVIDENCE = (
    ("efficiency", ("target", "target_score", "resource")),
    ("scaling_grid", ("parameters", "loss_nats")),
    ("loss_leaderboard", ("model", "perplexity")),
    ("horizon_leaderboard", ("model", "horizon_minutes")),
    ("accuracy_leaderboard", ("model", "score")),
    ("training_runs", ("model", "parameters", "training_flop", "release_date")),
    ("efficiency", ("model", "release_date", "resource")),
)
ERRORS = re.compile(r"stderr|std|error|err$|_se$|\bci\b|diff")
SCORE, BENCHMARK, UNIT = "score", "benchmark", "score_unit"
EMPTY = MISSING_TEXT | {"-", "nan", "NaN"}


def guess_table(path: Path, sheet: Sheet, catalogue: Catalogue) -> tuple[str, str]:
    """The table that the file fills, and why. Raises SourceError where none is likely."""
    if wide := find_benchmarks(sheet, catalogue):
        return "accuracy_leaderboard", f"scores of {', '.join(map(repr, wide))}"
    for table, wanted in EVIDENCE:
        found = find_columns(table, wanted, sheet)
        if set(wanted) <= set(found):
            return table, ", ".join(f"{found[name]!r} is {name}" for name in wanted)
    names = (re.sub(r"[^a-z]+", " ", name.casefold()) for name in sheet.header)
    rule = "no table is likely from the names of the columns"
    remedy = "name one with --table, or the column of the scores `score`"
    if rating := next((name for name in names if RATING.search(name)), ""):
        rule = f"{rating.strip()!r} is a rating, not a share of right answers: no table takes it"
        remedy = "take a benchmark that counts right answers, or compare ratings elsewhere"
    raise file_failure(path, rule, remedy, line=1)


def find_benchmarks(sheet: Sheet, catalogue: Catalogue) -> dict[str, str]:
    """Columns of scores: name of the file, name in the catalogue."""
    found: dict[str, str] = {}
    if BENCHMARK in find_columns("accuracy_leaderboard", [BENCHMARK], sheet):
        return found
    for name in sheet.header:
        parts = [name, re.sub(r"\([^)]*\)|%", " ", name), *re.split(r"[./]", name)]
        known = next(filter(None, map(catalogue.find, parts)), None)
        digits = sum(bool(re.search(r"\d", cell)) for cell in sheet.read_column(name))
        if known and not ERRORS.search(name.casefold()) and 2 * digits >= len(sheet.rows):
            found[name] = known
    return found


def stack(sheet: Sheet, wide: dict[str, str]) -> Sheet:
    """The sheet with a row for each score of the columns `wide`; empty cells are left out, counted.

    Columns in different units bring a column that names them.
    """
    stated = {}
    for name in wide:
        keys, _ = propose_reading(SCORE, "float64", (), name, sheet.read_column(name))
        stated[name] = str(keys.get("unit", ""))
    frame = pd.DataFrame(sheet.rows, columns=sheet.header).reset_index()
    kept = [name for name in sheet.header if name not in wide]
    long = frame.melt(["index", *kept], list(wide), BENCHMARK, SCORE)
    long = long.sort_values("index", kind="stable")
    is_empty = long[SCORE].str.strip().isin(EMPTY)
    long[UNIT] = long[BENCHMARK].map(stated)
    long[BENCHMARK] = long[BENCHMARK].map(wide)
    units = [UNIT] if len(set(stated.values())) > 1 else []
    made = long.loc[~is_empty, [*kept, BENCHMARK, SCORE, *units]]
    told = f"columns of scores, stacked: {', '.join(wide)}; empty cells left out: {is_empty.sum()}"
    notes = [*sheet.notes, told]
    return Sheet(list(made.columns), made.to_numpy().tolist(), sheet.blank_rows, notes)
