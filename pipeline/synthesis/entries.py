"""Draws, probabilities and caveats as entries of an attribution file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models import INTERVAL_PROBABILITY
from pipeline.checks.numbers import TAILS
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import Entry, round_to
from pipeline.site.overview.rows import BOUNDS, Row
from pipeline.studies.verdict import find_caveats

BLANK = Row("", "", "", "", "model")


def summarise(label: str, unit: str, draws: np.ndarray, caveats: Sequence[str] = ()) -> Entry:
    """Median and interval of the draws, and how many are above zero."""
    ends = np.quantile(draws, [0.5, *TAILS], method="inverted_cdf")
    entry: Entry = {"label": label, "unit": unit}
    entry |= dict(zip(BOUNDS, map(round_to, ends), strict=True))
    entry |= {"prob": INTERVAL_PROBABILITY, "p_positive": round_to((draws > 0).mean())}
    return entry | {"p_finite": 1.0} | warn(replace(BLANK, caveats=tuple(caveats)))


def state(label: str, probability: float | None, caveats: Sequence[str] = ()) -> Entry:
    """A probability: it has no interval."""
    head: Entry = {"label": label, "unit": "probability", "median": probability}
    nothing = {"lower": None, "upper": None, "prob": INTERVAL_PROBABILITY}
    entry = head | nothing | {"p_positive": None, "p_finite": 1.0}
    return entry | (warn(replace(BLANK, caveats=tuple(caveats))) if caveats else {})


def warn(row: Row) -> dict[str, Any]:
    """The caveats of a row as those of an entry."""
    return {"caveats": list(row.caveats), "is_flagged": row.is_flagged}


def mark(cell: Passed) -> Mapping[str, Entry]:
    """The estimands of a posterior with their caveats, as those of the synthesis have them."""
    return {
        key: entry | warn(replace(BLANK, caveats=find_caveats(key, cell.check)))
        for key, entry in cell.attributions.items()
    }
