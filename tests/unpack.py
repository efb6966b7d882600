"""A page's data as its script puts them together: the rows of charts, and the text of files."""

import csv
import io
import json
import re
from typing import Any

PARTS = ("charts", "tables", "columns", "files")


def read_parts(page: str) -> dict[str, Any]:
    """The JSON of each script of the page, by id."""
    found = {}
    for name in PARTS:
        text = re.search(
            rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL
        )
        assert text is not None
        found[name] = json.loads(text[1])
    return found


def read_specs(page: str) -> dict[str, dict[str, Any]]:
    """Every chart of the page by place, with the rows of its datasets."""
    parts = read_parts(page)
    return {
        place: spec
        | {
            "datasets": {
                name: unpack_rows(parts["columns"], rows)
                for name, rows in spec.get("datasets", {}).items()
            }
        }
        for place, spec in parts["charts"].items()
    }


def unpack_rows(columns: list[Any], packed: Any) -> list[dict[str, Any]]:
    """The rows of a packed dataset."""
    if isinstance(packed, list):
        return packed
    wanted = {name: unpack(columns, position) for name, position in packed["columns"].items()}
    return [{name: wanted[name][row] for name in wanted} for row in range(packed["rows"])]


def unpack(columns: list[Any], position: int) -> list[Any]:
    """The values of one column."""
    column = columns[position]
    if isinstance(column, list):
        return column
    if "parts" in column:
        return [value for part in column["parts"] for value in unpack(columns, part)]
    return [column["of"][at] for at in column["at"]]


def read_csv_text(page: str, name: str) -> str:
    """The CSV file of a figure or table, as the page's script writes it."""
    parts = read_parts(page)
    table = parts["tables"][name]
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow([column for column, _, _ in table["columns"]])
    values = [
        [
            value[:10] if kind == "date" and value else value
            for value in unpack(parts["columns"], at)
        ]
        for _, kind, at in table["columns"]
    ]
    writer.writerows([column[row] for column in values] for row in range(table["rows"]))
    return made.getvalue()
