"""The state of every check, in a word and in a sentence."""

from dataclasses import dataclass
from typing import Any, Literal

from pipeline.site.pages.answers import (
    NOT_CALIBRATED,
    NOT_IDENTIFIED,
    SENSITIVE,
    Check,
    describe_drivers,
    has_passed,
    list_drivers,
)
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import LEAST_COVERAGE

State = Literal["good", "bad", "unknown"]
ON_AVERAGE = "calibrated on average"
MARKS: dict[State, str] = {"good": "✓", "bad": "✗", "unknown": "?"}


@dataclass(frozen=True)
class Badge:
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


def list_badges(check: Check, headline: str = "") -> list[Badge]:
    """Converged, calibrated, identified, prior-sensitive; `headline` is the key of the answer."""
    return [
        _converged(check),
        _calibrated(check),
        _identified(check, headline),
        _sensitive(check, describe_drivers(headline, check)),
    ]


def _converged(check: Check) -> Badge:
    if has_passed(check):
        return Badge("converged", "good", describe_convergence(check), "convergence")
    return Badge("not converged", "bad", "; ".join(check["reasons"]), "convergence")


def _calibrated(check: Check) -> Badge:
    state = check.get("is_calibrated")
    missed = _describe_missed(check) if state else ""
    reason = check.get("calibration_reason") or ""
    text = say("calibrated", state=state, reason=reason, missed=missed)
    words: dict[Any, tuple[str, State]] = {
        None: ("calibration not measured", "unknown"),
        False: (NOT_CALIBRATED, "bad"),
        True: (ON_AVERAGE, "unknown") if missed else ("calibrated", "good"),
    }
    return Badge(*words[state], text, "calibration")


def _describe_missed(check: Check) -> str:
    """The fixed compute shares whose intervals under-cover; empty where there is none."""
    study = (check.get("study") or {}).get("fixed_share") or {}
    missed = [
        found | {"truth": float(truth)}
        for truth, found in (study.get("shares") or {}).items()
        if found["share"] is not None and found["share"] < LEAST_COVERAGE
    ]
    return say("missed_shares", missed=missed) if missed else ""


def _identified(check: Check, headline: str) -> Badge:
    state = check.get("is_identified")
    text = say(
        "identified",
        state=state,
        reason=check.get("identification_reason") or "",
        reasons=check.get("identification_reasons") or [],
    )
    if state is None:
        return Badge("identification not measured", "unknown", text, "identification")
    grade = (check.get("identification_grade") or {}).get(headline)
    word = "identified" if state else NOT_IDENTIFIED
    word = f"{word} ({grade})" if grade else word
    return Badge(word, "good" if state else "bad", text, "identification")


def _sensitive(check: Check, headline: str) -> Badge:
    indices = check.get("prior_sensitivity") or {}
    driven = check.get("driven_by_prior") or []
    moved = [key for key, index in indices.items() if (index["prior"] or 0) > SENSITIVE]
    by = {key: list_drivers(key, check) for key in driven}
    state: State = "good"
    word = "not prior-sensitive"
    if driven:
        word, state = f"headline {headline}" if headline else "prior-driven in part", "bad"
    elif moved or not indices:
        word = "prior-sensitive in part" if moved else "prior sensitivity not measured"
        state = "unknown"
    text = say("sensitive", driven=driven, by=by, moved=moved, indices=indices)
    return Badge(word, state, text, "sensitivity")
