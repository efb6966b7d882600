"""Truths of another structure: a sharp bend, and the rates on either side of it."""

import numpy as np
import pandas as pd
import pytest

from pipeline.studies.structures import EARLY, LATE, add_halves, bend_rates, find_bend


def make_table() -> pd.DataFrame:
    dates = pd.to_datetime(["2020-01-01", "2021-07-01", "2022-03-01", "2022-09-01", "2022-12-31"])
    return pd.DataFrame(
        {
            "model": list("abcde"),
            "base_model": list("abcce"),
            "release_date": dates,
            "exclusion": pd.Series([None] * 5, dtype="str"),
        }
    )


def test_bend_falls_into_the_median_year_of_the_base_models() -> None:
    table = make_table()
    assert find_bend(table) == 2021  # 2020, 2021, 2022, 2022: the lower middle, rounded down
    assert find_bend(table.assign(exclusion=["x", *[None] * 4])) == 2022


def test_rates_change_at_the_bend_and_their_mean_is_over_the_days_between() -> None:
    truth = {"rate": 0.4, "rate_by_year": dict.fromkeys(("2020", "2021", "2022"), 0.4)}
    made = bend_rates(make_table(), truth, (0.1, 1.0))
    assert made["rate_by_year"] == {"2020": 0.1, "2021": 1.0, "2022": 1.0}
    assert made["rate"] == pytest.approx((366 * 0.1 + (365 + 364) * 1.0) / (366 + 729))


def test_halves_leave_out_the_year_of_the_bend() -> None:
    draws = pd.DataFrame(
        {
            "rate_decades_per_year": [9.0, 9.0],
            "rate_decades_per_year[2019]": [0.0, 1.0],
            "rate_decades_per_year[2020]": [1.0, 2.0],
            "rate_decades_per_year[2021]": [7.0, 7.0],
            "rate_decades_per_year[2022]": [3.0, 4.0],
        }
    )
    found = add_halves(draws, 2021)
    assert np.array_equal(found[EARLY], [0.5, 1.5])
    assert np.array_equal(found[LATE], [3.0, 4.0])
    assert LATE not in add_halves(draws, 2022)
