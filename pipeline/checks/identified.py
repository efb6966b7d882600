"""The rule by which a headline counts as identified, applied to the numbers of the panel."""

from typing import Any

MINIMUM_CONTRACTION = 0.5  # the interval is at most half as wide as the prior's
MAXIMUM_INFLATION = 10.0  # the usual limit (Kutner et al. 2005): the error is 3 times its least
LARGEST_INFLATION = 1e6  # what stands for infinity, which JSON does not have
DIVIDED = ("compute", "date", "year")  # words by which regressors that the headline divides go


def describe_identification(panel: dict[str, Any], driven_by_prior: list[str]) -> dict[str, Any]:
    """The verdict on the headline and its reasons, from the numbers of the panel."""
    verdict, reasons = judge_identification(
        panel["judged"], panel["variance_inflation"], panel["contraction"], driven_by_prior
    )
    is_measured = verdict is not None
    return {
        "is_identified": verdict,
        "identification_reason": "" if is_measured else " ".join(reasons),
        "identification_reasons": reasons if is_measured else [],
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
