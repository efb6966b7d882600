"""What other sensible choices would have said of the headline: sentences, tables and figures."""

from typing import Any

import pandas as pd

from pipeline.site.charts.drawings import Drawing
from pipeline.site.charts.specifications import draw_choices, draw_curve
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import HALF, family
from pipeline.site.pages.sentences import say, say_figure
from pipeline.studies.specifications import OURS

Choices = dict[str, dict[str, Any]]


def draw_specifications(
    table: pd.DataFrame, choices: Choices, key: str, label: str
) -> list[Drawing]:
    """The curve of the estimand `key`, and below it the choices behind each of its medians."""
    rows = list_sound(table, key)
    if rows.empty:
        return []
    rows["made"] = [name_choices(row, choices) for row in rows.to_dict("records")]
    curve = rows[["rank", "last", "made", "median", "lower", "upper", "is_ours"]]
    others = [
        {"rank": row["rank"], "last": row["last"], "label": name_way(choices, name, row[name])}
        for name in choices
        for row in rows.sort_values(name, kind="stable").to_dict("records")
        if row[name] != OURS
    ]
    words = say_figure("specification-curve", label=label, count=len(rows))
    drawn = [draw_curve(Figure("scatter", frame=curve, **words))]
    if others:
        words = say_figure("specification-choices")
        drawn.append(draw_choices(Figure("scatter", frame=pd.DataFrame(others), **words)))
    return drawn


def list_sound(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """The specifications that can be shown, by their medians: with rank, last rank and is_ours."""
    rows = table[(table["estimand"] == key) & (table["kind"] != "without")]
    rows = rows[(rows["reason"] == "") & rows["median"].notna()].sort_values(
        "median", kind="stable"
    )
    ranks = range(1, len(rows) + 1)
    return rows.assign(rank=ranks, last=len(rows), is_ours=rows["kind"] == OURS)


def list_left_out(table: pd.DataFrame, key: str, kind: str) -> list[dict[Any, Any]]:
    """The headline without each laboratory or base model (`kind`), lowest first; where that leaves
    no headline, the reason.
    """
    rows = table[(table["estimand"] == key) & (table["without_kind"] == kind)]
    has_none = (rows["reason"] == "") & rows["median"].isna()
    rows = rows.assign(reason=rows["reason"].mask(has_none, say("left_out_end")))
    return list(rows.sort_values("median", kind="stable").to_dict("records"))


def say_half(table: pd.DataFrame, key: str) -> str:
    """In how many specifications a compute share is above one half; empty of other headlines."""
    medians = list_sound(table, key)["median"]
    above = int((medians > HALF).sum())
    is_share = family(key) == "share_compute" and len(medians) > 0
    return say("range_above_half", above=above, count=len(medians)) if is_share else ""


def name_choices(row: dict[Any, Any], choices: Choices) -> str:
    """What a specification chose otherwise, in words."""
    made = [name_way(choices, name, row[name]) for name in choices if row[name] != OURS]
    return "; ".join(made) or "ours"


def name_way(choices: Choices, name: str, way: str) -> str:
    """A choice and the way it was made: "form of the trend: one rate"."""
    return f"{choices[name]['title']}: {choices[name]['ways'][way]['title']}"
