"""What a page says before a number that cannot be trusted, and why, in whole sentences."""

from typing import Any

from pipeline.site.pages import answers
from pipeline.site.pages.answers import Check
from pipeline.site.pages.sentences import say

NOTICED_BIAS = 0.1  # of an interval's width, from which its direction is said


def say_warnings(key: str, check: Check) -> tuple[str, ...]:
    """What `find_caveats` finds, in whole sentences: why the number of `key` cannot be trusted."""
    missed = answers.find_like_fit(key, check) if answers.describe_missed(key, check) else {}
    bias, width = missed.get("bias") or 0.0, missed.get("width") or 0.0
    found: dict[str, Any] = {
        "unidentified": check.get("is_identified") is False,
        "driven": bool(answers.describe_drivers(key, check)),
        "missed": missed | {"bias": bias if abs(bias) > NOTICED_BIAS * width else 0.0},
        "uncalibrated": bool(answers.describe_miscalibrated(key, check)),
    }
    drivers = answers.list_drivers(answers.find_driven(key, check), check)
    measured = answers.read_coverage(key, check)
    return tuple(
        say(
            f"warning.{name}",
            drivers=drivers,
            measured=measured,
            family=answers.family(key),
            **found,
        )
        for name, value in found.items()
        if (missed if name == "missed" else value)
    )
