"""Rates of leaderboards -> by how much every two of them differ."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, Entry
from pipeline.studies.verdict import find_caveats
from pipeline.synthesis.entries import summarise
from pipeline.synthesis.periods import find_shared, pair
from pipeline.synthesis.shares import thin

LESS = " less "


def compare_rates(cells: Mapping[str, Passed | None], overlap: pd.DataFrame) -> dict[str, Entry]:
    """Entries `rate_difference[<domain> less <domain>]`: rates over all years, in decades a year.

    The faster by its median comes first. `cells` are posteriors by domain; the errors of two that
    score the same base models, as `overlap` has it, go together (see periods.py).
    """
    reported = {name: cell for name, cell in cells.items() if cell and RATE in cell.draws}
    ordered = sorted(reported, key=lambda name: -reported[name].draws[RATE].median())
    return {
        f"rate_difference[{faster}{LESS}{slower}]": _compare(
            {name: reported[name] for name in (faster, slower)}, overlap
        )
        for faster, slower in combinations(ordered, 2)
    }


def _compare(cells: Mapping[str, Passed], overlap: pd.DataFrame) -> Entry:
    count = min(len(cell.draws) for cell in cells.values())
    drawn = np.stack([thin(cell.draws[RATE].to_numpy(float), count) for cell in cells.values()])
    faster, slower = pair(drawn, find_shared(list(cells), overlap), np.random.default_rng(0))
    label = f"Rate of algorithmic progress over all years, difference: {LESS.join(cells)}"
    caveats = [
        f"{each} ({name})"
        for name, cell in cells.items()
        for each in find_caveats(RATE, cell.check)
    ]
    return summarise(label, "decades per year", faster - slower, caveats)
