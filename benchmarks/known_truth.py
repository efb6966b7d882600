"""`python -m benchmarks.known_truth [--count 20]`: shares of known truth through the front door.

Simulates leaderboards as people write them down (leaderboards.py; 75 models, two benchmarks; seed
20261201), takes each in by `apportion new` and *ingest*, with the comparison that these choose, and
refits the model to it, compiled once. A tab-separated line for each share of compute (0.2, 0.5,
0.8) and correlation of compute and date (0.5, 0.7, 0.9): how many 90 % intervals of the share hold
the truth, the mean of posterior median less truth, and the mean width.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import models
from benchmarks.front_door import MODEL, make_project, take_in
from benchmarks.leaderboards import Simulated, simulate
from models import Card
from models.options import AccuracyOptions
from pipeline.checks.refit import Refitter

SEED, MODELS, BENCHMARKS = 20261201, 75, 2
SHARES, CORRELATIONS = (0.2, 0.5, 0.8), (0.5, 0.7, 0.9)
COLUMNS = ("share", "correlation", "boards", "held", "coverage", "bias", "width", "divergences")
CONSTANTS = ("benchmark_index", "lab_index", "base_index", "is_early", "has_tag", "has_harness")


class Fitter:
    """Refits of one model; compiled anew only for a table of another structure."""

    def __init__(self) -> None:
        self._model, self._compiled = models.load(MODEL), dict[bytes, Refitter]()

    def fit(self, table: pd.DataFrame, card: Card, seed: int) -> tuple[np.ndarray, int]:
        """Draws of the compute share of the headline comparison, and divergent transitions."""
        from models.leaderboards.accuracy import prepare

        design = prepare(table, card)
        built_in = [np.asarray(getattr(design, name)) for name in CONSTANTS]
        facts = [repr(design.facts), repr(design.trend.years), repr(design.benchmarks)]
        key = b"".join([*(each.tobytes() for each in built_in), *map(str.encode, facts)])
        if key not in self._compiled:
            self._compiled[key] = Refitter(self._model, table, card)
        posterior = self._compiled[key].refit(table, card, self._model.Priors(), seed)
        made = self._model.estimands(posterior, table, card)["share_compute"]
        name = card.options_of(AccuracyOptions).headline_comparison
        draws = made.sel(comparison=name).to_numpy().ravel()
        return draws, int(posterior.attrs["divergences"])


def main() -> None:
    """Print a line for each share and correlation as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.known_truth", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--count", type=int, default=20, help="boards of each kind; default 20")
    count, fitter = parser.parse_args().count, Fitter()
    print(*COLUMNS, sep="\t", flush=True)
    every = []
    with tempfile.TemporaryDirectory() as folder:
        for share in SHARES:
            for correlation in CORRELATIONS:
                found = list(_fit_boards(Path(folder), share, correlation, count, fitter))
                every += found
                _print(share, correlation, found)
    _print("all", "all", every)


def _print(share: object, correlation: object, found: list[tuple[float, ...]]) -> None:
    truth, lower, middle, upper, divergences = np.array(found).T
    held = (lower <= truth) & (truth <= upper)
    numbers = held.mean(), (middle - truth).mean(), (upper - lower).mean()
    told = [f"{each:.3f}" for each in numbers]
    print(
        share,
        correlation,
        len(found),
        held.sum(),
        *told,
        int(divergences.sum()),
        sep="\t",
        flush=True,
    )


def _fit_boards(
    root: Path, share: float, correlation: float, count: int, fitter: Fitter
) -> Iterator[tuple[float, ...]]:
    """Truth, lower end, median and upper end of the share, and divergences, board after board."""
    for index in range(count):
        seed = [SEED, int(100 * share), int(100 * correlation), index]
        rng = np.random.default_rng(seed)
        made = simulate(share, correlation, MODELS, BENCHMARKS, rng)
        name = f"board_{int(100 * share)}_{int(100 * correlation)}_{index}"
        layout = make_project(root / name)
        table, card = take_in(layout, name, made.received)
        draws, divergences = fitter.fit(table, card, int(rng.integers(2**31)))
        yield find_truth(made, card), *np.quantile(draws, [0.05, 0.5, 0.95]), divergences


def find_truth(made: Simulated, card: Card) -> float:
    """The true share of compute in the comparison that the card leads with."""
    options = card.options_of(AccuracyOptions)
    step = next(each for each in options.comparisons if each.id == options.headline_comparison)
    return made.find_share(step.earlier.model, step.later.model)


if __name__ == "__main__":
    main()
