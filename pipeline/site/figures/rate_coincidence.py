"""The figures of rates side by side: the ratio of every pair, and the pairs themselves."""

import numpy as np
import pandas as pd

from models import fitted_rows
from models.estimates.rate_coincidence import find_reason
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_intervals, order_by
from pipeline.site.words import Words

HOVER = ("domain", "study", "software_rate", "hardware_rate", "locator")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """The ratio of every pair as published and as fitted, and the pairs."""
    rows = fitted_rows(cell.table)
    ratio = rows["software_rate"] / rows["hardware_rate"]
    printed = pd.DataFrame({"label": rows["domain"], "series": "as published", "median": ratio})
    ours = make_intervals(cell.estimands["ratio_by_domain"]).assign(series="this posterior")
    frame = pd.concat([printed.assign(lower=np.nan, upper=np.nan), ours], ignore_index=True)
    reason = find_reason(rows)
    said = words.figure("ratios", untested=f" {reason[0].upper()}{reason[1:]}." if reason else "")
    return [
        Figure("intervals", frame=order_by(frame, "label", list(rows["domain"])), **said),
        Figure("scatter", frame=rows[list(HOVER)], hover=HOVER, **words.figure("pairs")),
    ]
