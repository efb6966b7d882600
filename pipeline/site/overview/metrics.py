"""Cells -> what `dvc metrics` and `dvc plots` show: a small file a cell, and tables to plot.

The full numbers are in data/checks and data/attributions; here is what a reader of a change asks
first, under the same names in every file, so that `dvc metrics show` is a table of cells.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.files import write_json, write_text
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import BOUNDS, Row
from pipeline.site.overview.verdicts import Verdict
from pipeline.site.pages import answers
from pipeline.site.pages.packing import neutralise_frame

FOLDER = "metrics"
STATES = {"failed": "fail", "not_fitted": "not fitted", "missing": "missing"}
Metrics = dict[str, Any]


def describe_cells(overview: Overview) -> dict[str, Metrics]:
    """The metrics of every cell by its name."""
    weights = {name: overview.weights(name) for name in {cell.dataset for cell in overview.cells}}
    return {
        cell.name: describe_cell(cell, weights[cell.dataset].get(cell.model))
        for cell in overview.cells
    }


def describe_cell(cell: Cell, weight: float | None) -> Metrics:
    """Verdict, headline, rate and record share of a cell; no number where it may not be quoted."""
    if isinstance(cell, Apart):
        return {"verdict": STATES[cell.state]}
    headline = cell.answer.key
    named = {"headline": headline, "rate": RATE}
    driven = [name for name, key in named.items() if answers.describe_drivers(key, cell.check)]
    made = {
        "verdict": "pass",
        "driven": " and ".join(driven) or "no",
        "identified": cell.check.get("is_identified"),
        "headline": _bounds(cell, headline),
        "rate": _bounds(cell, RATE),
        "record_share": _bounds(cell, record_key(headline)),
        "coverage": _read_coverage(cell).get(headline, {}).get("share"),
        "weight": weight,
    }
    return {name: value for name, value in made.items() if value not in (None, {})}


def _bounds(cell: Passed, key: str) -> Metrics:
    found = cell.attributions.get(key) or {}
    return {name: found[name] for name in BOUNDS if found.get(name) is not None}


def _read_coverage(cell: Passed) -> dict[str, Any]:
    return (cell.check.get("calibration") or {}).get("estimands") or {}


def tabulate_rows(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows of a forest plot with a number, as `dvc plots` reads them."""
    columns = ("group", "label", "kind", "median", "lower", "upper", "interval", "page")
    made = [
        {"row": f"{row.label} | {row.group}"}
        | {name: getattr(row, name) for name in columns}
        | {"caveats": "; ".join(row.caveats)}
        for row in rows
        if row.has_number
    ]
    return pd.DataFrame(made, columns=["row", *columns, "caveats"])


def tabulate_coverage(overview: Overview) -> pd.DataFrame:
    """Coverage of intervals in simulated data: a row a cell and estimand that a study watched."""
    columns = ["cell", "row", "estimand", "coverage", "covered", "intervals", "nominal"]
    made = (row for cell in overview.passed for row in _list_coverage(cell))
    return pd.DataFrame(made, columns=columns)


def _list_coverage(cell: Passed) -> Iterator[Metrics]:
    for key, found in _read_coverage(cell).items():
        if found["share"] is not None and key in (cell.answer.key, RATE):
            yield {
                "cell": cell.name,
                "row": f"{cell.name} | {key}",
                "estimand": key,
                "coverage": found["share"],
                "covered": found["covered"],
                "intervals": found["intervals"],
                "nominal": cell.check["calibration"].get("probability", INTERVAL_PROBABILITY),
            }


def tabulate_claims(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The probability of every claim that has one."""
    made = [(verdict.claim.id, verdict.probability) for verdict in verdicts]
    return pd.DataFrame(made, columns=["claim", "probability"]).dropna()


def write_summary(
    folder: Path,
    overview: Overview,
    verdicts: Sequence[Verdict],
    rates: Sequence[Row],
    shares: Sequence[Row],
) -> None:
    """Write `metrics/<cell>.json` and the tables; files of cells that are gone are removed."""
    made = describe_cells(overview)
    for old in (folder / FOLDER).glob("*.json"):
        if old.stem not in made:
            old.unlink()
    for name, metrics in made.items():
        write_json(folder / FOLDER / f"{name}.json", metrics)
    tables = {
        "rates": tabulate_rows(rates),
        "shares": tabulate_rows(shares),
        "coverage": tabulate_coverage(overview),
        "claims": tabulate_claims(verdicts),
    }
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", neutralise_frame(frame).to_csv(index=False))
