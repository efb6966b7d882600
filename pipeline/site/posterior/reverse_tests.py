"""The reverse test as a figure's rows: the FLOP that early methods need, and amounts to compare.

With how much compute would the first method of a leaderboard have reached its best score? Beside
the answer stand amounts that readers know: the recorded compute of the models at both ends, a mole
of FLOP, a year of a large cluster, and the largest known run.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import fitted_rows
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import (
    Attributions,
    describe_bound,
    describe_probability,
)
from pipeline.site.pages.numbers import MOLE, format_number
from pipeline.site.pages.sentences import say, say_figure
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
