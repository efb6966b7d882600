"""Claims + posteriors -> how probable each claim is.

The probability is the share of the draws that pass the test; only posteriors whose check passed
are asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.site.overview.cells import Apart, Passed
from pipeline.site.overview.claims import Claim, select
from pipeline.site.overview.comparison import NEGLIGIBLE, Entry, average, mix, round_to
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_cell, format_quantity, is_share

UNITS = {"factor": "times", "1": "", "dimensionless": ""}
STATES = {
    "failed": "the fit did not converge",
    "not_fitted": "not fitted",
    "missing": "missing",
}


@dataclass(frozen=True)
class Verdict:
    """What became of a claim: its probability, or the reason why it has none.

    `found` is the estimand as attribution files have it; `weights` are those of the posteriors
    that were asked, by name. `is_driven` is None where nobody measured how far the prior drives
    the estimand; `drivers` says where and by which prior.
    """

    claim: Claim
    found: Entry
    weights: dict[str, float]
    probability: float | None = None
    is_driven: bool | None = None
    drivers: tuple[str, ...] = ()
    reason: str = ""


def judge(claim: Claim, overview: Overview) -> Verdict:
    """The probability of `claim` under the posterior that it names, or why there is none."""
    named = select(claim.posterior, overview.cells)
    passed = [cell for cell in named if isinstance(cell, Passed)]
    if not passed:
        reasons = dict.fromkeys(_excuse(cell) for cell in named if isinstance(cell, Apart))
        return Verdict(claim, {}, {}, reason="; ".join(reasons))
    weights = overview.weights(claim.dataset)
    if len(passed) == 1 or not weights:
        return _ask_one(claim, passed[0])
    return _ask_all(claim, passed, weights)


def _excuse(cell: Apart) -> str:
    return f"{cell.model_title}: {STATES[cell.state]}: {'; '.join(cell.reasons)}"


def _ask_one(claim: Claim, cell: Passed) -> Verdict:
    found, weights = cell.attributions.get(claim.estimand), {cell.name: 1.0}
    if found is None:
        return Verdict(claim, {}, weights, reason=f"{cell.model_title} has no such estimand")
    if found.get("reason"):
        return Verdict(claim, found, weights, reason=f"not reported: {found['reason']}")
    if claim.estimand not in cell.draws:
        return Verdict(claim, found, weights, reason="the draws of it are missing: run `dvc repro`")
    return _evaluate_claim(claim, found, [cell], {cell.model: 1.0})


def _ask_all(claim: Claim, passed: Sequence[Passed], weights: Mapping[str, float]) -> Verdict:
    """Under the mixture of the models' draws; of no use where one that counts is silent."""
    known = [entry for cell in passed if (entry := cell.attributions.get(claim.estimand))]
    words = {name: known[0][name] for name in ("label", "unit") if known and name in known[0]}
    found = words | average(claim.estimand, passed, weights)
    if found.get("reason"):
        told = [entry["reason"] for entry in known if entry.get("reason")]
        reason = f"not reported: {told[0]}" if told else found["reason"]
        return Verdict(claim, found, _by_name(passed, weights), reason=reason)
    return _evaluate_claim(claim, found, passed, weights)


def _by_name(passed: Sequence[Passed], weights: Mapping[str, float]) -> dict[str, float]:
    return {cell.name: weights[cell.model] for cell in passed}


def _evaluate_claim(
    claim: Claim, found: Entry, passed: Sequence[Passed], weights: Mapping[str, float]
) -> Verdict:
    values, masses = mix(claim.estimand, passed, weights)
    if np.isnan(values).any():
        raise ValueError(f"{claim.posterior}: draws of {claim.estimand} are not numbers")
    probability = round_to(masses[claim.holds(values)].sum() / masses.sum())
    counted = [cell for cell in passed if weights[cell.model] >= NEGLIGIBLE]
    driven = _find_drivers(claim.estimand, counted)
    return Verdict(claim, found, _by_name(passed, weights), probability, *driven)


def _find_drivers(key: str, counted: Sequence[Passed]) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a prior drives `key` in a model that counts, and in which by which."""
    words = {cell.model: answers.describe_drivers(key, cell.check) for cell in counted}
    drivers = tuple(
        f"{said} in {model}" if len(counted) > 1 else said for model, said in words.items() if said
    )
    if drivers:
        return True, drivers
    is_measured = all(answers.is_prior_measured(key, cell.check) for cell in counted)
    return (False if is_measured else None), ()


def describe(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs, as data/checks/claims.json has it."""
    claim, found = verdict.claim, verdict.found
    words = ("id", "text", "source", "locator")
    numbers = ("label", "unit", "median", "lower", "upper")
    return {
        **{name: getattr(claim, name) for name in words},
        "probability": verdict.probability,
        "reason": verdict.reason or None,
        "posterior": claim.posterior,
        "estimand": claim.estimand,
        "test": claim.test,
        **{name: found.get(name) for name in numbers},
        "driven_by_prior": verdict.is_driven,
        "drivers": list(verdict.drivers),
        "weights": verdict.weights,
    }


def tabulate(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a row of the page, its numbers in words."""
    found, probability = verdict.found, verdict.probability
    unit, is_shown = found.get("unit", "1"), bool(found) and not found.get("reason")
    return {
        "verdict": verdict,
        "claim": verdict.claim,
        "probability": "" if probability is None else answers.describe_probability(probability),
        "label": found.get("label", verdict.claim.estimand),
        "test": word_test(verdict.claim, unit),
        "value": _add_unit(answers.describe_bound(found, "median"), unit) if is_shown else "",
        "interval": answers.describe_interval(found) if is_shown else "",
    }


def word_test(claim: Claim, unit: str) -> str:
    """The test in words: "at least 4 times", "between 5 and 14 months", "finite"."""
    ((name, value),) = claim.test.items()
    if claim.finite:
        return name
    bounds = [_word_number(bound, unit) for bound in claim.between or [value]]
    return _add_unit(f"{name.replace('_', ' ')} {' and '.join(bounds)}", unit)


def _word_number(value: float, unit: str) -> str:
    if is_share(unit):
        return f"{format_cell(100 * value)}\N{NO-BREAK SPACE}%"
    return format_quantity(value, unit) if unit == "FLOP" else format_cell(value)


def _add_unit(number: str, unit: str) -> str:
    """`number` with its unit; shares have theirs in the number."""
    return number if is_share(unit) else f"{number} {UNITS.get(unit, unit)}".strip()
