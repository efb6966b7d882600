"""Splits, waterfalls and reverse tests: what is drawn and said is what the draws are."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
import xarray as xr

from models.effective_compute.estimands import describe_reverse_tests
from models.effective_compute.split import Step, assemble, combine, leave_out
from models.options import Comparison, Side
from pipeline.fit.attribute import attribute
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.numbers import MOLE
from pipeline.site.posterior import reverse_tests, waterfalls
from pipeline.site.posterior.reverse_tests import KNOWN
from pipeline.site.posterior.splits import FADE_LEVELS, SOLID, Split, draw_split, make_split
from pipeline.site.posterior.waterfalls import WHOLE, Waterfall, make_waterfall
from pipeline.site.words import Words

FIRST, RECORD, SMALL, BLIND = "b-a-z", "b-first_record-last_record", "b-a-a2", "b-a-x"
HEADLINE = f"share_compute[{FIRST}]"
DRAWS = 400
PASSED: dict[str, Any] = {"verdict": "pass"}
TEMPLATE = xr.DataArray(np.zeros((1, DRAWS)), dims=("chain", "draw"), coords={"chain": [0]})
TEMPLATE = TEMPLATE.assign_coords(draw=range(DRAWS))
WORDS = Words(
    title="Toy", labels={step: f"Label of {step}" for step in (FIRST, SMALL, RECORD, BLIND)}
)
RUNS = pd.DataFrame({"model": ["small", "huge", "secret"], "training_flop": [1e22, 2e26, np.nan]})


def spread(middle: float, half_width: float) -> np.ndarray:
    """Evenly spaced draws: the median is `middle`, the ends are `half_width` away."""
    return middle + half_width * np.linspace(-1, 1, DRAWS)[None]


def make_step(compute: np.ndarray, **others: np.ndarray) -> Step:
    """A step whose score changes by a hundredth a decade; allocation and technique are nothing."""
    zero = np.zeros_like(compute)
    decades = {"compute": compute, "allocation": zero, "technique": zero}
    decades |= {"trend": spread(3.0, 0.5)[:, ::-1], "unexplained": spread(0, 0.4)} | others
    return combine(decades, {part: values / 100 for part, values in decades.items()})


def make_estimands(*compute: np.ndarray, **others: np.ndarray) -> xr.Dataset:
    """The estimands of a headline step with these decades; a second one stands for SMALL.

    The record path is the headline step once more, and BLIND cannot be split.
    """
    steps = dict(zip((FIRST, SMALL), [make_step(each, **others) for each in compute], strict=False))
    if len(compute) > 1:
        steps |= {RECORD: steps[FIRST]}
        steps[BLIND] = leave_out("the training compute of one end is not known")
    side = Side(model="A", method="m")
    comparisons = [Comparison(id=each, benchmark="B", earlier=side, later=side) for each in steps]
    lacking = {"lab": "all rows are of one lab", "inference": "no row has more than one answer"}
    return assemble(list(steps.values()), comparisons, lacking, TEMPLATE, False)


def make_leaderboard() -> pd.DataFrame:
    """Three fitted rows of one benchmark and a better one that is excluded."""
    return pd.DataFrame(
        {
            "benchmark": "B",
            "model": ["A", "M", "Z", "best but excluded"],
            "release_date": pd.to_datetime([f"{year}-01-01" for year in range(2019, 2023)]),
            "score": [0.1, 0.3, 0.8, 0.9],
            "training_flop": [1e20, np.nan, 1e24, 1e27],
            "exclusion": [None, None, None, "not independent"],
        }
    )


def attribute_reverse(needed: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """The attributions of a reverse test; draws of FLOP by label."""
    card: Any = SimpleNamespace(runs=None)
    return attribute(describe_reverse_tests(needed, TEMPLATE, card, "slope"))


def split(estimands: xr.Dataset, **check: Any) -> Split:
    found = attribute(estimands)
    made = make_split(HEADLINE, WORDS.name(FIRST), estimands, found, PASSED | check)
    assert made is not None
    return made


def waterfall(estimands: xr.Dataset, kind: Any = "decades") -> Waterfall:
    made = make_waterfall(estimands, kind, FIRST, WORDS)
    assert made is not None
    return made


def reverse(
    needed: dict[str, np.ndarray],
    table: pd.DataFrame | None = None,
    runs: pd.DataFrame | None = RUNS,
) -> Figure:
    rows = make_leaderboard() if table is None else table
    scatter = Figure("scatter", "s", "S", "C.", rows, "training_flop", "score")
    made = reverse_tests.make_reverse_test(attribute_reverse(needed), rows, runs, scatter, WORDS)
    assert made is not None
    return made


def draw(panels: Any) -> None:
    for panel in panels:
        assert vl_convert.vegalite_to_svg(panel.spec | {"width": 300}).startswith("<svg")


def needed_flop(middle: float, unreachable: float = 0.0) -> np.ndarray:
    """Draws over two decades either side of `middle`, the largest of them infinite."""
    draws = 10 ** (np.log10(middle) + np.linspace(-2, 2, DRAWS))
    draws[DRAWS - round(unreachable * DRAWS) :] = np.inf
    return draws[None]


def get(frame: pd.DataFrame, column: str, value: str) -> dict[Any, Any]:
    (row,) = frame[frame[column] == value].to_dict("records")
    return row


def test_intervals_of_a_split_are_those_of_the_attributions() -> None:
    estimands = make_estimands(spread(2.0, 1.0))
    made, found = split(estimands), attribute(estimands)
    for part in ("compute", "algorithms", "unexplained"):
        row = get(made.frame, "part", part)
        for bound in ("median", "lower", "upper"):
            assert row[bound] == found[f"share_{part}[{FIRST}]"][bound]
        draws = estimands[f"share_{part}"].to_numpy()
        inside = (draws >= row["lower_50"]) & (draws <= row["upper_50"])
        assert inside.mean() == pytest.approx(0.5, abs=0.01)


def test_bar_is_as_opaque_as_the_share_is_likely_to_reach_there() -> None:
    estimands = make_estimands(spread(2.0, 1.0))
    (panel,) = draw_split(split(estimands)).panels
    bars = [layer for layer in panel.spec["layer"] if isinstance(layer["mark"].get("color"), dict)]
    sides = []
    for layer in bars:
        (bar,) = panel.spec["datasets"][layer["data"]["name"]]
        gradient = layer["mark"]["color"]
        sides.append((bar["row"], gradient["x1"]))
        if bar["row"] == 0:
            assert len(gradient["stops"]) == len(FADE_LEVELS) + 1
            for stop in gradient["stops"]:
                likely = (
                    estimands["share_compute"].to_numpy() > bar["end"] * stop["offset"]
                ).mean()
                opacity = float(stop["color"].removesuffix(")").split(",")[-1])
                assert opacity / SOLID == pytest.approx(likely, abs=0.01)
    assert sorted(sides) == [(0, 0), (1, 0), (2, 0), (2, 1)]  # the unexplained is of either sign
    draw([panel])


@pytest.mark.parametrize(
    ("unexplained", "said", "unsaid"),
    [
        (spread(0.0, 0.4), "whose sign is uncertain", "in every draw"),
        (spread(0.5, 0.1), "unexplained", "uncertain"),
        (np.zeros((1, DRAWS)), "unexplained 0\N{NO-BREAK SPACE}% in every draw", "uncertain"),
    ],
)
def test_caption_says_what_is_sure(unexplained: np.ndarray, said: str, unsaid: str) -> None:
    estimands = make_estimands(spread(2.0, 0.1), unexplained=unexplained)
    caption = split(estimands).words["caption"]
    assert caption.startswith(f"Label of {FIRST}: compute ")
    assert said in caption
    assert unsaid not in caption


def test_caption_names_the_parts_in_which_the_ends_are_alike() -> None:
    caption = split(make_estimands(spread(2.0, 0.1))).words["caption"]
    for said in ("Techniques have no part in this step", "The allocation of compute has no part"):
        assert said in caption
    assert "The trend has no part" not in caption


def test_split_is_withheld_and_warned_of() -> None:
    estimands = make_estimands(spread(2.0, 1.0))
    assert split(estimands, verdict="fail").reason == "the fit did not converge"
    warned = split(estimands, is_identified=False, driven_by_prior=[HEADLINE]).warnings
    assert len(warned) == 2
    assert "Compute: driven by the prior" in warned[1]
    assert make_split("rate", "", estimands, attribute(estimands), PASSED) is None


def test_bars_of_a_waterfall_join_and_end_at_the_mean_of_the_whole_step() -> None:
    skewed = np.exp(np.linspace(-3, 3, DRAWS))[None]
    estimands = make_estimands(skewed)
    rows = waterfall(estimands).frame.set_index("part")
    assert list(rows.index) == ["compute", "trend", "unexplained", WHOLE]  # others do not change
    parts, found = rows.drop(index=WHOLE), attribute(estimands)
    assert list(parts["start"][1:]) == pytest.approx(list(parts["end"][:-1]), abs=1e-4)
    whole = sum(estimands[f"decades_{part}"].to_numpy() for part in parts.index)
    assert parts["end"].iloc[-1] == pytest.approx(whole.mean(), rel=1e-4)
    assert rows.loc[WHOLE, "end"] == pytest.approx(whole.mean(), rel=1e-4)
    for part in parts.index:
        lower = found[f"decades_{part}[{FIRST}]"]["lower"]
        assert rows.loc[part, "low"] == pytest.approx(rows.loc[part, "start"] + lower, rel=1e-5)


def test_every_step_is_drawn_once_or_named_with_its_reason() -> None:
    """Scores are in percentage points in words and raw in the file."""
    made = waterfall(make_estimands(spread(2.0, 1.0), spread(1.0, 0.1)), "shapley")
    assert list(made.frame["comparison"].unique()) == [FIRST, SMALL]
    assert f" is the step Label of {FIRST}." in made.caption
    said = f"Not drawn, since the training compute of one end is not known: Label of {BLIND}."
    assert said in made.caption
    row = get(made.frame[made.frame["comparison"] == FIRST], "part", "compute")
    assert row["median"] == pytest.approx(0.02, abs=1e-3)
    assert waterfalls.describe_change(row, made.scale).startswith("+2.0 (1.1 to 2.9)")
    panels = waterfalls.draw_waterfall(made, "parts").panels
    assert [panel.title for panel in panels] == [f"Label of {FIRST}", f"Label of {SMALL}"]
    draw(panels)


def test_caption_names_the_largest_part_with_its_probability() -> None:
    estimands = make_estimands(spread(2.6, 1.0))
    compute, trend = (estimands[f"decades_{part}"].to_numpy() for part in ("compute", "trend"))
    caption = waterfall(estimands).caption
    assert "The largest part is trend, +3.00 (" in caption
    assert f"(with probability {(trend > compute).mean():.2f})" in caption
    blind = make_estimands(spread(2.0, 1.0), spread(1.0, 0.1)).sel(comparison=[BLIND])
    for nothing in (xr.Dataset(), blind):
        assert make_waterfall(nothing, "decades", FIRST, WORDS) is None


def test_reverse_test_stands_beside_recorded_and_known_amounts() -> None:
    attributions = attribute_reverse({"A": needed_flop(1e28)})
    made = reverse({"A": needed_flop(1e28)})
    row = get(made.frame, "label", "A")
    for bound in ("median", "lower", "upper"):
        assert row[bound] == attributions["reverse_test_flop[A]"][bound]
    assert (row["early_model"], row["early_flop"]) == ("A", 1e20)
    assert (row["best_model"], row["best_flop"]) == ("Z", 1e24)
    known = made.frame[made.frame["kind"] == KNOWN]
    year = 365.25 * 24 * 3600
    assert list(known["median"]) == [MOLE, pytest.approx(16_384 * 400e12 * year), 2e26]
    low, high = reverse_tests.find_domain(made.frame)
    amounts = made.frame[["median", "lower", "upper", "early_flop", "best_flop"]].to_numpy()
    assert low < np.nanmin(amounts)
    assert np.nanmax(amounts) < high


def test_ends_are_those_of_the_label_s_benchmark_and_of_no_other_model() -> None:
    other = make_leaderboard().assign(benchmark="Other")
    other["training_flop"] = [1e21, 1e22, 1e25, 1e27]
    table = pd.concat([make_leaderboard(), other], ignore_index=True)
    needed = {"Other: A": needed_flop(1e29), "Somebody": needed_flop(1e28)}
    frame = reverse(needed, table=table).frame
    assert get(frame, "label", "Other: A")["best_flop"] == 1e25
    assert np.isnan(get(frame, "label", "Somebody")["early_flop"])
    losses = make_leaderboard().rename(columns={"score": "perplexity"})
    losses["perplexity"] = [50.0, 10.0, 20.0, 5.0]
    frame = reverse({"A": needed_flop(1e28)}, table=losses).frame
    assert get(frame, "label", "A")["best_model"] == "Z"


@pytest.mark.parametrize(
    ("middle", "unreachable", "words"),
    [
        (1e30, 0.0, "; the whole interval lies above the largest known run, huge."),
        (
            1e22,
            0.0,
            "; the whole interval lies below the largest known run, huge; that is less than",
        ),
        (4e26, 0.0, " times the largest known run, huge."),
        (1e28, 0.2, "to no upper bound)"),
        (1e28, 0.2, "P(unreachable) = 0.20"),
        (1e28, 0.6, "neither the median nor the upper end is finite"),
        (1e28, 1.0, "draws no compute suffices"),
    ],
)
def test_caption_of_a_reverse_test_is_true(middle: float, unreachable: float, words: str) -> None:
    made = reverse({"A": needed_flop(middle, unreachable)})
    assert words in made.caption
    assert "nan" not in made.caption
    alone = reverse({"A": needed_flop(1e29)}, runs=None).caption
    assert "lies above the year of the cluster of Llama 3 405B" in alone
    drawing = reverse_tests.draw_reverse_test(made)
    assert "P(unreachable)" in drawing.panels[0].description
    draw(drawing.panels)
