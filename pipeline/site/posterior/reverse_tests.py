"""The reverse test as a figure's rows: the FLOP that early methods need, and amounts to compare.

With how much compute would the first method of a leaderboard have reached its best score? Beside
the answer stand amounts that readers know: the recorded compute of the models at both ends, a mole
of FLOP, a year of a large cluster, and the largest known run.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from models import fitted_rows
from pipeline.site.charts.axes import wrap_label
from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.charts.series import PALETTE
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import (
    Attributions,
    describe_bound,
    describe_probability,
)
from pipeline.site.pages.sentences import MOLE, format_number, say, say_figure
from pipeline.site.posterior.split_charts import LINE_PIXELS, number_rows
from pipeline.site.words import Words

FLOP, UNREACHABLE = "reverse_test_flop", "reverse_test_p_unreachable"
NEEDED, KNOWN = "needed", "known amount"
MOLE_LABEL = "one mole of FLOP (Avogadro's number)"
# Grattafiori et al. 2024 (arXiv 2407.21783), Table 4: what was measured in training Llama 3 405B.
CLUSTER_CHIPS, CHIP_FLOP_A_SECOND = 16_384, 4.0e14
CLUSTER_FLOP = CLUSTER_CHIPS * CHIP_FLOP_A_SECOND * 365.25 * 86_400
CLUSTER_LABEL = "one year of the cluster of Llama 3 405B"
NAMES = ("kind", "label", "early_model", "best_model")
COLUMNS = [
    *("kind", "label", "median", "lower", "upper", "p_unreachable"),
    *("early_model", "early_flop", "best_model", "best_flop"),
]
FLOP_TICKS = 5
LABEL_CHARACTERS = 24
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class ReverseTest:
    """`frame`: a row an early method (kind `needed`) or an amount to compare (`known amount`).

    Columns kind, label, median, lower, upper (FLOP; missing where unbounded, and for known amounts
    all but the median), p_unreachable, early_model, early_flop, best_model and best_flop (recorded
    compute of the models at both ends; missing where it is not known).
    """

    frame: pd.DataFrame
    words: dict[str, Any]


def make_reverse_test(
    attributions: Attributions,
    table: pd.DataFrame,
    runs: pd.DataFrame | None,
    scatter: Figure | None,
    words: Words,
) -> ReverseTest | None:
    """The rows and what to read from them; None where the model makes no reverse test.

    `scatter` is the model's figure of the outcome against compute: its x is the column of compute
    as the model counts it.
    """
    needed = _list_needed(attributions)
    if not needed:
        return None
    if scatter is not None:
        rows = _count_compute(table, scatter)
        needed = [row | _find_ends(rows, row["label"]) for row in needed]
    marks = {MOLE_LABEL: MOLE, CLUSTER_LABEL: CLUSTER_FLOP} | _find_largest_run(runs)
    known = [{"kind": KNOWN, "label": label, "median": flop} for label, flop in marks.items()]
    frame = pd.DataFrame([*needed, *known]).reindex(columns=COLUMNS)
    frame = frame.astype({name: float for name in COLUMNS if name not in NAMES})
    return ReverseTest(frame, _describe(frame, words))


def describe_needed(row: Row) -> str:
    """The compute in FLOP with its interval; a bound that does not exist is said not to."""
    if math.isnan(row["lower"]):
        return "no compute suffices in most draws"
    bounds = ("median", "lower", "upper")
    found = {name: None if math.isnan(row[name]) else row[name] for name in bounds}
    median, upper = (describe_bound(found | {"unit": ""}, name) for name in ("median", "upper"))
    return f"{median} ({format_number(row['lower'])} to {upper})"


def describe_unreachable(row: Row) -> str:
    """The probability that no compute suffices, to two or three digits."""
    return say("unreachable", chance=describe_probability(float(row["p_unreachable"])))


def find_domain(frame: pd.DataFrame) -> tuple[float, float]:
    """The range of the axis in FLOP, with room beside the last mark for arrows."""
    amounts = frame[["median", "lower", "upper", "early_flop", "best_flop"]].to_numpy()
    low, high = float(np.nanmin(amounts)), float(np.nanmax(amounts))
    is_open = bool(frame.loc[frame["kind"] == NEEDED, "upper"].isna().any())
    factor = max(high / low, 10.0)
    return float(low / factor**0.04), float(high * factor ** (0.15 if is_open else 0.04))


def _list_needed(attributions: Attributions) -> list[dict[str, Any]]:
    rows = []
    for key, found in attributions.items():
        family, _, rest = key.partition("[")
        if family != FLOP or found.get("reason"):
            continue
        label = rest.removesuffix("]")
        bounds = {bound: found[bound] for bound in ("median", "lower", "upper")}
        chance = attributions[f"{UNREACHABLE}[{label}]"]["median"]
        rows.append({"kind": NEEDED, "label": label, **bounds, "p_unreachable": chance})
    return rows


def _find_largest_run(runs: pd.DataFrame | None) -> dict[str, float]:
    """The run of most training compute in the registry, estimates included."""
    if runs is None or runs["training_flop"].isna().all():
        return {}
    row = runs.sort_values("training_flop", ascending=False, kind="stable").iloc[0]
    return {f"largest known run, {row['model']}": float(row["training_flop"])}


def _count_compute(table: pd.DataFrame, scatter: Figure) -> pd.DataFrame:
    """The fitted rows whose compute is known, with it as the model counts it in column `flop`."""
    source = table if scatter.x in table else scatter.frame
    counted = table.assign(flop=source[scatter.x].reindex(table.index).astype(float))
    return fitted_rows(counted).dropna(subset=["flop"])


def _find_ends(rows: pd.DataFrame, label: str) -> dict[str, Any]:
    """Names and compute of the early model and the best one of the label's benchmark.

    Nothing where the first row is not the model that the label names.
    """
    names = rows["benchmark"].unique()
    benchmark = next((name for name in names if label.startswith(f"{name}: ")), None)
    known = rows if benchmark is None else rows[rows["benchmark"] == benchmark]
    column = "score" if "score" in rows else "perplexity"
    is_low = column == "perplexity"
    first = known.sort_values(["release_date", column], ascending=[True, is_low], kind="stable")
    best = known.sort_values([column, "release_date"], ascending=[is_low, True], kind="stable")
    if known.empty or label.removeprefix(f"{benchmark}: ") != first["model"].iloc[0]:
        return {}
    return {
        f"{end}_{name}": frame[column].iloc[0]
        for end, frame in (("early", first), ("best", best))
        for name, column in (("model", "model"), ("flop", "flop"))
    }


def _describe(frame: pd.DataFrame, words: Words) -> dict[str, Any]:
    needed = frame[frame["kind"] == NEEDED].to_dict("records")
    largest = frame[frame["kind"] == KNOWN].to_dict("records")[-1]
    return say_figure(
        "reverse-test",
        rows=[_describe_one(row, largest) for row in needed],
        chips=CLUSTER_CHIPS,
        teraflop=CHIP_FLOP_A_SECOND / 1e12,
        meaning=words.estimands.get(UNREACHABLE, ""),
    )


def _describe_one(row: Row, largest: Row) -> str:
    """What the early method would need, how that compares, and whether it can be had at all."""
    return say(
        "reverse_test_row",
        **dict(row)
        | {"best_model": row["best_model"] if isinstance(row["best_model"], str) else ""},
        needed=describe_needed(row),
        amount=float(largest["median"]),
        amount_label=largest["label"].removeprefix("one "),
        unreachable=describe_unreachable(row),
    )


COLOUR = PALETTE[0]
NEEDED_SIGN = ("●", COLOUR, "needed, with the 90 % interval")
RECORDED_SIGNS = {
    "early_flop": ("○", "inherit", "the first model, as trained"),
    "best_flop": ("□", "inherit", "the best model, as trained"),
}
RECORDED_SHAPES = {"early_flop": "circle", "best_flop": "square"}


def draw_reverse_test(made: ReverseTest) -> Drawing:
    """Needed compute as intervals over the known amounts, all on one logarithmic axis."""
    frame, rows = made.frame, made.frame.to_dict("records")
    labels = centre([_label(row) for row in rows])
    low, high = find_domain(frame)
    known = [
        _known_amount(row, number, math.sqrt(low * high))
        for number, row in enumerate(rows)
        if row["kind"] != NEEDED
    ]
    layers: list[Any] = [*known, *_needed_layers(frame, low, high)]
    lines = max(label.count("\n") for label in labels) + 1
    height = len(labels) * (LINE_PIXELS * lines + 10)
    description = f"On a logarithmic axis of FLOP. {'; '.join(map(_describe_row, rows))}."
    chart = alt.layer(*layers).encode(y=number_rows(labels))
    figure = Figure("intervals", frame=frame, **made.words)
    legend = (sign for name, sign in RECORDED_SIGNS.items() if frame[name].notna().any())
    drawing = draw_panels(figure, [("", chart, height, description)])
    return replace(drawing, legend=(NEEDED_SIGN, *legend))


def _needed_layers(frame: pd.DataFrame, low: float, high: float) -> list[alt.Chart]:
    """Intervals, with an arrow where they have no end, recorded compute, and medians."""
    is_needed = frame["kind"] == NEEDED
    ends = frame[["lower", "upper"]].fillna(high).where(is_needed, axis=0)
    data = frame[["median", "early_flop", "best_flop"]].assign(
        row=range(len(frame)),
        is_open=is_needed & frame["upper"].isna(),
        start=ends["lower"],
        end=ends["upper"],
    )
    needed = alt.Chart(data).transform_filter("isValid(datum.start)")
    arrows = needed.transform_filter("datum.is_open").mark_point(
        filled=True, shape="triangle", angle=90, size=110, opacity=1, aria=False
    )
    medians = needed.transform_filter("isValid(datum.median)").mark_point(
        filled=True, shape="circle", size=90, opacity=1, color=COLOUR, aria=False
    )
    x = alt.X(
        "median:Q",
        title="training compute (FLOP)",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=flop_axis(low, high),
    )
    return [
        needed.mark_rule(strokeWidth=3, color=COLOUR).encode(x=alt.X("start:Q"), x2=alt.X2("end")),
        arrows.encode(x=alt.X("end:Q"), color=alt.value(COLOUR)),
        *(_recorded(needed, name, shape) for name, shape in RECORDED_SHAPES.items()),
        medians.encode(x=x),
    ]


def _recorded(needed: alt.Chart, name: str, shape: Any) -> alt.Chart:
    """Recorded compute of the model at one end, hollow."""
    shown = needed.transform_filter(f"isValid(datum.{name})")
    mark = shown.mark_point(
        filled=False, shape=shape, size=75, strokeWidth=1.8, opacity=1, aria=False
    )
    return mark.encode(x=alt.X(f"{name}:Q"), stroke=alt.value("currentColor"))


def _known_amount(row: dict[Any, Any], number: int, middle: float) -> alt.LayerChart:
    """A dashed line through the chart, and the amount in words where the axis has room."""
    amount = float(row["median"])
    data = pd.DataFrame({"row": [number], "at": [amount], "shown": [format_number(amount)]})
    base = alt.Chart(data).encode(x=alt.X("at:Q"))
    line = base.mark_rule(strokeDash=[4, 3], opacity=0.6, aria=False)
    side: dict[str, Any] = {"align": "left", "dx": 6}
    if amount > middle:
        side = {"align": "right", "dx": -6}
    return alt.layer(
        line.encode(y=alt.value(0), y2=alt.value("height")),
        base.mark_text(**side).encode(text=alt.Text("shown:N")),
    )


def _label(row: dict[Any, Any]) -> str:
    label = wrap_label(row["label"], characters=LABEL_CHARACTERS)
    return f"{label}\n{describe_unreachable(row)}" if row["kind"] == NEEDED else label


def _describe_row(row: dict[Any, Any]) -> str:
    if row["kind"] != NEEDED:
        return f"{row['label']}: {format_number(row['median'])} FLOP"
    return f"{row['label']}: {describe_needed(row)} FLOP, {describe_unreachable(row)}"


def flop_axis(low: float, high: float) -> alt.Axis:
    """Whole decades, every so many that they have room: 1e20, 1e24, ..."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    step = max(1, math.ceil((last - first) / FLOP_TICKS))
    return alt.Axis(
        values=[10.0**power for power in range(first, last + 1, step)],
        labelExpr="replace(format(datum.value, '~e'), '+', '')",
        labelOverlap=True,
        titleAnchor="end",
    )


def centre(labels: list[str]) -> list[str]:
    """Labels of fewer lines than the longest, moved down by whole lines."""
    most = max(label.count("\n") for label in labels)
    return ["\n" * ((most - label.count("\n")) // 2) + label for label in labels]
