"""Known truths of leaderboards: simulated from the documented equations, fixed, and recovered."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special
from tables_for_models import (
    TOY_DATE,
    WITHIN,
    assert_near,
    load_real,
    make_card,
    make_leaderboard,
    make_loss_leaderboard,
    sample,
)

from models import Truth, as_draws
from models.effective_compute.design import get_options, make_design
from models.effective_compute.paths import find_side
from models.leaderboards import compute_multiplier, era_ceilings, scale_dependent
from models.losses import loss_multiplier

TERMS: Truth = {
    "technique_gain": {"domain_tuning": 0.5, "majority_vote": 0.3},
    "lab_effect": {"Lab 0": 0.2, "Lab 1": -0.2},
    "deviation": {"Base 0": 0.1, "Base 1": -0.3, "Base 2": 0.0, "Base 3": 0.2},
    "rate": 0.4,
}
SCORES: Truth = TERMS | {
    "slope": {"MATH": 0.9},
    "level": {"MATH": -0.4},
    "chance": {"MATH": 0.02},
    "ceiling": {"MATH": 0.95},
    "item_count": {"MATH": 10_000_000},
    "dispersion": 1e-4,
}
EXTRAS: dict[str, Truth] = {
    "nothing": {},
    "harness": {"harness_shift": {"uniform": 0.7}},
    "allocation": {"allocation": {"Base 0": -0.1, "Base 1": -0.4, "Base 2": -0.9, "Base 3": 0.0}},
    "interaction": {"interaction": 0.1},
    "eras": {"early_height": {"MATH": 0.6}},
    "gain by benchmark": {
        "technique_on_benchmark": {"MATH": {"domain_tuning": 1.0, "majority_vote": -0.2}}
    },
}


def documented_effective(table: pd.DataFrame, truth: Truth) -> np.ndarray:
    """Effective compute of every row of the toy, term by term from the module docstring."""
    decades = np.log10(table["training_flop"] / 1e24)
    years = (table["release_date"] - TOY_DATE).dt.days / 365.25
    gains = truth.get("technique_on_benchmark", {}).get("MATH", truth["technique_gain"])
    effective = decades + truth["rate"] * years + truth.get("interaction", 0) * years * decades
    for tag, gain in gains.items():
        effective += gain * table["techniques"].str.contains(tag)
    effective += table["lab"].map(truth["lab_effect"])
    effective += table["base_model"].map(truth["deviation"])
    effective += table["base_model"].map(truth.get("allocation", {})).fillna(0).astype(float)
    return np.asarray(effective)


@pytest.mark.parametrize("extra", [*EXTRAS, "all"])
def test_simulated_scores_follow_the_documented_curve_where_noise_is_small(extra: str) -> None:
    added = {k: v for each in EXTRAS.values() for k, v in each.items()}
    truth = SCORES | (added if extra == "all" else EXTRAS[extra])
    table = make_leaderboard()
    table.loc[[1, 4], "harness"] = "uniform"
    simulated = compute_multiplier.simulate(table, truth, np.random.default_rng(1))
    logit = -0.4 + 0.9 * documented_effective(table, truth)
    logit += table["harness"].map(truth.get("harness_shift", {})).fillna(0).astype(float)
    is_early = table["model"].isin(["Base 0", "Tuned 0", "Base 1"])
    height = np.where(is_early, truth.get("early_height", {"MATH": 1})["MATH"], 1)
    expected = 0.02 + 0.93 * height * special.expit(logit)
    np.testing.assert_allclose(simulated["score"], expected, atol=0.002)


def test_simulated_perplexities_follow_the_documented_curve_and_need_compute() -> None:
    losses = {"irreducible_loss": {"MATH": 1.7}, "reducible": {"MATH": 0.5}, "steepness": 0.3}
    truth = TERMS | losses | {"noise_scale": 1e-6, "tail_weight": 30.0}
    table = make_loss_leaderboard()
    effective = documented_effective(table, truth)
    simulated = loss_multiplier.simulate(table, truth, np.random.default_rng(1))
    expected = np.exp(1.7 + np.exp(0.5 - 0.3 * effective))
    np.testing.assert_allclose(simulated["perplexity"], expected, rtol=1e-4)
    table.loc[0, "training_flop"] = np.nan
    simulated = loss_multiplier.simulate(table, truth, np.random.default_rng(1))
    assert simulated["perplexity"].iloc[0] == table["perplexity"].iloc[0]
    assert (simulated["perplexity"].iloc[1:] != table["perplexity"].iloc[1:]).all()


def test_known_allocation_of_a_truth_is_one_draw_of_the_law() -> None:
    """One draw for all models: they move together."""
    table, card = make_leaderboard(), make_card(allocation="scaling_law")
    law = card.scaling_law
    assert law is not None
    tilted = law.iloc[[0]].assign(exponent_parameters=0.5)
    two = replace(card, scaling_law=pd.concat([law.iloc[[0]], tilted], ignore_index=True))
    rng, priors = np.random.default_rng(1), compute_multiplier.Priors()
    pairs = set()
    for _ in range(20):
        drawn = compute_multiplier.sample_prior(table, two, priors, rng)["allocation"]
        pairs.add((round(drawn["Base 0"], 9), round(drawn["Base 1"], 9)))
        assert drawn["Base 2"] <= 0
    assert len(pairs) == 2


def test_fixed_share_moves_the_gains_that_the_step_changes_and_no_others() -> None:
    names = ("domain_tuning", "majority_vote", "tool_use")
    card = make_card("none", headline_comparison=WITHIN, techniques={name: {} for name in names})
    table = make_leaderboard()
    table.loc[table["model"].isin(["Base 0", "Base 1", "Base 2"]), "techniques"] = "tool_use"
    priors, rng = compute_multiplier.Priors(), np.random.default_rng(1)
    truth = compute_multiplier.sample_prior(table, card, priors, rng)
    fixed = compute_multiplier.fix_share(truth, 0.05, table, card)
    moved = {t for t, gain in fixed["technique_gain"].items() if gain != truth["technique_gain"][t]}
    assert moved == {"domain_tuning", "majority_vote"}


@pytest.mark.parametrize("module", [scale_dependent, era_ceilings, loss_multiplier])
def test_model_of_change_over_time_needs_a_trend(module: Any) -> None:
    for trend in ("linear", "none"):
        answer = module.unsupported_reason(make_leaderboard(), make_card(trend))
        assert ("trend: none" in answer) == (trend == "none")


# The classical twin.


def test_classical_shares_are_of_compute_technique_and_trend() -> None:
    table, card = load_real("math")
    frame = compute_multiplier.baseline(table, card)
    found = frame.set_index("key")["estimate"]
    design = make_design(table, card)
    step = next(c for c in get_options(card).comparisons if c.id == "math-gpt_4-gpt_4_5")
    early, late = (find_side(design, "MATH", side) for side in (step.earlier, step.later))
    compute = design.log10_compute[late] - design.log10_compute[early]
    trend = found["rate_decades_per_year"] * (design.years[late] - design.years[early])
    assert (design.has_tag[late] == design.has_tag[early]).all()
    assert found[f"share_compute[{step.id}]"] == pytest.approx(compute / (compute + trend))
    assert frame["method"].str.endswith("clustered by base model").all()


def test_few_base_models_get_no_clustered_errors_and_no_trend_no_rate() -> None:
    frame = compute_multiplier.baseline(*load_real("minerva"))
    assert frame["method"].str.endswith("robust errors").all()
    assert not frame["key"].str.contains("rate_decades|doubling").any()


# Recovery.


@pytest.mark.slow
def test_known_truth_is_recovered_on_the_rows_of_math() -> None:
    table, card = load_real("math")
    rng = np.random.default_rng(5)
    gains = {"chain_of_thought": 0.4, "domain_tuning": 1.0, "instruction_tuning": 0.6}
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng) | {
        "slope": {"MATH": 1.0},
        "level": {"MATH": 0.0},
        "rate": 0.7,
        "technique_gain": gains | {"majority_vote": 0.7, "tool_use": 0.5},
        "dispersion": 0.05,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=5)
    assert_near(posterior["rate"], truth["rate"])
    assert posterior["rate"].std() < 0.25
    assert_near(posterior["slope"].sel(benchmark="MATH"), 1.0)
    for tag, gain in truth["technique_gain"].items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
    drawn = as_draws(truth, compute_multiplier.DIMS)
    made, true = (
        compute_multiplier.estimands(each, simulated, card) for each in (posterior, drawn)
    )
    for step in get_options(card).comparisons[:3]:
        for name in ("decades_technique", "decades_trend", "share_algorithms"):
            at = {"comparison": step.id}
            assert_near(made[name].sel(at), true[name].sel(at).item())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("scale_dependent", {"rate": 0.5, "interaction": 0.15}),
        ("era_ceilings", {"rate": 0.5, "early_height": {"MMLU": 0.7}}),
    ],
)
def test_known_truth_is_recovered_on_the_rows_of_mmlu(name: str, known: Truth) -> None:
    module: Any = {"scale_dependent": scale_dependent, "era_ceilings": era_ceilings}[name]
    table, card = load_real("mmlu")
    rng = np.random.default_rng(11)
    common = {"slope": {"MMLU": 0.8}, "level": {"MMLU": 0.3}, "dispersion": 0.04}
    shifts = {"harness_shift": {"obsscaling": -0.4, "helm": 0.2}}
    truth = module.sample_prior(table, card, module.Priors(), rng) | common | shifts | known
    simulated = module.simulate(table, truth, rng)
    posterior = sample(name, simulated, card, seed=11)
    for key in ("slope", *shifts, *known):
        values = truth[key] if isinstance(truth[key], dict) else {"": truth[key]}
        for label, value in values.items():
            (dim,) = set(posterior[key].dims) - {"chain", "draw"} or {""}
            assert_near(posterior[key].sel({dim: label}) if dim else posterior[key], value)


@pytest.mark.slow
def test_known_truth_is_recovered_on_the_rows_of_the_published_fit_of_losses() -> None:
    table, card = load_real("lm_perplexity")
    rng = np.random.default_rng(3)
    truth = loss_multiplier.sample_prior(table, card, loss_multiplier.Priors(), rng) | {
        "rate": 0.5,
        "steepness": 0.25,
        "noise_scale": 0.08,
        "irreducible_loss": {"WikiText-103": 1.6, "PTB": 1.8, "WikiText-2": 1.7},
        "reducible": {"WikiText-103": 0.5, "PTB": 0.7, "WikiText-2": 0.6},
    }
    simulated = loss_multiplier.simulate(table, truth, rng)
    posterior = sample("loss_multiplier", simulated, card, seed=3)
    for name in ("rate", "steepness"):
        assert_near(posterior[name], truth[name])
    for tag, gain in truth["technique_gain"].items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
