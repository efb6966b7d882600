"""One model compiled once: for the fit, and for refits to other data of the same shape.

Compiling is most of what a fit costs. Nearly all of it is type inference over what the compiled
function unpacks, so all data go in as one vector, and parameters are computed from the sampler's
own values afterwards (pipeline/fit/density.py) instead of by a second compiled function.
"""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import pytensor
import xarray as xr
from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.basic import MakeVector
from pytensor.tensor.math import Dot

import models
from models import Card
from pipeline.checks.products import multiply_by_loops
from pipeline.fit.density import Constrainer

PACKED = "packed_data"
register_funcify_default_op_cache_key(Dot)(multiply_by_loops)
MOST_DIVERGENT = 0.5  # of the transitions: such a chain hardly moves


@dataclass(frozen=True)
class Settings:
    """Length of one refit, the depth at which a trajectory is cut off, and the largest acceptance
    aimed at: models ask for up to 0.99, which costs twice the time for the same effective draws.
    Beyond `many` parameters the mass matrix is diagonal whatever the model asks for: adapting a
    low-rank one takes seconds, ten times what the draws themselves take.

    One chain: when one of several cannot start, nutpie's others go on reading data that Python has
    let go, which may end the process.
    """

    draws: int = 500
    tune: int = 500
    maxdepth: int = 8
    target_accept: float = 0.85
    many: int = 60


QUICK = Settings()
FULL = Settings(draws=3000, tune=1500, maxdepth=10, target_accept=1.0)
THOROUGH = Settings(draws=2000, tune=1000, maxdepth=10, target_accept=1.0)
FEW = 8  # parameters


def choose_settings(refitter: "Refitter") -> Settings:
    """How long refits to simulated data are: a chain of the fit's own length where the model has
    few parameters or says `LONG_STUDIES`, QUICK elsewhere.

    Draws of a few parameters are cheap, and such models lie along curved ridges that short chains
    do not walk to the end: with QUICK, the scaling law's 90 % intervals held 0.79 to 0.85 of the
    truths.
    """
    is_long = refitter.parameter_count <= FEW or getattr(refitter.model, "LONG_STUDIES", False)
    return FULL if is_long else QUICK


def round_alike() -> Any:
    """A context, or a decorator of a function, in which models are compiled without fast math.

    Fast math lets the compiler add in another order and keep products unrounded, and what it does
    depends on what is compiled together. A function that Numba reads from the cache of an earlier
    run is compiled apart from its callers, a new one with them: with fast math the first fit on a
    machine and the second part ways. Without it both give the same draws, in the same time.
    """
    return pytensor.config.change_flags(numba__fastmath=False)


class RefitError(Exception):
    """The sampler gave nothing that can be read; the text says what it gave."""


class Refitter:
    """A compiled model: `sample` fits its own data, `refit` other values of them.

    Refits may run in several threads: sampling runs outside of Python's lock, and the same seed
    gives the same draws in whatever order the calls come.
    """

    def __init__(self, model: models.Model, table: pd.DataFrame, card: Card) -> None:
        self.model = model
        with round_alike():
            self.built = model.build(table, card, model.Priors())
            self._data = [v for v in self.built.data_vars if isinstance(v, SharedVariable)]
            compiled = nutpie.compile_pymc_model(_pack(self.built, self._data), var_names=[])
            self._constrainer = Constrainer(self.built)
        start = _one_at_a_time(compiled.initial_point_func)
        self._compiled = replace(compiled, initial_point_func=start)

    @property
    def parameter_count(self) -> int:
        """How many unconstrained parameters are sampled."""
        return int(self._compiled.n_dim)

    @property
    def data_names(self) -> set[str]:
        """The data that the compiled model reads: a prior that it does not use is not there."""
        return {str(variable.name) for variable in self._data}

    def sample(self, seed: int, progress: bool = False, **settings: Any) -> xr.DataTree:
        """Groups posterior and sample_stats of a fit to the data that the model was built with.

        `settings`: chains, draws, tune, and options of the sampler that differ from the model's.
        """
        options = self.model.SAMPLER | settings
        tree = _sample(self._compiled, seed=seed, progress_bar=progress, **options)
        posterior = self._constrainer.constrain(_unconstrained(tree), {})
        stats = tree["sample_stats"].to_dataset().drop_vars("unconstrained_draw", errors="ignore")
        return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})

    def refit(
        self, table: pd.DataFrame, card: Card, priors: Any, seed: int, settings: Settings = QUICK
    ) -> xr.Dataset:
        """The posterior, with the count of divergent transitions in attribute `divergences`.

        Raises RefitError where data or draws are not finite, no starting point has a density, or
        most transitions diverge; ValueError where the data have another shape.
        """
        values = self.read(table, card, priors)
        packed = _join(values.get(str(each.name), each.get_value()) for each in self._data)
        compiled = self._compiled.with_data(**{PACKED: packed})
        try:
            tree = _sample(compiled, seed=seed, progress_bar=False, **self._shorten(settings))
        except RuntimeError as error:  # of nutpie, with a trace of its own stack below
            raise RefitError(str(error).splitlines()[0]) from error
        diverging = tree["sample_stats"]["diverging"]
        if (share := float(diverging.mean())) > MOST_DIVERGENT:
            raise RefitError(f"{share:.0%} of the transitions diverged")
        posterior = self._constrainer.constrain(_unconstrained(tree), values)
        broken = [str(name) for name, each in posterior.items() if not np.isfinite(each).all()]
        if broken:
            raise RefitError(f"draws of {', '.join(broken)} are not finite")
        return posterior.assign_attrs(divergences=int(diverging.sum()))

    def _shorten(self, settings: Settings) -> dict[str, Any]:
        """The options of the model's sampler, as `settings` limit them."""
        made = self.model.SAMPLER | asdict(settings) | {"chains": 1}
        asked = self.model.SAMPLER.get("target_accept", 0.9)
        made["target_accept"] = min(asked, settings.target_accept)
        if self._compiled.n_dim > made.pop("many"):
            made["adaptation"] = "diag"
        return made

    def read(self, table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
        """The data that the compiled model would read, by name. Raises as `refit` does."""
        values = self.model.data(table, card, priors)
        shapes = {str(variable.name): variable.get_value().shape for variable in self._data}
        known = {name: np.asarray(v) for name, v in values.items() if name in shapes}
        for name, value in known.items():
            if value.shape != shapes[name]:
                raise ValueError(
                    f"{name} has shape {value.shape}, compiled for {shapes[name]}: "
                    "a model is refitted to as many rows, labs, tags and base models as it was "
                    "built for"
                )
            if not np.isfinite(value).all():
                raise RefitError(f"the data {name} are not finite")
        return known


def differ(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether any of the data in `one` have other values in `other`."""
    return any(not np.array_equal(one[name], other[name]) for name in one)


def _sample(compiled: Any, chains: int, **options: Any) -> xr.DataTree:
    kept = {"save_warmup": False, "store_unconstrained": True}
    return nutpie.sample(compiled, chains=chains, cores=chains, **kept, **options)


def _join(values: Any) -> np.ndarray:
    return np.concatenate([np.ravel(value).astype(float) for value in values])


def _pack(built: Any, data: list[Any]) -> Any:
    """The model with all its data in one shared vector, and dims of fixed length."""
    values = [np.asarray(variable.get_value()) for variable in data]
    joined = _join(values)
    packed = pytensor.shared(joined, name=PACKED, shape=joined.shape)
    fixed = freeze_dims_and_data(built, data=[])
    graph, memo = fgraph_from_model(fixed)
    at, replacements = 0, []
    for name, value in zip((variable.name for variable in data), values, strict=True):
        piece = packed[at : at + value.size].reshape(value.shape).astype(value.dtype)
        old = memo[fixed[name]].owner.inputs[0]
        replacements.append((old, old.type.filter_variable(piece, allow_convert=True)))
        at += value.size
    graph.replace_all(replacements, import_missing=True)
    _join_scalars(graph)
    return model_from_fgraph(graph, mutate_fgraph=True)


def _join_scalars(graph: Any) -> None:
    """Have the graph's vectors that are made of scalars made by joining instead.

    Where such a vector is indexed by a constant, PyTensor makes a new one of as many scalars as
    there are rows: Numba takes minutes over some hundreds of them, and refuses a thousand.
    """
    for node in graph.toposort():
        if isinstance(node.op, MakeVector):
            (old,) = node.outputs
            joined = pytensor.tensor.join(0, *(each.dimshuffle("x") for each in node.inputs))
            new = old.type.filter_variable(joined, allow_convert=True)
            graph.replace(old, new, import_missing=True)


def _unconstrained(tree: xr.DataTree) -> xr.Dataset:
    """Draws of the sampler's own values; those that need no transform stand in `posterior`."""
    plain = tree["posterior"].to_dataset()
    if "unconstrained_posterior" not in tree.children:
        return plain
    return plain.merge(tree["unconstrained_posterior"].to_dataset(), compat="override")


def _one_at_a_time(function: Callable[[Any], np.ndarray]) -> Callable[[Any], np.ndarray]:
    """PyTensor keeps a function's arguments in one place: two threads would mix their seeds."""
    lock = threading.Lock()

    def call(seed: Any) -> np.ndarray:
        with lock:
            return function(seed)

    return call
