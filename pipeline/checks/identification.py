"""Posterior -> whether the data can tell apart what the headline divides.

Two things are measured: how far the regressors of the model move together (correlation, variance
inflation), and how far each headline contracted from its prior. `judge_identification` states the
rule.
"""

from typing import Any

from models import estimand_key, flatten
from pipeline.checks.collinearity import (
    DIVIDED,
    LARGEST_INFLATION,
    MAXIMUM_INFLATION,
    correlate,
    inflate,
)
from pipeline.checks.leave_out import round_to
from pipeline.checks.sensitivity import Draws, draw_prior, is_constant, list_headlines, width
from pipeline.fit.cell import Cell

MINIMUM_CONTRACTION = 0.5  # the interval is at most half as wide as the prior's
DIGITS = 4


def identify(cell: Cell, driven_by_prior: list[str]) -> dict[str, Any]:
    """The panel: correlations, variance inflation, contraction; and the verdict on the headline."""
    regressors = cell.model.regressors(cell.table, cell.card)
    inflation = inflate(regressors)
    key = find_judged_key(cell)
    contraction = contract(cell, key)
    verdict, reasons = judge_identification(key, inflation, contraction, driven_by_prior)
    is_measured = verdict is not None
    return {
        "is_identified": verdict,
        "identification_reason": "" if is_measured else " ".join(reasons),
        "identification_reasons": reasons if is_measured else [],
        "identification": {
            "correlations": correlate(regressors),
            "variance_inflation": inflation,
            "contraction": contraction,
        },
    }


def judge_identification(
    key: str,
    inflation: dict[str, float],
    contraction: dict[str, float | None],
    driven_by_prior: list[str],
) -> tuple[bool | None, list[str]]:
    """Whether the headline `key` is identified, and why in sentences with the numbers.

    It is not, where any of these holds:

    - a regressor of compute or date has a variance inflation above `MAXIMUM_INFLATION`: the two
      move together, and only the prior tells them apart;
    - the interval of the headline is more than half as wide as its prior's;
    - the headline is driven by the prior (power scaling, or scaling of a prior in the study).

    None where the headline is not reported, or is the same in every draw. The sentences are those
    of the rules that failed, or of all where none did.
    """
    contracted = contraction.get(key)
    if contracted is None:
        return None, [f"The headline {key} is not reported: there is nothing to judge."]
    rules = [
        (
            value <= MAXIMUM_INFLATION,
            f"The variance inflation of {name} is {_words(value)} (limit {MAXIMUM_INFLATION:g}).",
        )
        for name, value in inflation.items()
        if any(word in name.lower() for word in DIVIDED)
    ]
    rules.append(
        (
            contracted >= MINIMUM_CONTRACTION,
            f"The 90 % interval of {key} is {1 - contracted:.2g} times as wide as its prior's "
            f"(limit {1 - MINIMUM_CONTRACTION:g}).",
        )
    )
    is_driven = key in driven_by_prior
    moved = "moves with its prior" if is_driven else "hardly moves with its prior"
    rules.append((not is_driven, f"{key} {moved}."))
    failed = [sentence for is_met, sentence in rules if not is_met]
    return not failed, failed or [sentence for _, sentence in rules]


def _words(inflation: float) -> str:
    return "beyond measure" if inflation >= LARGEST_INFLATION else f"{inflation:.3g}"


def find_judged_key(cell: Cell) -> str:
    """The headline's key; of one that follows from another, the other's.

    A doubling time has no width where the rate may be zero: it is judged by the rate.
    """
    key = cell.model.headline_key(cell.card)
    reported = {found for found, _ in flatten(cell.estimands)}
    for name, variable in cell.estimands.items():
        label = key.removeprefix(estimand_key(str(name), variable))
        followed = f"{variable.attrs.get('derived_from')}{label}"
        if label != key and label[:1] in ("", "[") and followed in reported:
            return followed
    return key


def contract(cell: Cell, key: str) -> dict[str, float | None]:
    """1 less the width of the posterior interval over the prior's, of the headlines and of `key`.

    `key` is None where it is not reported, or is the same in every draw.
    """
    after: Draws = list_headlines(cell)
    judged = dict(flatten(cell.estimands)).get(key)
    if judged is not None and not bool(judged.isnull().any()) and not is_constant(judged):
        after = after | {key: judged}
    before = draw_prior(cell) if after else {}
    found = {
        name: round_to(1 - width(draws) / width(before[name]), DIGITS)
        for name, draws in after.items()
    }
    return {key: None} | found
