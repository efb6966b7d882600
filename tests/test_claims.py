"""Claims: how they are checked, and what posteriors say of them; known draws, probabilities by
hand.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from pipeline.failures import Failure, SourceError
from pipeline.ingest.bibliography import Reference, read_bibliography
from pipeline.site.overview.claims import (
    Claim,
    Posterior,
    Verdict,
    Witnesses,
    describe,
    judge,
    read_claims,
    tabulate,
)
from pipeline.site.overview.comparison import read_candidate

KEYS = ["doe2020"]
REFERENCES = {"doe2020": Reference("doe2020", "Doe 2020", "Doe J. (2020).")}
DRAWS = np.arange(10.0)
FACTOR = "factor[step one]"


def make_entry(**found: Any) -> dict[str, Any]:
    return {"label": "Factor", "unit": "factor", "median": 4.0, "lower": 0.0, "upper": 9.0} | found


def make_posterior(
    model: str,
    draws: np.ndarray | None = DRAWS,
    check: Mapping[str, Any] | None = None,
    **found: Any,
) -> Posterior:
    """A posterior that passed, with one estimand; `draws` is None where there is no file."""
    attributions = {FACTOR: make_entry(**found)}
    candidate = read_candidate(model, model.title(), {}, attributions, Path("absent.parquet"))
    if draws is not None:
        candidate.draws[FACTOR] = draws
    return Posterior(f"toys-{model}", model, attributions, dict(check or {}), candidate)


def make_claim(**parts: Any) -> Claim:
    plain = {
        "id": "fourfold",
        "text": "It was a fourfold gain.",
        "source": "doe2020",
        "locator": "abstract",
        "posterior": "toys",
        "estimand": FACTOR,
    }
    test = {} if {"at_most", "between", "finite"} & set(parts) else {"at_least": 4.0}
    return Claim.model_validate(plain | test | parts)


def ask(claim: Claim, *posteriors: Posterior, **weights: float) -> Verdict:
    return judge(claim, {"toys": Witnesses(list(posteriors), weights)})


@pytest.mark.parametrize(
    ("test", "probability"),
    [
        ({"at_least": 4.0}, 0.6),
        ({"at_most": 4.0}, 0.5),
        ({"between": [4.0, 6.0]}, 0.3),
        ({"finite": True}, 1.0),
        ({"at_least": 100.0}, 0.0),
    ],
)
def test_probability_is_the_share_of_draws_that_pass(
    test: dict[str, Any], probability: float
) -> None:
    assert ask(make_claim(**test), make_posterior("plain")).probability == probability


@pytest.mark.parametrize(
    ("test", "probability"),
    [
        ({"at_least": 4.0}, 0.75),
        ({"at_most": 4.0}, 0.25),
        ({"between": [0.0, 9.0]}, 0.5),
        ({"finite": True}, 0.5),
    ],
)
def test_infinite_draws_are_above_every_bound(test: dict[str, Any], probability: float) -> None:
    draws = np.array([1.0, 5.0, np.inf, np.inf])
    assert ask(make_claim(**test), make_posterior("plain", draws)).probability == probability


def test_draws_that_are_not_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        ask(make_claim(), make_posterior("plain", np.array([1.0, np.nan])))


def test_average_of_models_counts_each_by_its_weight() -> None:
    low, high = make_posterior("low", np.zeros(4)), make_posterior("high", np.full(8, 9.0))
    verdict = ask(make_claim(), low, high, low=0.75, high=0.25)
    assert verdict.probability == 0.25
    assert verdict.found["median"] == 0
    assert verdict.found["upper"] == 9
    assert verdict.weights == {"toys-low": 0.75, "toys-high": 0.25}


def test_first_model_speaks_where_models_are_not_averaged() -> None:
    low, high = make_posterior("low", np.zeros(4)), make_posterior("high", np.full(8, 9.0))
    verdict = ask(make_claim(), low, high)
    assert verdict.probability == 0
    assert verdict.weights == {"toys-low": 1.0}


def test_one_model_can_be_asked_by_name() -> None:
    low, high = make_posterior("low", np.zeros(4)), make_posterior("high", np.full(8, 9.0))
    verdict = ask(make_claim(posterior="toys-high"), low, high, low=0.75, high=0.25)
    assert verdict.probability == 1


def test_average_is_silent_where_a_model_that_counts_is() -> None:
    low, silent = make_posterior("low"), make_posterior("silent", None, reason="too small a step")
    verdict = ask(make_claim(), low, silent, low=0.75, silent=0.25)
    assert verdict.probability is None
    assert verdict.reason == "not reported: too small a step"
    assert ask(make_claim(), low, silent, low=0.995, silent=0.005).probability == 0.6


def test_failed_fit_does_not_testify() -> None:
    failed = Posterior("toys-broken", "broken", [FACTOR], {}, reason="Broken: did not converge")
    verdict = ask(make_claim(), failed)
    assert (verdict.probability, verdict.reason) == (None, "Broken: did not converge")
    assert describe(verdict)["median"] is None
    plain = make_posterior("plain")
    assert ask(make_claim(), failed, plain).weights == {"toys-plain": 1.0}
    assert ask(make_claim(posterior="toys-broken"), failed, plain).probability is None


@pytest.mark.parametrize(
    ("posterior", "reason"),
    [
        (make_posterior("plain", None, reason="the step is small"), "not reported: the step"),
        (make_posterior("plain", None), "the draws of it are missing"),
    ],
)
def test_what_is_not_reported_or_missing_has_no_probability(
    posterior: Posterior, reason: str
) -> None:
    verdict = ask(make_claim(), posterior)
    assert verdict.probability is None
    assert verdict.reason.startswith(reason)
    row = tabulate(verdict, REFERENCES)
    assert row["words"] == ""


def test_estimand_of_another_model_of_the_dataset_has_no_probability() -> None:
    verdict = ask(make_claim(estimand="other"), make_posterior("plain"))
    assert verdict.reason == "Plain has no such estimand"


DRIVEN = {"driven_by_prior": [FACTOR], "driven_by": {FACTOR: ["rate"]}}
MEASURED = {"prior_sensitivity": {FACTOR: {"prior": 0.0}}}


def test_prior_driven_measured_and_unmeasured_are_told_apart() -> None:
    driven = ask(make_claim(), make_posterior("plain", check=DRIVEN | MEASURED))
    assert (driven.is_driven, driven.drivers) == (True, ("driven by the prior (rate)",))
    assert ask(make_claim(), make_posterior("plain", check=MEASURED)).is_driven is False
    assert ask(make_claim(), make_posterior("plain")).is_driven is None


def test_average_is_driven_where_a_model_that_counts_is() -> None:
    low, high = make_posterior("low", check=MEASURED), make_posterior("high", check=DRIVEN)
    verdict = ask(make_claim(), low, high, low=0.5, high=0.5)
    assert verdict.drivers == ("driven by the prior (rate) in high",)
    assert ask(make_claim(), low, high, low=1.0, high=0.0).is_driven is False


def test_verdict_for_programs_is_plain_json() -> None:
    verdict = ask(make_claim(), make_posterior("plain", median=None, unbounded=True))
    made = json.loads(json.dumps(describe(verdict), allow_nan=False))
    assert {"id", "text", "source", "probability", "estimand"} <= set(made)
    assert made["test"] == {"at_least": 4.0}
    assert made["reason"] is None


@pytest.mark.parametrize(
    ("test", "unit", "words"),
    [
        ({"at_least": 4.0}, "factor", "at least 4 times"),
        ({"at_least": 0.5}, "share", "at least 50\N{NO-BREAK SPACE}%"),
        ({"between": [5.0, 14.0]}, "months", "between 5 and 14 months"),
        ({"at_most": 0.73}, "1", "at most 0.73"),
        ({"at_most": 20000.0}, "FLOP", "at most 20,000 FLOP"),
        ({"finite": True}, "FLOP", "finite"),
    ],
)
def test_tests_are_said_in_the_unit(test: dict[str, Any], unit: str, words: str) -> None:
    row = tabulate(ask(make_claim(**test), make_posterior("plain", unit=unit)), REFERENCES)
    assert row["test"] == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "< 0.001"), (1, "0.001"), (5, "0.005"), (930, "0.93"), (996, "0.996"), (1000, "> 0.999")],
)
def test_probabilities_are_no_more_exact_than_the_draws(count: int, words: str) -> None:
    draws = np.where(np.arange(1000) < count, 9.0, 0.0)
    row = tabulate(ask(make_claim(), make_posterior("plain", draws)), REFERENCES)
    assert row["words"] == words


GOOD = f"""claims:
  - id: fourfold
    text: It was a fourfold gain.
    source: doe2020
    locator: abstract
    posterior: toys
    estimand: {FACTOR}
    at_least: 4
"""


def find_faults(folder: Path, text: str) -> list[Failure]:
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    witnesses = {"toys": Witnesses([make_posterior("plain")])}
    with pytest.raises(SourceError) as raised:
        read_claims(path, witnesses, KEYS)
    return raised.value.failures


def test_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD, encoding="utf-8")
    witnesses = {"toys": Witnesses([make_posterior("plain")])}
    (claim,) = read_claims(path, witnesses, KEYS)
    assert claim.test == {"at_least": 4}


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("id: fourfold", "id: Four fold", 2, "must match"),
        ("source: doe2020", "source: doe2002", 4, "did you mean 'doe2020'?"),
        ("posterior: toys", "posterior: tows", 6, "did you mean 'toys'"),
        ("posterior: toys", "posterior: toys-plan", 6, "did you mean 'toys-plain'"),
        (FACTOR, "factor[step two]", 7, f"did you mean '{FACTOR}'?"),
        ("at_least: 4", "at_last: 4", 8, "did you mean 'at_least'"),
        ("    at_least: 4\n", "", 2, "must have one test of at_least, at_most, between, finite"),
        ("at_least: 4", "at_least: 4\n    at_most: 5", 2, "not 2"),
        ("at_least: 4", "at_least: four", 8, "must be a number"),
        ("at_least: 4", "at_least: true", 8, "must be a number"),
        ("at_least: 4", "at_least: .inf", 8, "not a finite number"),
        ("at_least: 4", "between: [5, 4]", 2, "must be below the second"),
        ("at_least: 4", "between: [5]", 8, "must have at least 2 entries"),
        ("at_least: 4", "finite: false", 8, "must be True"),
        ("    locator: abstract\n", "", 2, "the key is missing"),
        ("text: It was a fourfold gain.", "text: TODO", 3, "still to be filled in"),
        ("claims:", "claim:", 1, "did you mean 'claims'"),
    ],
)
def test_fault_is_named_with_its_line_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    faults = find_faults(tmp_path, GOOD.replace(old, new))
    assert any(fault.line == line and said in str(fault) for fault in faults), faults


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    wrong = GOOD.replace("doe2020", "doe2002").replace("at_least", "at_last")
    again = GOOD.replace("claims:\n", "").replace(FACTOR, "factor")
    faults = find_faults(tmp_path, wrong + again)
    assert {fault.column for fault in faults} >= {
        "claims.0.source",
        "claims.0.at_last",
        "claims.1.id",
        "claims.1.estimand",
    }


def test_missing_file_and_empty_list_are_faults(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file of the claims is missing"):
        read_claims(tmp_path / "claims.yaml", {}, KEYS)
    assert "at least 1 entries" in str(find_faults(tmp_path, "claims: []\n")[0])


def test_estimands_are_not_looked_up_where_none_have_been_computed(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD, encoding="utf-8")
    missing = Posterior("toys-plain", "plain", [], {}, reason="missing")
    (claim,) = read_claims(path, {"toys": Witnesses([missing])}, KEYS)
    assert ask(claim, missing).reason == "missing"


def test_claims_of_the_project_name_estimands_and_sources_that_exist() -> None:
    called: dict[str, Witnesses] = {}
    for path in sorted((ROOT / "data/attributions").glob("*.json")):
        dataset, _, model = path.stem.partition("-")
        keys = json.loads(path.read_text(encoding="utf-8"))
        called.setdefault(dataset, Witnesses([])).posteriors.append(
            Posterior(path.stem, model, keys, {})
        )
    bibliography = read_bibliography(ROOT / "data/references.bib")
    claims = read_claims(ROOT / "data/claims.yaml", called, bibliography)
    written = json.loads((ROOT / "data/checks/claims.json").read_text("utf-8"))
    judged = pd.DataFrame(written.values())
    assert list(judged["id"]) == [claim.id for claim in claims]
