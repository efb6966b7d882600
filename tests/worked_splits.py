"""Small splits and reverse tests with known draws, for the tests of their figures."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.effective_compute.estimands import describe_reverse_tests
from models.effective_compute.split import Step, assemble, combine, leave_out
from models.options import Comparison, Side
from pipeline.fit.attribute import attribute

FIRST, RECORD, SMALL, BLIND = "b-a-z", "b-first_record-last_record", "b-a-a2", "b-a-x"
HEADLINE = f"share_compute[{FIRST}]"
DRAWS = 400
PASSED: dict[str, Any] = {"verdict": "pass"}
NO_LAB = "all rows are of one lab"
TEMPLATE = xr.DataArray(np.zeros((1, DRAWS)), dims=("chain", "draw"), coords={"chain": [0]})
TEMPLATE = TEMPLATE.assign_coords(draw=range(DRAWS))


def spread(middle: float, half_width: float) -> np.ndarray:
    """Evenly spaced draws: the median is `middle`, the ends are `half_width` away."""
    return middle + half_width * np.linspace(-1, 1, DRAWS)[None]


def make_step(**decades: np.ndarray) -> Step:
    """A step whose score changes by a hundredth a decade."""
    return combine(decades, {part: values / 100 for part, values in decades.items()})


def make_main(compute: np.ndarray, **others: np.ndarray) -> Step:
    """Compute, technique, trend and the unexplained; allocation is zero by construction."""
    zero = np.zeros_like(compute)
    parts = {"technique": zero, "trend": spread(3.0, 0.5)[:, ::-1], "unexplained": spread(0, 0.4)}
    return make_step(compute=compute, allocation=zero, **(parts | others))


def make_estimands(
    steps: dict[str, Step], absent: dict[str, str] | None = None, is_loss: bool = False
) -> xr.Dataset:
    """The estimands of these steps, ids in order."""
    comparisons = [
        Comparison(
            id=each,
            benchmark="B",
            earlier=Side(model="A", method="m"),
            later=Side(model="Z", method="m"),
        )
        for each in steps
    ]
    lacking = absent or {"lab": NO_LAB, "inference": "no row has more than one answer"}
    return assemble(list(steps.values()), comparisons, lacking, TEMPLATE, is_loss)


def make_blind() -> Step:
    """A step that cannot be split."""
    return leave_out("the training compute of one end is not known")


def make_reverse(**needed: np.ndarray) -> tuple[dict[str, dict[str, Any]], xr.Dataset]:
    """Attributions and estimands of a reverse test; draws of FLOP by label."""
    card: Any = type("Card", (), {"runs": None})()
    estimands = describe_reverse_tests(needed, TEMPLATE, card, "slope")
    return attribute(estimands), estimands


def make_leaderboard() -> pd.DataFrame:
    """Three fitted rows of one benchmark and a better one that is excluded."""
    return pd.DataFrame(
        {
            "benchmark": "B",
            "model": ["A", "M", "Z", "best but excluded"],
            "release_date": pd.to_datetime(
                ["2019-01-01", "2020-01-01", "2021-01-01", "2022-01-01"]
            ),
            "score": [0.1, 0.3, 0.8, 0.9],
            "training_flop": [1e20, np.nan, 1e24, 1e27],
            "exclusion": [None, None, None, "not independent"],
        }
    )
