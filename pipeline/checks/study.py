"""Reading a committed study of a cell: fits to simulated data, and to the data under other priors.

A study takes minutes to hours and is made by people (`apportion calibrate`), not by a stage. It
counts as long as table and model are those it was made with.
"""

import json
from pathlib import Path
from typing import Any

from pipeline.checks.fingerprint import MAXIMUM_FAILED

NOT_MEASURED = "not measured"
OUT_OF_DATE = "measured on an earlier version of the model or the data"
LEAST_COVERAGE, LARGEST_COVERAGE = 0.85, 0.95  # of 90 % intervals
COPIED = ("fixed_share", "wrong_compute", "attenuation", "priors", "design")

Study = dict[str, Any]


def read_study(folder: Path | None, dataset: str, model: str) -> Study | None:
    """The study of a cell; None where none was made."""
    path = folder / f"{dataset}-{model}.json" if folder else None
    if path is None or not path.is_file():
        return None
    study: Study = json.loads(path.read_text(encoding="utf-8"))
    return study


def judge_calibration(
    study: Study | None, is_current: bool, headlines: list[str]
) -> dict[str, Any]:
    """Whether the 90 % intervals hold the truth as often as they say, and the study's numbers.

    They do where the coverage of every key of `headlines` that was measured is 0.85 to 0.95, and
    hardly a refit failed. The numbers of a study that is out of date are shown and judge nothing.
    """
    coverage = (study or {}).get("coverage") or {}
    measured = coverage.get("estimands", {})
    shares = {
        key: measured[key]["share"]
        for key in headlines
        if key in measured and measured[key]["share"] is not None
    }
    verdict, reason = None, NOT_MEASURED
    if study is not None and not is_current:
        reason = OUT_OF_DATE
    elif shares:
        reason = _find_fault(shares, coverage)
        verdict = not reason
    return {
        "is_calibrated": verdict,
        "calibration_reason": reason,
        "calibration": coverage or None,
        "study": {name: study.get(name) for name in COPIED} if study else None,
    }


def _find_fault(shares: dict[str, float], coverage: dict[str, Any]) -> str:
    """What speaks against the intervals; empty where nothing does."""
    if coverage["failed"] > MAXIMUM_FAILED * coverage["datasets"]:
        return f"{coverage['failed']} of {coverage['datasets']} refits failed"
    beyond = [
        f"{key} {share:.0%}"
        for key, share in shares.items()
        if not LEAST_COVERAGE <= share <= LARGEST_COVERAGE
    ]
    limits = f"{LEAST_COVERAGE:.0%} to {LARGEST_COVERAGE:.0%}"
    return f"coverage of 90 % intervals outside {limits}: {', '.join(beyond)}" if beyond else ""


def list_shifts(study: Study | None) -> list[tuple[str, str, float]]:
    """(estimand, prior, shift of the median in widths of its interval) of every scaled prior."""
    shifts = ((study or {}).get("priors") or {}).get("shifts", {})
    return [
        (key, prior, shift)
        for prior, by_factor in shifts.items()
        for by_key in by_factor.values()
        if "reason" not in by_key
        for key, shift in by_key.items()
        if shift is not None
    ]
