"""What the overview says of early methods and any amount of compute."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from real_overview import LAYOUT

from pipeline.core.layout import Layout
from pipeline.site.overview.gathering import gather
from pipeline.site.overview.reach import list_reaches


class Toy:
    """A cell with one benchmark, whose best model was trained with 3e25 FLOP or more."""

    title, name, dataset = "Toy", "toy-model", "toy"

    def __init__(self, chance: float, has_ceiling: bool) -> None:
        self.check: dict[str, Any] = {}
        number = {"median": 2e25, "lower": 1e25, "upper": None, "unit": "FLOP"}
        found: dict[str, Any] = {
            "reverse_test_flop[A]": number | {"label": "Compute needed: A"},
            "reverse_test_p_unreachable[A]": {"median": chance},
            "reverse_test_multiple_of_largest_run[A]": number | {"unit": "factor"},
        }
        self.attributions = found | ({"early_height[A]": {}} if has_ceiling else {})


@pytest.mark.parametrize(
    ("chance", "has_ceiling", "best", "verdict"),
    [
        (0.01, True, 1e25, "yes, with that"),
        (0.01, True, 3e25, "at the median with less"),
        (0.5, True, 3e25, "undecided"),
        (0.99, True, 3e25, "no"),
        (0.0, False, 3e25, "assum"),
    ],
)
def test_verdict_follows_the_probability_and_what_the_best_model_used(
    tmp_path: Path, chance: float, has_ceiling: bool, best: float, verdict: str
) -> None:
    rows = {"model": ["A", "B"], "score": [0.1, 0.9], "training_flop": [1e21, best]}
    dates = pd.to_datetime(["2019-01-01", "2024-01-01"])
    table = pd.DataFrame(rows | {"release_date": dates, "benchmark": "quiz", "exclusion": None})
    layout = Layout(tmp_path)
    layout.table("toy").parent.mkdir(parents=True)
    table.to_parquet(layout.table("toy"))
    cells: Any = [Toy(chance, has_ceiling)]
    (row,) = list_reaches(cells, layout)
    assert row.target.startswith("B (")
    assert verdict in row.verdict
    assert (row.title, row.method, row.chance) == ("Toy", "A", chance)
    assert "no upper bound" in row.needed


@pytest.mark.slow
def test_every_benchmark_with_a_reverse_test_is_listed() -> None:
    overview = gather(LAYOUT)
    keys = [key for cell in overview.primaries for key in cell.attributions]
    wanted = [key for key in keys if key.startswith("reverse_test_flop[")]
    assert len(list_reaches(overview.primaries, Layout(ROOT))) == len(wanted) > 0
