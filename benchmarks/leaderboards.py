"""Leaderboards of known truth, as people would write them down: no code in common with the models.

A model m of date t_m and training compute C_m has effective compute, in decades,

    e_m = log10 C_m + rate t_m + lab + own,    lab ~ Normal(0, 0.2), own ~ Normal(0, 0.25)

and answers a share chance + (ceiling - chance) / (1 + exp(-slope (e_m - middle))) of the questions;
what is printed is a beta-binomial count of them, and compute with an error of 0.3 decades.
log10 C_m is uniform about a line in t_m, 22.5 in the middle of the span: no compute is above what a
table may have.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Chance, ceiling, questions; the published test splits, as in data/benchmarks.yaml.
BENCHMARKS = {
    "MMLU": (0.25, 0.95, 14042),
    "HellaSwag": (0.25, 1.0, 10042),
    "ARC-Challenge": (0.25, 1.0, 1172),
    "WinoGrande": (0.5, 1.0, 1267),
    "GSM8K": (0.02, 0.97, 1319),
    "MMLU-Pro": (0.1, 1.0, 12032),
}
LABS, FIRST, YEARS = 8, pd.Timestamp("2020-01-15"), 5.0
COMPUTE_ERROR = 0.3  # decades: what a card that says nothing claims of its compute
# How people head a column, and write a number or a date.
HEADS = [
    ("Model", "Developer", "Release date (dd/mm/yyyy)", "Training compute (FLOP)", "%d/%m/%Y"),
    (" model name", "Organisation", "Released", "train FLOP", "%Y-%m-%d"),
    ("System ", "Lab", "Publication date", "Training FLOPs", "%d %B %Y"),
]


@dataclass(frozen=True)
class Simulated:
    """The file as received, and by model what is true: log10 compute and effective compute."""

    received: pd.DataFrame
    truth: pd.DataFrame  # index: model; columns: compute, effective

    def find_share(self, earlier: str, later: str) -> float:
        """The share of compute in the step in effective compute between two models."""
        step = self.truth.loc[later] - self.truth.loc[earlier]
        return float(step["compute"] / step["effective"])


def simulate(
    share: float, correlation: float, models: int, benchmarks: int, rng: np.random.Generator
) -> Simulated:
    """A leaderboard of `models` on `benchmarks` of `BENCHMARKS`, a column each.

    `share` is that of compute in the yearly growth of effective compute, of which the rate of
    algorithms is one decade less `share`; `correlation`, above 0, is that of compute and date.
    """
    years = np.sort(rng.uniform(0, YEARS, models))
    rate, growth = 1 - share, share  # decades a year
    spread = growth * years.std() * np.sqrt(3 * (correlation**-2 - 1))
    compute = 22.5 + growth * (years - YEARS / 2) + rng.uniform(-spread, spread, models)
    lab = np.arange(models) % LABS
    own = rng.normal(0, 0.2, LABS)[lab] + rng.normal(0, 0.25, models)
    effective = compute + rate * years + own
    names = [f"Model {m + 1:04d}" for m in range(models)]
    dates = FIRST + pd.to_timedelta(np.round(years * 365.25), "D")
    name, developer, released, flop, day = HEADS[rng.integers(len(HEADS))]
    printed = 10 ** (compute + rng.normal(0, COMPUTE_ERROR, models))
    received = pd.DataFrame(
        {
            name: names,
            developer: [f"Lab {chr(65 + each)}" for each in lab],
            released: dates.strftime(day),
            flop: [f"{each:.3g}" for each in printed],
        }
    )
    for label, (chance, ceiling, items) in list(BENCHMARKS.items())[:benchmarks]:
        slope = rng.uniform(0.6, 1.2)
        middle = np.median(effective) + rng.normal(0, 0.5)
        mean = chance + (ceiling - chance) / (1 + np.exp(-slope * (effective - middle)))
        mean = np.clip(mean, 1e-9, 1 - 1e-9)
        right = rng.binomial(items, rng.beta(mean * 1000, (1 - mean) * 1000))
        received[f"{label} (%)"] = [f"{each:.2f}" for each in 100 * right / items]
    truth = pd.DataFrame({"compute": compute, "effective": effective}, index=names)
    return Simulated(received, truth)
