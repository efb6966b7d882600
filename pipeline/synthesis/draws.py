"""Draws of one quantity with the mass of each, and what follows from two sets of them."""

from dataclasses import dataclass

import numpy as np

from models.effective_compute.split import SMALL_TOTAL_DECADES, SMALL_TOTAL_DRAWS
from pipeline.site.overview.comparison import round_to


@dataclass(frozen=True)
class Draws:
    """Draws and their masses, which need not sum to one."""

    values: np.ndarray
    masses: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def weigh(self, holds: np.ndarray) -> float | None:
        """The share of the mass in which something holds."""
        return round_to(float(self.masses[holds].sum() / self.masses.sum()))

    def thin(self, count: int) -> np.ndarray:
        """`count` of the draws, each as often as its mass asks, in their order."""
        reached = np.cumsum(self.masses) / self.masses.sum()
        places = np.searchsorted(reached, (np.arange(count) + 0.5) / count)
        return np.asarray(self.values[np.minimum(places, len(self) - 1)])


def even(values: np.ndarray) -> Draws:
    """Draws that all count alike."""
    return Draws(values, np.full(len(values), 1 / max(len(values), 1)))


NOTHING = even(np.array([]))


def divide_progress(grown: np.ndarray, gained: np.ndarray) -> tuple[np.ndarray, str]:
    """Draws of the share of compute, which grew, in a year's progress; or why there is none.

    In effective compute a year adds the decades by which training compute grows and those by which
    algorithms make it go further. The posteriors of the two rates rest on different data, so any
    pairing of their draws is a draw of both. Those of compute are read backwards: two chains from
    one seed shall not meet their like.
    """
    count = min(len(grown), len(gained))
    grown, gained = grown[:count][::-1], gained[:count]
    total = grown + gained
    small = float((np.abs(total) < SMALL_TOTAL_DECADES).mean())
    if small > SMALL_TOTAL_DRAWS:
        why = f"the total is under {SMALL_TOTAL_DECADES} decades a year in {small:.1%} of the draws"
        return np.array([]), why
    return grown / total, ""


def exceed(most: Draws, least: Draws) -> float | None:
    """Probability that the first is greater than the second, if any draws may be paired."""
    order = np.argsort(least.values, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(least.masses[order])]) / least.masses.sum()
    below = reached[np.searchsorted(least.values[order], most.values, side="left")]
    return round_to(float((below * most.masses).sum() / most.masses.sum()))
