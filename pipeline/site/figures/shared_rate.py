"""The figures of one rate for all leaderboards: each alone and pooled, and how far it is drawn."""

import pandas as pd
from scipy import stats

from models import INTERVAL_PROBABILITY
from models.estimates.shared_rate import prepare
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_intervals, order_by, summarise
from pipeline.site.words import Words

UNPOOLED, POOLED, OVERALL = "its own data alone", "partially pooled", "of all leaderboards"
WHOLE = {"Mean": "mean", "A leaderboard not yet seen": "predictive"}


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Every leaderboard before and after pooling with the whole, and how far each is drawn."""
    shrinkage = make_intervals(cell.estimands["shrinkage"])
    return [
        Figure("intervals", frame=_list_rates(cell), **words.figure("pooling")),
        Figure("intervals", frame=shrinkage, **words.figure("shrinkage")),
    ]


def _list_rates(cell: Cell) -> pd.DataFrame:
    """Rates of the leaderboards on their own and pooled; the mean and the next leaderboard's."""
    design, found = prepare(cell.table), cell.estimands
    reach = design.error * stats.norm.ppf((1 + INTERVAL_PROBABILITY) / 2)
    ends = {"median": design.told, "lower": design.told - reach, "upper": design.told + reach}
    frames = [
        pd.DataFrame({"label": design.domains, **ends, "series": UNPOOLED}),
        make_intervals(found["rate_by_domain"]).assign(series=POOLED),
        *(
            summarise(found[name]).assign(label=label, series=OVERALL)
            for label, name in WHOLE.items()
        ),
    ]
    return order_by(pd.concat(frames, ignore_index=True), "label", [*design.domains, *WHOLE])
