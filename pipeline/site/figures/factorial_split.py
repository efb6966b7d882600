"""The figures of a 2 x 2 of algorithm and data: hours of every run, and the split by scale."""

import pandas as pd

from models.experiments.factorial_split import CAUSES, expect_hours, prepare
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import POSTERIOR_SERIES, Figure, summarise
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.numbers import sign
from pipeline.site.words import Words

PARTS = {
    **{cause: f"{cause}_gain_decades" for cause in CAUSES},
    "interaction": "interaction_decades",
}


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Hours of each run as measured and as fitted; gains and interaction at each scale."""
    design = prepare(cell.table)
    rows = design.rows
    labels = rows["scale"] + ": " + rows["algorithm"] + " algorithm, " + rows["data"] + " data"
    hours = expect_hours(cell.tree["posterior"].to_dataset(), design)
    fitted = summarise(hours).assign(label=labels, series=POSTERIOR_SERIES)
    measured = pd.DataFrame({"label": labels, "median": rows["gpu_hours"], "series": "measured"})
    frame = pd.concat([fitted, measured], ignore_index=True)
    parts = [
        summarise(cell.estimands[name]).assign(comparison=design.scales, part=part)
        for part, name in PARTS.items()
    ]
    split = pd.concat(parts, ignore_index=True)
    falls = ""
    if "algorithm_share_change" in cell.estimands:
        change = float((cell.estimands["algorithm_share_change"] < 0).mean())
        falls = f"P(the algorithm's share falls with size) {sign(describe_probability(change))}."
    return [
        Figure("intervals", frame=frame, **words.figure("hours")),
        Figure("parts", frame=split, **words.figure("split", falls=falls)),
    ]
