"""Backtests: dates to forecast from, naive forecasts and their errors."""

import numpy as np
import pandas as pd
import pytest
from boards import make_board, make_board_card
from scipy import stats

from pipeline.site.posterior.backtests import say_why_none
from pipeline.studies.backtest import COMPUTE, DATE, LAST, NAIVE, read_outcome, score
from pipeline.studies.cuts import find_cuts

COUNT = 48


def make_rows(**columns: object) -> pd.DataFrame:
    """A model a month, the score a logistic of compute alone."""
    count = np.arange(COUNT)
    flop = 10 ** (22 + (count * 7 % COUNT) / 12)  # without trend
    height = 1 / (1 + np.exp(-(np.log10(flop) - 24)))
    return make_board(
        [f"M{i}" for i in count],
        release_date=pd.to_datetime("2020-01-15") + pd.to_timedelta(count * 30.4, "D"),
        training_flop=flop,
        score=0.1 + 0.85 * height,
        lab="X",
        **columns,
    )


def test_cuts_have_rows_on_both_sides() -> None:
    rows = make_rows()
    cuts = find_cuts(rows)
    assert [f"{cut:%Y-%m}" for cut in cuts] == ["2022-01", "2022-07", "2023-01"]
    assert find_cuts(rows.head(25)) == []
    assert say_why_none(rows.head(25)) == "no date has 20 rows before and 8 after it"
    assert say_why_none(rows) == "not measured"


def test_score_is_the_absolute_error_of_a_forecast_without_spread() -> None:
    found = score(np.full((100, 2), 0.5), np.array([0.4, 0.8]))
    assert found == {"crps": pytest.approx(0.2), "coverage": 0.0}


def test_score_of_a_normal_forecast_is_the_closed_form() -> None:
    drawn = np.random.default_rng(1).normal(0, 1, (20_000, 1))
    z = 0.7
    exact = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    assert score(drawn, np.array([z]))["crps"] == pytest.approx(exact, abs=0.01)


def test_naive_forecast_from_what_drives_the_score_is_the_best() -> None:
    rows, card = make_rows(), make_board_card({"toy-a-b": ("Toy", "M0", "M1")})
    is_later = (rows["release_date"] >= "2022-01-01").to_numpy()
    truth = rows.loc[is_later, "score"].to_numpy()
    rng = np.random.default_rng(1)
    drawn = {name: draw(rows, is_later, card.options, rng) for name, draw in NAIVE.items()}
    errors = {name: score(draws, truth)["crps"] for name, draws in drawn.items()}
    assert errors[COMPUTE] < 1e-6
    assert errors[COMPUTE] < min(errors[DATE], errors[LAST]) / 100
    assert all(((draws > 0.1) & (draws < 0.95)).all() for draws in drawn.values())


def test_new_benchmark_takes_the_commonest() -> None:
    rows = make_rows(benchmark=["Toy"] * 40 + ["New"] * 8)
    card = make_board_card({"toy-a-b": ("Toy", "M0", "M1"), "new-a-b": ("New", "M40", "M41")})
    is_later = np.arange(COUNT) >= 40
    for draw in NAIVE.values():
        drawn = draw(rows, is_later, card.options, np.random.default_rng(1))
        assert np.isfinite(drawn).all()
        assert drawn.shape[1] == 8


def test_horizon_of_unknown_compute_is_forecast_from_all_earlier_ones() -> None:
    """A doubling a month: from date alone exactly, without compute from mean and spread."""
    minutes = 2.0 ** np.arange(COUNT)
    ends = {"lower_minutes": minutes / 4, "upper_minutes": minutes * 4}
    rows = make_rows(horizon_minutes=minutes, is_compute_circular=False, **ends)
    rows = rows.drop(columns="score")
    rows.loc[40, "is_compute_circular"] = True
    assert read_outcome(rows) == pytest.approx(np.arange(COUNT))
    is_later = np.arange(COUNT) >= 40
    rng = np.random.default_rng(1)
    drawn = {name: draw(rows, is_later, None, rng) for name, draw in NAIVE.items()}
    assert drawn[DATE].mean(axis=0) == pytest.approx(np.arange(40, COUNT), abs=0.1)
    unknown, known = drawn[COMPUTE][:, 0], drawn[COMPUTE][:, 1]
    earlier = np.arange(40)
    assert unknown.mean() == pytest.approx(earlier.mean(), abs=2)
    assert unknown.std() == pytest.approx(earlier.std(ddof=1), rel=0.1)
    assert np.isfinite(known).all()
