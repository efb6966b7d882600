"""Check: a posterior that converged passes, one that did not fails and says where."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from conftest import ROOT
from toy_posteriors import CHAINS, DRAWS, Draws, make_cell, make_estimand, sample, walk

from pipeline.checks.identified import GRADES
from pipeline.fit import check
from pipeline.fit.cell import Cell
from pipeline.studies.verdict import apply_study

LIMITS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["check"]


def judge(parameters: Draws, estimands: xr.Dataset | None = None, **stats: Any) -> dict[str, Any]:
    return check.judge(make_cell(parameters, estimands, **stats), LIMITS)


def stick(draws: np.ndarray) -> np.ndarray:
    """The draws with the first chain held apart from the others."""
    stuck = draws.copy()
    stuck[0] += 5
    return stuck


def test_independent_draws_pass() -> None:
    judged = judge({"rate": sample(), "spread": sample(seed=3)})
    assert (judged["verdict"], judged["reasons"]) == ("pass", [])
    assert judged["max_rhat"] <= 1.01
    assert judged["min_ess_bulk"] >= 400


def test_stuck_chain_fails_and_the_parameter_is_named() -> None:
    judged = judge({"rate": stick(sample()), "spread": sample(seed=3)})
    assert judged["verdict"] == "fail"
    assert any(r.startswith("R-hat") and "rate" in r for r in judged["reasons"])
    assert judged["worst"][0]["name"] == "rate"


def test_stuck_chain_of_one_entry_is_named_with_its_label() -> None:
    draws = sample(2)
    draws[..., 1] = stick(draws[..., 1])
    posterior = xr.Dataset(
        {
            "rate": (
                ("chain", "draw", "target"),
                draws,
            )
        },
        {"target": ["a", "b"]},
    )
    cell = make_cell({})
    cell.tree["posterior"] = xr.DataTree(posterior)
    reasons = check.judge(cell, LIMITS)["reasons"]
    assert any("rate[b]" in reason for reason in reasons)
    assert not any("rate[a]" in reason for reason in reasons)


def test_few_effective_draws_fail() -> None:
    judged = judge({"rate": walk(0.95)})
    assert judged["verdict"] == "fail"
    assert any(reason.startswith("bulk ESS is below 400") for reason in judged["reasons"])


def test_one_divergence_fails() -> None:
    diverging = np.zeros((CHAINS, DRAWS), bool)
    diverging[2, 7] = True
    judged = judge({"rate": sample()}, diverging=diverging)
    assert judged["reasons"] == ["1 divergent transition"]
    assert judged["divergences"] == 1


def test_energy_that_hardly_moves_in_one_chain_fails() -> None:
    energy = sample(seed=9)
    energy[1] = walk(0.999)[1]
    judged = judge({"rate": sample()}, energy=energy)
    assert judged["verdict"] == "fail"
    assert "E-BFMI" in judged["reasons"][0]


def test_bfmi_of_independent_energies_is_two() -> None:
    assert judge({"rate": sample()})["min_bfmi"] == pytest.approx(2.0, abs=0.15)


def test_stuck_estimand_fails_though_the_parameters_pass() -> None:
    estimands = xr.Dataset({"share": make_estimand(stick(sample(seed=4)))})
    judged = judge({"rate": sample()}, estimands)
    assert any("estimand share" in reason for reason in judged["reasons"])


def test_estimand_judged_by_another_is_not_tested() -> None:
    draws = stick(sample(seed=4))
    months = make_estimand(draws, derived_from="rate_decades_per_year")
    judged = judge({"rate": sample()}, xr.Dataset({"doubling_time_months": months}))
    assert judged["verdict"] == "pass"


def test_estimand_that_is_not_reported_is_not_tested() -> None:
    share = make_estimand(np.full((CHAINS, DRAWS), np.nan))
    judged = judge({"rate": sample()}, xr.Dataset({"share": share}))
    assert judged["verdict"] == "pass"


def test_estimand_with_infinite_draws_is_tested_and_not_called_constant() -> None:
    draws = stick(sample(seed=4))
    draws[:, :5] = np.inf
    judged = judge({"rate": sample()}, xr.Dataset({"months": make_estimand(draws)}))
    assert judged["constant"] == []
    assert any("estimand months" in reason for reason in judged["reasons"])


def test_constant_quantities_are_listed_and_not_tested() -> None:
    constant = np.full((CHAINS, DRAWS), 0.3)
    estimands = xr.Dataset({"share_lab": make_estimand(constant * 0)})
    judged = judge({"rate": sample(), "chance": constant + 1e-17}, estimands)
    assert judged["constant"] == ["chance", "share_lab"]
    assert judged["verdict"] == "pass"


@pytest.mark.parametrize(
    ("correlation", "verdict"),
    [(0.8, "pass"), (0.97, "fail")],  # about 440 and 60 effective draws of 4000
)
def test_one_deviation_of_a_family_may_be_worse_within_the_looser_limits(
    correlation: float, verdict: str
) -> None:
    family = sample(200, seed=5)
    family[..., 0] = walk(correlation)
    assert judge({"rate": sample(), "deviation": family})["verdict"] == verdict


def test_deviation_between_the_two_limits_passes_in_a_family_and_fails_alone() -> None:
    slow = walk(0.88)  # 100 to 400 effective draws
    family = sample(200, seed=5)
    family[..., 0] = slow
    assert judge({"deviation": family, "rate": sample()})["verdict"] == "pass"
    assert judge({"rate": slow})["verdict"] == "fail"


def test_more_than_one_percent_of_a_family_beyond_the_limits_fails() -> None:
    family = sample(100, seed=5)
    for i in range(2):
        family[..., i] = walk(0.88, seed=20 + 2 * i)
    judged = judge({"deviation": family, "rate": sample()})
    assert judged["reasons"] == ["2 of 100 deviations have not converged"]


def test_hopeless_deviation_fails_a_family_of_any_size() -> None:
    family = sample(200, seed=5)
    family[..., 0] = stick(family[..., 0])
    judged = judge({"deviation": family, "rate": sample()})
    assert judged["reasons"] == ["1 of 200 deviations have not converged"]


def test_stuck_chain_at_one_value_fails() -> None:
    draws = sample()
    draws[0] = draws[0, 0]
    assert judge({"rate": draws})["verdict"] == "fail"


def test_every_stuck_chain_at_its_own_value_fails() -> None:
    draws = np.broadcast_to(np.arange(4.0)[:, None], (CHAINS, DRAWS)).copy()
    with np.errstate(divide="ignore"):  # R-hat of chains that do not move is infinite
        assert judge({"rate": draws, "spread": sample()})["verdict"] == "fail"


def make_fitted() -> Cell:
    """A cell with every group that the check reads, of a normal mean and five rows."""
    mean = sample() / 100
    cell = make_cell({"mean": mean}, xr.Dataset({"mean": make_estimand(mean, is_headline=True)}))
    dims = ("chain", "draw")
    log_density = -0.5 * sample(5, seed=8) ** 2 * 0.01
    groups: dict[str, Any] = {
        "log_likelihood": {"outcome": ((*dims, "row"), log_density)},
        "posterior_predictive": {"outcome": ((*dims, "row"), sample(5, seed=4))},
        "observed_data": {"outcome": ("row", np.zeros(5))},
        "log_prior": {"mean": (dims, -0.5 * (mean / 10) ** 2)},
        "prior": {"mean": (dims, 10 * sample(seed=5))},
    }
    for name, variables in groups.items():
        cell.tree[name] = xr.DataTree(xr.Dataset(variables))
    return cell


PROMISED = (
    "verdict reasons max_rhat min_ess_bulk min_ess_tail divergences min_bfmi bad_pareto_k elpd_loo "
    "elpd_loo_se elpd_by_unit elpd_method unit is_identified identification headlines "
    "prior_sensitivity driven_by_prior driven_by predictive_checks not_fitted"
)
NO_REFITS: Any = object()  # a compiled model that is not asked: no unit is unreliable


def test_check_has_the_promised_keys_whatever_the_verdict() -> None:
    cell = make_fitted()
    cell.tree["posterior"] = xr.DataTree(xr.Dataset({"mean": (("chain", "draw"), stick(sample()))}))
    checked = check.check(cell, LIMITS, NO_REFITS)
    assert checked["verdict"] == "fail"
    assert set(PROMISED.split()) <= set(checked)
    json.dumps(checked, allow_nan=False)


def test_cell_that_was_not_fitted_fails_with_the_reason_and_has_every_key() -> None:
    fitted = check.check(make_fitted(), LIMITS, NO_REFITS)
    assert (fitted["verdict"], fitted["not_fitted"], fitted["is_identified"]) == (
        "pass",
        None,
        True,
    )
    cell = replace(make_fitted(), tree=xr.DataTree(), not_fitted="too few eras")
    checked = check.check(cell, LIMITS, None)
    assert checked["verdict"] == "fail"
    assert checked["reasons"] == ["cannot be fitted: too few eras"]
    assert (checked["not_fitted"], checked["max_rhat"]) == ("too few eras", None)
    assert set(checked) == set(fitted)


def make_study(shift: Any = 0.5, share: float = 0.9, key: str = "mean") -> dict[str, Any]:
    """A study with this coverage, in which scaling the prior `mean` moved `key` by so much."""
    return {
        "coverage": {"datasets": 100, "failed": 0, "estimands": {"mean": {"share": share}}},
        "priors": {"shifts": {"mean": {"2": {key: 0.01}, "0.5": {key: shift}}}},
    }


def test_study_of_this_cell_judges_its_calibration_and_says_what_its_priors_drive() -> None:
    checked = check.check(make_fitted(), LIMITS, NO_REFITS)
    judged = apply_study(checked, make_study(share=0.7), counts=True)
    assert judged["is_calibrated"] is False
    grades = [each["identification_grade"]["mean"] for each in (checked, judged)]
    assert GRADES.index(grades[1]) == GRADES.index(grades[0]) + 1
    assert judged["driven_by"] == {"mean": ["mean"]}
    assert apply_study(checked, make_study(), counts=True)["is_calibrated"] is True
    old = apply_study(checked, make_study(), counts=False)
    assert (old["is_calibrated"], old["is_identified"], old["driven_by"]) == (None, True, {})
    assert apply_study(checked, None, counts=False)["calibration_reason"] == "not measured"


@pytest.mark.parametrize(
    ("study", "driven"),
    [
        (make_study(-0.4), ["mean"]),
        (make_study(0.3), []),
        (make_study(None), []),
        (make_study(2.0, key="another quantity"), []),
        ({"priors": {"shifts": {"mean": {"2": {"reason": "every transition diverged"}}}}}, []),
    ],
)
def test_headline_that_scaling_a_prior_moved_far_is_driven_by_it(
    study: dict[str, Any], driven: list[str]
) -> None:
    checked = check.check(make_fitted(), LIMITS, NO_REFITS)
    assert apply_study(checked, study, counts=True)["driven_by_prior"] == driven
