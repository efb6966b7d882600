"""Figures of the meta-analysis, as data: forest, domains, opposed specifications, funnel."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import Figure
from models.core.figures import make_intervals, summarise
from models.core.prior import Prior
from models.estimates.estimates import LOWER, POINT, name_rows, to_natural
from models.estimates.meta_baseline import measure_errors, regress_funnel
from models.estimates.options import EstimateOptions

PRINTED, DOMAIN = "as published", "its domain, this posterior"
NEXT = "a domain not yet studied"
POOLED = "pooled"


def draw_forest(rows: pd.DataFrame, by_domain: xr.DataArray, options: EstimateOptions) -> Figure:
    """Each row as published beside the value of its domain: how far it is shrunk."""
    ordered = rows.sort_values("domain", kind="stable", key=lambda each: _order(each, rows))
    return Figure(
        kind="intervals",
        id="studies-by-domain",
        title="Every study beside the value of its domain",
        caption="By domain. Published intervals are at their own level. Where the domain's value "
        "lies away from the study's, other studies and domains pull it. An arrow is a bound; an "
        "estimate without an interval is a point alone."
        + (
            f" Estimates at or below {options.floor:g} are drawn at it."
            if options.floor is not None and (rows["estimate"] <= options.floor).any()
            else ""
        ),
        frame=_pair(ordered, by_domain, options, options.floor),
        x_title=_title(options),
        is_log_x=options.scale == "log",
    )


def draw_domains(found: xr.Dataset, options: EstimateOptions) -> Figure:
    """The value of each domain, the pooled value and a domain not yet studied."""
    domains = make_intervals(found["domain_value"])
    more = [
        summarise(found[key].expand_dims(one=[0], axis=-1)).assign(label=label)
        for key, label in (("pooled", POOLED), ("predictive", NEXT))
    ]
    frame = pd.concat([domains, *more], ignore_index=True).drop(columns="series")
    return Figure(
        kind="intervals",
        id="values-by-domain",
        title="Domains, the pooled value, and the next domain",
        caption=f"Median and 90 % interval. {_say_chances(found)}",
        frame=frame.assign(series="posterior, 90 %"),
        x_title=_title(options),
        is_log_x=options.scale == "log",
    )


def _say_chances(found: xr.Dataset) -> str:
    """P(pooled above), and the share of domains above, of every threshold."""
    if "pooled_minus" not in found:
        return ""
    words = []
    for label in found["threshold"].to_numpy():
        pooled = _say_chance(found["pooled_minus"].sel(threshold=label) > 0)
        domain = _say_chance(found["p_above"].sel(threshold=label))
        words.append(f"P(pooled value above {label}) {pooled}; for a new domain P {domain}.")
    return " ".join(words)


def _say_chance(draws: xr.DataArray) -> str:
    """The mean of the draws as a probability, no closer to 0 or 1 than draws can tell."""
    chance = float(draws.mean())
    if chance > 0.99:
        return "> 0.99"
    return "< 0.01" if chance < 0.01 else f"= {chance:.2f}"


def draw_specifications(
    rows: pd.DataFrame, by_domain: xr.DataArray, options: EstimateOptions
) -> Figure | None:
    """Studies that give several specifications, side by side in natural units; None without any."""
    named = rows[rows["specification"].notna()]
    several = named[named["study"].duplicated(keep=False)]
    if several.empty:
        return None
    frame = _pair(several, by_domain, options, None)
    frame["label"] = [name for name in name_rows(several) for _ in range(2)]
    return Figure(
        kind="intervals",
        id="specifications",
        title="Specifications of one study, side by side",
        caption="Where a study's own specifications disagree, their average answers neither "
        "question. Estimates are drawn as published, those at or below zero too; the axis is "
        "linear.",
        frame=frame,
        x_title=_title(options),
    )


def draw_funnel(rows: pd.DataFrame, options: EstimateOptions, unstated: Prior) -> Figure | None:
    """Estimate against standard error; None where there are fewer than two points."""
    points = rows[rows["side"] == POINT]
    if len(points) < 2:
        return None
    errors = measure_errors(points, unstated)
    frame = pd.DataFrame(
        {
            "study": name_rows(points),
            "domain": points["domain"],
            "estimate": to_natural(points["value"].to_numpy(), options),
            "standard_error": errors,
            "error": np.where(points["unstated_factor"] > 0, "assumed", "stated"),
        }
    )
    return Figure(
        kind="scatter",
        id="funnel",
        title="Do small studies find more?",
        caption="Precise estimates are at the bottom. If imprecise ones lean to one side, those "
        f"with other results may be missing. {_say_asymmetry(points, errors)}",
        frame=frame,
        x="estimate",
        y="standard_error",
        colour="error",
        x_title=_title(options),
        y_title="standard error (log scale)" if options.scale == "log" else "standard error",
        is_log_x=options.scale == "log",
        hover=("study", "domain", "estimate", "standard_error"),
    )


def _say_asymmetry(points: pd.DataFrame, errors: np.ndarray) -> str:
    found = regress_funnel(points, errors)
    if found is None:
        return "Fewer than five estimates state an error: no test of this is made."
    return (
        f"Egger's regression on the {found.rows} estimates with a stated error: intercept "
        f"{found.intercept:.2f}, p = {found.p_value:.2f}. So few could show gross asymmetry only."
    )


def _order(domains: pd.Series, rows: pd.DataFrame) -> pd.Series:
    return domains.map({name: i for i, name in enumerate(rows["domain"].drop_duplicates())})


def _title(options: EstimateOptions) -> str:
    unit = "" if options.unit in ("1", "factor") else f" ({options.unit})"
    return f"{options.quantity}{unit}"


def _pair(
    rows: pd.DataFrame, by_domain: xr.DataArray, options: EstimateOptions, floor: float | None
) -> pd.DataFrame:
    """Two intervals a row: as published, and the value of its domain."""
    domain = make_intervals(by_domain).set_index("label")
    made = []
    for name, row in zip(name_rows(rows), rows.to_dict("records"), strict=True):
        label = f"{row['domain']}: {name}"
        ours = domain.loc[row["domain"], ["lower", "median", "upper"]].to_dict()
        made.append({"label": label, "series": PRINTED, **_as_printed(row, options, floor)})
        made.append({"label": label, "series": DOMAIN, "is_open": False, **ours})
    return pd.DataFrame(made)


def _as_printed(
    row: dict[Any, Any], options: EstimateOptions, floor: float | None
) -> dict[str, Any]:
    """Estimate and interval of a row; of a lower bound an interval that is open above."""
    estimate, lower, upper = (float(row[name]) for name in ("estimate", "lower", "upper"))
    is_open = row["side"] == LOWER
    if is_open:
        lower = estimate
    if floor is not None and estimate <= floor:
        estimate, lower, upper = floor, np.nan, np.nan
    if np.isnan(estimate):
        estimate = float(to_natural(row["value"], options))
    if options.scale == "log" and floor is not None and lower <= 0:
        lower = np.nan
    return {"median": estimate, "lower": lower, "upper": upper, "is_open": is_open}
