"""Draws of every scaling law that has passed -> allocation factors of the same runs, law by law."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from models import fitted_rows
from pipeline.checks.numbers import TAILS
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets
from pipeline.ingest.stage import load_whole_card
from pipeline.site.charts.drawings import Drawing
from pipeline.site.charts.intervals import draw_intervals
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import element, has_passed
from pipeline.site.pages.numbers import format_number
from pipeline.site.pages.sentences import say
from pipeline.site.words import Words

MODEL, TABLE, FACTOR = "scaling_law", "scaling_grid", "allocation_factor["
EARLIER, LATER = "Gopher 280B", "Chinchilla 70B"  # one budget, two allocations
STEP = f"{EARLIER} to {LATER}"


@dataclass(frozen=True)
class Law:
    """Factors of the runs by draw, a column a run, and the largest and extreme runs of the grid."""

    title: str
    factors: pd.DataFrame
    flop: float
    least_ratio: float
    largest_ratio: float


def read_laws(layout: Layout, model: str) -> list[Law]:
    """The laws of all grids that passed, drafts left out; none for another model."""
    names = read_datasets(layout.datasets).get(TABLE, []) if model == MODEL else []
    return [_read_law(layout, name) for name in names if _is_quotable(layout, name)]


def _is_quotable(layout: Layout, dataset: str) -> bool:
    path = layout.check(f"{dataset}-{MODEL}")
    has_fit = path.is_file() and layout.draws(f"{dataset}-{MODEL}").is_file()
    return has_fit and has_passed(read_json(path)) and not load_whole_card(layout, dataset).draft


def _read_law(layout: Layout, dataset: str) -> Law:
    draws = pd.read_parquet(layout.draws(f"{dataset}-{MODEL}"))
    factors = draws.filter(like=FACTOR).rename(columns=element)
    if {EARLIER, LATER} <= set(factors):
        factors.insert(0, STEP, factors[EARLIER] / factors[LATER])
    rows = fitted_rows(pd.read_parquet(layout.table(dataset)))
    ratio = rows["training_tokens"] / rows["parameters"]
    title = load_whole_card(layout, dataset).card.title
    return Law(title, factors, rows["training_flop"].max(), ratio.min(), ratio.max())


def draw_laws(laws: Sequence[Law], runs: pd.DataFrame | None, words: Words) -> list[Drawing]:
    """The factors of the runs that all grids ask for under each law; nothing where one law is."""
    if len(laws) < 2 or runs is None:
        return []
    shared = [str(run) for run in laws[0].factors if all(run in law.factors for law in laws)]
    frames = [
        pd.DataFrame(
            law.factors[shared].quantile([TAILS[0], 0.5, TAILS[1]]).T.to_numpy(),
            columns=["lower", "median", "upper"],
        ).assign(label=shared, series=law.title)
        for law in laws
    ]
    told = words.figure("under-each-law", reach=_say_reach(laws, runs[runs["model"].isin(shared)]))
    return [draw_intervals(Figure("intervals", frame=pd.concat(frames), **told))]


def _say_reach(laws: Sequence[Law], runs: pd.DataFrame) -> str:
    """How far beyond the grids the runs lie, in FLOP and in tokens per parameter."""
    flop, ratio = (
        6 * runs["parameters"] * runs["training_tokens"],
        runs["training_tokens"] / runs["parameters"],
    )
    ends = [format_number(each, 2) for x in (flop, ratio) for each in (x.min(), x.max())]
    grids = [
        (law.title, *(format_number(x, 2) for x in (law.flop, law.least_ratio, law.largest_ratio)))
        for law in laws
    ]
    return say("reach", ends=ends, grids=grids)
