"""What speaks against the numbers of a cell: its check, with what its committed studies say.

A study takes minutes to hours and is made by people (`apportion calibrate`), not by a stage. It
counts as long as table and model are those it was made with.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.checks.identified import describe_identification
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.studies.domains import OWN, read_domains
from pipeline.studies.record import describe_inputs, describe_specifications, is_current

NOT_MEASURED = "not measured"
OUT_OF_DATE = "measured on an earlier version of the model or the data"
MAXIMUM_FAILED = 0.02  # of the refits: more could hide the truths that are missed
LARGE_SHIFT = 1 / 3  # of an interval's width, by which scaling a prior may move it
LEAST_COVERAGE, LARGEST_COVERAGE = 0.85, 0.95  # of 90 % intervals
COPIED = ("fixed_share", "wrong_compute", "structures", "priors", "design")

Study = dict[str, Any]
Check = dict[str, Any]
NOT_IDENTIFIED, NOT_CALIBRATED = "not identified", "not calibrated"
RATE = "rate_decades_per_year"
# Quantities that follow from another, which is the one that is tested: families of keys.
FOLLOWS = {
    "doubling_time_months": RATE,
    "reduction_factor": RATE,
    "technique_gain_factor": "technique_gain_decades",
}


def read_check(layout: Layout, cell: str) -> dict[str, Any]:
    """The check of a cell with what its studies say; empty where the cell has none.

    A study never makes a fit run again: fit writes the check without it.
    """
    check: dict[str, Any] = read_json(layout.check(cell)) or {}
    study: Study | None = read_json(layout.study(cell))
    counts = study is not None and is_current(describe_inputs(layout, cell), study)
    others = read_json(layout.multiverse(cell))
    if others:
        others["is_current"] = is_current(describe_specifications(layout, cell), others)
    tested = read_json(layout.backtest(cell))
    if tested:
        tested["is_current"] = is_current(describe_inputs(layout, cell), tested)
    found = {"multiverse": others, "backtest": tested, "doubted": _list_doubted(layout, cell)}
    return apply_study(check, study, counts) | found if check else {}


def _list_doubted(layout: Layout, cell: str) -> list[str]:
    """The fields whose own rate has a caveat, where `cell` pools the rates of our posteriors."""
    if not cell.startswith(f"{OWN}-"):
        return []
    return [
        domain.name
        for domain in read_domains(layout)
        if find_caveats(RATE, read_check(layout, domain.posterior))
    ]


def apply_study(check: dict[str, Any], study: Study | None, counts: bool) -> dict[str, Any]:
    """The check with the study's verdict; `counts`: the study is of this very cell."""
    judged = check | judge_calibration(study, counts, check["headlines"])
    moved = find_moved(study if counts else None, check["prior_sensitivity"])
    driven, by = list(dict.fromkeys([*check["driven_by_prior"], *moved])), check["driven_by"]
    judged["driven_by_prior"] = driven
    judged["driven_by"] = {
        key: list(dict.fromkeys([*by.get(key, []), *moved.get(key, [])])) for key in driven
    }
    if panel := check["identification"]:
        judged |= describe_identification(panel, driven, panel.get("outside", []))
    return judged


def find_moved(study: Study | None, keys: Iterable[str]) -> dict[str, list[str]]:
    """The priors whose scaling moved a headline by more than `LARGE_SHIFT` of its interval."""
    known, moved = set(keys), dict[str, list[str]]()
    for key, prior, shift in list_shifts(study):
        if key in known and abs(shift) > LARGE_SHIFT and prior not in moved.get(key, []):
            moved.setdefault(key, []).append(prior)
    return moved


def judge_calibration(
    study: Study | None, is_current: bool, headlines: list[str]
) -> dict[str, Any]:
    """Whether the 90 % intervals hold the truth as often as they say, and the study's numbers.

    They do where the coverage of every key of `headlines` that was measured is 0.85 to 0.95, and
    hardly a refit failed. The numbers of a study that is out of date are shown and judge nothing.
    """
    coverage = (study or {}).get("coverage") or {}
    measured = coverage.get("estimands", {})
    found = {key: measured[key]["share"] for key in headlines if key in measured}
    shares = {key: share for key, share in found.items() if share is not None}
    verdict, reason = None, NOT_MEASURED
    if study is not None and not is_current:
        reason = OUT_OF_DATE
    elif shares:
        reason = _find_fault({key: measured[key] for key in shares}, coverage)
        verdict = not reason
    return {
        "is_calibrated": verdict,
        "calibration_reason": reason,
        "calibration": coverage or None,
        "study": {name: study.get(name) for name in COPIED} if study else None,
    }


def _find_fault(measured: dict[str, dict[str, Any]], coverage: dict[str, Any]) -> str:
    """What speaks against the intervals; empty where nothing does."""
    if coverage["failed"] > MAXIMUM_FAILED * coverage["datasets"]:
        return f"{coverage['failed']} of {coverage['datasets']} refits failed"
    beyond = [
        f"{key} {100 * each['share']:.1f} % ({each['covered']} of {each['intervals']})"
        for key, each in measured.items()
        if not LEAST_COVERAGE <= each["share"] <= LARGEST_COVERAGE
    ]
    limits = f"{100 * LEAST_COVERAGE:.0f} to {100 * LARGEST_COVERAGE:.0f} %"
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


def find_caveats(key: str, check: Check) -> tuple[str, ...]:
    """What to read before the number of `key`: what the checks found against it."""
    found = (
        NOT_IDENTIFIED if check.get("is_identified") is False else "",
        describe_drivers(key, check),
        describe_missed(key, check),
        describe_miscalibrated(key, check),
        describe_doubted(check.get("doubted") or []),
    )
    return tuple(filter(None, found))


def describe_doubted(names: Sequence[str]) -> str:
    """That rates which go into a number have caveats; empty where none has."""
    return f"rates with caveats of their own: {', '.join(names)}" if names else ""


def read_study(check: Check, name: str) -> dict[str, Any]:
    """A part of the study of simulated data; empty where there is none."""
    return (check.get("study") or {}).get(name) or {}


def describe_miscalibrated(key: str, check: Check) -> str:
    """That the study speaks against the interval of `key`, or against others where `key` itself was
    not measured; empty where nothing does.
    """
    if check.get("is_calibrated") is not False:
        return ""
    found = read_coverage(key, check)
    if found.get("share") is None:
        return NOT_CALIBRATED
    if LEAST_COVERAGE <= found["share"] <= LARGEST_COVERAGE:
        return ""
    held, count = found["covered"], found["intervals"]
    return f"{NOT_CALIBRATED}: held the truth in {held} of {count} simulations"


def read_coverage(key: str, check: Check) -> dict[str, Any]:
    """How often the interval of `key` held truths drawn from the prior; empty where not tried."""
    measured = (check.get("calibration") or {}).get("estimands") or {}
    return measured.get(key) or measured.get(follow(key)) or {}


def find_like_fit(key: str, check: Check) -> dict[str, Any]:
    """How often the interval of `key` held a truth like the fit; empty where nobody tried."""
    structures = read_study(check, "structures").get("structures", {})
    held = structures.get("fitted", {}).get("estimands", {})
    return held.get(key) or held.get(follow(key)) or {}


def describe_missed(key: str, check: Check) -> str:
    """That the interval of `key` seldom holds a truth like the fit; empty where it does."""
    found = find_like_fit(key, check)
    if not found or found["share"] >= LEAST_COVERAGE:
        return ""
    held, count = found["covered"], found["intervals"]
    return f"its interval held the truth in {held} of {count} simulations like this fit"


def describe_drivers(key: str, check: Check) -> str:
    """That the prior drives `key` or what it follows from, and which prior; else empty."""
    found = find_driven(key, check)
    if not found:
        return ""
    names = list_drivers(found, check)
    return "driven by the prior" + (f" ({', '.join(names)})" if names else "")


def find_driven(key: str, check: Check) -> str:
    """`key` or what it follows from, whichever the prior drives; empty where neither is."""
    driven = check.get("driven_by_prior") or []
    return next((each for each in (key, follow(key)) if each in driven), "")


def list_drivers(key: str, check: Check) -> list[str]:
    """The priors that drive `key`."""
    return list((check.get("driven_by") or {}).get(key) or [])


def follow(key: str) -> str:
    """The key that is tested for `key`: what it follows from, or itself."""
    family, bracket, label = key.partition("[")
    return f"{FOLLOWS.get(family, family)}{bracket}{label}"
