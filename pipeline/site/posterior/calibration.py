"""What a page says of the study of its cell: fits to simulated data, and under other priors."""

from typing import Any

from pipeline.site.pages.answers import Check
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.panels import NOT_MEASURED
from pipeline.studies.verdict import (
    LARGE_SHIFT,
    LARGEST_COVERAGE,
    LEAST_COVERAGE,
    OUT_OF_DATE,
)

SHOWN_SHIFTS = 10
STRUCTURAL = ("rate_", "allocation_coefficient", "share_compute")  # quantities that are shown
STRUCTURES = {
    "line": "the trend is a line",
    "bend": "the trend bends sharply, from 0.1 to 1.0 decades a year",
    "no_allocation": "a line; a wrong division costs nothing",
    "allocation_at_one": "a line; a wrong division costs what the scaling law says",
    "berkson": "a line; figures of compute have no bias",
    "fitted": "the yearly rates as fitted",
}
HALVES = {
    "rate_before_the_bend": "Mean rate of the years before that of the bend",
    "rate_after_the_bend": "Mean rate of the years after that of the bend",
}


def describe_trust(check: Check) -> dict[str, Any]:
    """What the study of the cell found beside its tables of coverage."""
    coverage, study = check.get("calibration") or {}, check.get("study") or {}
    reason = coverage.get("reason") or check.get("calibration_reason") or NOT_MEASURED
    return {
        "reason": reason,
        "is_stale": bool(study) and check.get("calibration_reason") == OUT_OF_DATE,
        "least": LEAST_COVERAGE,
        "largest": LARGEST_COVERAGE,
        "shifts": list_shifts(study),
        "large_shift": LARGE_SHIFT,
        "shift_noise": describe_shift_noise(study),
        "wrong_compute": describe_wrong_compute(study),
        "structures": list_structures(study),
        "design_reason": (study.get("design") or {}).get("reason") or NOT_MEASURED,
    }


def list_structures(study: dict[str, Any]) -> list[dict[str, Any]]:
    """Coverage and bias of each watched quantity where the truth has another structure."""
    found = (study.get("structures") or {}).get("structures") or {}
    return [
        each | {"structure": STRUCTURES[name], "key": key, "label": HALVES.get(key, "")}
        for name, structure in found.items()
        for key, each in structure["estimands"].items()
        if key.startswith(STRUCTURAL)
    ]


def list_shifts(study: dict[str, Any]) -> list[tuple[float, str, float, str, float]]:
    """The largest shifts of medians by prior: all beyond the limit, and some in any case.

    Each is its size, the prior, the factor of its scale, the quantity and the shift.
    """
    found = [
        (abs(shift), prior, float(factor), key, shift)
        for prior, by_factor in ((study.get("priors") or {}).get("shifts") or {}).items()
        for factor, by_key in by_factor.items()
        if "reason" not in by_key
        for key, shift in by_key.items()
        if shift is not None
    ]
    ordered = sorted(found, key=lambda row: (-row[0], row[1:4]))
    beyond = sum(size > LARGE_SHIFT for size, *_ in ordered)
    return ordered[: max(SHOWN_SHIFTS, beyond)]


def describe_shift_noise(study: dict[str, Any]) -> str:
    """How far medians move between two fits that differ in nothing but the seed."""
    noise = (study.get("priors") or {}).get("noise") or {}
    sizes = [abs(value) for value in noise.values() if value is not None]
    return say("shift_noise", size=max(sizes)) if sizes else ""


def describe_wrong_compute(study: dict[str, Any]) -> str:
    """How far the rate moves when compute figures are wrong, in one sentence."""
    found = study.get("wrong_compute") or {}
    return say("wrong_compute", **{"largest": None, "reason": ""} | found) if found else ""
