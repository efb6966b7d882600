"""The tables: every rule of every table rejects its bad row and lets a good one pass."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from conftest import read_cases

from pipeline.ingest.tables import TABLES, read_yaml, schema

RETRIEVED = date(2024, 12, 31)
CASES = read_cases("tables.yaml")
BAD_CELLS = {(column, rule): value for column, rule, value in CASES["bad_cells"]}
BAD_ROWS = {(table, rule): cells for table, rule, cells in CASES["bad_rows"]}
COLUMNS = [(table, column) for table in TABLES for column in TABLES[table].columns]
CELL_RULES = [
    (table, column, check.name)
    for table, column in COLUMNS
    for check in schema(table, RETRIEVED).columns[column].checks
] + [
    (table, name, "field_uniqueness")
    for table, name in COLUMNS
    if TABLES[table].columns[name].unique
]
ROW_RULES = [(table, rule.error) for table, made in TABLES.items() for rule in made.rules]
every_column = pytest.mark.parametrize(("table", "column"), COLUMNS)


def make_table(table: str, **second: Any) -> pd.DataFrame:
    """Two good rows of `table` with cells of the second replaced."""
    groups = read_yaml(table)["shares"]
    cells = {k: v for group in groups for k, v in CASES["shared"].get(group, {}).items()}
    cells |= CASES["good"][table]
    for column, value in second.items():
        cells = cells | {column: [cells[column][0], value]}
    dtypes = TABLES[table].dtypes
    filled = {
        column: [np.nan if cell is None and dtypes[column] == "float64" else cell for cell in both]
        for column, both in cells.items()
    }
    return pd.DataFrame(filled).astype(dtypes)


def list_faults(table: str, frame: pd.DataFrame) -> set[tuple[str, str, object]]:
    """(column, rule, row) of every fault of `frame`; the arguments of a rule are left out."""
    try:
        schema(table, RETRIEVED).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "index"]].to_dict("records")
        return {(c["column"], str(c["check"]).split("(")[0], c["index"]) for c in cases}
    return set()


@pytest.mark.parametrize("table", TABLES)
def test_good_rows_pass(table: str) -> None:
    """Those of the day of retrieval too, whatever day another dataset was retrieved."""
    schema(table, date(1950, 1, 1))
    assert list_faults(table, make_table(table)) == set()
    days = [column for column in TABLES[table].columns if column.endswith("_date")]
    last = make_table(table, **dict.fromkeys(days[:1], str(RETRIEVED)))
    assert list_faults(table, last) == set()


@pytest.mark.parametrize(("table", "column", "rule"), CELL_RULES)
def test_rule_of_a_column_rejects_its_bad_cell(table: str, column: str, rule: str) -> None:
    frame = make_table(table, **{column: BAD_CELLS[column, rule]})
    checks = schema(table, RETRIEVED).columns[column].checks
    words = next((check.error for check in checks if check.name == rule), None) or rule
    assert (column, str(words).split("(")[0], 1) in list_faults(table, frame)


@pytest.mark.parametrize(("table", "rule"), ROW_RULES)
def test_rule_over_rows_rejects_its_bad_row_and_no_other(table: str, rule: str) -> None:
    with pytest.raises(pa.errors.SchemaErrors) as raised:
        schema(table, RETRIEVED).validate(make_table(table, **BAD_ROWS[table, rule]), lazy=True)
    found = raised.value.failure_cases
    assert (set(found["check"]), set(found["index"])) == ({rule}, {1})


@every_column
def test_empty_cell_is_rejected_where_a_value_is_required(table: str, column: str) -> None:
    described = TABLES[table].columns[column]
    if str(described.dtype) not in ("int64", "bool"):  # these cannot be empty
        is_found = (column, "not_nullable", 1) in list_faults(
            table, make_table(table, **{column: None})
        )
        assert is_found is not described.nullable


@every_column
def test_every_column_and_rule_says_what_it_means_and_what_to_do(table: str, column: str) -> None:
    described = TABLES[table].columns[column]
    assert described.description
    assert set(described.metadata) == {"unit", "remedy"}
    assert all(described.metadata.values())
    assert all(r.name in TABLES[table].columns and r.description for r in TABLES[table].rules)


@pytest.mark.parametrize("column", sorted({column for _, column in COLUMNS}))
def test_same_column_has_one_type_and_one_unit_in_all_tables(column: str) -> None:
    found = [made.columns[column] for made in TABLES.values() if column in made.columns]
    assert len({(str(each.dtype), each.metadata["unit"]) for each in found}) == 1
