"""Table -> validated table, or every failing row with its line, column, value, rule and remedy.

Rows that fail go to the quarantine file. The stage fails unless the card lists each of them under
`allowed_failures` with a reason. Rows that pass and are not to be fitted stay in the table with the
rule that excludes them (exclusions.py). Nothing is dropped without a count.
"""

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from pipeline.failures import Failure, SourceError, raise_any
from pipeline.ingest import tables
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.exclusions import find_lines
from pipeline.ingest.sources.card_rows import find_absent_rows

WholeTable = tuple[None, str, str, str, str]  # line, column, value, rule, remedy
Broken = tuple[str, str, str, np.ndarray]  # column, rule, remedy, positions of the rows
QUARANTINE_COLUMNS = ["line", "column", "value", "rule", "remedy"]
# Options whose keys are the names of rows, and the column that has them.
NAMED_BY = {"benchmarks": "benchmark", "reference_resource": "target"}
PLAIN_RULES = {
    "greater_than_or_equal_to": "at least",
    "less_than_or_equal_to": "at most",
    "greater_than": "above",
    "less_than": "below",
    "isin": "one of",
    "str_matches": "of the form",
    "not_nullable": "not empty",
    "field_uniqueness": "not repeated",
    "str_length": "not empty",
}


def find_failures(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> list[Failure]:
    """Every failure of `table` against its schema, one per cell and rule, with its place."""
    schema = tables.schema(card.table, card.card.retrieved)
    # Pandera would list every cell of a row that breaks a rule over rows: these are tried here.
    row_rules, schema.checks = schema.checks, []
    failures, broken = _find_wrong_cells(table, schema)
    if failures:
        return [Failure(str(card.records_path), *rest) for rest in failures]
    with np.errstate(divide="ignore", invalid="ignore"):  # of numbers that are failures already
        broken += [
            (str(rule.name), str(rule.error), str(rule.description), np.flatnonzero(~held))
            for rule in row_rules
            if not (held := rule(table).check_output.to_numpy(dtype=bool)).all()
        ]
    placed = [_place(table, card, records, *each) for each in broken]
    return sorted(dict.fromkeys(chain(*placed)), key=lambda f: (f.line or 0, f.column, f.rule))


def _find_wrong_cells(
    table: pd.DataFrame, schema: pa.DataFrameSchema
) -> tuple[list[WholeTable], list[Broken]]:
    """What is wrong with the table as a whole, and the rules that its cells break."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return [], []
    whole = cases[cases["index"].isna()]  # a column is missing, extra or mistyped
    failures: list[WholeTable] = [
        (None, str(column or ""), "", f"{check}: {case}", "correct the card")
        for column, check, case in zip(
            whole["column"], whole["check"], whole["failure_case"], strict=True
        )
    ]
    groups = cases[cases["index"].notna()].groupby(["column", "check"], sort=False)["index"]
    broken = [
        (str(column), say_rule(str(check)), _get_remedy(schema, str(column)), positions)
        for (column, check), each in groups
        for positions in [table.index.get_indexer(pd.Index(each.astype(table.index.dtype)))]
    ]
    return failures, broken


def _get_remedy(schema: pa.DataFrameSchema, column: str) -> str:
    return str((schema.columns[column].metadata or {}).get("remedy", ""))


def _place(
    table: pd.DataFrame,
    card: LoadedCard,
    records: pd.DataFrame,
    column: str,
    rule: str,
    remedy: str,
    positions: np.ndarray,
) -> list[Failure]:
    """A failure for each of the rows at `positions`, with the cell as the file has it."""
    path, rows = str(card.records_path), table.iloc[positions]
    source = card.card.columns.get(column)
    printed = (source.source or column) if source else column
    if printed in records.columns:  # else the column is joined, derived or constant
        cells = records.set_index("line")[printed].loc[rows["line"]]
        column = printed
    else:
        cells = rows[column]
    return [
        Failure(path, line, column, "" if pd.isna(cell) else str(cell), rule, remedy)
        for line, cell in zip(rows["line"].tolist(), cells, strict=True)
    ]


def say_rule(check: str) -> str:
    """A rule of a column in plain words."""
    name, _, rest = check.partition("(")
    words = PLAIN_RULES.get(name)
    if words is None:
        return check
    return words if words in ("not empty", "not repeated") else f"{words} {rest.removesuffix(')')}"


def split(
    table: pd.DataFrame, failures: list[Failure], card: LoadedCard, records: pd.DataFrame
) -> pd.DataFrame:
    """The rows of `table` that pass.

    Raises SourceError with every failure that the card does not allow.
    """
    allowed_lines = find_lines(card.card.allowed_failures, card, records)
    refused = [failure for failure in failures if failure.line not in allowed_lines]
    raise_any(refused)
    idle = sorted(allowed_lines - {failure.line for failure in failures})
    if idle:
        rules = [f"line {line} of records.csv does not fail" for line in idle]
        place, remedy = (str(card.path), None, "allowed_failures", ""), "remove it from the card"
        raise SourceError(Failure(*place, rule, remedy) for rule in rules)
    return table[~table["line"].isin(allowed_lines)].reset_index(drop=True)


def check_options(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> None:
    """Raises SourceError where a fitted row names what the card's options leave out, or they one
    that no row is.
    """
    failures = find_absent_rows(table, card)
    for option, column in NAMED_BY.items():
        known = getattr(card.options, option, None)
        if known is not None:
            is_unknown = table["exclusion"].isna() & ~table[column].isin(list(known))
            rule = f"the card does not describe it under options.{option}"
            remedy = f"add it there, or correct the name; there are: {', '.join(known)}"
            positions = np.flatnonzero(is_unknown)
            failures += _place(table, card, records, column, rule, remedy, positions)
    raise_any(failures)


def summarise(
    card: LoadedCard, table: pd.DataFrame, failures: list[Failure], rows_in: int
) -> dict[str, Any]:
    """What happened to every row, for data/checks/<dataset>.json."""
    excluded = Counter(table["exclusion"].dropna())
    fitted = table[table["exclusion"].isna()]
    return {
        "dataset": card.dataset,
        "table": card.table,
        "rows_in": rows_in,
        "rows_out": len(table),
        "rows_fitted": len(fitted),
        "rows_quarantined": rows_in - len(table),
        "excluded": dict(sorted(excluded.items())),
        "admitted_unverified": int((~fitted["is_verified"]).sum()),
        "corrections": [
            {
                "column": c.column,
                "printed": c.printed,
                "corrected": c.corrected,
                "rows": c.count,
                "reason": c.reason,
            }
            for c in card.card.corrections
        ],
        "allowed_failures": [
            {"rows": str(s.rows), "reason": s.reason} for s in card.card.allowed_failures
        ],
        "failures": len(failures),
    }


def render_quarantine(failures: list[Failure]) -> str:
    """The quarantine as CSV, one line per failure."""
    frame = pd.DataFrame(
        [vars(failure) for failure in failures], columns=["file", *QUARANTINE_COLUMNS]
    )
    return frame[QUARANTINE_COLUMNS].to_csv(index=False, lineterminator="\n")
