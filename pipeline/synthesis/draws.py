"""What follows from the draws of two quantities that rest on different data."""

import numpy as np

from models.effective_compute.split import SMALL_TOTAL_DECADES, SMALL_TOTAL_DRAWS


def divide_progress(grown: np.ndarray, gained: np.ndarray) -> tuple[np.ndarray, str]:
    """Draws of the share of compute, which grew, in a year's progress; or why there is none.

    In effective compute a year adds the decades by which training compute grows and those by which
    algorithms make it go further. The posteriors of the two rates rest on different data, so any
    pairing of their draws is a draw of both. Those of compute are read backwards: two chains from
    one seed shall not meet their like.
    """
    count = min(len(grown), len(gained))
    grown, gained = thin(grown, count)[::-1], thin(gained, count)
    total = grown + gained
    small = float((np.abs(total) < SMALL_TOTAL_DECADES).mean())
    if small > SMALL_TOTAL_DRAWS:
        why = f"the total is under {SMALL_TOTAL_DECADES} decades a year in {small:.1%} of the draws"
        return np.array([]), why
    return grown / total, ""


def thin(draws: np.ndarray, count: int) -> np.ndarray:
    """`count` of the draws, evenly spread."""
    return draws[(2 * np.arange(count) + 1) * len(draws) // (2 * count)]


def exceed(most: np.ndarray, least: np.ndarray) -> float:
    """Probability that the first is greater than the second, if any draws may be paired."""
    return float(np.searchsorted(np.sort(least), most, side="left").mean()) / len(least)
