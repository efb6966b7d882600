"""What a step's algorithms were worth as compute."""

import numpy as np
import pandas as pd
import pytest

from pipeline.site.pages.worth import say_worth

KEY = "share_compute[math-a-b]"


def make_draws(**decades: float) -> pd.DataFrame:
    spread = np.linspace(-1, 1, 201)
    return pd.DataFrame(
        {f"decades_{part}[math-a-b]": each + 0.0 * spread for part, each in decades.items()}
    )


@pytest.mark.parametrize(
    ("decades", "start", "times"),
    [
        (
            {"technique": 1.0, "trend": 1.0, "lab": np.nan, "unexplained": np.nan},
            "Whatever else",
            "100 times",
        ),
        ({"technique": 1.0, "inference": 1.0}, "Algorithms and compute at test time", "100 times"),
        ({"trend": 1.0, "inference": 0.0, "unexplained": 5.0}, "Algorithms made", "10 times"),
    ],
)
def test_worth_is_ten_to_the_decades_of_all_but_compute_and_the_unexplained(
    decades: dict[str, float], start: str, times: str
) -> None:
    said = say_worth(make_draws(compute=3.0, **decades), KEY)
    assert said.startswith(start)
    assert times in said


def test_nothing_is_said_of_what_is_no_step() -> None:
    assert say_worth(make_draws(trend=1.0), "rate_decades_per_year") == ""
    assert say_worth(make_draws(compute=1.0), KEY) == ""
    assert say_worth(pd.DataFrame(), KEY) == ""
