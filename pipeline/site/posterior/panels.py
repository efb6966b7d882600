"""What a page says of identification and of prior sensitivity, from a check file.

A key that an older check file lacks reads as not measured.
"""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipeline.checks.identified import LARGEST_INFLATION, MAXIMUM_INFLATION
from pipeline.site.pages.answers import Check
from pipeline.site.pages.badges import State
from pipeline.site.pages.numbers import format_fixed, format_number

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
    """Predictive checks by group: panel, label, count, observed, median, lower, upper, is_inside.

    Empty where there are none.
    """
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
