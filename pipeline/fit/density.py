"""What is evaluated once per fit: densities and predictions of all draws, without compiling.

PyTensor's default is to compile with Numba, which takes 5 to 30 s for functions that then run for a
tenth of a second. Here graphs run as they are, over many draws at a time.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.replace import clone_replace, vectorize_graph
from pytensor.graph.traversal import ancestors
from pytensor.tensor import broadcast_to, stack, tensor
from pytensor.tensor.basic import MakeVector
from pytensor.tensor.random.basic import BetaBinomialRV
from scipy import stats

UNCOMPILED = Mode(linker="py", optimizer="fast_compile")
logging.getLogger("pymc").setLevel(logging.WARNING)  # it names every variable that it samples
DRAWS_AT_A_TIME = 2000  # of some hundred rows: a hundred megabytes
SCALARS = 10  # inputs of a vector that may repeat each other
TINY = np.finfo(float).tiny


def log_likelihood(built: Any, posterior: xr.Dataset) -> xr.Dataset:
    """Log density of every observed value, dims chain, draw and those of the variable."""
    return _evaluate(built, built.observed_RVs, posterior)


def log_prior(built: Any, posterior: xr.Dataset) -> xr.Dataset:
    """Log prior density of every free variable at its own value, without Jacobians."""
    return _evaluate(built, built.free_RVs, posterior)


def sample_prior(built: Any, draws: int, seed: int) -> xr.DataTree:
    """Prior and prior predictive draws; observed and constant data come with them."""
    with built, _at_edges():
        return pm.sample_prior_predictive(
            draws=draws, random_seed=seed, compile_kwargs={"mode": UNCOMPILED}
        )


def sample_predictions(built: Any, posterior: xr.Dataset, seed: int) -> xr.Dataset:
    """Outcomes predicted for the fitted rows, one set for each draw of `posterior`."""
    with built, _at_edges():
        tree = pm.sample_posterior_predictive(
            xr.DataTree.from_dict({"posterior": posterior}),
            random_seed=seed,
            progressbar=False,
            freeze_vars=list(map(str, posterior.data_vars)),
            compile_kwargs={"mode": UNCOMPILED},
        )
    return tree["posterior_predictive"].to_dataset()


@contextmanager
def _at_edges() -> Iterator[None]:
    """Beta-binomials can be drawn where the share expected rounds to 0 or 1, which SciPy refuses.

    Prior draws go there where the ceiling of a benchmark is 1. Other draws are what they were.
    """
    stated = vars(BetaBinomialRV)["rng_fn_scipy"]

    def draw(_: Any, rng: Any, n: Any, alpha: Any, beta: Any, size: Any) -> Any:
        inside = (np.maximum(each, TINY) for each in (alpha, beta))
        return stats.betabinom.rvs(n, *inside, size=size, random_state=rng)

    BetaBinomialRV.rng_fn_scipy = classmethod(draw)
    try:
        yield
    finally:
        BetaBinomialRV.rng_fn_scipy = stated


class Constrainer:
    """Draws of the sampler's unconstrained values -> draws of every parameter and deterministic.

    Data of the model may have other values than those it was built with: a refit's.
    """

    def __init__(self, built: Any) -> None:
        self._built, self._lock = built, threading.Lock()
        self._values = [built.rvs_to_values[variable] for variable in built.free_RVs]
        self._named = [*built.free_RVs, *built.deterministics]
        data = [v for v in built.data_vars if isinstance(v, SharedVariable)]
        self._data = {str(variable.name): variable for variable in data}
        self._function = _stack(
            built.replace_rvs_by_values(self._named), self._values, list(self._data.values())
        )

    def constrain(self, draws: xr.Dataset, data: dict[str, np.ndarray]) -> xr.Dataset:
        """Variables by name, dims chain, draw and their own; `data`: what differs, by name."""
        given = [
            np.asarray(data.get(name, variable.get_value()), dtype=variable.dtype)
            for name, variable in self._data.items()
        ]
        flat = [_flatten(draws[variable.name]) for variable in self._values]
        with self._lock:  # PyTensor keeps a function's arguments in one place
            made = _run(self._function, flat, given)
        return _collect(made, [v.name for v in self._named], self._built, draws)


def _evaluate(built: Any, variables: Sequence[Any], posterior: xr.Dataset) -> xr.Dataset:
    """Elementwise log density of `variables` of the model at every draw."""
    names = [variable.name for variable in variables]
    bare = remove_value_transforms(built)  # values are those of the draws, not of the sampler
    outputs = bare.logp(vars=[bare[name] for name in names], sum=False, jacobian=False)
    function = _stack(outputs, [bare.rvs_to_values[variable] for variable in bare.free_RVs], [])
    flat = [_flatten(posterior[variable.name]) for variable in bare.free_RVs]
    return _collect(_run(function, flat, []), names, bare, posterior)


def _stack(outputs: Sequence[Any], inputs: Sequence[Any], data: Sequence[Any]) -> Any:
    """A function of stacked draws of `inputs`, first dim draw, and of values of `data`."""
    stacked = [tensor(shape=(None, *each.type.shape), dtype=each.dtype) for each in inputs]
    given = [tensor(shape=(None,) * each.ndim, dtype=each.dtype) for each in data]
    folded = clone_replace(list(outputs), _fold(outputs), rebuild_strict=False)
    bare = clone_replace(folded, dict(zip(data, given, strict=True)), rebuild_strict=False)
    made = [
        each if each.ndim > one.ndim else broadcast_to(each, (stacked[0].shape[0], *each.shape))
        for each, one in zip(
            vectorize_graph(bare, dict(zip(inputs, stacked, strict=True))), bare, strict=True
        )  # what depends on no input is the same for every draw
    ]
    return pytensor.function([*stacked, *given], made, mode=UNCOMPILED, on_unused_input="ignore")


def _fold(outputs: Sequence[Any]) -> dict[Any, Any]:
    """Vectors of many repeated scalars, and the same taken from a vector of the scalars once.

    PyTensor turns `levels[index]` into a vector of as many inputs as rows, and to vectorise it
    takes the square of their number of nodes: minutes for 300 rows.
    """
    folded = {}
    for variable in ancestors(outputs):
        node = variable.owner
        if node is not None and isinstance(node.op, MakeVector) and len(node.inputs) > SCALARS:
            keys = [e.signature() if isinstance(e, Constant) else e for e in node.inputs]
            once = dict(zip(keys, node.inputs, strict=True))
            at = {key: position for position, key in enumerate(once)}
            folded[variable] = stack(list(once.values()))[np.array([at[key] for key in keys])]
    return folded


def _run(function: Any, flat: list[np.ndarray], given: list[np.ndarray]) -> list[np.ndarray]:
    starts = range(0, len(flat[0]), DRAWS_AT_A_TIME)
    parts = [function(*(v[at : at + DRAWS_AT_A_TIME] for v in flat), *given) for at in starts]
    return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]


def _collect(
    made: list[np.ndarray], names: Sequence[str], model: Any, draws: xr.Dataset
) -> xr.Dataset:
    shape = draws.sizes["chain"], draws.sizes["draw"]
    coords, named = {"chain": draws["chain"], "draw": draws["draw"]}, {}
    for name, values in zip(names, made, strict=True):
        own = values.shape[1:]
        dims = model.named_vars_to_dims.get(name) or [f"{name}_dim_{i}" for i in range(len(own))]
        named[name] = ("chain", "draw", *dims), values.reshape(*shape, *own)
        coords |= {dim: list(model.coords[dim]) for dim in dims if model.coords.get(dim)}
    return xr.Dataset(named, coords)


def _flatten(draws: xr.DataArray) -> np.ndarray:
    """Draws of both chain and draw along one axis, the first."""
    values = draws.transpose("chain", "draw", ...).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))
