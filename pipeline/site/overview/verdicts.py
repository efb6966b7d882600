"""Claims + posteriors -> how probable each claim is.

The probability is the share of the draws that pass the test; only posteriors whose check passed
are asked.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.site.overview.cells import Apart, Passed
from pipeline.site.overview.claims import Claim, select
from pipeline.site.overview.comparison import Entry, round_to
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_cell, format_quantity, is_share

UNITS = {"factor": "times", "1": "", "dimensionless": ""}
STATES = {
    "failed": "the fit did not converge",
    "not_fitted": "not fitted",
    "missing": "missing",
}
NO_DRAWS = "the draws of it are missing: run `dvc repro`"


@dataclass(frozen=True)
class Verdict:
    """What became of a claim: its probability, or the reason why it has none.

    `asked` is the posterior that was asked, `found` the estimand as its attribution file has it.
    `is_driven` is None where nobody measured how far the prior drives the estimand; `driven` says
    by which priors.
    """

    claim: Claim
    asked: str = ""
    found: Entry = field(default_factory=dict)
    probability: float | None = None
    is_driven: bool | None = None
    driven: str = ""
    reason: str = ""


def judge(claim: Claim, overview: Overview) -> Verdict:
    """The probability of `claim` under the posterior that it names, or why there is none."""
    named = select(claim.posterior, overview.cells)
    cell = next((cell for cell in named if isinstance(cell, Passed)), None)
    if cell is None:
        reasons = dict.fromkeys(_excuse(cell) for cell in named if isinstance(cell, Apart))
        return Verdict(claim, reason="; ".join(reasons))
    found = cell.attributions.get(claim.estimand)
    if found is None:
        return Verdict(claim, cell.name, reason=f"{cell.model_title} has no such estimand")
    if found.get("reason"):
        return Verdict(claim, cell.name, found, reason=f"not reported: {found['reason']}")
    if claim.estimand not in cell.draws:
        return Verdict(claim, cell.name, found, reason=NO_DRAWS)
    return _evaluate_claim(claim, found, cell)


def _excuse(cell: Apart) -> str:
    return f"{cell.model_title}: {STATES[cell.state]}: {'; '.join(cell.reasons)}"


def _evaluate_claim(claim: Claim, found: Entry, cell: Passed) -> Verdict:
    values = cell.draws[claim.estimand].to_numpy(dtype=float)
    if np.isnan(values).any():
        raise ValueError(f"{claim.posterior}: draws of {claim.estimand} are not numbers")
    driven = answers.describe_drivers(claim.estimand, cell.check)
    is_measured = answers.is_prior_measured(claim.estimand, cell.check)
    is_driven = bool(driven) if driven or is_measured else None
    return Verdict(claim, cell.name, found, round_to(claim.holds(values).mean()), is_driven, driven)


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
        "driven": verdict.driven or None,
        "asked": verdict.asked or None,
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
