"""Intervals hold simulated truths as often as they say: in the committed studies, in a short one on
real rows, and not without the lab term.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from scipy.stats import binomtest
from tables_for_models import list_cells, load_real
from test_identified_or_not import MODELS, make_card, make_table

import models
from models.leaderboards import compute_multiplier
from pipeline.checks.refit import RefitError, Refitter
from pipeline.studies.calibrate import make_study
from pipeline.studies.coverage import study_coverage
from pipeline.studies.trials import TAILS

STUDIES = sorted((ROOT / "data/calibration").glob("*.json"))
BINARY = "p_ceiling_within"  # a probability that most truths lie at the end of: held too often
LIKELY = 1e-3  # least p-value of coverage, under intervals that are right
DATASETS, LAB_DATASETS = 20, 30


def find_unlikely(coverage: dict[str, Any]) -> dict[str, float]:
    """Shares of intervals that hold their truth which right intervals hardly ever have."""
    return {
        key: each["share"]
        for key, each in coverage["estimands"].items()
        if binomtest(each["covered"], each["intervals"], coverage["probability"]).pvalue < LIKELY
        and not key.startswith(BINARY)
    }


def test_every_model_has_a_study() -> None:
    assert {path.stem.partition("-")[2] for path in STUDIES} == {name for _, name in list_cells()}


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_intervals_held_their_truths_in_the_committed_study(path: Path) -> None:
    coverage = json.loads(path.read_text(encoding="utf-8"))["coverage"]
    assert coverage["failed"] <= 0.02 * coverage["datasets"]
    assert find_unlikely(coverage) == {}


@pytest.mark.slow
def test_intervals_hold_simulated_truths_on_real_rows() -> None:
    study = make_study("toy", models.load("shared_rate"), *load_real("own_rates"), jobs=2)
    found = study_coverage(study, DATASETS)
    assert found["failed"] <= 1, found["failures"]
    assert find_unlikely(found) == {}


def cover_rate(has_labs: bool) -> float:
    """Share of 90 % intervals that hold the rate where labs follow one another in time.

    Truths have lab effects in either case; without labs the fit takes all models for one lab's.
    """
    card, priors = make_card(), compute_multiplier.Priors()
    labs = [f"Lab {6 * i // MODELS}" for i in range(MODELS)]
    table = make_table(is_correlated=False).assign(lab=labs)
    shown = labs if has_labs else "one lab"
    refitter = Refitter(compute_multiplier, table.assign(lab=shown), card)
    rng = np.random.default_rng(11)
    hits = []
    for _ in range(LAB_DATASETS):
        truth = compute_multiplier.sample_prior(table, card, priors, rng)
        truth |= {"slope": {"Toy": 1.0}, "level": {"Toy": 0.0}}  # scores that say something
        simulated = compute_multiplier.simulate(table, truth, rng).assign(lab=shown)
        try:
            posterior = refitter.refit(simulated, card, priors, int(rng.integers(2**31)))
        except RefitError:  # a refit that gives nothing counts as an interval that misses
            hits.append(False)
            continue
        lower, upper = np.quantile(posterior["rate"], TAILS)
        hits.append(bool(lower <= truth["rate"] <= upper))
    return float(np.mean(hits))


@pytest.mark.slow
def test_rate_is_covered_with_the_lab_term_and_not_without() -> None:
    assert cover_rate(has_labs=True) >= 0.8
    assert cover_rate(has_labs=False) < 0.75
