"""The simulation of full automation in words: its answer, and what is doubtful of its inputs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.site.pages import answers
from pipeline.site.pages.sentences import say

FAMILY = "p_acceleration["
QUANTITIES = {
    "stepping_on_toes": "exponent of research",
    "fishing_out": "exponent of ideas found",
    "returns": "returns to research",
    "elasticity": "elasticity of substitution",
    "rate": "decades a year",
}
# What a posterior may lack, said of one and of several.
KINDS = {
    "failed": ("the fit did not converge", "whose fit did not converge"),
    "off": (
        "its intervals miss the truth in simulated data",
        "whose intervals miss simulated truths",
    ),
    "uncalibrated": ("calibration not measured", "of unmeasured calibration"),
    "confounded": (
        "its data do not tell apart what it divides",
        "whose data do not tell its parts apart",
    ),
    "driven": ("driven by the prior", "driven by a prior in what is read"),
}
Check = dict[str, Any]


def describe_answer(entries: dict[str, dict[str, Any]]) -> str:
    """The probability in the first scenario and how far the others move it, from the entries."""
    family = [entry for key, entry in entries.items() if key.startswith(FAMILY)]
    return say(
        "takeoff_answer",
        reason=family[0].get("reason"),
        central=family[0]["median"],
        found=[entry["median"] for entry in family if not entry.get("reason")],
        odds=answers.describe_probability,
    )


def list_doubts(check: Check, draws: Mapping[str, str]) -> list[str]:
    """What is doubtful of an input that reads `draws` (quantity: key) of the posterior checked."""
    kinds = _find_kinds(check, draws.values())
    said = [KINDS[kind][0] for kind in kinds if kind != "driven"]
    driven = {name: answers.describe_drivers(key, check) for name, key in draws.items()}
    if "driven" in kinds:
        said += [f"{QUANTITIES[name]} {words}" for name, words in driven.items() if words]
    return said


def summarise_doubts(posteriors: Mapping[str, tuple[Check, Iterable[str]]]) -> str:
    """How many posteriors (name: check, keys read) are doubtful, and why; empty if none."""
    found = Counter(kind for each in posteriors.values() for kind in _find_kinds(*each))
    said = [f"{found[kind]} {many}" for kind, (_, many) in KINDS.items() if found[kind]]
    return say("takeoff_doubts", count=len(posteriors), said=said)


def _find_kinds(check: Check, keys: Iterable[str]) -> list[str]:
    """The doubts of a posterior of which these keys are read."""
    if not answers.has_passed(check):
        return ["failed"]
    found = {
        "off": check.get("is_calibrated") is False,
        "uncalibrated": check.get("is_calibrated") is None,
        "confounded": check.get("is_identified") is False,
        "driven": any(answers.describe_drivers(key, check) for key in keys),
    }
    return [kind for kind, is_so in found.items() if is_so]
