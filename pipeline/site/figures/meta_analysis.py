"""The figures of a meta-analysis: forest, domains, opposed specifications, funnel."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.estimates.classical import measure_errors, regress_funnel
from models.estimates.estimates import LOWER, POINT, Design, prepare, to_natural
from models.estimates.meta_analysis import unstated_median
from pipeline.fit.cell import Cell
from pipeline.site.figures.frames import make_intervals, summarise
from pipeline.site.figures.kinds import Figure
from pipeline.site.words import Words

PRINTED, DOMAIN = "as published", "its domain, this posterior"
HOVER = ("study", "domain", "estimate", "standard_error")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Every study beside its domain, the domains, opposed specifications, and the funnel."""
    design = prepare(cell.table, cell.card)
    figures = [
        _draw_forest(design, cell.estimands, words),
        _draw_domains(design, cell.estimands, words),
        _draw_specifications(design, cell.estimands, words),
        _draw_funnel(design, words),
    ]
    return [figure for figure in figures if figure is not None]


def _draw_forest(design: Design, found: xr.Dataset, words: Words) -> Figure:
    """Each row as published beside the value of its domain: how far it is shrunk."""
    floor, domains = design.options.floor, design.labels("domain")
    ordered = design.rows.sort_values(
        "domain", kind="stable", key=lambda each: each.map(domains.index)
    )
    has_floored = floor is not None and (ordered["estimate"] <= floor).any()
    more = f" Estimates at or below {floor:g} are drawn at it." if has_floored else ""
    return Figure(
        kind="intervals",
        frame=_pair(ordered, design, found, floor),
        is_log_x=design.options.scale == "log",
        **words.figure("studies-by-domain", floored=more, axis=_title(design)),
    )


def _draw_domains(design: Design, found: xr.Dataset, words: Words) -> Figure:
    """The value of each domain, the pooled value and a domain not yet studied."""
    whole = {"pooled": "pooled", "predictive": "a domain not yet studied"}
    frames = [make_intervals(found["domain_value"])] + [
        summarise(found[key].expand_dims("whole", axis=-1)).assign(label=label)
        for key, label in whole.items()
    ]
    return Figure(
        kind="intervals",
        frame=pd.concat(frames, ignore_index=True).assign(series="posterior, 90 %"),
        is_log_x=design.options.scale == "log",
        **words.figure("values-by-domain", chances=_say_chances(found), axis=_title(design)),
    )


def _say_chances(found: xr.Dataset) -> str:
    """P(pooled above), and the share of domains above, of every threshold."""
    said = []
    for label in found["threshold"].to_numpy() if "threshold" in found else []:
        pooled = _say_chance(found["pooled_minus"].sel(threshold=label) > 0)
        domain = _say_chance(found["p_above"].sel(threshold=label))
        said.append(f"P(pooled value above {label}) {pooled}; for a new domain P {domain}.")
    return " ".join(said)


def _say_chance(draws: xr.DataArray) -> str:
    """The mean of the draws as a probability, no closer to 0 or 1 than draws can tell."""
    chance = float(draws.mean())
    if chance > 0.99:
        return "> 0.99"
    return "< 0.01" if chance < 0.01 else f"= {chance:.2f}"


def _draw_specifications(design: Design, found: xr.Dataset, words: Words) -> Figure | None:
    """Studies that give several specifications, side by side in natural units; None without any."""
    named = design.rows[design.rows["specification"].notna()]
    several = named[named["study"].duplicated(keep=False)]
    if several.empty:
        return None
    frame = _pair(several, design, found, None)
    frame["label"] = np.repeat(_name_rows(several), 2)
    return Figure(
        kind="intervals", frame=frame, **words.figure("specifications", axis=_title(design))
    )


def _draw_funnel(design: Design, words: Words) -> Figure | None:
    """Estimate against standard error; None where there are fewer than two points."""
    points = design.rows[design.rows["side"] == POINT]
    if len(points) < 2:
        return None
    errors = measure_errors(points, unstated_median())
    frame = pd.DataFrame(
        {
            "study": _name_rows(points),
            "domain": points["domain"],
            "estimate": to_natural(points["value"].to_numpy(), design.options),
            "standard_error": errors,
            "error": np.where(points["unstated_factor"] > 0, "assumed", "stated"),
        }
    )
    found, is_log = regress_funnel(points, errors), design.options.scale == "log"
    test = f"{found.intercept:.2f}, p = {found.p_value:.2f}" if found else ""
    said = words.figure(
        "funnel" if found else "funnel-untested",
        rows=found.rows if found else "",
        test=test,
        axis=_title(design),
        scale=" (log scale)" if is_log else "",
    )
    return Figure(
        kind="scatter",
        frame=frame,
        x="estimate",
        y="standard_error",
        colour="error",
        is_log_x=is_log,
        hover=HOVER,
        **said | {"id": "funnel"},
    )


def _name_rows(rows: pd.DataFrame) -> list[str]:
    """Each row in words: study, and what sets the estimate apart."""
    return list(rows["study"] + (", " + rows["specification"]).fillna(""))


def _title(design: Design) -> str:
    unit = design.options.unit
    return design.options.quantity + ("" if unit in ("1", "factor") else f" ({unit})")


def _pair(
    rows: pd.DataFrame, design: Design, found: xr.Dataset, floor: float | None
) -> pd.DataFrame:
    """Two intervals a row: as published, and the value of its domain."""
    domain = make_intervals(found["domain_value"]).set_index("label")
    made = []
    for name, row in zip(_name_rows(rows), rows.to_dict("records"), strict=True):
        label = f"{row['domain']}: {name}"
        ours = domain.loc[row["domain"], ["lower", "median", "upper"]].to_dict()
        made.append({"label": label, "series": PRINTED, **_as_printed(row, design, floor)})
        made.append({"label": label, "series": DOMAIN, "is_open": False, **ours})
    return pd.DataFrame(made)


def _as_printed(row: dict[Any, Any], design: Design, floor: float | None) -> dict[str, Any]:
    """Estimate and interval of a row; of a lower bound an interval that is open above."""
    estimate, lower, upper = (float(row[name]) for name in ("estimate", "lower", "upper"))
    is_open = row["side"] == LOWER
    if is_open:
        lower = estimate
    if floor is not None and estimate <= floor:
        estimate, lower, upper = floor, np.nan, np.nan
    if np.isnan(estimate):
        estimate = float(to_natural(row["value"], design.options))
    if design.options.scale == "log" and floor is not None and lower <= 0:
        lower = np.nan
    return {"median": estimate, "lower": lower, "upper": upper, "is_open": is_open}
