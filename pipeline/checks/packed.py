"""A model as the density of one vector, with all its data in another.

Nearly all of a compile is type inference over what the compiled function unpacks: so there is one
vector to walk in and one of data, which also says in which coordinates the sampler walks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.graph.replace import graph_replace
from pytensor.tensor.basic import MakeVector

from pipeline.checks.whitening import ROTATED, Whitening, make_identity, unwhiten

WHITENED, PACKED = "whitened", "packed_data"


@dataclass(frozen=True)
class Values:
    """The model's unconstrained values: names and shapes, those of the largest variables last, and
    where PyMC would start them, shape (value,); the first `rotated` of them can be rotated.
    """

    shapes: dict[str, tuple[int, ...]]
    start: np.ndarray
    rotated: int

    def split(self, draws: np.ndarray) -> xr.Dataset:
        """Draws of the values, shape (chain, draw, value), by name."""
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        pieces = np.split(draws, np.cumsum(sizes)[:-1], axis=-1)
        named = {
            name: (
                ("chain", "draw", *(f"{name}_{axis}" for axis in range(len(shape)))),
                piece.reshape(*draws.shape[:2], *shape),
            )
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }
        coords = {"chain": np.arange(draws.shape[0]), "draw": np.arange(draws.shape[1])}
        return xr.Dataset(named, coords)


def join(values: Iterable[Any], whitening: Whitening) -> np.ndarray:
    """The vector of data: `values` in the order in which they were packed, then the whitening's.

    Whole numbers are exact up to 2^53.
    """
    return np.concatenate(
        [np.ravel(each).astype(float) for each in (*values, *whitening.list_arrays())]
    )


def pack(built: Any, data: list[Any]) -> tuple[Any, Values]:
    """The model of one variable `whitened`, shape (value,), and one shared vector of data; and its
    unconstrained values. `data`: the model's pm.Data that may be exchanged, in the vector's order.
    """
    fixed = freeze_dims_and_data(built, data=[])
    values = _list_values(fixed)
    given = [np.asarray(variable.get_value()) for variable in data]
    plain = make_identity(values.start, values.rotated)
    joined = join(given, plain)
    packed = pytensor.shared(joined, name=PACKED, shape=joined.shape)
    pieces = _cut(packed, [each.shape for each in (*given, *plain.list_arrays())])
    model = _read_from(fixed, [v.name for v in data], given, pieces[: len(data)])
    with pm.Model() as packed_model:
        whitened = pm.Flat(WHITENED, shape=len(values.start))
        own = unwhiten(whitened, *pieces[len(data) :])
        by_name = dict(zip(values.shapes, _cut(own, values.shapes.values()), strict=True))
        at = {v: v.type.filter_variable(by_name[v.name], True) for v in model.value_vars}
        pm.Potential("density", graph_replace([model.logp()], at, strict=True)[0])
    return packed_model, values


def _list_values(model: Any) -> Values:
    start = model.initial_point()
    names = sorted((v.name for v in model.value_vars), key=lambda name: np.size(start[name]))
    sizes = [np.size(start[name]) for name in names]
    while sizes and sum(sizes) > ROTATED:
        sizes.pop()
    joined = np.concatenate([np.ravel(start[name]) for name in names]).astype(float)
    return Values({name: np.shape(start[name]) for name in names}, joined, sum(sizes))


def _cut(vector: Any, shapes: Iterable[tuple[int, ...]]) -> list[Any]:
    """The vector's pieces, one after another, in these shapes."""
    at, pieces = 0, []
    for shape in shapes:
        size = int(np.prod(shape))
        pieces.append(vector[at : at + size].reshape(shape))
        at += size
    return pieces


def _read_from(model: Any, names: list[str], given: list[np.ndarray], pieces: list[Any]) -> Any:
    """The model with its data, by name, replaced by `pieces` of their types."""
    graph, memo = fgraph_from_model(model)
    replacements = []
    for name, value, piece in zip(names, given, pieces, strict=True):
        old = memo[model[name]].owner.inputs[0]
        new = old.type.filter_variable(piece.astype(value.dtype), allow_convert=True)
        replacements.append((old, new))
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
