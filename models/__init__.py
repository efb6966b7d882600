"""The model contract, the meaning of the shares, and `load`.

A model is a module `models/<family>/<name>.py` that satisfies `Model`: it reads one table, states
its priors as a frozen dataclass, and turns a posterior into the quantities readers ask for, draw by
draw. Models import nothing from `pipeline`; what pages say of them is in `reports/models/`.

What is being split
-------------------
Effective compute, in decades (log10), is the training compute that a result would have needed with
the algorithms of a reference date::

    log10 effective = log10 C + a

    C: physical training FLOP          a: everything that made a FLOP go further

The step from model A to a later model B has parts: compute (of training), inference (compute at
test time), allocation, technique, trend, lab and unexplained. Each part's *decades* come from that
part's own terms, never as a remainder:

- ``decades_<part>``: the part of B less the part of A, in decades.
- ``share_<part> = decades_<part> / sum of all decades``, the unexplained included. A share may be
  negative or above 1. Where more than 1 % of the draws have a total below 0.1 decade in size,
  shares are not reported.
- ``share_algorithms``: allocation + technique + trend + lab. The unexplained part is never called
  algorithms.
- ``shapley_<part>``: the part's Shapley value of the fitted score, averaged over all orders in
  which the parts may change from A's value to B's; they sum to the change of the fitted score in
  every draw.
- ``shapley_share_<part>``: that value over the sum of all. Where more than 1 % of the draws change
  the score by less than 0.01, they are not reported.

Data quality, distillation and contamination cannot be distinguished from the trend.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
import xarray as xr

from models.options import Options

INTERVAL_PROBABILITY = 0.9  # of every interval the project prints, equal-tailed


@dataclass(frozen=True)
class Card:
    """What a model may know of its dataset beside the table.

    `runs` is the validated registry; `scaling_law` the draws of the fitted law that allocation is
    measured against (models/effective_compute/allocation.py).
    """

    dataset: str
    table: str
    options: Options
    runs: pd.DataFrame | None = None
    scaling_law: pd.DataFrame | None = None

    def options_of[T: Options](self, kind: type[T]) -> T:
        """The options, of this kind. Raises AssertionError for the card of another table."""
        assert isinstance(self.options, kind)
        return self.options


Truth = dict[str, Any]  # variable: number, {label: number} or {label: {label: number}}


class Model(Protocol):
    """What every module in `models/` provides."""

    __name__: str
    TABLE: str
    SAMPLER: dict[str, Any]
    Priors: type
    DIMS: dict[str, tuple[str, ...]]  # label dims of every variable of a truth that has labels

    def unsupported_reason(self, table: pd.DataFrame, card: Card) -> str:
        """Why the model cannot be fitted to this dataset; empty where it can."""

    def data(self, table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
        """The value of every pm.Data of `build`, by name.

        A compiled model is refitted to other outcomes, computes or priors by giving it these; the
        shapes depend on the rows, labs, tags and base models alone.
        """

    def build(self, table: pd.DataFrame, card: Card, priors: Any) -> Any:
        """The PyMC model: named coords and dims, observed data and prior scales in pm.Data."""

    def sample_prior(
        self, table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator
    ) -> Truth:
        """Every parameter drawn from its prior, in plain NumPy; shares no code with `build`."""

    def simulate(self, table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
        """Rows like `table`'s with outcomes drawn from `truth`; shares no code with `build`."""

    def estimands(self, posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
        """The quantities readers ask for, on dims chain, draw[, label].

        Each has the attributes label and unit. Further attributes: `key` (name in the attribution
        file, if not the variable's), `is_positive` (positive by construction), `derived_from` (its
        convergence is that of another estimand), `reasons` (label -> why not reported), `labels`
        (label -> its words, where the label is not of the card), `is_headline` (its sensitivity to
        the prior is measured and shown).
        """

    def regressors(self, table: pd.DataFrame, card: Card) -> pd.DataFrame:
        """What the model explains the outcome by: one column each, one row per fitted row.

        The identification panel shows their correlations and variance inflation.
        """

    def baseline(self, table: pd.DataFrame, card: Card) -> pd.DataFrame:
        """The classical twin: columns key, label, method, estimate, lower, upper (90 %)."""

    def headline_key(self, card: Card) -> str:
        """The estimand that the page puts first, `name` or `name[label]`."""


class Leaderboard(Model, Protocol):
    """What the models of leaderboards provide besides: units to leave out, shares to fix."""

    def unit_log_likelihood(
        self,
        posterior: xr.Dataset,
        table: pd.DataFrame,
        card: Card,
        only: Collection[str] | None = None,
    ) -> xr.DataArray:
        """Log density of the rows of each base model, what is its own integrated out.

        Dims chain, draw, base_model; coordinate row_count on base_model: the rows behind each.
        """

    def fix_share(self, truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
        """The truth with its algorithms scaled: compute is `share` of the headline comparison."""


def load(name: str) -> Model:
    """The model `name`. Raises ModuleNotFoundError where no family has a file `<name>.py`."""
    return cast("Model", import_module(f"models.{find_family(name)}.{name}"))


def find_family(name: str) -> str:
    """The package of models/ that has the model `name`. Raises ModuleNotFoundError without one."""
    for path in sorted(Path(__file__).parent.glob(f"*/{name}.py")):
        return path.parent.name
    raise ModuleNotFoundError(f"no family of models/ has a file {name}.py")


def fitted_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are fitted: those without a reason for exclusion, in the table's order."""
    return table[table["exclusion"].isna()].reset_index(drop=True)


def estimand_key(name: str, variable: xr.DataArray) -> str:
    """The name of an estimand in the attribution file, without its label."""
    return str(variable.attrs.get("key", name))


def flatten(estimands: xr.Dataset) -> Iterator[tuple[str, xr.DataArray]]:
    """Every scalar estimand as (key, draws on dims chain, draw); key is `name` or `name[label]`."""
    for name, variable in estimands.data_vars.items():
        key = estimand_key(str(name), variable)
        labels = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        if not labels:
            yield key, variable
            continue
        (dim,) = labels
        for label in variable[dim].values:
            yield f"{key}[{label}]", variable.sel({dim: label}).drop_vars(str(dim))


def as_draws(truth: Truth, dims: dict[str, tuple[str, ...]]) -> xr.Dataset:
    """A truth as a posterior of one chain and one draw, so that `estimands` can be taken of it."""
    made = {}
    for name, value in truth.items():
        labels, numbers = dims.get(name, ()), value
        coords: list[list[Any]] = [[0], [0]]
        if len(labels) == 1:
            numbers, coords = list(value.values()), [*coords, list(value)]
        elif len(labels) == 2:
            numbers = pd.DataFrame(value).T  # {first: {second: number}}: first label is the index
            coords = [*coords, list(numbers.index), list(numbers.columns)]
        draws = np.asarray(numbers, dtype=float)[None, None]
        made[name] = xr.DataArray(draws, coords, ("chain", "draw", *labels))
    return xr.Dataset(made)
