"""Results -> one tidy table: every estimand of every fit, with what its page says of it.

A number that its page withholds is withheld here too: the row stands, with the reason and without
numbers. `data/README.md` and `data/estimands.schema.json` are made from `TABLE`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.stage import load_whole_card
from pipeline.ingest.tables import Table
from pipeline.site.naming import name_check
from pipeline.site.pages import answers
from pipeline.site.pages.packing import neutralise_frame
from pipeline.site.words import read_words, relabel
from pipeline.studies.verdict import Check, find_caveats, read_check

FORMATS = ("csv", "json", "parquet")
TOGETHER = ("synthesis", "takeoff")  # results of several fits, which have no dataset of their own
GRADES = ("none", "weak", "moderate", "strong")
CONVERGED = {"verdict": "pass"}
SHARE = "0 to 1"
JSON_TYPES = {"str": "string", "float64": "number", "bool": "boolean"}
SCHEMA_NAME = "estimands.schema.json"  # beside the data dictionary


def _column(dtype: str, unit: str, means: str, *checks: pa.Check, nullable: bool = True) -> Any:
    metadata = {"unit": unit, "type": JSON_TYPES[dtype]}
    return pa.Column(dtype, list(checks), nullable=nullable, description=means, metadata=metadata)


COLUMNS = {
    "dataset": _column("str", "name", "folder of data/sources; empty for results of several fits"),
    "model": _column("str", "name", "model, or `synthesis` or `takeoff`", nullable=False),
    "estimand": _column("str", "key", "stable name of the quantity", nullable=False),
    "label": _column("str", "text", "what it is, in words", nullable=False),
    "unit": _column("str", "text", "unit of the five numbers that follow", nullable=False),
    "median": _column(
        "float64", "as `unit` says", "posterior median; empty where it is not finite"
    ),
    "lower": _column("float64", "as `unit` says", "lower end of the equal-tailed interval"),
    "upper": _column("float64", "as `unit` says", "upper end; empty where there is no upper bound"),
    "range_lower": _column(
        "float64", "as `unit` says", "lowest median over other specifications of the same fit"
    ),
    "range_upper": _column("float64", "as `unit` says", "highest median over them"),
    "interval_probability": _column(
        "float64", SHARE, "probability of the interval", pa.Check.in_range(0, 1), nullable=False
    ),
    "identification": _column(
        "str", "class", "how far the data constrain it", pa.Check.isin(GRADES)
    ),
    "caveats": _column("str", "text", "what the page says before the number"),
    "is_withheld": _column("bool", "true or false", "the page shows no number", nullable=False),
    "withheld_reason": _column("str", "text", "why the page shows no number"),
    "is_draft": _column(
        "bool", "true or false", "the dataset is not documented yet: do not quote", nullable=False
    ),
}
NUMBERS = ("median", "lower", "upper", "range_lower", "range_upper")
_RULES = (
    pa.Check(
        lambda rows: rows[list(NUMBERS)].isna().all(axis=1) | ~rows["is_withheld"],
        name="median",
        error="what is withheld has no numbers",
    ),
    pa.Check(
        lambda rows: rows["withheld_reason"].notna() == rows["is_withheld"],
        name="withheld_reason",
        error="there is a reason where, and only where, a number is withheld",
    ),
)
PURPOSE = "One row per estimand of each fit, and of the synthesis and the simulation of automation."
TABLE = Table("estimands", PURPOSE, COLUMNS, _RULES, {}, {}, {})


def list_cells(layout: Layout) -> list[str]:
    """`<dataset>-<model>` of every registered dataset and model with a check and estimands."""
    models = read_models(layout.models)
    cells = [
        f"{dataset}-{model}"
        for table, datasets in read_datasets(layout.datasets).items()
        for dataset in datasets
        for model in models.get(table, [])
        if layout.card(dataset).is_file()
    ]
    places = (layout.check, layout.attribution)
    return [cell for cell in cells if all(place(cell).is_file() for place in places)]


def tabulate(layout: Layout, cells: Iterable[str]) -> pd.DataFrame:
    """The estimands of `cells`, then those of several fits; `COLUMNS` says what the columns mean.

    Raises SourceError where a card is refused, SchemaError where a result is not as it should be.
    """
    rows = [row for cell in cells for row in _list_cell(layout, cell)]
    rows += [row for name in TOGETHER for row in _list_together(layout, name)]
    made = pd.DataFrame(rows, columns=list(COLUMNS)).astype(TABLE.dtypes)
    return TABLE.to_schema().validate(made)


def _list_cell(layout: Layout, cell: str) -> Iterator[dict[str, Any]]:
    dataset, _, model = cell.partition("-")
    card = load_whole_card(layout, dataset)
    words = read_words(layout.words, model, card.options)
    found = relabel(read_json(layout.attribution(cell)) or {}, card.options, words)
    check = name_check(read_check(layout, cell), words, found)
    for key, entry in found.items():
        known = {"dataset": dataset, "model": model, "is_draft": bool(card.draft)}
        yield known | _describe(key, entry, check)


def _list_together(layout: Layout, name: str) -> Iterator[dict[str, Any]]:
    for key, entry in (read_json(layout.attribution(name)) or {}).items():
        known = {"dataset": None, "model": name, "is_draft": False}
        caveats = "; ".join(entry.get("caveats", ())) or None
        yield known | _describe(key, entry, CONVERGED) | {"caveats": caveats}


def _describe(key: str, entry: dict[str, Any], check: Check) -> dict[str, Any]:
    """One row without its dataset and model; without numbers where the page has none."""
    others, reason = answers.read_range(key, check), answers.find_withheld(entry, check)
    shown = {name: entry[name] for name in ("median", "lower", "upper")}
    if others and others["is_current"]:
        shown |= {"range_lower": others["lowest"], "range_upper": others["highest"]}
    return {
        "estimand": key,
        "label": entry["label"],
        "unit": entry["unit"],
        **({} if reason else shown),
        "interval_probability": entry["prob"],
        "identification": (check.get("identification_grade") or {}).get(key),
        "caveats": "; ".join(find_caveats(key, check)) or None,
        "is_withheld": bool(reason),
        "withheld_reason": reason or None,
    }


def write(table: pd.DataFrame, form: str) -> bytes:
    """The table as a file of one of `FORMATS`; text that a spreadsheet would run is quoted."""
    if form == "parquet":
        return table.to_parquet(index=False, compression="zstd")
    if form == "csv":
        return neutralise_frame(table).to_csv(index=False, lineterminator="\n").encode("utf-8")
    filled = table.astype(object).where(table.notna(), None)
    rows = [
        json.dumps(row, ensure_ascii=False, allow_nan=False) for row in filled.to_dict("records")
    ]
    return f"[{',\n'.join(rows)}]\n".encode()


def name_format(form: str | None, output: Path | None) -> str:
    """The format that is asked for, by name or by the ending of the file; CSV where neither says.

    Raises ValueError for an ending that is none of `FORMATS`, or of another format than `form`.
    """
    ending = output.suffix.removeprefix(".").lower() if output else ""
    if ending in FORMATS and form in (None, ending):
        return ending
    if ending in FORMATS:
        raise ValueError(f"{output} ends as {ending}, and --format says {form}: name one of them")
    if output and form is None:
        raise ValueError(f"{output} has none of the endings .{', .'.join(FORMATS)}: add --format")
    return form or "csv"


def render_schema() -> str:
    """`make_schema` as the text of a file."""
    return json.dumps(make_schema(), indent=1, ensure_ascii=False) + "\n"


def make_schema() -> dict[str, Any]:
    """The JSON Schema of `write(table, "json")`: a list of objects, in which every key is given."""
    properties = {}
    for name, column in COLUMNS.items():
        kind: Any = (column.metadata or {})["type"]
        about = {"type": [kind, "null"] if column.nullable else kind}
        properties[name] = about | {"description": column.description}
    properties["identification"] |= {"enum": [*GRADES, None]}
    row = {"type": "object", "properties": properties, "required": list(COLUMNS)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Estimands",
        "description": PURPOSE,
        "type": "array",
        "items": row | {"additionalProperties": False},
    }
