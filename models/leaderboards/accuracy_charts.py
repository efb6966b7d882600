"""The pictures of an accuracy leaderboard, as data."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from models import Card, Curve, Figure, Headline
from models.core.dates import years_since
from models.core.figures import make_curve, make_intervals, summarise
from models.effective_compute.design import Design
from models.effective_compute.multiplier import absent_parts, get_options
from models.effective_compute.split import PARTS
from models.leaderboards.accuracy import get_accuracy_options, make_accuracy_design
from models.leaderboards.accuracy_estimands import estimands
from models.options import Comparison, LeaderboardOptions

NO_TREND_NOTE = {
    "linear": (),
    "none": ("No rate is fitted: progress between the dates of a step counts as technique.",),
}
POINT_COLUMNS = [
    *("benchmark", "model", "lab", "release_date", "release_year", "training_flop"),
    *("compute_confidence", "score", "method", "techniques", "harness", "status", "is_verified"),
    *("citation", "locator", "shown"),
]


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Scores against compute, the gains of techniques, and the parts of every comparison."""
    design, options = make_accuracy_design(table, card), get_options(card)
    benchmark = find_headline(options).benchmark
    points = table.assign(
        status=np.where(table["exclusion"].isna(), "fitted", "not fitted"),
        release_year=table["release_date"].dt.year.astype("Int64").astype("str"),
    ).dropna(subset=["training_flop"])
    group = points["benchmark"] if len(design.benchmarks) > 1 else points["release_year"]
    points["shown"] = group.where(points["exclusion"].isna(), "not fitted")
    curve = _curves(posterior, design, card, benchmark)
    return [
        Figure(
            kind="scatter",
            id="score-against-compute",
            title="Score against training compute",
            caption=f"Bands: fitted {benchmark} score, 90 %. Their distance along the horizontal "
            "axis is what algorithms were worth. The lab is an average one, the division of "
            "compute that of the average model; techniques that most rows carry are in.",
            frame=points[POINT_COLUMNS],
            x="training_flop",
            y="score",
            colour="shown",
            x_title="training compute (FLOP)",
            y_title="score (share of questions)",
            is_log_x=True,
            hover=(
                "model",
                "benchmark",
                "lab",
                "release_date",
                "training_flop",
                "score",
                "method",
                "techniques",
                "status",
                "citation",
            ),
            curve=Curve(curve),
        ),
        *_interval_figures(posterior, design, options),
        _parts_figure(posterior, table, card),
    ]


def _curves(posterior: xr.Dataset, design: Design, card: Card, benchmark: str) -> pd.DataFrame:
    """Fitted score over compute: at the middle of every year, or for techniques added in turn."""
    grid = np.linspace(design.log10_compute.min(), design.log10_compute.max() + 0.3, 30)
    compute = xr.DataArray(grid, dims="x")
    ceiling = get_accuracy_options(card).benchmarks[benchmark].ceiling
    drawn = posterior.sel(benchmark=benchmark)
    frames = []
    x = 10 ** (grid + design.log10_flop_reference)
    for series, multiplier, years in _curve_series(drawn, design, card):
        effective = compute + multiplier
        if years is not None and "interaction" in drawn:
            effective = effective + drawn["interaction"] * years * compute
        height = xr.apply_ufunc(special.expit, drawn["level"] + drawn["slope"] * effective)
        span = ceiling - drawn["chance"]
        if years is not None and "early_height" in drawn and years <= _last_early(design):
            span = span * drawn["early_height"]
        frames.append(make_curve(x, drawn["chance"] + span * height, series))
    return pd.concat(frames, ignore_index=True)


def _last_early(design: Design) -> float:
    """The last date of the early era, in years from the reference date."""
    return float(design.years[design.is_early].max())


def _curve_series(
    drawn: xr.Dataset, design: Design, card: Card
) -> list[tuple[str, xr.DataArray, float | None]]:
    """Name, decades added to compute, and date (years from the reference) of each curve.

    `drawn` is the posterior of one benchmark.
    """
    varied = "technique_on_benchmark" in drawn
    gain = drawn["technique_on_benchmark" if varied else "technique_gain"] if design.tags else None
    options = get_options(card)
    level: Any = drawn["allocation"].mean("base_model") if "allocation" in drawn else 0.0
    if options.trend == "linear":
        released = design.rows["release_date"].dt.year
        years = list(range(int(released.min()), int(released.max()) + 1))
        common = 0.0 if gain is None else gain.sel(technique=_common_tags(design)).sum("technique")
        dates = pd.Series([pd.Timestamp(year, 7, 1) for year in years])
        return [
            (f"models of {year}", drawn["rate"] * since + common + level, float(since))
            for year, since in zip(years, years_since(dates, design.reference_date), strict=True)
        ]
    total = xr.zeros_like(drawn["slope"]) + level
    series: list[tuple[str, xr.DataArray, float | None]] = [("base model", total, None)]
    for tag in design.tags:
        assert gain is not None
        total = total + gain.sel(technique=tag)
        series.append((f"+ {options.techniques[tag].label}", total, None))
    return series


def _common_tags(design: Design) -> list[str]:
    """Tags that most rows carry: the curves show models with them."""
    return [
        tag
        for tag, share in zip(design.tags, design.has_tag.mean(axis=0), strict=True)
        if share > 0.5
    ]


def _technique_labels(design: Design, options: LeaderboardOptions) -> dict[str, str]:
    return {tag: options.techniques[tag].label for tag in design.tags}


def _interval_figures(
    posterior: xr.Dataset, design: Design, options: LeaderboardOptions
) -> list[Figure]:
    if not design.tags:
        return []
    gain = make_intervals(posterior["technique_gain"])
    labels = _technique_labels(design, options)
    return [
        Figure(
            kind="intervals",
            id="technique-gains",
            title="What each technique was worth",
            caption="Training compute that would have given the same gain; a decade is ten times.",
            frame=gain.assign(label=gain["label"].map(labels)),
            x_title="decades of training compute",
        )
    ]


def _parts_figure(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> Figure:
    made = estimands(posterior, table, card)
    labels = list(made["decades_compute"].attrs["labels"].values())
    absent = absent_parts(make_accuracy_design(table, card), card)
    frames = [
        summarise(made[f"decades_{part}"]).assign(comparison=labels, part=part)
        for part in PARTS
        if part not in absent
    ]
    return Figure(
        kind="parts",
        id="parts-of-each-step",
        title="Where each step came from",
        caption="Decades of effective compute, median and 90 % interval; parts add up to the step.",
        frame=pd.concat(frames, ignore_index=True),
        x_title="decades of effective compute",
    )


def find_headline(options: LeaderboardOptions) -> Comparison:
    """The comparison that the page puts first."""
    return next(c for c in options.comparisons if c.id == options.headline_comparison)


def headline_key(card: Card) -> str:
    """The compute share of the headline comparison."""
    return f"share_compute[{get_options(card).headline_comparison}]"


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    options = get_options(card)
    comparison = find_headline(options)
    return Headline(
        key=f"share_compute[{comparison.id}]",
        sentence=f"{comparison.label}: {{median}} of the step in effective compute was training "
        "compute (90 % interval {lower} to {upper}).",
        notes=(
            f"{get_accuracy_options(card).confounders} cannot be told from the trend.",
            "The unexplained part is counted in the total and is never called algorithms.",
            "The error of a compute figure is shared by all models of a base model and cancels "
            "between them: that of continued training is not in the interval.",
            *NO_TREND_NOTE[options.trend],
        ),
    )
