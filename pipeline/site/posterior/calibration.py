"""What a page says of the study of its cell: fits to simulated data, and under other priors."""

from typing import Any

from pipeline.checks.study import LARGEST_COVERAGE, LEAST_COVERAGE, OUT_OF_DATE
from pipeline.site.pages.answers import Attributions, Check
from pipeline.site.pages.numbers import format_fixed, format_quantity
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.panels import NOT_MEASURED
from pipeline.site.posterior.results import label_of

LARGE_SHIFT = 1 / 3  # of an interval's width (checks/sensitivity.py has the rule)
SHOWN_SHIFTS = 10


def describe_trust(check: Check, attributions: Attributions) -> dict[str, Any]:
    """What the study of the cell found, as tables and sentences."""
    coverage, study = check.get("calibration") or {}, check.get("study") or {}
    reason = coverage.get("reason") or check.get("calibration_reason") or NOT_MEASURED
    return {
        "datasets": coverage.get("datasets"),
        "failed": coverage.get("failed"),
        "redrawn": coverage.get("redrawn"),
        "reason": reason,
        "is_stale": bool(study) and check.get("calibration_reason") == OUT_OF_DATE,
        "coverage": list_coverage(coverage, attributions),
        "fixed_shares": list_fixed_shares(study),
        "fixed_reason": (study.get("fixed_share") or {}).get("reason", ""),
        "shifts": list_shifts(study, attributions),
        "shift_noise": describe_shift_noise(study),
        "wrong_compute": describe_wrong_compute(study),
        "attenuation": describe_attenuation(study),
        "design_reason": (study.get("design") or {}).get("reason") or NOT_MEASURED,
    }


def list_coverage(coverage: dict[str, Any], attributions: Attributions) -> list[dict[str, Any]]:
    """A row an estimand: how many intervals held the truth, marked where too few or too many."""
    return [
        {
            "key": key,
            "label": label_of(key, attributions),
            "covered": each.get("covered"),
            "intervals": each.get("intervals", each.get("datasets")),
            "mean_rank": format_fixed(each.get("mean_rank"), 2),
        }
        | _judge_coverage(each.get("share"))
        for key, each in (coverage.get("estimands") or {}).items()
    ]


def _judge_coverage(share: float | None) -> dict[str, Any]:
    is_off = share is not None and not LEAST_COVERAGE <= share <= LARGEST_COVERAGE
    words = NOT_MEASURED if share is None else format_quantity(share, "share", 3)
    return {"share": words, "is_off": is_off}


def list_fixed_shares(study: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a fixed compute share: coverage, bias and width of its interval."""
    return [
        {
            "truth": format_quantity(float(truth), "share"),
            "covered": each.get("covered"),
            "intervals": each.get("intervals"),
            "median_bias": format_fixed(each.get("median_bias"), 3),
            "mean_width": format_fixed(each.get("mean_width"), 3),
        }
        | _judge_coverage(each.get("share"))
        for truth, each in ((study.get("fixed_share") or {}).get("shares") or {}).items()
    ]


def list_shifts(study: dict[str, Any], attributions: Attributions) -> list[dict[str, Any]]:
    """The largest shifts of medians by prior: all beyond the limit, and some in any case."""
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
    return [
        {
            "prior": prior,
            "change": "halved" if factor < 1 else "doubled",
            "key": key,
            "label": label_of(key, attributions),
            "shift": format_fixed(shift, 2),
            "is_large": size > LARGE_SHIFT,
        }
        for size, prior, factor, key, shift in ordered[: max(SHOWN_SHIFTS, beyond)]
    ]


def describe_shift_noise(study: dict[str, Any]) -> str:
    """How far medians move between two fits that differ in nothing but the seed."""
    noise = (study.get("priors") or {}).get("noise") or {}
    sizes = [abs(value) for value in noise.values() if value is not None]
    return say("shift_noise", size=max(sizes)) if sizes else ""


def describe_wrong_compute(study: dict[str, Any]) -> str:
    """How far the rate moves when compute figures are wrong, in one sentence."""
    found = study.get("wrong_compute") or {}
    return say("wrong_compute", **{"largest": None, "reason": ""} | found) if found else ""


def describe_attenuation(study: dict[str, Any]) -> str:
    """What the rate would be if compute figures scattered about the truth, in plain words."""
    found = study.get("attenuation") or {}
    return say("attenuation", **{"corrected": None, "reason": ""} | found) if found else ""
