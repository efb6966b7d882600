"""What the overview says of early methods and any amount of compute."""

from typing import Any

import pytest
from real_overview import LAYOUT

from pipeline.site.overview.gathering import gather
from pipeline.site.overview.reach import list_reaches


class Toy:
    """A cell with one benchmark."""

    title, name = "Toy", "toy-model"

    def __init__(self, chance: float, has_ceiling: bool) -> None:
        number = {"median": 2e25, "lower": 1e25, "upper": None, "unit": "FLOP"}
        found: dict[str, Any] = {
            "reverse_test_flop[A]": number | {"label": "Compute needed: A"},
            "reverse_test_p_unreachable[A]": {"median": chance},
            "reverse_test_multiple_of_largest_run[A]": number | {"unit": "factor"},
        }
        self.attributions = found | ({"early_height[A]": {}} if has_ceiling else {})


@pytest.mark.parametrize(
    ("chance", "has_ceiling", "verdict"),
    [
        (0.01, True, "yes, with"),
        (0.5, True, "undecided"),
        (0.99, True, "no"),
        (0.0, False, "assum"),
    ],
)
def test_verdict_follows_the_probability(chance: float, has_ceiling: bool, verdict: str) -> None:
    cells: Any = [Toy(chance, has_ceiling)]
    (row,) = list_reaches(cells)
    assert verdict in row.verdict
    assert (row.title, row.method, row.chance) == ("Toy", "A", chance)
    assert "no upper bound" in row.needed


def test_every_benchmark_with_a_reverse_test_is_listed() -> None:
    overview = gather(LAYOUT)
    keys = [key for cell in overview.primaries for key in cell.attributions]
    wanted = [key for key in keys if key.startswith("reverse_test_flop[")]
    assert len(list_reaches(overview.primaries)) == len(wanted) > 0
