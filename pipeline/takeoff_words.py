"""The answer of the simulation of full automation in one sentence, for its page and the index."""

from typing import Any

from pipeline import answers

FAMILY = "p_acceleration["


def describe_answer(entries: dict[str, dict[str, Any]]) -> str:
    """The probability in the first scenario and how far the others move it, or why there is none.

    `entries` are those of data/attributions/takeoff.json.
    """
    family = [entry for key, entry in entries.items() if key.startswith(FAMILY)]
    central = family[0]
    if central.get("reason"):
        return f"Withheld: {central['reason']}."
    found = [entry["median"] for entry in family if not entry.get("reason")]
    low, high = (answers.describe_probability(each) for each in (min(found), max(found)))
    return (
        "Under the central assumptions, progress of algorithms accelerates after full automation, "
        f"with compute fixed, with probability {answers.describe_probability(central['median'])}; "
        f"over the {len(found)} scenarios the probability goes from {low} to {high}."
    )
