"""The state of every check, in a word and in a sentence."""

from typing import Any, Literal, NamedTuple

from pipeline.site.pages import answers
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import (
    LEAST_COVERAGE,
    NOT_CALIBRATED,
    NOT_IDENTIFIED,
    Check,
    describe_drivers,
    describe_miscalibrated,
    describe_missed,
    find_like_fit,
    list_drivers,
    read_study,
)

State = Literal["good", "bad", "unknown"]
MARKS: dict[State, str] = {"good": "✓", "bad": "✗", "unknown": "?"}


class Badge(NamedTuple):
    """One check in a word and in a sentence; `anchor` is the section with the evidence."""

    word: str
    state: State
    text: str
    anchor: str

    @property
    def mark(self) -> str:
        """A sign for the state, so that colour is not needed to read it."""
        return MARKS[self.state]


def describe_convergence(check: Check) -> str:
    """What the samplers did, in one sentence."""
    return say("convergence", **check)


def list_badges(
    check: Check, headline: str = "", attributions: Attributions | None = None
) -> list[Badge]:
    """Converged, calibrated, identified, prior-sensitive and, where other choices were tried,
    robust; `headline` is the key of the answer, `attributions` have the words for all keys.
    """
    entries = attributions or {}
    labels = {key: entry["label"] for key, entry in entries.items()}
    return [
        _converged(check),
        _calibrated(check, headline, labels),
        _identified(check, headline),
        _sensitive(check, describe_drivers(headline, check), labels),
        *_robust(check, headline, entries.get(headline, {}).get("unit", "")),
    ]


def _converged(check: Check) -> Badge:
    if answers.has_passed(check):
        return Badge("converged", "good", describe_convergence(check), "convergence")
    return Badge("not converged", "bad", "; ".join(check["reasons"]), "convergence")


def _calibrated(check: Check, headline: str, labels: dict[str, str]) -> Badge:
    """Calibrated on average where an interval seldom holds one of the fixed compute shares, or that
    of a headline a truth like the fit; in part where it is not the answer whose interval is off.
    """
    state, study = check.get("is_calibrated"), read_study(check, "fixed_share")
    missed = [
        found | {"truth": float(truth)}
        for truth, found in (study.get("shares") or {}).items()
        if state and found["share"] is not None and found["share"] < LEAST_COVERAGE
    ]
    reason = check.get("calibration_reason") or ""
    has_missed = bool(state and describe_missed(headline, check))
    others = [key for key in check.get("headlines") or [] if state and key != headline]
    seldom = {
        labels.get(key, key): find_like_fit(key, check)
        for key in others
        if describe_missed(key, check)
    }
    is_off = bool(describe_miscalibrated(headline, check))
    like_fit = find_like_fit(headline, check)
    held = _list_held(check)
    found = {"state": state, "reason": reason, "missed": missed, "like_fit": like_fit}
    single = _find_worst_rate(check, headline) if state else {}
    counted = {"held": held, "seldom": seldom, "single": single, "datasets": _count_datasets(check)}
    text = say("calibrated", **counted, **found)
    words: dict[Any, tuple[str, State]] = {
        None: ("calibration not measured", "unknown"),
        False: (NOT_CALIBRATED, "bad") if is_off else ("calibrated in part", "unknown"),
        True: ("calibrated on average", "unknown")
        if missed or has_missed or seldom
        else ("calibrated", "good"),
    }
    return Badge(*words[state], text, "calibration")


def _find_worst_rate(check: Check, headline: str) -> dict[str, Any]:
    """The rate, no headline, whose interval held a truth like the fit least often; empty where
    none held it less often than it should.
    """
    structures = read_study(check, "structures").get("structures", {})
    found = structures.get("fitted", {}).get("estimands", {})
    told = {headline, *(check.get("headlines") or [])}
    others = [each for key, each in found.items() if key.startswith("rate_") and key not in told]
    worst: dict[str, Any] = min(others, key=lambda each: each["share"], default={})
    return worst if worst and worst["share"] < LEAST_COVERAGE else {}


def _list_held(check: Check) -> list[float]:
    """The coverage of every quantity that calibration is judged by and that was measured."""
    measured = (check.get("calibration") or {}).get("estimands") or {}
    found = [measured[key]["share"] for key in check.get("headlines") or [] if key in measured]
    return [share for share in found if share is not None]


def _count_datasets(check: Check) -> int:
    """How many simulated data sets were fitted; 0 where the study does not say."""
    coverage = check.get("calibration") or {}
    return int(coverage.get("datasets", 0)) - int(coverage.get("failed", 0))


def _identified(check: Check, headline: str) -> Badge:
    state, text = check.get("is_identified"), say("identified", check=check)
    if state is None:
        return Badge("identification not measured", "unknown", text, "identification")
    grade = (check.get("identification_grade") or {}).get(headline)
    word = "identified" if state else NOT_IDENTIFIED
    word = f"{word} ({grade})" if grade else word
    return Badge(word, "good" if state else "bad", text, "identification")


def _robust(check: Check, headline: str, unit: str) -> list[Badge]:
    text, found = answers.say_range(headline, check, unit), answers.read_range(headline, check)
    if not found:
        return []
    if not found["is_current"]:
        return [Badge("robustness not measured", "unknown", text, "specifications")]
    words: dict[str, tuple[str, State]] = {
        "strong": ("robust", "good"),
        "moderate": ("robust in part", "unknown"),
        "weak": ("not robust", "bad"),
    }
    lower, upper = found["lowest"], found["highest"]
    if answers.family(headline) == "share_compute" and lower < answers.HALF < upper:
        return [Badge("which part is larger depends on the choices", "bad", text, "specifications")]
    return [Badge(*words[found["grade"]], text, "specifications")]


def _sensitive(check: Check, headline: str, labels: dict[str, str]) -> Badge:
    indices = check.get("prior_sensitivity") or {}
    driven = check.get("driven_by_prior") or []
    moved = [
        key
        for key, index in indices.items()
        if (index["prior"] or 0) > answers.SENSITIVE and key not in driven
    ]
    by = {key: list_drivers(key, check) for key in driven}
    found = {"driven": driven, "by": by, "moved": moved, "indices": indices}
    text = say("sensitive", labels=labels, **found)
    if driven:
        word = f"headline {headline}" if headline else "prior-driven in part"
        return Badge(word, "bad", text, "sensitivity")
    if indices and not moved:
        return Badge("not prior-sensitive", "good", text, "sensitivity")
    word = "prior-sensitive in part" if moved else "prior sensitivity not measured"
    return Badge(word, "unknown", text, "sensitivity")
