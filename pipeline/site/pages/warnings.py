"""What a page says before a number that cannot be trusted, and why, in whole sentences."""

from collections.abc import Callable, Iterable
from typing import Any

from pipeline.site.pages import answers
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import (
    NOT_IDENTIFIED,
    Check,
    describe_drivers,
    describe_miscalibrated,
    describe_missed,
    find_driven,
    find_like_fit,
    follow,
    list_drivers,
    read_coverage,
)

NOTICED_BIAS = 0.1  # of an interval's width, from which its direction is said


def say_warnings(key: str, check: Check) -> tuple[str, ...]:
    """What `find_caveats` finds, in whole sentences: why the number of `key` cannot be trusted."""
    missed = find_like_fit(key, check) if describe_missed(key, check) else {}
    bias, width = missed.get("bias") or 0.0, missed.get("width") or 0.0
    found: dict[str, Any] = {
        "unidentified": check.get("is_identified") is False,
        "driven": bool(describe_drivers(key, check)),
        "missed": missed | {"bias": bias if abs(bias) > NOTICED_BIAS * width else 0.0},
        "uncalibrated": bool(describe_miscalibrated(key, check)),
    }
    drivers = list_drivers(find_driven(key, check), check)
    measured = read_coverage(key, check)
    return tuple(
        say(
            f"warning.{name}",
            drivers=drivers,
            measured=measured,
            family=answers.family(key),
            is_share=answers.family(key).startswith("share_"),
            **found,
        )
        for name, value in found.items()
        if (missed if name == "missed" else value)
    )


def find_doubts(keys: Iterable[str], check: Check) -> dict[str, list[str]]:
    """What speaks against a number made of the estimands `keys`, by kind; empty where nothing does.

    All that `find_caveats` puts before their numbers, that nobody measured whether their
    intervals are calibrated, and that they move with a prior without being driven by it.
    """
    if not answers.has_passed(check):
        return {"failed": [say("doubt_failed")]}
    kinds: dict[str, Callable[[str, Check], str]] = {
        "missed": describe_missed,
        "off": describe_miscalibrated,
        "driven": describe_drivers,
        "sensitive": describe_sensitivity,
    }
    keys = list(dict.fromkeys(keys))
    found = {kind: [describe(key, check) for key in keys] for kind, describe in kinds.items()}
    is_confounded = check.get("is_identified") is False
    found["confounded"] = [NOT_IDENTIFIED] if is_confounded else []
    is_unmeasured = check.get("is_calibrated") is None and not any(
        find_like_fit(key, check) for key in keys
    )
    found["uncalibrated"] = [say("doubt_uncalibrated")] if is_unmeasured else []
    told = {kind: list(dict.fromkeys(filter(None, each))) for kind, each in found.items()}
    return {kind: each for kind, each in told.items() if each}


def describe_sensitivity(key: str, check: Check) -> str:
    """That `key`, or what it follows from, moves with its prior without being driven by it."""
    indices = check.get("prior_sensitivity") or {}
    found = indices.get(key) or indices.get(follow(key)) or {}
    index = found.get("prior") or 0.0
    if index <= answers.SENSITIVE or describe_drivers(key, check):
        return ""
    return say("doubt_sensitive", index=index)
