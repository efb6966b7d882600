"""Known truths of leaderboards: simulated from the documented equations, and fixed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables_for_models import (
    WITHIN,
    load_real,
    make_card,
    make_leaderboard,
    recompute_score,
)

from models import as_draws
from models.effective_compute.design import get_options, make_design
from models.effective_compute.paths import find_side
from models.leaderboards import compute_multiplier
from models.leaderboards.compute_multiplier import Priors

NOISELESS: dict[str, Any] = {"dispersion": 1e-6, "item_count": {"MATH": 10**14}}


def pin(**values: float) -> Priors:
    """The priors with these terms known."""
    priors = Priors()
    fixed = {k: replace(getattr(priors, k), parameters=(v, 0.0)) for k, v in values.items()}
    return replace(priors, **fixed)


@pytest.mark.parametrize("trend", ["linear", "none"])
def test_simulated_scores_follow_the_documented_curve_where_noise_is_small(trend: str) -> None:
    table, card = make_leaderboard(), make_card(trend, kind="classical")
    table["training_flop"] *= np.repeat([1, 3, 0.4, 2], 2)  # off the line: figures are corrected
    table.loc[[1, 4], "harness"] = "uniform"
    rng = np.random.default_rng(1)
    truth = compute_multiplier.sample_prior(table, card, Priors(), rng) | NOISELESS
    drawn = as_draws(truth, compute_multiplier.DIMS)
    scores = compute_multiplier.simulate(table, truth, rng)["score"]
    assert (scores.min(), scores.max()) < (0.9, 0.1)
    for (_, row), score in zip(table.iterrows(), scores, strict=True):
        shift = drawn["harness_shift"].sum("harness") * (row["harness"] == "uniform")
        shifted = drawn.assign(level=drawn["level"] + shift)
        assert score == pytest.approx(recompute_score(shifted, table, card, row).item(), abs=1e-5)


def test_known_allocation_of_a_truth_is_one_draw_of_the_law() -> None:
    """One draw for all models: they move together."""
    table, card = make_leaderboard(), make_card()
    law = card.scaling_law
    assert law is not None
    tilted = law.iloc[[0]].assign(exponent_parameters=0.5)
    two = replace(card, scaling_law=pd.concat([law.iloc[[0]], tilted], ignore_index=True))
    rng, priors = np.random.default_rng(1), pin(allocation_under=1.0, allocation_over=1.0)
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
    truth = compute_multiplier.sample_prior(table, card, Priors(), np.random.default_rng(1))
    fixed = compute_multiplier.fix_share(truth, 0.05, table, card)
    moved = {t for t, gain in fixed["technique_gain"].items() if gain != truth["technique_gain"][t]}
    assert moved == {"domain_tuning", "majority_vote"}


# The classical twin.


def test_classical_shares_are_of_compute_technique_and_trend() -> None:
    table, card = load_real("math")
    frame = compute_multiplier.baseline(table, card)
    found = frame.set_index("key")["estimate"]
    design = make_design(table, card)
    step = next(c for c in get_options(card).comparisons if c.id == "math-gpt_4-llama_3_1_405b")
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
