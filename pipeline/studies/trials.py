"""What the parts of a calibration study share: one cell, its random numbers, refits side by side,
and the quantities that are watched.
"""

import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

import models
from models import INTERVAL_PROBABILITY, Card, Truth, as_draws, estimand_key, flatten
from pipeline.checks.refit import QUICK, THOROUGH, RefitError, Refitter, Settings
from pipeline.ingest.tables import TABLES

TAILS = ((1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2)
# Watched beside the headline estimands: key without its label.
WATCHED = ("share_compute", "rate_decades_per_year")
REPORT_SECONDS = 10.0
MAXIMUM_REDRAWN = 200
Draws = dict[str, np.ndarray]  # key: draws, one dimension


class Found(NamedTuple):
    """The interval of one quantity in one refit, beside the truth that its data came from."""

    truth: float
    lower: float
    median: float
    upper: float
    rank: float  # share of the draws below the truth, ties half


@dataclass(frozen=True)
class Trial:
    """One refit: what it found by key, or why there is nothing."""

    index: int
    found: dict[str, Found] = field(default_factory=dict)
    divergences: int = 0
    reason: str = ""
    redrawn: int = 0  # data sets before it that the table could not hold


@dataclass(frozen=True)
class Study:
    """One cell under study. The same `seed` gives the same results whatever `jobs` is."""

    name: str
    model: models.Model
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

    def run[T](self, part: str, task: Callable[[int], T], count: int) -> list[T]:
        """`task` of 0 to `count` - 1, in order, on as many threads as there are jobs."""
        pool = ThreadPoolExecutor(self.jobs)
        try:
            return list(report(f"{self.name} {part}", pool.map(task, range(count)), count))
        finally:
            pool.shutdown(cancel_futures=True)

    def refit_real(
        self, part: str, index: int, table: pd.DataFrame | None = None, priors: Any = None
    ) -> xr.Dataset:
        """The posterior on the real data, or on `table` or `priors` in their place."""
        chosen = self.table if table is None else table
        seed = draw_seed(self.make_generator(part, index))
        return self.refitter.refit(chosen, self.card, priors or self.priors, seed, THOROUGH)

    def measure_real(self, part: str, index: int, **changed: Any) -> Draws | str:
        """Draws of the watched quantities of `refit_real`, or why there are none."""
        try:
            return self.measure(self.refit_real(part, index, **changed), self.table)
        except RefitError as failure:
            return str(failure)

    def measure(self, posterior: xr.Dataset, table: pd.DataFrame) -> Draws:
        """Draws of the headline estimands, compute shares and rates that are finite, by key.

        A share that is not reported because its total is often near zero is divided all the same:
        of one truth there is one total, and a study of shares must not choose its datasets by them.
        """
        made = self.model.estimands(posterior, table, self.card)
        watched = {
            str(name): each
            for name, each in made.items()
            if each.attrs.get("is_headline") or estimand_key(str(name), each) in WATCHED
        }
        if "share_compute" in watched:
            watched["share_compute"] = _divide_compute(made)
        flat = {
            key: draws.transpose("chain", "draw").to_numpy().ravel().astype(float)
            for key, draws in flatten(xr.Dataset(watched))
        }
        return {key: draws for key, draws in flat.items() if np.isfinite(draws).all()}


def report[T](label: str, results: Iterable[T], total: int) -> Iterator[T]:
    """All results; a line on standard error every ten seconds and at the end."""
    start = said = time.monotonic()
    for done, result in enumerate(results, 1):
        now = time.monotonic()
        if now - said > REPORT_SECONDS or done == total:
            said, left = now, (now - start) * (total - done) / done
            print(f"{label}: {done} of {total}, {left:.0f} s left", file=sys.stderr, flush=True)
        yield result


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for the sampler."""
    return int(rng.integers(2**31))


def _divide_compute(made: xr.Dataset) -> xr.DataArray:
    """Decades of compute over those of all parts that a step has; NaN where it is not split."""
    parts = [each.fillna(0.0) for name, each in made.items() if str(name).startswith("decades_")]
    with np.errstate(divide="ignore", invalid="ignore"):
        return made["decades_compute"] / sum(parts[1:], start=parts[0])


def run_trial(
    study: Study, part: str, index: int, change: Callable[[Truth], Truth] | None = None
) -> Trial:
    """Draw a truth from the prior (and `change` it), simulate from it on the real rows, refit."""
    rng = study.make_generator(part, index)
    for redrawn in range(MAXIMUM_REDRAWN):
        try:
            with np.errstate(over="ignore", under="ignore"):
                drawn = study.model.sample_prior(study.table, study.card, study.priors, rng)
                truth = change(drawn) if change else drawn
                simulated = study.model.simulate(study.table, truth, rng)
        except ValueError as error:  # NumPy's, for parameters that no outcome can be drawn from
            return Trial(index, reason=f"simulation: {error}")
        if is_possible(simulated, study.table, study.card.table):
            trial = refit_trial(study, study.refitter, index, truth, simulated, draw_seed(rng))
            return replace(trial, redrawn=redrawn)
    return Trial(index, reason=f"{MAXIMUM_REDRAWN} data sets in a row that the table cannot hold")


def is_possible(simulated: pd.DataFrame, real: pd.DataFrame, table: str) -> bool:
    """Whether *ingest* would take the outcomes that were simulated, by their ranges.

    A prior is wide enough for perplexities that no number can hold. To draw those again is a rule
    on data, not on truths: given the data each posterior is right, so that intervals still hold
    their truths at the stated rate.
    """
    columns = TABLES[table].to_schema().columns
    return all(
        bool(check(simulated[name]).check_passed)
        for name, column in columns.items()
        if name in simulated and not simulated[name].equals(real.loc[simulated.index, name])
        for check in column.checks
    )


def add_unfitted(simulated: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Simulated rows and the real ones that are not fitted: a comparison may end at one."""
    return pd.concat([simulated, real[real["exclusion"].notna()]], ignore_index=True)


def refit_trial(
    study: Study, refitter: Refitter, index: int, truth: Truth, simulated: pd.DataFrame, seed: int
) -> Trial:
    """What a refit to `simulated` finds of the `truth` that it was simulated from."""
    try:
        posterior = refitter.refit(simulated, study.card, study.priors, seed, study.settings)
    except RefitError as failure:
        return Trial(index, reason=str(failure))
    complete = add_unfitted(simulated, study.table)
    true = study.measure(as_draws(truth, study.model.DIMS), complete)
    drawn = study.measure(posterior, complete)
    found = {key: find(float(true[key][0]), drawn[key]) for key in true if key in drawn}
    return Trial(index, found, int(posterior.attrs["divergences"]))


def find(truth: float, draws: np.ndarray) -> Found:
    """The 90 % interval and median of `draws`, and the rank of `truth` among them."""
    lower, median, upper = np.quantile(draws, [TAILS[0], 0.5, TAILS[1]])
    rank = float((draws < truth).mean() + 0.5 * (draws == truth).mean())
    return Found(truth, float(lower), float(median), float(upper), rank)


def count_failures(trials: list[Trial]) -> dict[str, Any]:
    """How many refits there were, which gave nothing and why, and the divergences of the others."""
    failures = [{"dataset": each.index, "reason": each.reason} for each in trials if each.reason]
    return {
        "datasets": len(trials),
        "failed": len(failures),
        "failures": failures,
        "divergences": sum(each.divergences for each in trials),
        "redrawn": sum(each.redrawn for each in trials),
    }


def round_number(value: Any) -> float | None:
    """Four significant digits; None where there is no number."""
    number = float(value)
    return float(f"{number:.4g}") if np.isfinite(number) else None
