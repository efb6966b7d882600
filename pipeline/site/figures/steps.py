"""The figures that all models of leaderboards share: gains of techniques and parts of each step."""

import pandas as pd

from models.core.parts import PARTS
from models.options import Comparison, LeaderboardOptions
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_intervals, summarise
from pipeline.site.words import Words


def find_headline(cell: Cell) -> Comparison:
    """The comparison that the page puts first."""
    options = cell.card.options_of(LeaderboardOptions)
    return next(each for each in options.comparisons if each.id == options.headline_comparison)


def draw_gains(cell: Cell, words: Words) -> list[Figure]:
    """What each technique was worth; no figure where no row carries one."""
    if "technique_gain_decades" not in cell.estimands:
        return []
    frame = make_intervals(cell.estimands["technique_gain_decades"])
    frame["label"] = frame["label"].map(words.name)
    return [Figure(kind="intervals", frame=frame, **words.figure("technique-gains"))]


def draw_rates_by_year(cell: Cell, words: Words) -> list[Figure]:
    """The rate of every calendar year; no figure where there is none."""
    if "rate_by_year" not in cell.estimands:
        return []
    rates = cell.estimands["rate_by_year"]
    said = words.figure("rates-by-year", few=", ".join(rates.attrs["labels"]) or "none")
    return [Figure("intervals", frame=make_intervals(rates), **said)]


def draw_parts(cell: Cell, words: Words) -> Figure:
    """Decades of every part of every step that is split."""
    attributes = cell.estimands["decades_compute"].attrs
    found = cell.estimands["comparison"].to_numpy().tolist()
    steps = [step for step in found if step not in attributes["reasons"]]
    labels = [words.name(attributes["labels"].get(step, step)) for step in steps]
    drawn = {part: cell.estimands[f"decades_{part}"].sel(comparison=steps) for part in PARTS}
    frames = [
        summarise(draws).assign(comparison=labels, part=part)
        for part, draws in drawn.items()
        if not draws.isnull().all()
    ]
    frame = pd.concat(frames, ignore_index=True)
    return Figure(kind="parts", frame=frame, **words.figure("parts-of-each-step"))
