"""The rates of this project's own leaderboards, put into the table that names their posteriors.

A posterior is taken for normal: its median, and the standard deviation that gives its interval.
Where a posterior's check did not pass nothing is filled in: the row stays, its rate is empty, and
standard error names it.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pandas as pd

from pipeline.failures import Failure, SourceError
from pipeline.files import read_json
from pipeline.ingest.cards.card import LoadedCard

TABLE = "own_rates"
UNIT = "decades per year"


def fill_rates(table: pd.DataFrame, card: LoadedCard, files: Sequence[Path]) -> pd.DataFrame:
    """The table of own rates with the rate and its error; any other table as it is.

    `files` are the check and attribution files of the posteriors that the rows name. Raises
    SourceError where a file, an estimand or its unit is missing.
    """
    if card.table != TABLE:
        return table
    found = [_read_row(card, row, files) for row in table.to_dict("records")]
    filled = pd.DataFrame(found, columns=["rate", "rate_sd"], index=table.index, dtype=float)
    return table.assign(rate=filled["rate"], rate_sd=filled["rate_sd"])


def to_normal(entry: dict[str, Any]) -> tuple[float, float]:
    """Median of an attribution, and the standard deviation of the normal with its interval."""
    reach = NormalDist().inv_cdf((1 + entry["prob"]) / 2)
    return float(entry["median"]), float((entry["upper"] - entry["lower"]) / (2 * reach))


def _read_row(card: LoadedCard, row: dict[Any, Any], files: Sequence[Path]) -> tuple[float, float]:
    """Rate and standard deviation of the row's posterior; none where it may not be quoted."""
    if _read(card, row, "checks", files)["verdict"] != "pass":
        print(f"{row['posterior']} did not converge: its rate stays empty", file=sys.stderr)
        return math.nan, math.nan
    entry = _read(card, row, "attributions", files).get(row["estimand"])
    if entry is None or entry.get("reason") or entry.get("unbounded") or entry["unit"] != UNIT:
        rule = f"{row['posterior']} has no {row['estimand']} in {UNIT} with both ends"
        raise _refuse(card, row, "estimand", rule)
    return to_normal(entry)


def _read(
    card: LoadedCard, row: dict[Any, Any], folder: str, files: Sequence[Path]
) -> dict[str, Any]:
    """The file of the row's posterior in `folder`, among those that were passed."""
    name = f"{row['posterior']}.json"
    paths = [path for path in files if path.parent.name == folder and path.name == name]
    content = read_json(paths[0]) if paths else None
    if content is None:
        rule = f"data/{folder}/{name} is not among the files passed with --own"
        raise _refuse(card, row, "posterior", rule)
    return content


def _refuse(card: LoadedCard, row: dict[Any, Any], column: str, rule: str) -> SourceError:
    remedy = "correct the row, or the files of the stage in dvc.yaml"
    path, value = str(card.records_path), str(row[column])
    return SourceError([Failure(path, int(row["line"]), column, value, rule, remedy)])
