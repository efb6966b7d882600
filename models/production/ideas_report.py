"""Posterior draws of the law of idea production -> estimands, baseline and pictures."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, fitted_rows
from models.core.figures import make_curve, make_intervals
from models.production.ideas import LOG_10, Series, get_options, read_series, solve

ROUNDING = 1e-6  # decades: nearer to its ceiling a field is at it
SHOWN_DRAWS = 150  # of a field, in the picture of the two exponents
HOVER = ("domain", "year", "research_input", "efficiency", "citation")


def list_returns(posterior: xr.Dataset) -> dict[str, xr.DataArray]:
    """Returns to research and its two exponents, a field each."""
    toes, fishing = posterior["stepping_on_toes"], posterior["fishing_out"]
    return {
        "returns_to_research": (toes / fishing).assign_attrs(
            label="Returns to research",
            unit="doublings per doubling",
            description="stepping_on_toes over fishing_out: doublings of efficiency for a doubling "
            "of research, in the long run; above 1, progress that does its own research speeds up",
            is_positive=True,
            is_headline=True,
        ),
        "stepping_on_toes": toes.assign_attrs(
            label="Exponent of research",
            unit="1",
            description="power of research to which new efficiency is proportional",
            is_positive=True,
            is_headline=True,
        ),
        "fishing_out": fishing.assign_attrs(
            label="Exponent of ideas found",
            unit="1",
            description="power of the efficiency reached by which its growth is slower",
            is_positive=True,
            is_headline=True,
        ),
    }


def list_room(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> dict[str, xr.DataArray]:
    """Decades between today and the ceiling, a field each, and how often the ceiling is near.

    Today is the last observed year, and its efficiency the model's own.
    """
    series = read_series(table, card)
    now = trace(posterior, series)
    last = [now[domain][1].isel(x=-1) for domain in series.domains]
    today = xr.concat(last, dim="domain").assign_coords(domain=series.domains)
    room = (posterior["ceiling_decades"] - today / LOG_10).clip(min=0.0)
    room = room.where(room > ROUNDING, 0.0).transpose("chain", "draw", "domain").drop_attrs()
    factors = get_options(card).ceiling_within
    near = [(room < np.log10(factor)).mean("domain") for factor in factors]
    within = xr.concat(near, dim="factor").assign_coords(factor=[f"{each:g}" for each in factors])
    return {
        "headroom_decades": room.assign_attrs(
            label="Room below the ceiling",
            unit="decades",
            description="log10 of the ceiling over the efficiency of the last year observed",
            is_positive=True,
            is_headline=True,
        ),
        "p_ceiling_within": within.transpose("chain", "draw", "factor").assign_attrs(
            label="Share of the fields with a ceiling within a factor of today",
            unit="share",
            description="by draw, of the fields of the table; its mean over draws is the "
            "probability for a field picked at random",
            is_positive=True,
            is_headline=True,
            labels={f"{each:g}": f"{each:g} times today's efficiency" for each in factors},
        ),
    }


def trace(posterior: xr.Dataset, series: Series) -> dict[str, tuple[np.ndarray, xr.DataArray]]:
    """Log efficiency (natural) of the law without shocks at the years of each field, by draw."""
    made = {}
    for domain in series.domains:
        rows = series.intervals[series.intervals["domain"] == domain]
        drawn = posterior.sel(domain=domain)
        power = drawn["stepping_on_toes"] * xr.DataArray(rows["log_input"].to_numpy(), dims="x")
        work = xr.DataArray(rows["duration"].to_numpy(), dims="x") * np.exp(power)
        stock = work.cumsum("x").pad(x=(1, 0), constant_values=0.0)
        ceiling = drawn["ceiling_decades"] * LOG_10 if "ceiling_decades" in drawn else None
        log_x, _ = solve(np, drawn["initial_growth"], drawn["fishing_out"], stock, ceiling)
        years = np.append(rows["year"], rows["year"].iloc[-1] + rows["duration"].iloc[-1])
        path = (log_x / drawn["fishing_out"]).transpose("chain", "draw", "x")
        made[domain] = years, path.drop_vars("domain")
    return made


def describe_rows(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """What explains each observed efficiency: how long research went on, and how much it grew."""
    series = read_series(table, card)
    grown = [
        series.intervals.loc[series.before[row] > 0, "log_input"].iloc[-1] / LOG_10
        for row in range(len(series.observed))
    ]
    return pd.DataFrame(
        {"years of research": series.observed["year"], "growth of research in decades": grown}
    )


def fit_growth_rates(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Growth of efficiency over growth of research: the returns if both grew at constant rates.

    The growth of research and its interval are those of an OLS line through its logarithm; the
    efficiency is taken as exact.
    """
    series = read_series(table, card)
    parts = []
    for domain in series.domains:
        rows = series.intervals[series.intervals["domain"] == domain]
        last = series.observed[series.observed["domain"] == domain].iloc[-1]
        growth = last["log_efficiency"] / last["year"]
        fit = smf.ols("log_input ~ year", rows).fit()
        low, high = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["year"]
        parts.append(
            {
                "key": f"returns_to_research[{domain}]",
                "label": domain,
                "method": f"ratio of growth rates, OLS on {len(rows)} years",
                "estimate": growth / fit.params["year"],
                "lower": growth / high,
                "upper": growth / low if low > 0 else np.nan,
            }
        )
    return pd.DataFrame(parts)


def draw_law_figures(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Returns by field, the two exponents draw by draw, fitted paths, and research."""
    series = read_series(table, card)
    return [
        _returns(posterior, series),
        _exponents(posterior, series),
        _paths(posterior, table, series),
        _research(table),
    ]


def _returns(posterior: xr.Dataset, series: Series) -> Figure:
    returns = list_returns(posterior)["returns_to_research"]
    above = ", ".join(
        f"{domain} {float((returns.sel(domain=domain) > 1).mean()):.2f}"
        for domain in series.domains
    )
    return Figure(
        kind="intervals",
        id="returns-by-field",
        title="Returns to research by field",
        caption="Above 1, a field whose own products did its research would speed up. Probability "
        f"of returns above 1: {above}.",
        frame=make_intervals(returns),
        x_title="doublings of efficiency for one doubling of research",
        is_log_x=True,
    )


def _exponents(posterior: xr.Dataset, series: Series) -> Figure:
    """Every n-th draw of the two exponents."""
    names = ["fishing_out", "stepping_on_toes"]
    stacked = posterior[names].stack(sample=("chain", "draw"))
    every = max(stacked.sizes["sample"] // SHOWN_DRAWS, 1)
    parts = []
    for domain in series.domains:
        kept = stacked.sel(domain=domain).isel(sample=slice(None, None, every))
        parts.append(
            pd.DataFrame({name: kept[name].to_numpy() for name in names}).assign(domain=domain)
        )
    together = [
        float(np.corrcoef([np.log(stacked[name].sel(domain=domain)) for name in names])[0, 1])
        for domain in series.domains
    ]
    words = ", ".join(f"{d} {r:.2f}" for d, r in zip(series.domains, together, strict=True))
    return Figure(
        kind="scatter",
        id="exponents",
        title="The two exponents of each field, one point a draw",
        caption="Each cloud is about as wide as the prior lets it be: one ratio of efficiencies "
        "cannot say whether research runs into itself or ideas run out. It says that a larger one "
        f"goes with a larger other. Correlation of the logarithms: {words}.",
        frame=pd.concat(parts, ignore_index=True),
        x="fishing_out",
        y="stepping_on_toes",
        colour="domain",
        x_title="exponent of ideas found (fishing out)",
        y_title="exponent of research (stepping on toes)",
        is_log_x=True,
        is_log_y=True,
        hover=("domain", *names),
    )


def _paths(posterior: xr.Dataset, table: pd.DataFrame, series: Series) -> Figure:
    curves = [
        make_curve(years, xr.apply_ufunc(np.exp, path), domain)
        for domain, (years, path) in trace(posterior, series).items()
    ]
    rows = fitted_rows(table)
    return Figure(
        kind="scatter",
        id="efficiency-paths",
        title="Efficiency: the observed years and the fitted paths",
        caption="Each field is observed in its first and last year alone; what lies between is the "
        "law's, given the research of each year. Bands are 90 % and leave out the error of the "
        "observed efficiency.",
        frame=rows.loc[rows["efficiency"].notna(), [*HOVER, "efficiency_measure"]],
        x="year",
        y="efficiency",
        colour="domain",
        x_title="years since the first of the series",
        y_title="efficiency, first year = 1",
        is_log_y=True,
        hover=HOVER,
        curve=Curve(pd.concat(curves, ignore_index=True)),
    )


def _research(table: pd.DataFrame) -> Figure:
    rows = fitted_rows(table)
    first = rows.sort_values("year").groupby("domain")["research_input"].transform("first")
    shown = rows.assign(growth=rows["research_input"] / first.reindex(rows.index))
    return Figure(
        kind="scatter",
        id="research",
        title="Research year by year",
        caption="In multiples of the first year. Fields whose research hardly grew say little of "
        "the exponents.",
        frame=shown.loc[shown["research_input"].notna(), [*HOVER, "growth"]],
        x="year",
        y="growth",
        colour="domain",
        x_title="years since the first of the series",
        y_title="research, first year = 1",
        is_log_y=True,
        hover=HOVER,
    )


def draw_room(made: dict[str, xr.DataArray], card: Card) -> Figure:
    """Decades below the ceiling by field, with the probabilities in the caption."""
    room = made["headroom_decades"]
    words = []
    for factor in get_options(card).ceiling_within:
        chances = (room < np.log10(factor)).mean(("chain", "draw"))
        listed = ", ".join(f"{d} {float(chances.sel(domain=d)):.2f}" for d in room["domain"].values)
        words.append(f"within {factor:g} times today's efficiency: {listed}")
    return Figure(
        kind="intervals",
        id="room-below-the-ceiling",
        title="How far above today the ceiling is",
        caption="The data hardly speak of it: the intervals are close to the prior's, cut where "
        f"the field already is. Probability of a ceiling {'; '.join(words)}.",
        frame=make_intervals(room),
        x_title="decades of efficiency above the last year",
    )


def state_returns(card: Card) -> dict[str, Any]:
    """Key and sentence of the headline, and what it does not cover."""
    domain = get_options(card).headline_domain
    return {
        "key": f"returns_to_research[{domain}]",
        "sentence": f"One doubling of research in {domain} came to {{median}} doublings of "
        "efficiency (90 % interval {lower} to {upper}).",
        "notes": (
            "One ratio of efficiencies a field: the exponents of research and of ideas found "
            "cannot be told apart, and how fast the field grew in its first year is assumed.",
        ),
    }
