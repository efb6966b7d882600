"""What the parts of a calibration study share: one cell, its random numbers, refits side by side,
and the quantities that are watched.
"""

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.progress import track

from models import INTERVAL_PROBABILITY, Card, Truth, as_draws, estimand_key, flatten
from pipeline.checks.refit import QUICK, THOROUGH, RefitError, Refitter, Settings
from pipeline.ingest.tables import TABLES

INTERVAL = {
    "lower": (1 - INTERVAL_PROBABILITY) / 2,
    "median": 0.5,
    "upper": (1 + INTERVAL_PROBABILITY) / 2,
}
# Watched beside the headline estimands: key without its label.
WATCHED = ("share_compute", "rate_decades_per_year")
MAXIMUM_REDRAWN = 200


class Trial(NamedTuple):
    """One refit to simulated data: by key the truth, the interval, and the rank of the truth."""

    found: pd.DataFrame
    divergences: int
    redrawn: int = 0  # data sets before it that the table could not hold


@dataclass(frozen=True)
class Study:
    """One cell under study. The same `seed` gives the same results whatever `jobs` is."""

    name: str
    model: Any  # a models.Model, of which some are a models.Leaderboard
    table: pd.DataFrame
    card: Card
    refitter: Refitter
    seed: int
    jobs: int = 1
    settings: Settings = QUICK  # of the refits to simulated data

    @property
    def priors(self) -> Any:
        """The priors that the model states."""
        return self.model.Priors()

    @property
    def headline_share(self) -> str:
        """Key of the compute share of the headline comparison; empty without comparisons."""
        comparison = getattr(self.card.options, "headline_comparison", "")
        return f"share_compute[{comparison}]" if comparison else ""

    def make_generator(self, part: str, index: int) -> np.random.Generator:
        """Random numbers of one refit of one part, whatever ran before it."""
        return np.random.default_rng([self.seed, zlib.crc32(part.encode()), index])

    def run[T](self, part: str, task: Callable[[int], T], count: int) -> list[T | str]:
        """`task` of 0 to `count` - 1, in order, on as many threads as there are jobs.

        A refit that fails leaves its reason in place of a result.
        """

        def attempt(index: int) -> T | str:
            try:
                return task(index)
            except RefitError as failure:
                return str(failure)

        pool = ThreadPoolExecutor(self.jobs)
        try:
            results = pool.map(attempt, range(count))
            bar = Console(stderr=True)
            return list(track(results, f"{self.name} {part}", count, console=bar))
        finally:
            pool.shutdown(cancel_futures=True)

    def refit_real(
        self, part: str, index: int, table: pd.DataFrame | None = None, priors: Any = None
    ) -> xr.Dataset:
        """The posterior on the real data, or on `table` or `priors` in their place."""
        chosen = self.table if table is None else table
        seed = draw_seed(self.make_generator(part, index))
        return self.refitter.refit(chosen, self.card, priors or self.priors, seed, THOROUGH)

    def measure(self, posterior: xr.Dataset, table: pd.DataFrame | None = None) -> pd.DataFrame:
        """Draws of the headline estimands, compute shares and rates that are finite, by key.

        A share that is not reported because its total is often near zero is divided all the same:
        of one truth there is one total, and a study of shares must not choose its datasets by them.
        """
        made = self.model.estimands(posterior, self.table if table is None else table, self.card)
        watched = {
            str(name): each
            for name, each in made.items()
            if each.attrs.get("is_headline") or estimand_key(str(name), each) in WATCHED
        }
        if "share_compute" in watched:
            watched["share_compute"] = _divide_compute(made)
        draws = {
            key: each.transpose("chain", "draw").to_numpy().ravel().astype(float)
            for key, each in flatten(xr.Dataset(watched))
        }
        return pd.DataFrame({key: each for key, each in draws.items() if np.isfinite(each).all()})

    def measure_truth(self, truth: Truth, table: pd.DataFrame | None = None) -> pd.DataFrame:
        """The watched quantities of a truth, in one row."""
        return self.measure(as_draws(truth, self.model.DIMS), table)


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for the sampler."""
    return int(rng.integers(2**31))


def _divide_compute(made: xr.Dataset) -> xr.DataArray:
    """Decades of compute over those of all parts that a step has; NaN where it is not split."""
    parts = [each.fillna(0.0) for name, each in made.items() if str(name).startswith("decades_")]
    with np.errstate(divide="ignore", invalid="ignore"):
        return made["decades_compute"] / sum(parts[1:], start=parts[0])


def run_trial(
    study: Study, part: str, index: int, change: Callable[[Truth], Truth] = lambda truth: truth
) -> Trial:
    """Draw a truth from the prior (and `change` it), simulate from it on the real rows, refit."""
    rng = study.make_generator(part, index)
    for redrawn in range(MAXIMUM_REDRAWN):
        try:
            with np.errstate(over="ignore", under="ignore"):
                drawn = study.model.sample_prior(study.table, study.card, study.priors, rng)
                truth = change(drawn)
                simulated = study.model.simulate(study.table, truth, rng)
        except ValueError as error:  # NumPy's, for parameters that no outcome can be drawn from
            raise RefitError(f"simulation: {error}") from error
        if is_possible(simulated, study.table, study.card.table):
            return refit_trial(study, study.refitter, truth, simulated, rng)._replace(
                redrawn=redrawn
            )
    raise RefitError(f"{MAXIMUM_REDRAWN} data sets in a row that the table cannot hold")


def is_possible(simulated: pd.DataFrame, real: pd.DataFrame, table: str) -> bool:
    """Whether *ingest* would take the outcomes that were simulated, by their ranges.

    A prior is wide enough for perplexities that no number can hold. To draw those again is a rule
    on data, not on truths: given the data each posterior is right, so that intervals still hold
    their truths at the stated rate.
    """
    return all(
        bool(check(simulated[name]).check_passed)
        for name, column in TABLES[table].to_schema().columns.items()
        if name in simulated and not simulated[name].equals(real.loc[simulated.index, name])
        for check in column.checks
    )


def refit_trial(
    study: Study,
    refitter: Refitter,
    truth: Truth,
    simulated: pd.DataFrame,
    rng: np.random.Generator,
) -> Trial:
    """What a refit to `simulated` finds of the `truth` that it was simulated from."""
    seed = draw_seed(rng)
    posterior = refitter.refit(simulated, study.card, study.priors, seed, study.settings)
    complete = add_unfitted(simulated, study.table)
    true, drawn = study.measure_truth(truth, complete), study.measure(posterior, complete)
    keys = [key for key in true if key in drawn]
    return Trial(find(true[keys].iloc[0], drawn[keys]), int(posterior.attrs["divergences"]))


def add_unfitted(simulated: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Simulated rows and the real ones that are not fitted: a comparison may end at one."""
    return pd.concat([simulated, real[real["exclusion"].notna()]], ignore_index=True)


def find(truth: pd.Series, draws: pd.DataFrame) -> pd.DataFrame:
    """By key: truth, 90 % interval, median, and the share of draws below the truth, ties half."""
    interval = draws.quantile(list(INTERVAL.values())).T.set_axis(list(INTERVAL), axis=1)
    return interval.assign(truth=truth, rank=(draws < truth).mean() + 0.5 * (draws == truth).mean())


def measure_width(draws: pd.DataFrame) -> pd.Series:
    """Width of the 90 % equal-tailed interval, by key."""
    return draws.quantile(INTERVAL["upper"]) - draws.quantile(INTERVAL["lower"])


def count_failures(trials: list[Trial | str]) -> dict[str, Any]:
    """How many refits there were, which gave nothing and why, and the divergences of the others."""
    failures = [
        {"dataset": i, "reason": each} for i, each in enumerate(trials) if isinstance(each, str)
    ]
    made = [each for each in trials if not isinstance(each, str)]
    return {
        "datasets": len(trials),
        "failed": len(failures),
        "failures": failures,
        "divergences": sum(each.divergences for each in made),
        "redrawn": sum(each.redrawn for each in made),
    }


def round_number(value: Any) -> float | None:
    """Four significant digits; None where there is no number."""
    number = float(value)
    return float(f"{number:.4g}") if np.isfinite(number) else None
