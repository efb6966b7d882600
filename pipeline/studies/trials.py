"""What the parts of a calibration study share: one cell, its random numbers, refits side by side,
and the quantities that are watched.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Truth, as_draws, estimand_key, flatten
from pipeline.checks.numbers import TAILS
from pipeline.checks.refit import (
    FEW,
    THOROUGH,
    RefitError,
    Refitter,
    Settings,
    choose_settings,
)
from pipeline.ingest.tables import TABLES
from pipeline.studies.engine import Engine
from pipeline.studies.recipe import Recipe

# Beside the headline estimands.
WATCHED = ("share_compute", "rate_decades_per_year", "allocation_coefficient")
MAXIMUM_REDRAWN = 200


class Trial(NamedTuple):
    """One refit to simulated data: by key the truth, the interval, and the rank of the truth."""

    found: pd.DataFrame
    divergences: int
    redrawn: int = 0  # data sets before it that the table could not hold


@dataclass(frozen=True)
class Study:
    """One cell under study. The same `seed` gives the same results whatever workers there are.

    `key` says what all of its tasks depend on: those of two studies of one key are the same.
    """

    name: str
    model: Any  # a models.Model, of which some are a models.Leaderboard
    table: pd.DataFrame
    card: Card
    recipe: Recipe
    seed: int
    engine: Engine = field(default_factory=Engine)
    key: str = ""

    @property
    def refitter(self) -> Refitter:
        """The compiled model: it takes seconds the first time in a process, so ask on a worker."""
        return self.recipe.compile()

    @property
    def settings(self) -> Settings:
        """Of the refits to simulated data; ask on a worker.

        The mass matrix of few parameters is diagonal: data drawn from a prior have posteriors of
        all shapes, and on some a low-rank one leaves a hundred effective draws or fewer (the
        scaling law on Marin's grid: on 6 of 40, with a diagonal one on 1), so that intervals miss.
        """
        chosen = choose_settings(self.refitter)
        return replace(chosen, many=0) if self.refitter.parameter_count <= FEW else chosen

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

    def run[T](
        self, part: str, task: Callable[[int], T], count: int | Sequence[Any]
    ) -> list[T | str]:
        """`task` of 0 to `count` - 1 on the workers, or of each position in what it takes up; the
        reason where a refit fails.
        """
        names = range(count) if isinstance(count, int) else count
        keys = [f"{self.key} {part} {name}" for name in names]
        return self.engine.run(f"{self.name} {part}", partial(_attempt, task), keys)

    def ask[T](self, part: str, question: Callable[["Study"], T]) -> T:
        """What `question` finds of the study where its model is compiled. Raises RefitError."""
        (found,) = self.run(part, lambda _: [question(self)], 1)
        if isinstance(found, str):
            raise RefitError(found)
        return found[0]

    def find_medians(self, part: str) -> xr.Dataset:
        """Posterior medians of the real data, as one draw of one chain. Raises RefitError."""
        return self.ask(
            part,
            lambda study: (
                study.refit_real(part, 0).median(("chain", "draw")).expand_dims(chain=1, draw=1)
            ),
        )

    def refit_real(
        self, part: str, index: int, table: pd.DataFrame | None = None, priors: Any = None
    ) -> xr.Dataset:
        """The posterior on the real data, or on `table` or `priors` in their place."""
        chosen = self.table if table is None else table
        seed = draw_seed(self.make_generator(part, index))
        return self.refitter.refit(chosen, self.card, priors or self.priors, seed, THOROUGH)

    def measure_real(self, part: str, cases: list[dict[str, Any]]) -> list[pd.DataFrame | str]:
        """What is watched, summarised, in `refit_real` with the arguments of each case."""

        def refit(index: int) -> pd.DataFrame:
            return summarise(self.measure(self.refit_real(part, index, **cases[index])))

        return self.run(part, refit, len(cases))

    def measure(self, posterior: xr.Dataset, table: pd.DataFrame | None = None) -> pd.DataFrame:
        """Draws of the headline estimands, compute shares and rates that are finite, by key.

        A share that is not reported because its total is often near zero is divided all the same:
        of one truth there is one total, and a study of shares must not choose its datasets by them.
        """
        made = self.model.estimands(posterior, self.table if table is None else table, self.card)
        if "share_compute" in made:
            parts = [made[name].fillna(0.0) for name in made if str(name).startswith("decades_")]
            with np.errstate(divide="ignore", invalid="ignore"):
                share = made["decades_compute"] / sum(parts[1:], start=parts[0])
            made["share_compute"] = share.assign_attrs(made["share_compute"].attrs)
        watched = [
            name
            for name, each in made.items()
            if each.attrs.get("is_headline") or estimand_key(str(name), each) in WATCHED
        ]
        columns = {
            key: each.transpose("chain", "draw").to_numpy().ravel().astype(float)
            for key, each in flatten(made[watched])
        }
        draws = pd.DataFrame(columns)
        return draws[[key for key in draws if np.isfinite(draws[key]).all()]]


def _attempt[T](task: Callable[[int], T], index: int) -> T | str:
    try:
        return task(index)
    except RefitError as failure:
        return str(failure)


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for the sampler."""
    return int(rng.integers(2**31))


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
            complete = add_unfitted(simulated, study.table)
            return refit_trial(study, truth, simulated, complete, rng)._replace(redrawn=redrawn)
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
    truth: Truth,
    simulated: pd.DataFrame,
    measured: pd.DataFrame,
    rng: np.random.Generator,
    derive: Callable[[pd.DataFrame], pd.DataFrame] = lambda draws: draws,
) -> Trial:
    """What a refit to `simulated` finds of the `truth` that it was simulated from: the quantities
    watched on the rows `measured`, with what `derive` adds to them.
    """
    posterior = study.refitter.refit(
        simulated, study.card, study.priors, draw_seed(rng), study.settings
    )
    draws = (as_draws(truth, study.model.DIMS), posterior)
    true, drawn = (derive(study.measure(each, measured)) for each in draws)
    keys = [key for key in true if key in drawn]
    return Trial(find(true[keys].iloc[0], drawn[keys]), int(posterior.attrs["divergences"]))


def add_unfitted(simulated: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Simulated rows and the real ones that are not fitted: a comparison may end at one."""
    return pd.concat([simulated, real[real["exclusion"].notna()]], ignore_index=True)


def summarise(draws: pd.DataFrame) -> pd.DataFrame:
    """Median, standard deviation, and 90 % equal-tailed interval with its width, by key."""
    lower, upper = (draws.quantile(tail) for tail in TAILS)
    spread = {"sd": draws.std(ddof=0), "lower": lower, "upper": upper, "width": upper - lower}
    return pd.DataFrame({"median": draws.median(), **spread})


def find(truth: pd.Series, draws: pd.DataFrame) -> pd.DataFrame:
    """The summary with the truth and its rank: the share of draws below it, ties half."""
    rank = (draws < truth).mean() + 0.5 * (draws == truth).mean()
    return summarise(draws).assign(truth=truth, rank=rank)


def count_failures(trials: list[Trial | str]) -> dict[str, Any]:
    """How many refits there were, which gave nothing and why, and the divergences of the others."""
    failed = {i: each for i, each in enumerate(trials) if isinstance(each, str)}
    made = [each for each in trials if not isinstance(each, str)]
    return {
        "datasets": len(trials),
        "failed": len(failed),
        "failures": [{"dataset": i, "reason": reason} for i, reason in failed.items()],
        "divergences": sum(each.divergences for each in made),
        "redrawn": sum(each.redrawn for each in made),
    }
