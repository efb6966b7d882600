"""Errors added to compute until it shows what those that are there do: simulation-extrapolation."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from toy_model import Toy, make_card, make_table, make_toy_study

from models._base_options import ComputeError
from pipeline.studies import attenuation
from pipeline.studies.attenuation import add_errors, extrapolate, study_attenuation

SLOPE, RATE, ERROR = 0.3, 0.4, 0.6
ERRORS = ComputeError(confident=0.01, likely=0.1, speculative=ERROR)


def make_classical(count: int) -> pd.DataFrame:
    """Models whose figures scatter about their compute, which grows with the date."""
    rng = np.random.default_rng(3)
    years = rng.uniform(-3, 3, count)
    true = 0.5 * years + rng.normal(0, 1.0, count)
    names = pd.Series(np.arange(count)).map("Model {}".format)
    return pd.DataFrame(
        {
            "model": names,
            "base_model": names,
            "years": years,
            "training_flop": 10 ** (true + rng.normal(0, ERROR, count)),
            "compute_confidence": "speculative",
            "score": SLOPE * (true + RATE * years) + rng.normal(0, 0.05, count),
            "exclusion": pd.Series([None] * count, dtype="str"),
        }
    )


def fit_rate(table: pd.DataFrame) -> float:
    """The slope of the date over that of compute, by least squares."""
    terms = np.column_stack([np.log10(table["training_flop"]), table["years"], np.ones(len(table))])
    compute, date, _ = np.linalg.lstsq(terms, table["score"].to_numpy(), rcond=None)[0]
    return float(date / compute)


def test_rate_without_errors_is_found_from_figures_that_have_them() -> None:
    table = make_classical(20_000)
    naive = fit_rate(table)
    assert naive > RATE + 0.1  # too flat a slope of compute: the calendar is given the difference
    rows = [(0.0, naive)]
    for index, added in enumerate(attenuation.ADDED):
        wrong = add_errors(table, ERRORS, added, np.random.default_rng(index))
        rows.append((added, fit_rate(wrong)))
    corrected, _ = extrapolate(pd.DataFrame(rows, columns=["added", "rate"]))
    assert corrected == pytest.approx(RATE, abs=0.02)


def test_line_through_the_first_point_is_followed_back() -> None:
    added = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    medians = pd.DataFrame({"added": added, "rate": 0.3 + 0.2 * added})
    corrected, error = extrapolate(medians)
    assert corrected == pytest.approx(0.1)
    assert error == pytest.approx(0.0, abs=1e-9)


def test_errors_are_as_large_as_stated_and_common_to_the_rows_of_a_network() -> None:
    one = make_classical(5000)
    table = pd.concat([one, one.assign(compute_confidence="likely")], ignore_index=True)
    wrong = add_errors(table, ERRORS, 2.0, np.random.default_rng(1))
    off = np.log10(wrong["training_flop"] / table["training_flop"]).to_numpy()
    assert np.array_equal(off[:5000], off[5000:])  # of one network, by its surer class
    assert off.std() == pytest.approx(0.1 * np.sqrt(2), rel=0.05)


def test_rows_without_a_figure_keep_none() -> None:
    table = make_classical(20)
    table.loc[3, ["training_flop", "compute_confidence"]] = np.nan
    wrong = add_errors(table, ERRORS, 1.0, np.random.default_rng(1))
    assert wrong["training_flop"].isna().tolist() == table["training_flop"].isna().tolist()


def test_toy_whose_slope_is_given_is_hardly_corrected() -> None:
    found = study_attenuation(make_toy_study())
    assert found["refits"] == 24
    assert found["failed"] == 0
    assert list(found["medians"]) == ["0", "0.5", "1", "1.5", "2"]
    assert found["medians"]["0"] == found["fitted"]
    assert abs(found["corrected"] - found["fitted"]) < 4 * found["standard_error"]
    assert study_attenuation(make_toy_study(jobs=3)) == found


def test_it_says_why_it_does_not_apply() -> None:
    assert "does not read" in study_attenuation(make_toy_study(Toy(reads_compute=False)))["reason"]
    assert "a toy's" in study_attenuation(make_toy_study(failing=1))["reason"]
    card = dataclasses.replace(make_card(), options=object())
    silent = dataclasses.replace(make_toy_study(), card=card)
    assert "states no error" in study_attenuation(silent)["reason"]


def test_failed_refits_are_counted() -> None:
    found = study_attenuation(make_toy_study(failing=5))
    assert found["failed"] + found["refits"] == 24
    assert found["failed"] > 0


def test_table_of_the_toy_states_its_classes() -> None:
    assert set(make_table()["compute_confidence"]) == {"likely"}
