"""The figures of a meta-analysis: forest, domains, opposed specifications, funnel."""

import numpy as np
import pandas as pd
import xarray as xr

from models.estimates.classical import measure_errors, regress_funnel
from models.estimates.estimates import LOWER, POINT, Design, prepare, to_natural
from models.estimates.meta_analysis import unstated_median
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_intervals, order_by, summarise
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.numbers import sign
from pipeline.site.words import Words

PRINTED, DOMAIN = "as published", "its domain, this posterior"
HOVER = ("study", "domain", "estimate", "standard_error")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Every study beside its domain, the domains, opposed specifications, and the funnel."""
    design = prepare(cell.table, cell.card)
    makers = (_draw_forest, _draw_domains, _draw_specifications, _draw_funnel)
    figures = [make(design, cell.estimands, words) for make in makers]
    return [figure for figure in figures if figure is not None]


def _draw_forest(design: Design, found: xr.Dataset, words: Words) -> Figure:
    """Each row as published beside the value of its domain: how far it is shrunk."""
    floor, domains = design.options.floor, design.labels("domain")
    ordered = order_by(design.rows, "domain", list(domains))
    has_floored = floor is not None and (ordered["estimate"] <= floor).any()
    more = f" Estimates at or below {floor:g} are drawn at it." if has_floored else ""
    frame, is_log = _pair(ordered, design, found, floor), design.options.scale == "log"
    said = words.figure("studies-by-domain", floored=more, axis=_title(design))
    return Figure("intervals", frame=frame, is_log_x=is_log, **said)


def _draw_domains(design: Design, found: xr.Dataset, words: Words) -> Figure:
    """The value of each domain, the pooled value and a domain not yet studied."""
    whole = {"pooled": "pooled", "predictive": "a domain not yet studied"}
    frames = [make_intervals(found["domain_value"])] + [
        summarise(found[key]).assign(label=label) for key, label in whole.items()
    ]
    frame = pd.concat(frames, ignore_index=True).assign(series="posterior, 90 %")
    said = words.figure("values-by-domain", chances=_say_chances(found), axis=_title(design))
    return Figure("intervals", frame=frame, is_log_x=design.options.scale == "log", **said)


def _say_chances(found: xr.Dataset) -> str:
    """P(pooled above), and the share of domains above, of every threshold."""
    said = []
    for label in found["threshold"].to_numpy() if "threshold" in found else []:
        draws = (
            found["pooled_minus"].sel(threshold=label) > 0,
            found["p_above"].sel(threshold=label),
        )
        pooled, domain = (sign(describe_probability(float(each.mean()))) for each in draws)
        said.append(f"P(pooled value above {label}) {pooled}; for a new domain P {domain}.")
    return " ".join(said)


def _draw_specifications(design: Design, found: xr.Dataset, words: Words) -> Figure | None:
    """Studies that give several specifications, side by side in natural units; None without any."""
    named = design.rows[design.rows["specification"].notna()]
    several = named[named["study"].duplicated(keep=False)]
    if several.empty:
        return None
    frame = _pair(several, design, found, None)
    frame["label"] = _name_rows(several).repeat(2).to_numpy()
    said = words.figure("specifications", axis=_title(design))
    return Figure("intervals", frame=frame, **said)


def _draw_funnel(design: Design, _: xr.Dataset, words: Words) -> Figure | None:
    """Estimate against standard error; None where there are fewer than two points."""
    points = design.rows[design.rows["side"] == POINT]
    if len(points) < 2:
        return None
    errors = measure_errors(points, unstated_median())
    frame = points[["domain"]].assign(
        study=_name_rows(points),
        estimate=to_natural(points["value"].to_numpy(), design.options),
        standard_error=errors,
        error=np.where(points["unstated_factor"] > 0, "assumed", "stated"),
    )[[*HOVER, "error"]]
    found, is_log = regress_funnel(points, errors), design.options.scale == "log"
    said = {"axis": _title(design), "scale": " (log scale)" if is_log else ""}
    if found:
        said |= {"rows": str(found.rows)}
        said |= {"test": f"{found.intercept:.2f}, p = {found.p_value:.2f}"}
    told = words.figure("funnel" if found else "funnel-untested", **said) | {"id": "funnel"}
    return Figure("scatter", frame=frame, is_log_x=is_log, hover=HOVER, **told)


def _name_rows(rows: pd.DataFrame) -> pd.Series:
    """Each row in words: study, and what sets the estimate apart."""
    return rows["study"] + (", " + rows["specification"]).fillna("")


def _title(design: Design) -> str:
    unit = design.options.unit
    return design.options.quantity + ("" if unit in ("1", "factor") else f" ({unit})")


def _pair(
    rows: pd.DataFrame, design: Design, found: xr.Dataset, floor: float | None
) -> pd.DataFrame:
    """Two intervals a row: as published, and the value of its domain."""
    printed = _as_printed(rows.reset_index(drop=True), design, floor)
    domain = make_intervals(found["domain_value"]).set_index("label").loc[rows["domain"]]
    ours = domain.reset_index(drop=True).assign(series=DOMAIN, is_open=False)
    made = pd.concat([printed.assign(series=PRINTED), ours]).sort_index(kind="stable")
    names = (rows["domain"] + ": " + _name_rows(rows)).repeat(2).to_numpy()
    columns = ["label", "series", "median", "lower", "upper", "is_open"]
    return made.assign(label=names)[columns].reset_index(drop=True)


def _as_printed(rows: pd.DataFrame, design: Design, floor: float | None) -> pd.DataFrame:
    """Estimate and interval of each row; of a lower bound an interval that is open above."""
    shown = rows[["estimate", "lower", "upper"]].rename(columns={"estimate": "median"})
    shown["is_open"] = rows["side"] == LOWER
    shown["lower"] = shown["lower"].mask(shown["is_open"], shown["median"])
    if floor is not None:
        is_floored = shown["median"] <= floor
        shown[["lower", "upper"]] = shown[["lower", "upper"]].mask(is_floored)
        shown["lower"] = shown["lower"].mask(shown["lower"] <= 0)  # a floor is for log scales
        shown["median"] = shown["median"].mask(is_floored, floor)
    value = pd.Series(to_natural(rows["value"].to_numpy(), design.options))
    return shown.assign(median=shown["median"].fillna(value))
