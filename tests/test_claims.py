"""Claims: how they are checked, and what posteriors say of them; known draws, probabilities by
hand.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from real_overview import LAYOUT, make_overview, make_passed, read_overview

from pipeline.core.failures import Failure, SourceError
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.claims import (
    OTHERWISE,
    Claim,
    Verdict,
    describe,
    judge,
    read_claims,
    word_test,
)

DRAWS = np.arange(10.0)
INFINITE = np.array([1.0, 5.0, np.inf, np.inf])
FACTOR = "factor[step one]"
SOURCE = "ho2024algorithmic"
GOOD = f"""claims:
  - id: fourfold
    text: It was a fourfold gain.
    source: {SOURCE}
    locator: abstract
    posterior: toys
    estimand: {FACTOR}
    at_least: 4
"""
BROKEN = Apart("toys-broken", "Toys", "broken", "Broken", ["R-hat is 1.2"], "failed", {FACTOR: {}})


def make(model: str, draws: np.ndarray | None = DRAWS, check: Any = None, **found: Any) -> Passed:
    """A posterior that passed, with one estimand; `draws` is None where there is no file."""
    entry = {"label": "Factor", "unit": "factor", "median": 4.0, "lower": 0.0, "upper": 9.0}
    columns = {} if draws is None else {FACTOR: draws}
    return make_passed(model, {FACTOR: entry | found}, columns, **(check or {}))


def ask(*cells: Cell, claim: Any = None) -> Verdict:
    plain = {"id": "fourfold", "text": "It was a fourfold gain.", "source": SOURCE}
    plain |= {"locator": "abstract", "posterior": "toys", "estimand": FACTOR}
    test = {} if {"at_most", "between", "finite"} & set(claim or {}) else {"at_least": 4.0}
    made = Claim.model_validate(plain | test | (claim or {}))
    return judge(made, make_overview(cells))


@pytest.mark.parametrize(
    ("draws", "test", "probability"),
    [
        (DRAWS, {"at_least": 4.0}, 0.6),
        (DRAWS, {"at_most": 4.0}, 0.5),
        (DRAWS, {"between": [4.0, 6.0]}, 0.3),
        (DRAWS, {"finite": True}, 1.0),
        (DRAWS, {"at_least": 100.0}, 0.0),
        (INFINITE, {"at_least": 4.0}, 0.75),
        (INFINITE, {"at_most": 4.0}, 0.25),
        (INFINITE, {"between": [0.0, 9.0]}, 0.5),
        (INFINITE, {"finite": True}, 0.5),
    ],
)
def test_probability_is_the_share_of_draws_that_pass(
    draws: np.ndarray, test: dict[str, Any], probability: float
) -> None:
    assert ask(make("plain", draws), claim=test).probability == probability


def test_draws_of_two_estimands_are_added() -> None:
    verdict = ask(make("plain", DRAWS), claim={"plus": FACTOR, "at_least": 8.0})
    assert verdict.probability == 0.6
    assert verdict.found["median"] == pytest.approx(2 * np.quantile(DRAWS, 0.5), abs=1.0)


def test_draws_that_are_not_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        ask(make("plain", np.array([1.0, np.nan])))


def test_the_first_model_that_passed_speaks_unless_another_is_named() -> None:
    low, high = make("low", np.zeros(4)), make("high", np.full(8, 9.0))
    verdict = ask(BROKEN, low, high)
    assert (verdict.probability, verdict.asked) == (0, "toys-low")
    assert ask(low, high, claim={"posterior": "toys-high"}).probability == 1
    alone = ask(BROKEN, low, claim={"posterior": "toys-broken"})
    assert alone.reason == "Broken: the fit did not converge: R-hat is 1.2"
    assert describe(alone)["probability"] is describe(alone)["median"] is None


@pytest.mark.parametrize(
    ("cell", "estimand", "reason"),
    [
        (
            make("plain", None, reason="the step is small"),
            FACTOR,
            "not reported: the step is small",
        ),
        (make("plain", None), FACTOR, "the draws of it are missing: run `dvc repro`"),
        (make("plain"), "other", "Plain has no such estimand"),
    ],
)
def test_what_is_not_reported_or_missing_has_no_probability(
    cell: Passed, estimand: str, reason: str
) -> None:
    verdict = ask(cell, claim={"estimand": estimand})
    assert (verdict.probability, verdict.reason) == (None, reason)


def test_prior_driven_measured_and_unmeasured_are_told_apart() -> None:
    driven = {"driven_by_prior": [FACTOR], "driven_by": {FACTOR: ["rate"]}}
    measured = {"prior_sensitivity": {FACTOR: {"prior": 0.0}}}
    verdict = ask(make("plain", check=driven | measured))
    assert (verdict.is_driven, verdict.caveats) == (True, ("driven by the prior (rate)",))
    assert ask(make("plain", check=measured)).is_driven is False
    assert ask(make("plain")).is_driven is None


@pytest.mark.parametrize(
    ("lowest", "highest", "test", "is_open"),
    [
        (3.0, 5.0, {"at_least": 4.0}, True),
        (4.5, 5.0, {"at_least": 4.0}, False),
        (1.0, 3.0, {"at_least": 4.0}, False),
        (1.0, 9.0, {"between": [4.0, 6.0]}, True),
    ],
)
def test_claim_that_other_specifications_decide_otherwise_says_so(
    lowest: float, highest: float, test: dict[str, Any], is_open: bool
) -> None:
    spread = {"lowest": lowest, "highest": highest, "specifications": 9, "failed": 0}
    others = {"is_current": True, "choices": {}, "spread": {FACTOR: spread | {"variance": {}}}}
    made = ask(make("a", check={"multiverse": others}), claim=test)
    assert (OTHERWISE in made.caveats) is is_open
    assert made.spread.startswith("over 9 specifications")


def test_interval_that_seldom_held_the_truth_is_told_before_the_probability() -> None:
    held = {"covered": 63, "intervals": 100, "share": 0.63}
    fitted = {"fitted": {"estimands": {FACTOR: held}}}
    found = ask(make("plain", check={"study": {"structures": {"structures": fitted}}}))
    assert found.caveats == ("its interval held the truth in 63 of 100 simulations like this fit",)
    assert found.probability == 0.6
    assert describe(found)["caveats"] == list(found.caveats)


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
    assert word_test(ask(make("plain"), claim=test).claim, unit) == words


def read(folder: Path, text: str, cell: Cell) -> list[Claim]:
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    return read_claims(path, make_overview([cell]))


def find_faults(folder: Path, text: str) -> list[Failure]:
    with pytest.raises(SourceError) as raised:
        read(folder, text, make("plain"))
    return raised.value.failures


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("id: fourfold", "id: Four fold", 2, "must match"),
        (f"source: {SOURCE}", "source: ho2024algorithm", 4, f"did you mean '{SOURCE}'"),
        ("posterior: toys", "posterior: tows", 6, "did you mean 'toys'"),
        ("posterior: toys", "posterior: toys-plan", 6, "did you mean 'toys-plain'"),
        (FACTOR, "factor[step two]", 7, f"did you mean '{FACTOR}'?"),
        ("at_least: 4", "at_last: 4", 8, "did you mean 'at_least'"),
        ("    at_least: 4\n", "", 2, "must have one test of at_least, at_most, between, finite"),
        ("at_least: 4", "at_least: 4\n    at_most: 5", 2, "not 2"),
        ("at_least: 4", "between: [5, 4]", 2, "must be below the second"),
    ],
)
def test_fault_is_named_with_its_line_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    faults = find_faults(tmp_path, GOOD.replace(old, new))
    assert any(fault.line == line and said in str(fault) for fault in faults), faults


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    wrong = GOOD.replace(SOURCE, "doe2002").replace("at_least", "at_last")
    again = GOOD.replace("claims:\n", "").replace(FACTOR, "factor")
    named = {"claims.0.source", "claims.0.at_last", "claims.1.id", "claims.1.estimand"}
    assert {fault.column for fault in find_faults(tmp_path, wrong + again)} >= named


def test_estimands_are_not_looked_up_where_none_have_been_computed(tmp_path: Path) -> None:
    missing = Apart("toys-plain", "Toys", "plain", "Plain", ["no fit"], "missing")
    (claim,) = read(tmp_path, GOOD, missing)
    assert claim.test == {"at_least": 4}
    assert judge(claim, make_overview([missing])).reason == "Plain: missing: no fit"


def test_claims_of_the_project_name_estimands_and_sources_that_exist() -> None:
    claims = read_claims(LAYOUT.root / "data/claims.yaml", read_overview())
    written = json.loads(LAYOUT.claims_judged.read_text("utf-8"))
    assert list(written) == [claim.id for claim in claims]
