"""What readers ask of a horizon leaderboard: how fast horizons double, since when faster, how much
of a step was compute, and which horizon to expect of a run; and the density of base models.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Truth, as_draws
from models.core.dates import DAYS_A_YEAR, years_since
from models.core.estimands import describe
from models.core.parts import PARTS
from models.effective_compute.split import Step, assemble, combine
from models.horizons.design import REFERENCE_LOG10_FLOP, Design, prepare
from models.horizons.horizon_simulation import DIMS
from models.options import HorizonOptions, Side

ORDER = ("chain", "draw", ...)
ABSENT = {
    "inference": "compute at inference is not recorded",
    "allocation": "parameters and tokens of most models are not known",
    "technique": "no techniques are recorded",
    "lab": "no effect of laboratories is fitted",
}


def headline_key(card: Card) -> str:
    """How much of the headline step was compute."""
    return f"share_compute[{card.options_of(HorizonOptions).headline_comparison}]"


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Growth and doubling times, slope and rate, the split of every step, expected horizons."""
    design = prepare(table, card)
    made = xr.Dataset(_describe_growth(posterior, design) | _describe_trend(posterior, design))
    if design.options.stated_runs:
        made["expected_horizon_minutes"] = _expect(posterior, design)
    return made.merge(_split(posterior, design))


def name_periods(design: Design) -> list[str]:
    """All years, before the bend and since; a bend on 1 January has the name of its year."""
    day = design.options.bend_date
    name = str(day.year) if (day.month, day.day) == (1, 1) else day.isoformat()
    return ["all years", f"before {name}", f"since {name}"]


def find_growth(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """Doublings a year of the horizon that the trends of compute and of all else give.

    Of models of one kind: open weights or not. Dims chain, draw, period (all years, before the
    bend, since), all years being the mean from the first release to the last.
    """
    compute = posterior["slope"] * posterior["compute_growth"]
    before = compute.sel(period="before", drop=True) + posterior["rate"] - posterior["change"]
    since = compute.sel(period="since", drop=True) + posterior["rate"]
    first, last = design.years.min(), design.years.max()
    share = float(np.clip((design.bend_years - first) / (last - first), 0, 1))
    whole = share * before + (1 - share) * since
    periods = pd.Index(name_periods(design), name="period")
    return xr.concat([whole, before, since], dim=periods).transpose(*ORDER)


def find_coefficients(posterior: xr.Dataset, design: Design) -> np.ndarray:
    """Coefficients of the trend of compute by draw: shape (chain, draw, term)."""
    offset = posterior["compute_trend_offset"].transpose("chain", "draw", "term").to_numpy()
    return np.asarray(design.location + offset @ design.spread.T)


def find_trend(posterior: xr.Dataset, years: xr.DataArray, design: Design) -> xr.DataArray:
    """log2 minutes at 10^25 FLOP, `years` after the reference date, by draw."""
    before = np.minimum(years - design.bend_years, 0.0)
    return posterior["level"] + posterior["rate"] * years - posterior["change"] * before


def _describe_growth(posterior: xr.Dataset, design: Design) -> dict[str, xr.DataArray]:
    growth = find_growth(posterior, design)
    before, since = (growth.isel(period=at, drop=True) for at in (1, 2))
    with np.errstate(divide="ignore"):
        days = (DAYS_A_YEAR / growth).where(growth > 0, np.inf)
    name, unit = "growth_doublings_per_year", "doublings per year"
    label = f"Growth {name_periods(design)[2]} less that before"
    by_compute = posterior["slope"] * posterior["compute_growth"].sel(period="since", drop=True)
    return {
        name: describe(growth, "Growth of the time horizon", unit, "headline"),
        "doubling_time_days": describe(
            days, "Doubling time of the time horizon", "days", "positive", derived_from=name
        ),
        "acceleration_doublings_per_year": describe(since - before, label, unit, "headline"),
        "growth_by_compute_doublings_per_year": describe(
            by_compute, f"Growth with compute {name_periods(design)[2]}", unit
        ),
    }


def _describe_trend(posterior: xr.Dataset, design: Design) -> dict[str, xr.DataArray]:
    slope, rate, since = posterior["slope"], posterior["rate"], name_periods(design)[2]
    return {
        "horizon_slope": describe(
            slope, "Doublings for tenfold compute", "doublings per decade", "positive", "headline"
        ),
        "rate_at_fixed_compute": describe(
            rate, f"Growth at fixed compute {since}", "doublings per year"
        ),
        "rate_decades_per_year": describe(
            rate / slope, f"Rate of algorithmic progress {since}", "decades per year", "headline"
        ),
    }


def _expect(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """The horizon in the middle of models with the compute and date of each stated run."""
    runs = design.options.stated_runs
    days = pd.Series([pd.Timestamp(run.day) for run in runs.values()])
    years = xr.DataArray(years_since(days, design.reference_date), {"run": list(runs)}, "run")
    decades = np.log10([run.flop for run in runs.values()]) - REFERENCE_LOG10_FLOP
    compute = posterior["slope"] * xr.DataArray(decades, {"run": list(runs)}, "run")
    minutes = 2.0 ** (find_trend(posterior, years, design) + compute)
    label = "Time horizon to expect"
    return describe(minutes.transpose(*ORDER), label, "minutes", "positive")


def _split(posterior: xr.Dataset, design: Design) -> xr.Dataset:
    """Decades, shares and doublings of every part of every step of the card."""
    comparisons = design.options.comparisons
    steps = [_make_step(posterior, design, each.earlier, each.later) for each in comparisons]
    made = assemble(steps, comparisons, ABSENT, posterior["slope"])
    for part in (*PARTS, "algorithms"):
        label = f"{part.capitalize()}, share of the doublings of the horizon"
        made[f"shapley_share_{part}"].attrs["label"] = label
    for part in PARTS:
        label = f"{part.capitalize()}, doublings of the horizon"
        made[f"shapley_{part}"].attrs |= {"label": label, "unit": "doublings"}
    return made


def _make_step(posterior: xr.Dataset, design: Design, earlier: Side, later: Side) -> Step:
    """The parts of one step; doublings are linear in effective compute, so no order matters."""
    ends = [find_row(design, side) for side in (earlier, later)]
    slope = posterior["slope"].transpose(*ORDER).to_numpy()
    decades = {part: _change(values) for part, values in _terms(posterior, design, ends).items()}
    return combine(decades, {part: slope * each for part, each in decades.items()})


def find_row(design: Design, side: Side) -> int:
    """Position of the first fitted row of one end of a step."""
    wanted = {"model": side.model, "method": side.method}
    return int(np.flatnonzero((design.rows[list(wanted)] == pd.Series(wanted)).all(axis=1))[0])


def _terms(posterior: xr.Dataset, design: Design, ends: list[int]) -> dict[str, xr.DataArray]:
    """Decades of effective compute at both ends, dims chain, draw, end."""
    base = xr.DataArray(np.array(design.bases)[design.base_index[ends]], dims="end")
    years = xr.DataArray(design.years[ends], dims="end")
    slope = posterior["slope"]
    return {
        "compute": posterior["compute"].sel(base_model=base) + design.added[ends],
        "trend": (find_trend(posterior, years, design) - posterior["level"]) / slope,
        "unexplained": posterior["unexplained"].sel(base_model=base) / slope,
    }


def _change(values: xr.DataArray) -> np.ndarray:
    return np.asarray(values.transpose("chain", "draw", "end").diff("end").to_numpy()[..., 0])


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its rate moved: compute has `share` of the headline step."""
    design = prepare(table, card)
    wanted = design.options.headline_comparison
    (step,) = (each for each in design.options.comparisons if each.id == wanted)
    ends = [find_row(design, side) for side in (step.earlier, step.later)]
    parts = _terms(as_draws(truth, DIMS), design, ends)
    decades = {part: float(_change(values).sum()) for part, values in parts.items()}
    missing = decades["compute"] / share - sum(decades.values())
    years = design.years[ends[1]] - design.years[ends[0]]
    return truth | {"rate": truth["rate"] + truth["slope"] * missing / years}


def unit_log_likelihood(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, only: Collection[str] | None = None
) -> xr.DataArray:
    """Log density of the rows of each base model, its compute and what is unexplained integrated
    out: normal, with a variance that its rows share. Dims chain, draw, base_model.

    Base models that the options leave out have none.
    """
    design = prepare(table, card)
    left_out = prepare(table.drop(columns="is_held_out", errors="ignore"), card).is_held_out
    drawn = posterior.transpose(*ORDER)
    trend = find_coefficients(drawn, design) @ design.terms.T
    compute = (1 - design.weight) * trend + design.weight * design.figure
    slope, spread = (drawn[name].to_numpy()[..., None] for name in ("slope", "spread"))
    shared = (slope * design.scatter) ** 2 + spread**2  # (chain, draw, base)
    middle = find_trend(drawn, xr.DataArray(design.years, dims="row"), design)
    expected = middle.transpose(*ORDER).to_numpy()
    expected = expected + slope * (compute[..., design.base_index] + design.added)
    is_of = design.base_index[:, None] == np.arange(len(design.bases))
    precision = is_of / design.error[:, None] ** 2
    residual = design.log2_horizon - expected
    total, pulled = precision.sum(axis=0), residual @ precision
    constant = np.log(2 * np.pi * design.error**2) @ is_of
    square = residual**2 @ precision - shared * pulled**2 / (1 + shared * total)
    density = -0.5 * (constant + np.log1p(shared * total) + square)
    kept = [base for at, base in enumerate(design.bases) if not left_out[is_of[:, at]].any()]
    chosen = [base for base in kept if only is None or base in only]
    coords = {**drawn["slope"].coords, "base_model": design.bases}
    made = xr.DataArray(density, coords, ("chain", "draw", "base_model"))
    return made.assign_coords(row_count=("base_model", is_of.sum(axis=0))).sel(base_model=chosen)
