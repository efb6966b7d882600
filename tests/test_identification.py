"""Identification: what moves together is red, what the data tell apart is green."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toy_posteriors import CARD, CHAINS, DRAWS, TABLE

from pipeline.checks.identification import identify, inflate
from pipeline.checks.identified import LARGEST_INFLATION, describe_identification, find_outside
from pipeline.fit.cell import Cell

ROWS = 60
RNG = np.random.default_rng(5)
DATES, COMPUTES = RNG.uniform(0, 5, (2, ROWS))
APART = pd.DataFrame({"log10 compute": COMPUTES, "release date": DATES})
TOGETHER = pd.DataFrame({"log10 compute": 1 + 2 * DATES, "release date": DATES})


def make_cell(regressors: pd.DataFrame) -> Cell:
    """A cell whose headline is the share of compute in a rise that both regressors explain.

    The outcome is their sum with unit noise and the slopes have standard normal priors, so that
    the posterior is known in closed form.
    """
    design = regressors.to_numpy()
    outcome = design.sum(axis=1) + np.random.default_rng(1).normal(0, 1, ROWS)
    covariance = np.linalg.inv(design.T @ design + np.eye(2))
    rise, rng = np.ptp(design, axis=0), np.random.default_rng(2)
    after = rng.multivariate_normal(covariance @ design.T @ outcome, covariance, (CHAINS, DRAWS))
    before = rng.normal(0, 1, (CHAINS, DRAWS, 2))

    def estimands(posterior: xr.Dataset, *_: Any) -> xr.Dataset:
        share = posterior["decades_compute"] / posterior.to_array().sum("variable")
        return xr.Dataset({"share_compute": share.assign_attrs(is_headline=True)})

    drawn = {
        group: xr.Dataset(
            {
                f"decades_{part}": (("chain", "draw"), np.abs(draws[..., i]) * rise[i])
                for i, part in enumerate(("compute", "trend"))
            }
        )
        for group, draws in (("posterior", after), ("prior", before))
    }
    model: Any = SimpleNamespace(
        estimands=estimands,
        regressors=lambda *_: regressors,
        headline_key=lambda _: "share_compute",
    )
    return Cell(model, TABLE, CARD, xr.DataTree.from_dict(drawn), estimands(drawn["posterior"]))


@pytest.mark.parametrize(
    ("regressors", "is_identified", "grades"),
    [(TOGETHER, False, ("weak", "none")), (APART, True, ("strong",))],
)
def test_share_is_identified_where_compute_and_date_move_apart(
    regressors: pd.DataFrame, is_identified: bool, grades: tuple[str, ...]
) -> None:
    panel = identify(make_cell(regressors), [])
    assert panel["is_identified"] is is_identified
    assert panel["identification_grade"]["share_compute"] in grades
    assert len(panel["identification_reasons"]) == 2
    found = panel["identification"]
    assert (found["contraction"]["share_compute"] > 0.8) is is_identified
    (pair,) = found["correlations"]
    factor = 1 / max(1 - pair["correlation"] ** 2, 1 / LARGEST_INFLATION)
    assert found["variance_inflation"]["release date"] == pytest.approx(factor, rel=1e-3)
    rescaled = regressors.assign(tool=1.0) * 1e6 + 1e9  # what is constant is left out
    assert inflate(rescaled) == pytest.approx(found["variance_inflation"], rel=1e-2)


KEY = "share_compute[a-b-c]"


@pytest.mark.parametrize(
    ("contraction", "driven", "outside", "grade"),
    [
        (0.81, (), (), "strong"),
        (0.79, (), (), "moderate"),
        (0.49, (), (), "weak"),
        (0.19, (), (), "none"),
        (0.9, ("rate",), (), "strong"),
        (0.9, (KEY,), (), "moderate"),
        (0.9, (KEY,), ("line",), "weak"),
        (0.9, (), ("line", "berkson", "one_bend", "no_allocation"), "none"),
        (None, (), (), None),  # not reported
    ],
)
def test_grade_falls_with_the_width_left_where_the_prior_drives_and_by_special_cases_outside(
    contraction: float | None, driven: tuple[str], outside: tuple[str], grade: str | None
) -> None:
    panel = {"judged": KEY, "contraction": {KEY: contraction}}
    found = describe_identification(panel, driven, outside)
    assert found["identification_grade"].get(KEY) == grade
    assert found["is_identified"] is (None if grade is None else grade in ("strong", "moderate"))


def test_headline_that_is_not_reported_is_not_judged() -> None:
    cell = make_cell(APART)
    cell.estimands["share_compute"][:] = np.nan
    panel = identify(cell, [])
    assert (panel["is_identified"], panel["identification_reasons"]) == (None, [])
    assert "not reported" in panel["identification_reason"]


def test_special_case_is_outside_where_its_median_is_and_the_data_do_not_rule_it_out() -> None:
    given = {
        "inside": (0.4, False, ""),
        "outside": (0.8, False, ""),
        "ruled out": (0.8, True, ""),
        "failed": (0.8, False, "the refit failed"),
    }
    cases = {
        name: {"estimands": {KEY: {"median": median}}, "is_ruled_out": is_out, "reason": reason}
        for name, (median, is_out, reason) in given.items()
    }
    assert find_outside(KEY, cases, (0.3, 0.7)) == ["outside"]
    assert find_outside("another", cases, (0.3, 0.7)) == []
