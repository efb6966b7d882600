"""The figure of the reverse test: bounds, unbounded ends, and the amounts to compare."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from worked_splits import DRAWS, make_leaderboard, make_reverse

from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.rendering import MOLE
from pipeline.site.posterior import reverse_tests, split_charts
from pipeline.site.posterior.reverse_tests import (
    CLUSTER_LABEL,
    KNOWN,
    MOLE_LABEL,
    NEEDED,
    ReverseTest,
    make_reverse_test,
)

RUNS = pd.DataFrame({"model": ["small", "huge", "secret"], "training_flop": [1e22, 2e26, np.nan]})


def needed_flop(middle: float, unreachable: float = 0.0) -> np.ndarray:
    """Draws over two decades either side of `middle`, the largest of them infinite."""
    draws = 10 ** (np.log10(middle) + np.linspace(-2, 2, DRAWS))
    draws[DRAWS - round(unreachable * DRAWS) :] = np.inf
    return draws[None]


def make_scatter(table: pd.DataFrame, x: str = "training_flop") -> Figure:
    return Figure("scatter", "s", "S", "C.", table, x, "score")


def make(
    needed: dict[str, np.ndarray], table: pd.DataFrame | None = None, **options: Any
) -> ReverseTest:
    table = make_leaderboard() if table is None else table
    attributions, estimands = make_reverse(**needed)
    scatter = options.get("scatter", make_scatter(table))
    made = make_reverse_test(attributions, estimands, table, options.get("runs", RUNS), scatter)
    assert made is not None
    return made


def get(made: ReverseTest, label: str) -> dict[Any, Any]:
    (row,) = made.frame[made.frame["label"] == label].to_dict("records")
    return row


def find_layers(made: ReverseTest) -> list[dict[str, Any]]:
    (panel,) = split_charts.draw_reverse_test(made).panels
    assert vl_convert.vegalite_to_svg(panel.spec | {"width": 300}).startswith("<svg")
    return list(panel.spec["layer"])


def test_interval_is_that_of_the_attributions() -> None:
    attributions, _ = make_reverse(A=needed_flop(1e28))
    row = get(make({"A": needed_flop(1e28)}), "A")
    for bound in ("median", "lower", "upper"):
        assert row[bound] == attributions["reverse_test_flop[A]"][bound]


def test_recorded_compute_of_both_ends_is_that_of_the_record_path() -> None:
    row = get(make({"A": needed_flop(1e28)}), "A")
    assert (row["early_model"], row["early_flop"]) == ("A", 1e20)
    assert (row["best_model"], row["best_flop"]) == ("Z", 1e24)


def test_lowest_perplexity_is_the_best() -> None:
    table = make_leaderboard().rename(columns={"score": "perplexity"})
    table["perplexity"] = [50.0, 10.0, 20.0, 5.0]
    row = get(make({"A": needed_flop(1e28)}, table), "A")
    assert row["best_model"] == "Z"


def test_compute_is_counted_as_the_model_counts_it() -> None:
    table = make_leaderboard()
    counted = table.assign(flop_6nd=[1e18, 1e19, 1e21, 1e27])
    made = make({"A": needed_flop(1e28)}, table, scatter=make_scatter(counted, "flop_6nd"))
    assert get(made, "A")["early_flop"] == 1e18
    assert get(made, "A")["best_flop"] == 1e21


def test_label_names_its_benchmark() -> None:
    other = make_leaderboard().assign(benchmark="Other")
    other["training_flop"] = [1e21, 1e22, 1e25, 1e27]
    table = pd.concat([make_leaderboard(), other], ignore_index=True)
    made = make({"B: A": needed_flop(1e28), "Other: A": needed_flop(1e29)}, table)
    assert get(made, "B: A")["best_flop"] == 1e24
    assert get(made, "Other: A")["best_flop"] == 1e25


def test_other_first_model_than_the_label_names_gets_no_mark() -> None:
    row = get(make({"Somebody": needed_flop(1e28)}), "Somebody")
    assert np.isnan(row["early_flop"])
    assert np.isnan(row["best_flop"])


def test_mole_cluster_and_largest_known_run_are_marked() -> None:
    made = make({"A": needed_flop(1e28)})
    known = made.frame[made.frame["kind"] == KNOWN]
    year = 365.25 * 24 * 3600
    assert list(known["median"]) == [MOLE, pytest.approx(16_384 * 400e12 * year), 2e26]
    assert list(known["label"]) == [MOLE_LABEL, CLUSTER_LABEL, "largest known run, huge"]
    assert "16,384 H100 chips, each at 400 TFLOP a second" in made.caption


def test_without_registry_the_cluster_is_what_is_compared() -> None:
    made = make({"A": needed_flop(1e29)}, runs=None)
    assert "lies above the year of the cluster of Llama 3 405B" in made.caption


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        (1e30, "; the whole interval lies above the largest known run, huge."),
        (1e22, "; the whole interval lies below the largest known run, huge."),
        (4e26, " times the largest known run, huge."),
    ],
)
def test_comparison_with_the_largest_run_is_true(middle: float, words: str) -> None:
    made = make({"A": needed_flop(middle)})
    row = get(made, "A")
    assert words in made.caption
    assert (row["lower"] > 2e26) == ("above" in words)
    assert (row["upper"] < 2e26) == ("below" in words)


def test_interval_without_upper_end_is_an_arrow_and_said_so() -> None:
    made = make({"A": needed_flop(1e28, unreachable=0.2)})
    row = get(made, "A")
    assert np.isnan(row["upper"])
    assert row["p_unreachable"] == pytest.approx(0.2)
    assert "to no upper bound)" in made.caption
    assert "P(unreachable) = 0.20" in made.caption
    layers = find_layers(made)
    assert any(layer["mark"].get("shape") == "triangle" for layer in layers if "mark" in layer)
    assert reverse_tests.find_domain(made.frame)[1] > row["median"]


def test_median_that_is_not_finite_is_not_drawn_and_said_so() -> None:
    made = make({"A": needed_flop(1e28, unreachable=0.6)})
    assert np.isnan(get(made, "A")["median"])
    assert "neither the median nor the upper end is finite" in made.caption
    assert "P(unreachable) = 0.60" in made.caption
    find_layers(made)


def test_method_that_never_gets_there_is_said_to() -> None:
    made = make({"A": np.full((1, DRAWS), np.inf)})
    assert np.isnan(get(made, "A")["lower"])
    assert "draws no compute suffices" in made.caption
    assert "nan" not in made.caption
    find_layers(made)


def test_probability_stands_beside_every_interval() -> None:
    made = make({"A": needed_flop(1e28), "M": needed_flop(1e29, unreachable=0.3)})
    (panel,) = split_charts.draw_reverse_test(made).panels
    axis = panel.spec["encoding"]["y"]["axis"]["labelExpr"]
    assert "A\\nP(unreachable) < 0.001" in axis
    assert "M\\nP(unreachable) = 0.30" in axis


def test_all_amounts_lie_on_the_axis() -> None:
    frame = make({"A": needed_flop(1e30)}).frame
    low, high = reverse_tests.find_domain(frame)
    amounts = frame[["median", "lower", "upper", "early_flop", "best_flop"]].to_numpy()
    assert low < np.nanmin(amounts)
    assert np.nanmax(amounts) < high


def test_no_reverse_test_no_figure() -> None:
    attributions, estimands = make_reverse()
    table = make_leaderboard()
    assert make_reverse_test(attributions, estimands, table, RUNS, make_scatter(table)) is None


def test_download_tells_needed_from_known() -> None:
    drawing = split_charts.draw_reverse_test(make({"A": needed_flop(1e28)}))
    assert list(drawing.frame["kind"]) == [NEEDED, KNOWN, KNOWN, KNOWN]
    assert "A: " in drawing.description
    assert "P(unreachable)" in drawing.description
