"""The reverse test: the FLOP that early methods need for the best result, beside known amounts."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from models import fitted_rows
from pipeline.site.charts.axes import BELOW_LABELS, COLOURS, log_ticks, number_axis, wrap_label
from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages import answers
from pipeline.site.pages.answers import element, family
from pipeline.site.pages.numbers import MOLE, format_number
from pipeline.site.pages.sentences import say, say_figure
from pipeline.site.posterior.splits import LINE_PIXELS, number_rows
from pipeline.site.words import Words

FLOP, UNREACHABLE = "reverse_test_flop", "reverse_test_p_unreachable"
NEEDED, KNOWN = "needed", "known amount"
MOLE_LABEL = "one mole of FLOP (Avogadro's number)"
# Grattafiori et al. 2024 (arXiv 2407.21783), Table 4: what was measured in training Llama 3 405B.
CLUSTER_CHIPS, CHIP_FLOP_A_SECOND = 16_384, 4.0e14
CLUSTER_FLOP = CLUSTER_CHIPS * CHIP_FLOP_A_SECOND * 365.25 * 86_400
CLUSTER_LABEL = "one year of the cluster of Llama 3 405B"
BOUNDS = ["median", "lower", "upper"]
COLOUR = COLOURS["ours"]
NEEDED_SIGN = ("●", COLOUR, "needed, with the 90 % interval")
RECORDED = {  # column: sign, shape and meaning
    "early_flop": ("○", "circle", "the first model, as trained"),
    "best_flop": ("□", "square", "the best model, as trained"),
}
AMOUNTS = [*BOUNDS, *RECORDED]
COLUMNS = ["kind", "label", *BOUNDS, "p_unreachable"]
COLUMNS += ["early_model", "early_flop", "best_model", "best_flop"]
LABEL_CHARACTERS = 24
Row = Mapping[Any, Any]


def make_reverse_test(
    attributions: answers.Attributions,
    table: pd.DataFrame,
    runs: pd.DataFrame | None,
    scatter: Figure | None,
    words: Words,
) -> Figure | None:
    """The rows and what to read from them; None where the model makes no reverse test.

    A row is an early method (kind `needed`) or an amount to compare (`known amount`). Columns kind,
    label, median, lower, upper (FLOP; missing where unbounded, and for known amounts all but the
    median), p_unreachable, early_model, early_flop, best_model and best_flop (recorded compute of
    the models at both ends; missing where it is not known). `scatter` is the model's figure of the
    outcome against compute: its x is the column of compute as the model counts it.
    """
    needed = [
        {"kind": NEEDED, "label": (label := element(key)), **{name: found[name] for name in BOUNDS}}
        | {"p_unreachable": attributions[f"{UNREACHABLE}[{label}]"]["median"]}
        for key, found in attributions.items()
        if family(key) == FLOP and not found.get("reason")
    ]
    if not needed:
        return None
    if scatter is not None:
        source = table if scatter.x in table else scatter.frame
        counted = table.assign(flop=source[scatter.x].reindex(table.index).astype(float))
        counted = fitted_rows(counted).dropna(subset=["flop"])
        needed = [row | find_ends(counted, row["label"]) for row in needed]
    marks = {MOLE_LABEL: MOLE, CLUSTER_LABEL: CLUSTER_FLOP} | _find_largest_run(runs)
    known = [{"kind": KNOWN, "label": label, "median": flop} for label, flop in marks.items()]
    frame = pd.DataFrame([*needed, *known]).reindex(columns=COLUMNS)
    frame = frame.astype(dict.fromkeys([*AMOUNTS, "p_unreachable"], float))
    said = say_figure(
        "reverse-test",
        rows=[_describe_one(row, known[-1]) for row in frame.to_dict("records")[: len(needed)]],
        chips=CLUSTER_CHIPS,
        teraflop=CHIP_FLOP_A_SECOND / 1e12,
        meaning=words.estimands.get(UNREACHABLE, ""),
    )
    return Figure("intervals", frame=frame, **said)


def describe_needed(row: Row) -> str:
    """The compute in FLOP with its interval; a bound that does not exist is said not to."""
    if math.isnan(row["lower"]):
        return "no compute suffices in most draws"
    found = {name: None if math.isnan(row[name]) else row[name] for name in BOUNDS}
    median, upper = (
        answers.describe_bound(found | {"unit": ""}, name) for name in ("median", "upper")
    )
    return f"{median} ({format_number(row['lower'])} to {upper})"


def describe_unreachable(row: Row) -> str:
    """The probability that no compute suffices, to two or three digits."""
    return say("unreachable", chance=answers.describe_probability(float(row["p_unreachable"])))


def find_domain(frame: pd.DataFrame) -> tuple[float, float]:
    """The range of the axis in FLOP, with room beside the last mark for arrows."""
    amounts = frame[AMOUNTS].to_numpy()
    low, high = float(np.nanmin(amounts)), float(np.nanmax(amounts))
    is_open = bool(frame.loc[frame["kind"] == NEEDED, "upper"].isna().any())
    factor = max(high / low, 10.0)
    return float(low / factor**0.04), float(high * factor ** (0.15 if is_open else 0.04))


def _find_largest_run(runs: pd.DataFrame | None) -> dict[str, float]:
    """The run of most training compute in the registry, estimates included."""
    if runs is None or runs["training_flop"].isna().all():
        return {}
    row = runs.nlargest(1, "training_flop").iloc[0]
    return {f"largest known run, {row['model']}": float(row["training_flop"])}


def find_ends(rows: pd.DataFrame, label: str) -> dict[str, Any]:
    """Names and compute (column `flop`) of the early and the best model of the label's benchmark.

    Nothing where the first row is not the model that the label names.
    """
    names = rows["benchmark"].unique()
    benchmark = next((name for name in names if label.startswith(f"{name}: ")), None)
    known = rows if benchmark is None else rows[rows["benchmark"] == benchmark]
    column, is_low = ("score", False) if "score" in rows else ("perplexity", True)
    first = known.sort_values(["release_date", column], ascending=[True, is_low], kind="stable")
    best = known.sort_values([column, "release_date"], ascending=[is_low, True], kind="stable")
    if known.empty or label.removeprefix(f"{benchmark}: ") != first["model"].iloc[0]:
        return {}
    ends = {"early": first, "best": best}
    return {f"{end}_{n}": each[n].iloc[0] for end, each in ends.items() for n in ("model", "flop")}


def _describe_one(row: Row, largest: Row) -> str:
    """What the early method would need, how that compares, and whether it can be had at all."""
    best = row["best_model"] if isinstance(row["best_model"], str) else ""
    said = {"needed": describe_needed(row), "unreachable": describe_unreachable(row)}
    amount = {"amount": float(largest["median"]), "amount_label": largest["label"]}
    return say("reverse_test_row", **dict(row) | said | amount | {"best_model": best})


def draw_reverse_test(figure: Figure) -> Drawing:
    """Needed compute as intervals over the known amounts, all on one logarithmic axis."""
    frame, rows = figure.frame, figure.frame.to_dict("records")
    labels = [
        wrap_label(row["label"], characters=LABEL_CHARACTERS)
        + (f"\n{describe_unreachable(row)}" if row["kind"] == NEEDED else "")
        for row in rows
    ]
    lines = max(label.count("\n") for label in labels)  # labels of fewer are moved to the middle
    labels = ["\n" * ((lines - label.count("\n")) // 2) + label for label in labels]
    low, high = find_domain(frame)
    layers: list[Any] = [
        _known_amount(row, number, math.sqrt(low * high))
        for number, row in enumerate(rows)
        if row["kind"] != NEEDED
    ]
    chart = alt.layer(*layers, *_needed_layers(frame, low, high)).encode(y=number_rows(labels))
    height = len(labels) * (LINE_PIXELS * (lines + 1) + 10)
    description = f"On a logarithmic axis of FLOP. {'; '.join(map(_describe_row, rows))}."
    legend = [NEEDED_SIGN] + [
        (sign, "inherit", said)
        for name, (sign, _, said) in RECORDED.items()
        if frame[name].notna().any()
    ]
    drawing = draw_panels(figure, [("", chart, height, description)])
    return replace(drawing, legend=tuple(legend))


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
    ink: dict[str, Any] = {"opacity": 1, "aria": False}
    arrow: dict[str, Any] = {"filled": True, "shape": "triangle", "angle": 90, "size": 110}
    arrows = needed.transform_filter("datum.is_open").mark_point(**arrow, **ink)
    dot: dict[str, Any] = {"filled": True, "shape": "circle", "size": 90, "color": COLOUR}
    medians = needed.transform_filter("isValid(datum.median)").mark_point(**dot, **ink)
    recorded = [
        needed.transform_filter(f"isValid(datum.{name})")
        .mark_point(filled=False, shape=shape, size=75, strokeWidth=1.8, **ink)
        .encode(x=f"{name}:Q", stroke=alt.value("currentColor"))
        for name, (_, shape, _) in RECORDED.items()
    ]
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = number_axis(True, log_ticks(low, high), **BELOW_LABELS)
    x = alt.X("median:Q", title="training compute (FLOP)", scale=scale, axis=axis)
    return [
        needed.mark_rule(strokeWidth=3, color=COLOUR).encode(x="start:Q", x2="end"),
        arrows.encode(x="end:Q", color=alt.value(COLOUR)),
        *recorded,
        medians.encode(x=x),
    ]


def _known_amount(row: Row, number: int, middle: float) -> alt.LayerChart:
    """A dashed line through the chart, and the amount in words where the axis has room."""
    amount = float(row["median"])
    data = pd.DataFrame({"row": [number], "at": [amount], "shown": [format_number(amount)]})
    base = alt.Chart(data).encode(x="at:Q")
    line = base.mark_rule(strokeDash=[4, 3], opacity=0.6, aria=False)
    side = {"align": "right", "dx": -6} if amount > middle else {"align": "left", "dx": 6}
    text = base.mark_text(**side).encode(text="shown:N")
    return alt.layer(line.encode(y=alt.value(0), y2=alt.value("height")), text)


def _describe_row(row: Row) -> str:
    if row["kind"] != NEEDED:
        return f"{row['label']}: {format_number(row['median'])} FLOP"
    return f"{row['label']}: {describe_needed(row)} FLOP, {describe_unreachable(row)}"
