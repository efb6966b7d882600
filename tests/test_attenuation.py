"""Errors added to compute until it shows what those that are there do: simulation-extrapolation."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from toy_model import Toy, make_card, make_table, make_toy_study

from models.options.base import ComputeError
from pipeline.studies.attenuation import ADDED, FORMS, add_errors, extrapolate, study_attenuation
from pipeline.studies.perturb import hold_reference

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


@pytest.mark.parametrize("form", FORMS)
def test_rate_without_errors_is_found_from_figures_that_have_them(form: str) -> None:
    table = make_classical(20_000)
    assert fit_rate(table) > RATE + 0.1  # the calendar is given what compute did
    added = ADDED[::3]
    wrong = [
        add_errors(table, ERRORS, each, np.random.default_rng(i)) for i, each in enumerate(added)
    ]
    rates = pd.DataFrame({"added": added, "rate": [fit_rate(each) for each in wrong]})
    corrected, error = extrapolate(rates, FORMS[form])
    assert corrected == pytest.approx(RATE, abs=0.03)
    assert error < 0.03


def test_errors_are_as_large_as_stated_and_common_to_the_rows_of_a_network() -> None:
    one = make_classical(5000)
    one.loc[3, ["training_flop", "compute_confidence"]] = np.nan
    table = pd.concat([one, one.assign(compute_confidence="likely")], ignore_index=True)
    wrong = add_errors(table, ERRORS, 2.0, np.random.default_rng(1))
    off = np.log10(wrong["training_flop"] / table["training_flop"]).to_numpy()
    assert np.array_equal(off[:5000], off[5000:], equal_nan=True)  # by its surer class
    assert np.nanstd(off) == pytest.approx(0.1 * np.sqrt(2), rel=0.05)
    assert np.flatnonzero(np.isnan(off)).tolist() == [3, 5003]  # without a figure


def test_toy_whose_slope_is_given_is_hardly_corrected() -> None:
    found = study_attenuation(make_toy_study(jobs=2))
    assert (found["refits"], found["failed"]) == (30, 0)
    assert list(found["medians"]) == ["0", "0.5", "1", "1.5", "2"]
    assert found["medians"]["0"] == found["fitted"]
    for end in found["corrected"].values():
        assert abs(end["rate"] - found["fitted"]) < 4 * end["standard_error"]
        assert np.sign(end["shift"]) == np.sign(end["rate"] - found["fitted"])


def test_it_says_why_it_does_not_apply_and_counts_failures() -> None:
    assert "does not read" in study_attenuation(make_toy_study(Toy(reads_compute=False)))["reason"]
    assert "30 of 30 refits failed" in study_attenuation(make_toy_study(failing=1))["reason"]
    card = dataclasses.replace(make_card(), options=object())
    silent = dataclasses.replace(make_toy_study(), card=card)
    assert "states no error" in study_attenuation(silent)["reason"]
    some = study_attenuation(make_toy_study(failing=5))
    assert some["failed"] > 0
    assert some["failed"] + some["refits"] == 30


@pytest.mark.parametrize(("factor", "is_scaled"), [(1.5, False), (4.0, True)])
def test_common_reference_does_not_jump_by_a_decade(factor: float, is_scaled: bool) -> None:
    table = make_table()  # the median is 10^23.1
    wrong = table.assign(training_flop=table["training_flop"] * factor)
    held = hold_reference(table, wrong)
    before, after = (np.log10(each["training_flop"]).median() for each in (table, held))
    assert round(before) == round(after)
    assert held["training_flop"].equals(wrong["training_flop"]) is not is_scaled
