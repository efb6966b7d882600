"""What a page says of the checks of its cell; what a check file lacks reads as not measured."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipeline.checks.identified import LARGEST_INFLATION, MAXIMUM_INFLATION
from pipeline.site.pages.answers import Check
from pipeline.site.pages.badges import State
from pipeline.site.pages.numbers import format_fixed, format_number
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import LARGE_SHIFT, LARGEST_COVERAGE, LEAST_COVERAGE, OUT_OF_DATE

NOT_MEASURED = "not measured"
GROUPED_BY = {
    "date": "By release date (thirds)",
    "compute": "By training compute (thirds)",
    "technique": "By technique",
    "benchmark": "By benchmark",
}


@dataclass(frozen=True)
class Light:
    """A state in a word, with its shape for readers who do not see its colour."""

    state: State
    word: str
    shape: str


GRADES = {
    "strong": "strong evidence",
    "moderate": "moderate evidence",
    "weak": "weak evidence",
    "none": "hardly any evidence",
}
LIGHTS = {
    True: Light("good", "identified", "●"),
    False: Light("bad", "not identified", "▲"),
    None: Light("unknown", NOT_MEASURED, "■"),
}


def choose_light(check: Check, key: str) -> Light:
    """The light of the headline `key`, with the grade of its identification."""
    light = LIGHTS[check.get("is_identified")]
    grade = (check.get("identification_grade") or {}).get(key)
    return replace(light, word=f"{light.word}: {GRADES[grade]}") if grade else light


def list_reasons(check: Check) -> list[str]:
    """Why the data do or do not distinguish the parts, a sentence each."""
    reasons = check.get("identification_reasons") or [check.get("identification_reason")]
    return list(filter(None, reasons))


def list_regressors(check: Check) -> list[dict[str, Any]]:
    """Of each regressor its name, variance inflation and correlations with all of them in turn."""
    measured = check.get("identification") or {}
    inflation = measured.get("variance_inflation") or {}
    found: dict[tuple[str, str], float | None] = {}
    for pair in measured.get("correlations") or []:
        found[pair["first"], pair["second"]] = pair["correlation"]
        found[pair["second"], pair["first"]] = pair["correlation"]
    names = list(dict.fromkeys([*inflation, *(first for first, _ in found)]))
    return [
        {
            "name": name,
            "inflation": _inflation_words(inflation.get(name)),
            "is_inflated": (inflation.get(name) or 0) > MAXIMUM_INFLATION,
            "correlations": [
                "" if name == other else format_fixed(found.get((name, other)), 2)
                for other in names
            ],
        }
        for name in names
    ]


def _inflation_words(value: float | None) -> str:
    if value is not None and value >= LARGEST_INFLATION:
        return "beyond measure"
    return NOT_MEASURED if value is None else format_number(value, 3)


def make_groups(check: Check) -> pd.DataFrame:
    """Predictive checks by group, as `predictive-groups` shows them; empty where there are none."""
    checks = check.get("predictive_checks") or {}
    frame = pd.DataFrame(checks.get("groups") or [])
    if frame.empty:
        return frame
    return frame.assign(
        panel=frame["by"].map(lambda by: GROUPED_BY.get(by, f"By {by}")),
        label=frame["group"] + " (" + frame["count"].astype(str) + ")",
        is_inside=frame["observed"].between(frame["lower"], frame["upper"]),
    )


def describe_skipped(check: Check) -> list[str]:
    """What rows could not be grouped by, and why."""
    skipped = (check.get("predictive_checks") or {}).get("skipped") or {}
    return [f"{GROUPED_BY.get(by, by.capitalize())}: {reason}." for by, reason in skipped.items()]


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
    "rate_before_the_bend": "Mean rate of the years before the two that meet at the bend",
    "rate_after_the_bend": "Mean rate of the years after the two that meet at the bend",
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
    """The largest shifts of medians: size, prior, factor, quantity, shift; all beyond the limit."""
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
