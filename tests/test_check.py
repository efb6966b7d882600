"""Check: a posterior that converged passes, one that did not fails and says where."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import xarray as xr
import yaml
from conftest import ROOT

from models import Card, Model
from models._options import EfficiencyOptions
from models._prior import Prior
from pipeline import check
from pipeline.posteriors import Cell

LIMITS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["check"]
CHAINS, DRAWS = 4, 1000
Draws = dict[str, np.ndarray]


@dataclass(frozen=True)
class Priors:
    """The stated prior of the toy model; its offsets have none."""

    mean: Prior = Prior("Normal", (0.0, 10.0), "1", "made up for tests")


def repeat_parameters(posterior: xr.Dataset, *_: Any) -> xr.Dataset:
    """Each parameter as a headline estimand."""
    return posterior.map(lambda draws: draws.assign_attrs(label="L", unit="U", is_headline=True))


MODEL = SimpleNamespace(Priors=Priors, estimands=repeat_parameters)


def sample(*shape: int, seed: int = 1) -> np.ndarray:
    """Independent draws, dims chain, draw and `shape`."""
    return np.random.default_rng(seed).normal(size=(CHAINS, DRAWS, *shape))


def walk(correlation: float, seed: int = 2) -> np.ndarray:
    """Autocorrelated chains of variance 1: the nearer to 1, the fewer effective draws."""
    noise = sample(seed=seed) * np.sqrt(1 - correlation**2)
    draws = np.empty_like(noise)
    draws[:, 0] = sample(seed=seed + 1)[:, 0]
    for step in range(1, DRAWS):
        draws[:, step] = correlation * draws[:, step - 1] + noise[:, step]
    return draws


def make_cell(parameters: Draws, estimands: xr.Dataset | None = None, **stats: np.ndarray) -> Cell:
    """A cell with a posterior of `parameters`; a third axis is the dim base_model."""
    dims = ("chain", "draw", "base_model")
    groups = {
        "posterior": xr.Dataset({k: (dims[: v.ndim], v) for k, v in parameters.items()}),
        "sample_stats": xr.Dataset(
            {
                k: (dims[:2], v)
                for k, v in (
                    {"diverging": np.zeros((CHAINS, DRAWS), bool), "energy": sample(seed=9)} | stats
                ).items()
            }
        ),
    }
    card = Card(
        "toys",
        "efficiency",
        EfficiencyOptions(headline_target="first", reference_resource={"first": 1e18}),
    )
    tree = xr.DataTree.from_dict(groups)
    return Cell(cast("Model", MODEL), cast("Any", None), card, tree, estimands or xr.Dataset())


def make_estimand(draws: np.ndarray, **attributes: Any) -> xr.DataArray:
    return xr.DataArray(
        draws, dims=("chain", "draw"), attrs={"label": "L", "unit": "U"} | attributes
    )


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
    assert any(r.startswith("rhat") and r.endswith("rate") for r in judged["reasons"])
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
    assert any(reason.startswith("ess_bulk is beyond 400") for reason in judged["reasons"])


def test_one_divergence_fails() -> None:
    diverging = np.zeros((CHAINS, DRAWS), bool)
    diverging[2, 7] = True
    judged = judge({"rate": sample()}, diverging=diverging)
    assert judged["reasons"] == ["1 divergent transitions"]
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
    months = make_estimand(draws, judged_by="rate_decades_per_year")
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


def make_sensitivity(prior_scale: float, **further: np.ndarray) -> dict[str, Any]:
    """Sensitivity of a normal mean whose prior has a scale, given 20 observations of unit error.

    `further` are log densities of other variables, by name.
    """
    observed = np.random.default_rng(3).normal(1.0, 1.0, 20)
    precision = 20 + prior_scale**-2
    mean = sample(seed=6) / np.sqrt(precision) + observed.sum() / precision
    dims = ("chain", "draw")
    cell = make_cell({"mean": mean}, xr.Dataset({"mean": make_estimand(mean, is_headline=True)}))
    log_prior = -0.5 * (mean / prior_scale) ** 2
    log_likelihood = -0.5 * (observed - mean[..., None]) ** 2
    densities = {"mean": log_prior} | further
    cell.tree["log_prior"] = xr.DataTree(
        xr.Dataset({name: (dims, density) for name, density in densities.items()})
    )
    cell.tree["log_likelihood"] = xr.DataTree(
        xr.Dataset({"outcome": ((*dims, "row"), log_likelihood)})
    )
    before = np.random.default_rng(4).normal(0.0, prior_scale, (1, 1000))
    cell.tree["prior"] = xr.DataTree(xr.Dataset({"mean": (dims, before)}))
    return check.measure_sensitivity(cell)


def test_data_that_say_nothing_leave_the_headline_to_the_prior() -> None:
    assert make_sensitivity(0.02)["driven_by_prior"] == ["mean"]


def test_width_is_that_of_the_posterior_over_that_of_the_prior() -> None:
    found = make_sensitivity(1.0)["prior_sensitivity"]["mean"]["width_ratio"]
    assert found == pytest.approx(1 / np.sqrt(21), rel=0.1)


def test_wide_prior_does_not_drive_the_headline() -> None:
    measured = make_sensitivity(10.0)
    assert measured["prior_sensitivity"]["mean"]["prior"] < check.SENSITIVE
    assert measured["prior_sensitivity"]["mean"]["likelihood"] > check.SENSITIVE
    assert measured["driven_by_prior"] == []


def test_narrow_prior_shows_in_the_sensitivity() -> None:
    narrow = make_sensitivity(0.1)["prior_sensitivity"]["mean"]["prior"]
    assert narrow > make_sensitivity(10.0)["prior_sensitivity"]["mean"]["prior"]
    assert narrow > check.SENSITIVE


def test_density_of_offsets_is_no_part_of_the_prior() -> None:
    assert make_sensitivity(1.0, offset=sample(seed=7)) == make_sensitivity(1.0)


def test_no_headline_has_no_sensitivity() -> None:
    assert check.measure_sensitivity(make_cell({"rate": sample()})) == {
        "prior_sensitivity": {},
        "driven_by_prior": [],
    }


def test_prediction_of_a_well_specified_model_has_no_bad_rows() -> None:
    observed = np.random.default_rng(3).normal(0.0, 1.0, 30)
    mean = sample(seed=6) / np.sqrt(30) + observed.mean()
    log_density = -0.5 * (observed - mean[..., None]) ** 2 - 0.5 * np.log(2 * np.pi)
    cell = make_cell({"mean": mean})
    cell.tree["log_likelihood"] = xr.DataTree(
        xr.Dataset({"outcome": (("chain", "draw", "row"), log_density)})
    )
    predicted = check.leave_one_row_out(cell.tree)
    # Leave-one-out by hand: the mean of the others has variance 1/29.
    others = (observed.sum() - observed) / 29
    variance = 1 + 1 / 29
    by_hand = -0.5 * (observed - others) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
    assert predicted["bad_pareto_k"] == 0
    assert predicted["elpd_loo"] == pytest.approx(by_hand.sum(), abs=0.1)


def test_stage_writes_the_promised_keys_and_ends_well_whatever_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = make_cell({"rate": stick(sample())})
    log_density = -0.5 * sample(5, seed=8) ** 2
    cell.tree["log_likelihood"] = xr.DataTree(
        xr.Dataset({"outcome": (("chain", "draw", "row"), log_density * 0.01)})
    )
    monkeypatch.setattr(check, "load_cell", lambda _: cell)
    output = tmp_path / "toys-toy.json"
    flags = ["--card=c", "--table=t", "--model=m", "--posterior=p", f"--limits={ROOT}/params.yaml"]
    assert check.main([*flags, f"--output={output}"]) == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert written["verdict"] == "fail"
    promised = (
        "verdict reasons max_rhat min_ess_bulk min_ess_tail divergences min_bfmi bad_pareto_k "
        "elpd_loo elpd_loo_se is_calibrated is_identified prior_sensitivity driven_by_prior"
    )
    assert set(promised.split()) <= set(written)
