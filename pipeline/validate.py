"""Table -> validated table, or every failing row with its line, column, value, rule and the way to
mend it.

Rows that fail go to the quarantine file. The stage fails unless the card lists each of them under
`allowed_failures` with a reason. Rows that pass and are not to be fitted stay in the table with the
rule that excludes them: compute imputed from benchmark scores, no compute, not verified. Nothing is
dropped without a count.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from pipeline import tables
from pipeline.cards import LoadedCard, load_card
from pipeline.failures import Failure, SourceError
from pipeline.files import write_json, write_parquet, write_text
from pipeline.records import read_records
from pipeline.stage import stage_main

QUARANTINE_COLUMNS = ["line", "column", "value", "rule", "remedy"]
PLAIN_RULES = {
    "greater_than_or_equal_to": "at least",
    "less_than_or_equal_to": "at most",
    "greater_than": "above",
    "less_than": "below",
    "isin": "one of",
    "str_matches": "of the form",
    "not_nullable": "not empty",
    "field_uniqueness": "stands once",
    "str_length": "not empty",
}


def find_failures(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> list[Failure]:
    """Every failure of `table` against its schema, one a cell and rule, at its cell of the file."""
    schema = tables.schema(card.table, card.card.retrieved)
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cells = records.set_index("line")
        cases = errors.failure_cases.to_dict("records")
        return sorted({_to_failure(case, table, schema, card, cells) for case in cases})
    return []


def _to_failure(
    case: dict[Any, Any],
    table: pd.DataFrame,
    schema: pa.DataFrameSchema,
    card: LoadedCard,
    cells: pd.DataFrame,
) -> Failure:
    path = str(card.records_path)
    if pd.isna(case["index"]):  # the table as a whole: a column is missing, extra or mistyped
        text = f"{case['check']}: {case['failure_case']}"
        return Failure(path, None, str(case["column"] or ""), "", text, "correct the card")
    row = table.loc[case["index"]]
    line = int(row["line"])
    column, rule, remedy = _place(case, schema)
    source = card.card.columns.get(column)
    printed = (source.source or column) if source else column
    if printed in cells.columns:  # else the column is joined, derived or constant
        return Failure(path, line, printed, str(cells.loc[line, printed]), rule, remedy)
    value = "" if pd.isna(row[column]) else str(row[column])
    return Failure(path, line, column, value, rule, remedy)


def _place(case: dict[Any, Any], schema: pa.DataFrameSchema) -> tuple[str, str, str]:
    """Column, rule and remedy of a failure case; a rule over rows names its column itself."""
    for check in schema.checks:
        if check.error == case["check"]:
            return str(check.name), str(check.error), str(check.description)
    column = str(case["column"])
    metadata = schema.columns[column].metadata or {}
    return column, _in_words(str(case["check"])), str(metadata.get("remedy", ""))


def _in_words(check: str) -> str:
    name, _, rest = check.partition("(")
    words = PLAIN_RULES.get(name)
    if words is None:
        return check
    return words if words in ("not empty", "stands once") else f"{words} {rest.removesuffix(')')}"


def split(
    table: pd.DataFrame, failures: list[Failure], card: LoadedCard, records: pd.DataFrame
) -> pd.DataFrame:
    """The rows of `table` that pass.

    Raises SourceError with every failure that the card does not allow.
    """
    allowed = pd.Series(False, index=records.index)
    for selection in card.card.allowed_failures:
        allowed |= selection.find(records, card.path)
    allowed_lines = set(records.loc[allowed, "line"])
    refused = [failure for failure in failures if failure.line not in allowed_lines]
    if refused:
        raise SourceError(refused)
    idle = sorted(allowed_lines - {failure.line for failure in failures})
    if idle:
        raise SourceError(
            Failure(
                str(card.path),
                None,
                "allowed_failures",
                "",
                f"line {line} of records.csv does not fail",
                "remove it from the card",
            )
            for line in idle
        )
    return table[~table["line"].isin(allowed_lines)].reset_index(drop=True)


def exclude_by_rule(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The table with `exclusion` filled; the first rule that applies is named."""
    admitted = pd.Series(False, index=records.index)
    for selection in card.card.admitted:
        admitted |= selection.find(records, card.path)
    admitted_lines = set(records.loc[admitted, "line"])
    rules = {"not verified": ~table["is_verified"] & ~table["line"].isin(admitted_lines)}
    rules = _unfit(card.table, table) | rules
    exclusion = table["exclusion"].copy()
    for rule, applies in rules.items():
        exclusion[exclusion.isna() & applies] = rule
    return table.assign(exclusion=exclusion.astype("str"))


def _unfit(name: str, table: pd.DataFrame) -> dict[str, pd.Series]:
    """Rows that no model of the table can use, by rule."""
    if name == "accuracy_leaderboard":
        return {
            "circular compute": table["is_compute_circular"],
            "no compute": table["training_flop"].isna(),
        }
    if name == "loss_leaderboard":
        unknown = table[["parameters", "dataset_tokens"]].isna().any(axis=1)
        return {"no parameters or tokens": unknown}
    return {}


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


def _quarantine_csv(failures: list[Failure]) -> str:
    frame = pd.DataFrame(
        [vars(failure) for failure in failures], columns=["file", *QUARANTINE_COLUMNS]
    )
    return frame[QUARANTINE_COLUMNS].to_csv(index=False, lineterminator="\n")


def main(argv: list[str] | None = None) -> int:
    """Validate a table; write it, what happened to its rows, and the quarantine."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.validate", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--card", type=Path, required=True, help="data/sources/<dataset>/source.yaml"
    )
    parser.add_argument("--table", type=Path, required=True, help="data/tables/<dataset>.parquet")
    parser.add_argument(
        "--output", type=Path, required=True, help="data/validated/<dataset>.parquet"
    )
    parser.add_argument("--summary", type=Path, required=True, help="data/checks/<dataset>.json")
    parser.add_argument(
        "--quarantine", type=Path, required=True, help="data/checks/<dataset>-quarantine.csv"
    )
    options = parser.parse_args(argv)
    card = load_card(options.card)
    table, records = pd.read_parquet(options.table), read_records(card.records_path)
    failures = find_failures(table, card, records)
    write_text(options.quarantine, _quarantine_csv(failures))
    validated = exclude_by_rule(split(table, failures, card, records), card, records)
    write_json(options.summary, summarise(card, validated, failures, len(table)))
    write_parquet(options.output, validated)
    fitted = int(validated["exclusion"].isna().sum())
    print(f"{card.dataset}: {len(table)} rows in, {fitted} fitted", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
