"""The figures of an accuracy leaderboard: scores against compute, gains, and parts of each step."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import years_since
from models.core.parts import PARTS
from models.leaderboards.accuracy import ScoreDesign, prepare
from models.leaderboards.curve import rise
from models.options import Comparison, LeaderboardOptions
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals, summarise
from pipeline.site.words import Words

COLUMNS = [
    *("benchmark", "model", "lab", "release_date", "release_year", "training_flop"),
    *("compute_confidence", "score", "method", "techniques", "harness", "status", "is_verified"),
    *("citation", "locator", "shown"),
]
HOVER = (
    *("model", "benchmark", "lab", "release_date", "training_flop", "score", "method"),
    *("techniques", "status", "citation"),
)
Series = tuple[str, xr.DataArray, float | None]


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Scores against compute, the gains of techniques, and the parts of every comparison."""
    return [
        _draw_scores(cell, words),
        *draw_rates_by_year(cell, words),
        *draw_gains(cell, words),
        draw_parts(cell, words),
    ]


def _draw_scores(cell: Cell, words: Words) -> Figure:
    """Every row with compute, coloured by benchmark, or by year where there is one benchmark."""
    design, benchmark = prepare(cell.table, cell.card), find_headline(cell).benchmark
    points = cell.table.dropna(subset=["training_flop"])
    is_fitted = points["exclusion"].isna()
    points = points.assign(
        status=np.where(is_fitted, "fitted", "not fitted"),
        release_year=points["release_date"].dt.year.astype("Int64").astype("str"),
    )
    group = points["benchmark" if len(design.benchmarks) > 1 else "release_year"]
    frame = points.assign(shown=group.where(is_fitted, "not fitted"))[COLUMNS]
    axes: dict[str, Any] = {"x": "training_flop", "y": "score", "colour": "shown", "is_log_x": True}
    curve = _curves(cell, words, design, benchmark)
    said = words.figure("score-against-compute", benchmark=benchmark)
    return Figure("scatter", frame=frame, hover=HOVER, curve=curve, **axes, **said)


def _curves(cell: Cell, words: Words, design: ScoreDesign, benchmark: str) -> pd.DataFrame:
    """Fitted score over compute: at the middle of every year, or for techniques added in turn."""
    drawn = cell.tree["posterior"].to_dataset().sel(benchmark=benchmark)
    grid = np.linspace(design.log10_compute.min(), design.log10_compute.max() + 0.3, 30)
    compute = xr.DataArray(grid, dims="x")
    last_early = float(design.years[design.is_early].max())
    curves = _list_years(drawn, design) if design.has_trend else _list_tags(drawn, design, words)
    frames = []
    for series, added, years in curves:
        effective = compute + added
        if years is not None and "interaction" in drawn:
            effective = effective + drawn["interaction"] * max(years, 0.0) * compute
        logit = drawn["level"] + drawn["slope"] * effective
        height = xr.apply_ufunc(rise, logit, np.exp(drawn["skew"]))
        span = design.facts[benchmark].ceiling - drawn["chance"]
        if years is not None and "early_height" in drawn and years <= last_early:
            span = span * drawn["early_height"]
        x = 10 ** (grid + design.log10_flop_reference)
        frames.append(make_curve(x, drawn["chance"] + span * height, series))
    return pd.concat(frames, ignore_index=True)


def _list_years(drawn: xr.Dataset, design: ScoreDesign) -> list[Series]:
    """Name, decades added to compute and date (years from the reference) of each year's curve.

    Techniques that most rows carry are in.
    """
    common = _average_allocation(drawn)
    if design.tags:
        tags = np.asarray(design.tags)[design.has_tag.mean(axis=0) > 0.5]
        common = common + _gains(drawn).sel(technique=tags).sum("technique")
    released = design.rows["release_date"].dt.year
    years = range(int(released.min()), int(released.max()) + 1)
    dates = pd.Series([pd.Timestamp(year, 7, 1) for year in years])
    since = years_since(dates, design.reference_date).to_numpy()
    gained = drawn["rate"] * xr.DataArray(since, dims="date")
    if "rate_by_year" in drawn:
        exposure = xr.DataArray(design.trend.expose(since), dims=("date", "year"))
        gained = xr.dot(drawn["rate_by_year"].drop_vars("year"), exposure, dim="year")
    return [
        (f"models of {year}", gained.isel(date=place) + common, float(since[place]))
        for place, year in enumerate(years)
    ]


def _list_tags(drawn: xr.Dataset, design: ScoreDesign, words: Words) -> list[Series]:
    """The base model's curve and one for each technique added, at no date."""
    total = _average_allocation(drawn)
    series: list[Series] = [("base model", total, None)]
    for tag in design.tags:
        total = total + _gains(drawn).sel(technique=tag)
        series.append((f"+ {words.name(tag)}", total, None))
    return series


def _gains(drawn: xr.Dataset) -> xr.DataArray:
    varied = "technique_on_benchmark"
    return drawn[varied if varied in drawn else "technique_gain"]


def _average_allocation(drawn: xr.Dataset) -> xr.DataArray:
    zero = xr.zeros_like(drawn["slope"])
    return zero + drawn["allocation"].mean("base_model") if "allocation" in drawn else zero


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
