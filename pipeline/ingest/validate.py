"""Table -> validated table, or every failing row with its line, column, value, rule and remedy.

Rows that fail go to the quarantine file. The stage fails unless the card lists each of them under
`allowed_failures` with a reason. Nothing is dropped without a count: rows that pass and that no
model reads stay in the table, with the first rule under which they are left out:

1. the rule that the card excludes the row by, in the card's order;
2. ``run <rule>``: the run registry excludes the run that the row is of;
3. what no model of the table can use: `unfit` in its YAML;
4. ``not verified``: nobody has read the figure in its source, and the card does not admit it;
   the rows of a draft are fitted all the same.

The first two are known before the table is validated, since rules over rows read them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from models import fitted_rows
from models.options import Side
from pipeline.core.failures import Failure, raise_any
from pipeline.ingest import tables
from pipeline.ingest.cards.card import LoadedCard, Selection
from pipeline.ingest.cards.faults import list_words, suggest
from pipeline.ingest.cards.yaml_files import Fault, Steps

# Options whose keys are the names of rows, and the column that has them.
NAMED_BY = {"benchmarks": "benchmark", "reference_resource": "target"}
LISTED = 6  # names in a remedy; more hide the one that was meant
# Options that name rows, one by one, in a list or as keys, and the column that has the names.
NAMES_OF = {
    "headline_target": "target",
    "headline_domain": "domain",
    "efficiency_error": "domain",
    "named_runs": "model",
    "left_out": "model",
}
WORDS = {"not_nullable": "not empty", "field_uniqueness": "not repeated"}  # of pandera's rules


def find_failures(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> list[Failure]:
    """Every failure of `table` against its schema, one per cell and rule, with its place."""
    schema = tables.schema(card.table, card.card.retrieved)
    # Pandera would list every cell of a row that breaks a rule over rows: these are tried here.
    row_rules, schema.checks = schema.checks, []
    cases = pd.DataFrame(columns=["column", "check", "index", "failure_case"])
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    failures: list[Failure] = []
    for key, index in cases.groupby(["column", "check"], sort=False)["index"]:
        column, check = map(str, key)
        remedy = schema.columns[column].metadata["remedy"]
        rows = table.loc[index.astype(table.index.dtype)]
        failures += _place(rows, card, records, column, WORDS.get(check, check), remedy)
    with np.errstate(divide="ignore", invalid="ignore"):  # of numbers that are failures already
        for rule in row_rules:
            broken = table[~rule(table).check_output.to_numpy(dtype=bool)]
            failures += _place(broken, card, records, rule.name, rule.error, rule.description)
    return sorted(dict.fromkeys(failures), key=lambda f: (f.line or 0, f.column, f.rule))


def _place(
    rows: pd.DataFrame, card: LoadedCard, records: pd.DataFrame, column: str, *words: str
) -> list[Failure]:
    """A failure for each of `rows`, with the cell as the file has it; `words`: rule, remedy."""
    source = card.card.columns.get(column)
    printed = (source.source or column) if source else column
    if printed in records.columns:  # else the column is joined, derived or constant
        cells, column = records.set_index("line")[printed].loc[rows["line"]], printed
    else:
        cells = rows[column]
    path = str(card.records_path)
    return [
        Failure(path, line, column, "" if pd.isna(cell) else str(cell), *words)
        for line, cell in zip(rows["line"].tolist(), cells, strict=True)
    ]


def split(
    table: pd.DataFrame, failures: list[Failure], card: LoadedCard, records: pd.DataFrame
) -> pd.DataFrame:
    """The rows that pass. Raises SourceError with every failure that the card does not allow."""
    allowed_lines = find_lines(card.card.allowed_failures, card, records)
    raise_any(failure for failure in failures if failure.line not in allowed_lines)
    idle = allowed_lines - {failure.line for failure in failures}
    rules = [f"line {line} of records.csv does not fail" for line in sorted(idle)]
    place = str(card.path), None, "allowed_failures", ""
    raise_any(Failure(*place, rule, "remove it from the card") for rule in rules)
    return table[~table["line"].isin(allowed_lines)].reset_index(drop=True)


def exclude_by_rule(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The validated table with every exclusion filled in."""
    is_admitted = table["line"].isin(find_lines(card.card.admitted, card, records))
    rules = tables.TABLES[card.table].find_unfit(table)
    if not card.draft:
        rules |= {"not verified": ~table["is_verified"] & ~is_admitted}
    exclusion = table["exclusion"].copy()
    for rule, applies in rules.items():
        exclusion[exclusion.isna() & applies] = rule
    return table.assign(exclusion=exclusion.astype("str"))


def find_lines(
    selections: Iterable[Selection], card: LoadedCard, records: pd.DataFrame
) -> set[int]:
    """The lines of records.csv that any of the card's `selections` picks."""
    masks = [selection.find(records, card.path) for selection in selections]
    return {line for mask in masks for line in records.loc[mask, "line"]}


def check_options(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> None:
    """Raises SourceError where a fitted row of the validated `table` names what the card's options
    leave out, or they one that no fitted row is; the models would stop there after minutes.
    """
    faults = [*_check_names(table, card), *_check_comparisons(table, card)]
    failures = [card.make_failure(("options", *steps), *words) for steps, *words in faults]
    for option, column in NAMED_BY.items():
        known = getattr(card.options, option, None)
        if known is not None:
            unknown = table[table["exclusion"].isna() & ~table[column].isin(list(known))]
            rule = f"the card does not describe it under options.{option}"
            remedy = f"add it there, or correct the name; there are: {', '.join(known)}"
            failures += _place(unknown, card, records, column, rule, remedy)
    raise_any(failures)


def _check_names(table: pd.DataFrame, card: LoadedCard) -> Iterator[Fault]:
    """A fault for each name under an option that no fitted row has."""
    for option, column in NAMES_OF.items():
        given = getattr(card.options, option, None) or []
        names = fitted_rows(table)[column] if given else pd.Series()
        is_one, is_list = isinstance(given, str), isinstance(given, list)
        for place, name in enumerate([given] if is_one else given):
            steps = () if is_one else (place if is_list else name,)
            if name not in set(names):
                yield _name_others((option, *steps), name, names)


def _check_comparisons(table: pd.DataFrame, card: LoadedCard) -> Iterator[Fault]:
    for number, each in enumerate(getattr(card.options, "comparisons", [])):
        rows = table[table["benchmark"] == each.benchmark]
        for end in ("earlier", "later"):
            for steps, rule, remedy, name in _check_side(rows, getattr(each, end)):
                yield ("comparisons", number, end, *steps), rule, remedy, name


def _check_side(rows: pd.DataFrame, side: Side) -> Iterator[Fault]:
    """What is wrong with the model, the method, or what leaves their rows out or in."""
    of_model = rows[rows["model"] == side.model]
    found = of_model[of_model["method"] == side.method]
    what = f"row of {side.model!r} with method {side.method!r}"
    if not len(of_model):
        yield _name_others(("model",), side.model, rows["model"])
    elif not len(found):
        yield _name_others(("method",), side.method, of_model["method"])
    elif side.is_fitted and not len(fitted_rows(found)):
        left_out = f"the rows are left out under the rule {list_words(found['exclusion'].unique())}"
        remedy = f"{left_out}: name another row, or remove the comparison"
        yield ("model",), f"no {what} is fitted", remedy, side.model
    elif not side.is_fitted and len(fitted_rows(found)):
        yield ("is_fitted",), f"a {what} is fitted", "remove is_fitted: false", "false"
    elif not side.is_fitted and found[["parameters", "dataset_tokens"]].isna().any(axis=1).all():
        why = "without both, no model splits a step to a row that is not fitted"
        remedy = f"name another row: {why}"
        yield ("model",), f"no {what} has parameters and dataset tokens", remedy, side.model


def _name_others(steps: Steps, name: str, names: pd.Series) -> Fault:
    """The fault of a name that no row has, with the nearest of those that rows have."""
    known = sorted(set(names.dropna()))
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    others = f"there are {list_words(known[:LISTED])}{more}" if known else "no row is there at all"
    return steps, "no row has this name", suggest(name, known, others), name


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
            {"column": each.column, "printed": each.printed, "corrected": each.corrected}
            | {"rows": each.count, "reason": each.reason}
            for each in card.card.corrections
        ],
        "allowed_failures": [
            {"rows": str(s.rows), "reason": s.reason} for s in card.card.allowed_failures
        ],
        "failures": len(failures),
        **({"draft": card.draft} if card.draft else {}),
        **({"defaults": card.defaulted} if card.defaulted else {}),
    }


def render_quarantine(failures: list[Failure]) -> str:
    """The quarantine as CSV, one line per failure."""
    columns = ["line", "column", "value", "rule", "remedy"]
    frame = pd.DataFrame([vars(failure) for failure in failures], columns=columns)
    return frame.to_csv(index=False, lineterminator="\n")
