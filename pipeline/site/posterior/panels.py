"""What a page says of identification, calibration and prior sensitivity, from a check file.

Everything here turns numbers of the check into rows and sentences for the template. A key that an
older check file lacks reads as not measured.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.checks.study import LARGEST_COVERAGE, LEAST_COVERAGE
from pipeline.site.pages.answers import Attributions, State
from pipeline.site.pages.rendering import format_fixed, format_number, format_quantity, say_count
from pipeline.site.posterior.design_panel import answer_design, list_designs

MAXIMUM_INFLATION = 10.0  # beyond, a regressor is marked (checks/identification.py has the rule)
LARGE_INFLATION = 1e6  # what the check writes for infinity
MINIMUM_CONTRACTION = 0.5  # below, a quantity is marked
LARGE_SHIFT = 1 / 3  # of an interval's width (checks/sensitivity.py has the rule)
SHOWN_SHIFTS = 10
LEAST_SAID = 0.01  # of a shift with two decimals
NOT_MEASURED = "not measured"
GROUPED_BY = {
    "date": "By release date (thirds)",
    "compute": "By training compute (thirds)",
    "technique": "By technique",
    "benchmark": "By benchmark",
}
Check = dict[str, Any]


@dataclass(frozen=True)
class Light:
    """A state in a word, with its shape for readers who do not see its colour."""

    state: State
    word: str
    shape: str


LIGHTS = {
    True: Light("good", "identified", "●"),
    False: Light("bad", "not identified", "▲"),
    None: Light("unknown", NOT_MEASURED, "■"),
}


@dataclass(frozen=True)
class Identification:
    """The panel: the light, sentences, and the tables behind them."""

    light: Light
    reasons: list[str]
    names: list[str]
    regressors: list[dict[str, Any]]
    contraction: list[dict[str, Any]]
    design: list[dict[str, Any]]
    design_sentences: list[str]


def make_identification(
    check: Check, attributions: Attributions, years: float | None
) -> Identification:
    """The identification panel; `years` is the span of the release dates."""
    measured = check.get("identification") or {}
    names, rows = list_regressors(measured)
    design = (check.get("study") or {}).get("design") or {}
    reasons = list(check.get("identification_reasons") or [])
    said = check.get("identification_reason") or "" if not reasons else ""
    return Identification(
        light=LIGHTS[check.get("is_identified")],
        reasons=reasons or ([said] if said else []),
        names=names,
        regressors=rows,
        contraction=[
            {
                "key": key,
                "label": label_of(key, attributions),
                "value": format_fixed(value, 2),
                "is_weak": value is not None and value < MINIMUM_CONTRACTION,
            }
            for key, value in (measured.get("contraction") or {}).items()
        ],
        design=list_designs(design),
        design_sentences=answer_design(design, years),
    )


def list_regressors(measured: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """Names of the regressors, and of each its variance inflation and its correlations."""
    inflation = measured.get("variance_inflation") or {}
    found: dict[tuple[str, str], float | None] = {}
    for pair in measured.get("correlations") or []:
        found[pair["first"], pair["second"]] = pair["correlation"]
        found[pair["second"], pair["first"]] = pair["correlation"]
    names = list(dict.fromkeys([*inflation, *(first for first, _ in found)]))
    rows = [
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
    return names, rows


def _inflation_words(value: float | None) -> str:
    if value is not None and value >= LARGE_INFLATION:
        return "beyond measure"
    return NOT_MEASURED if value is None else format_number(value, 3)


def list_coverage(check: Check, attributions: Attributions) -> list[dict[str, Any]]:
    """A row an estimand: how many intervals held the truth, marked where too few or too many."""
    coverage = check.get("calibration") or {}
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


def list_fixed_shares(check: Check) -> list[dict[str, Any]]:
    """A row a fixed compute share: coverage, bias and width of its interval."""
    study = (check.get("study") or {}).get("fixed_share") or {}
    return [
        {
            "truth": format_quantity(float(truth), "share"),
            "covered": each.get("covered"),
            "intervals": each.get("intervals"),
            "median_bias": format_fixed(each.get("median_bias"), 3),
            "mean_width": format_fixed(each.get("mean_width"), 3),
        }
        | _judge_coverage(each.get("share"))
        for truth, each in (study.get("shares") or {}).items()
    ]


def list_shifts(check: Check, attributions: Attributions) -> list[dict[str, Any]]:
    """The largest shifts of medians by prior: all beyond the limit, and some in any case."""
    study = (check.get("study") or {}).get("priors") or {}
    found = [
        (abs(shift), prior, float(factor), key, shift)
        for prior, by_factor in (study.get("shifts") or {}).items()
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


def describe_shift_noise(check: Check) -> str:
    """How far medians move between two fits that differ in nothing but the seed."""
    study = (check.get("study") or {}).get("priors") or {}
    sizes = [abs(value) for value in (study.get("noise") or {}).values() if value is not None]
    if not sizes:
        return ""
    apart = f"up to {max(sizes):.2f}" if max(sizes) >= LEAST_SAID else f"less than {LEAST_SAID}"
    return f"Two fits that differ in their random numbers alone are {apart} apart."


def describe_wrong_compute(check: Check) -> str:
    """How far the rate moves when compute figures are wrong, in one sentence."""
    study = (check.get("study") or {}).get("wrong_compute") or {}
    if study.get("largest") is None:
        reason = study.get("reason")
        return f"Wrong compute figures: not measured, {reason}." if reason else ""
    return (
        f"With half of the closed models' compute wrong by a factor of {study['factor']:g}, the "
        f"median rate moved by {format_fixed(study['mean_size'], 2)} posterior standard deviations "
        f"on average and {format_fixed(study['largest'], 2)} at most, in "
        f"{say_count(len(study['shifts']) - study['failed'], 'repetition')}; another seed alone "
        f"moves it by {format_fixed(abs(study['noise']), 2)}."
    )


def describe_attenuation(check: Check) -> str:
    """What the rate would be if compute figures scattered about the truth, in plain words."""
    study = (check.get("study") or {}).get("attenuation") or {}
    if study.get("corrected") is None:
        reason = study.get("reason")
        return f"What errors in compute do to the rate: not measured, {reason}." if reason else ""
    line, parabola = (_say_end(study["corrected"][form]) for form in ("line", "parabola"))
    return (
        "The model lets the true compute scatter about the figure. If figures scatter about the "
        "truth instead, by as much as the card states, such errors are in the fit, and without "
        f"them the median rate is not {format_fixed(study['fitted'], 2)} decades a year but {line} "
        f"by a straight line, {parabola} by a parabola: more such errors were added and the median "
        f"followed back to none, in {say_count(study['refits'], 'refit')} whose scatter alone is "
        "in the ±."
    )


def _say_end(end: dict[str, Any]) -> str:
    """A corrected rate with its simulation error, and how far it is from the fitted one."""
    rate, error = (format_fixed(end[name], 2) for name in ("rate", "standard_error"))
    way = "lower" if end["shift"] < 0 else "higher"
    size = format_fixed(abs(end["shift"]), 2)
    return f"{rate} ± {error} ({size} posterior standard deviations {way})"


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


def label_of(key: str, attributions: Attributions) -> str:
    """The words of an estimand; its key where the attribution file does not have it."""
    return str(attributions.get(key, {}).get("label", key))
