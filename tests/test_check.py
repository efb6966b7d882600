"""Check: a posterior that converged passes, one that did not fails and says where."""

import json
from dataclasses import replace
from types import SimpleNamespace
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


def judge(
    parameters: Draws, estimands: dict[str, xr.DataArray] | None = None, **stats: Any
) -> dict[str, Any]:
    return check.judge(make_cell(parameters, xr.Dataset(estimands or {}), **stats), LIMITS)


def stick(draws: np.ndarray) -> np.ndarray:
    """The draws with the first chain held apart from the others."""
    stuck = draws.copy()
    stuck[0] += 5
    return stuck


def make_energy() -> np.ndarray:
    """Energies that hardly move in one chain."""
    energy = sample(seed=9)
    energy[1] = walk(0.999)[1]
    return energy


def make_family(count: int, *bad: np.ndarray) -> Draws:
    """A family of deviations of which the first are `bad`, beside a rate that is sound."""
    family = sample(count, seed=5)
    for place, draws in enumerate(bad):
        family[..., place] = draws
    return {"deviation": family, "rate": sample()}


def test_independent_draws_pass() -> None:
    judged = judge({"rate": sample(), "spread": sample(seed=3)})
    assert (judged["verdict"], judged["reasons"], judged["constant"]) == ("pass", [], [])
    assert judged["max_rhat"] <= 1.01
    assert judged["min_ess_bulk"] >= 400
    assert judged["min_bfmi"] == pytest.approx(2.0, abs=0.15)  # of independent energies


ONE_DIVERGENCE = np.zeros((CHAINS, DRAWS), bool)
ONE_DIVERGENCE[2, 7] = True
FAR, SLOW = stick(sample(seed=4)), walk(0.88)  # of the second 100 to 400 effective draws
INFINITE = np.where(np.arange(DRAWS) < 5, np.inf, FAR)
FROZEN = sample()
FROZEN[0] = FROZEN[0, 0]
EACH_STUCK = np.broadcast_to(np.arange(4.0)[:, None], (CHAINS, DRAWS)).copy()
STATED = {"rate": sample()}


@pytest.mark.parametrize(
    ("parameters", "estimands", "stats", "reason"),
    [
        ({"rate": stick(sample()), "spread": sample(seed=3)}, {}, {}, "or not known: rate"),
        ({"rate": FROZEN}, {}, {}, "or not known: rate"),
        ({"rate": EACH_STUCK, "spread": sample()}, {}, {}, "or not known: rate"),
        ({"rate": walk(0.95)}, {}, {}, "bulk ESS is below 400"),
        ({"rate": SLOW}, {}, {}, "bulk ESS is below 400"),
        (STATED, {}, {"diverging": ONE_DIVERGENCE}, "1 divergent transition"),
        (STATED, {}, {"energy": make_energy()}, "E-BFMI"),
        (STATED, {"share": make_estimand(FAR)}, {}, "estimand share"),
        (STATED, {"months": make_estimand(INFINITE)}, {}, "estimand months"),
        # more than a hundredth of a family, or one member without hope
        (make_family(100, SLOW, walk(0.88, seed=22)), {}, {}, "2 of 100 deviations have not"),
        (make_family(200, walk(0.97)), {}, {}, "1 of 200 deviations have not converged"),
        (make_family(200, FAR), {}, {}, "1 of 200 deviations have not converged"),
    ],
)
def test_what_did_not_converge_fails_and_is_named(
    parameters: Draws, estimands: dict[str, xr.DataArray], stats: dict[str, Any], reason: str
) -> None:
    with np.errstate(divide="ignore"):  # R-hat of chains that do not move is infinite
        judged = judge(parameters, estimands, **stats)
    assert judged["verdict"] == "fail"
    assert judged["constant"] == []
    assert any(reason in each for each in judged["reasons"]), judged["reasons"]


CONSTANT = np.full((CHAINS, DRAWS), 0.3)


@pytest.mark.parametrize(
    ("parameters", "estimands", "constant"),
    [
        (STATED, {"months": make_estimand(FAR, derived_from="rate")}, []),  # judged by another
        (STATED, {"share": make_estimand(CONSTANT * np.nan)}, []),  # not reported
        (
            STATED | {"chance": CONSTANT + 1e-17},
            {"share_lab": make_estimand(CONSTANT * 0)},
            ["chance", "share_lab"],
        ),
        (make_family(200, walk(0.8)), {}, []),  # one of many may be worse
        (make_family(200, SLOW), {}, []),
    ],
)
def test_what_need_not_converge_passes(
    parameters: Draws, estimands: dict[str, xr.DataArray], constant: list[str]
) -> None:
    judged = judge(parameters, estimands)
    assert (judged["verdict"], judged["constant"]) == ("pass", constant)


def test_stuck_chain_of_one_entry_is_named_with_its_label() -> None:
    draws = sample(2)
    draws[..., 1] = stick(draws[..., 1])
    cell = make_cell({})
    rates = xr.Dataset({"rate": (("chain", "draw", "target"), draws)}, {"target": ["a", "b"]})
    cell.tree["posterior"] = xr.DataTree(rates)
    judged = check.judge(cell, LIMITS)
    assert judged["worst"][0]["name"] == "rate[b]"
    assert any("rate[b]" in reason for reason in judged["reasons"])
    assert not any("rate[a]" in reason for reason in judged["reasons"])


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
    cell.tree.attrs["seed"] = 1
    return cell


PROMISED = (
    "verdict reasons max_rhat min_ess_bulk min_ess_tail divergences min_bfmi bad_pareto_k elpd_loo "
    "elpd_loo_se elpd_by_unit elpd_method unit is_identified identification headlines "
    "prior_sensitivity driven_by_prior driven_by predictive_checks not_fitted"
)
NO_REFITS: Any = SimpleNamespace(read=lambda *_: {})  # not refitted: no unit is unreliable


def test_check_has_the_promised_keys_whatever_the_verdict() -> None:
    fitted = check.check(make_fitted(), LIMITS, NO_REFITS)
    assert (fitted["verdict"], fitted["not_fitted"]) == ("pass", None)
    assert fitted["is_identified"] is True
    cell = make_fitted()
    cell.tree["posterior"] = xr.DataTree(xr.Dataset({"mean": (("chain", "draw"), stick(sample()))}))
    failed = check.check(cell, LIMITS, NO_REFITS)
    assert failed["verdict"] == "fail"
    assert set(PROMISED.split()) <= set(failed)
    json.dumps(failed, allow_nan=False)
    cell = replace(make_fitted(), tree=xr.DataTree(), not_fitted="too few eras")
    not_fitted = check.check(cell, LIMITS, None)
    assert not_fitted["verdict"] == "fail"
    assert not_fitted["reasons"] == ["cannot be fitted: too few eras"]
    assert (not_fitted["not_fitted"], not_fitted["max_rhat"]) == ("too few eras", None)
    assert set(not_fitted) == set(fitted) == set(failed)


def make_study(shift: Any = 0.5, share: float = 0.9, key: str = "mean") -> dict[str, Any]:
    """A study with this coverage, in which scaling the prior `mean` moved `key` by so much."""
    held = {"share": share, "covered": round(100 * share), "intervals": 100}
    return {
        "coverage": {"datasets": 100, "failed": 0, "estimands": {"mean": held}},
        "priors": {"shifts": {"mean": {"2": {key: 0.01}, "0.5": {key: shift}}}},
    }


def test_study_of_this_cell_judges_its_calibration_and_says_what_its_priors_drive() -> None:
    checked = check.check(make_fitted(), LIMITS, NO_REFITS)
    judged = apply_study(checked, make_study(share=0.7), counts=True)
    assert judged["is_calibrated"] is False
    grades = [each["identification_grade"]["mean"] for each in (checked, judged)]
    assert GRADES.index(grades[1]) == GRADES.index(grades[0]) + 1
    assert apply_study(checked, make_study(), counts=True)["is_calibrated"] is True
    old = apply_study(checked, make_study(), counts=False)
    assert (old["is_calibrated"], old["is_identified"], old["driven_by"]) == (None, True, {})
    assert apply_study(checked, None, counts=False)["calibration_reason"] == "not measured"
    diverged = {"priors": {"shifts": {"mean": {"2": {"reason": "every transition diverged"}}}}}
    for study, driven in (
        (make_study(-0.4), {"mean": ["mean"]}),
        (make_study(0.3), {}),
        (make_study(None), {}),
        (make_study(2.0, key="another quantity"), {}),
        (diverged, {}),
    ):
        judged = apply_study(checked, study, counts=True)
        assert judged["driven_by"] == driven
        assert judged["driven_by_prior"] == list(driven)
