"""Coordinates of the sampler, and a model packed into one vector: the density stays what it is."""

import itertools

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.traversal import ancestors

from pipeline.checks import packed, refit
from pipeline.checks.whitening import Whitening, estimate_whitening, make_identity, unwhiten
from pipeline.fit.density import UNCOMPILED

COVARIANCE = np.array([[4.0, 1.9, 0.0], [1.9, 1.0, 0.0], [0.0, 0.0, 9.0]])
CENTER = np.array([1.0, -2.0, 100.0])


def draw_values(count: int = 20_000) -> np.ndarray:
    return np.random.default_rng(1).multivariate_normal(CENTER, COVARIANCE, count)


@pytest.mark.parametrize("rotated", [0, 2, 3])
def test_whitened_draws_have_the_mean_and_covariance_of_the_pilot(rotated: int) -> None:
    found = estimate_whitening(draw_values(), rotated)
    np.testing.assert_allclose(found.center, CENTER, atol=0.1)
    whitened = np.random.default_rng(2).normal(size=(20_000, 3))
    made = np.cov(found.unwhiten(whitened).T)
    kept = 1.9 if rotated else 0.0  # scaled alone, they are walked in as if apart
    expected = np.array([[4.0, kept, 0.0], [kept, 1.0, 0.0], [0.0, 0.0, 9.0]])
    np.testing.assert_allclose(made, expected, atol=0.25)


@pytest.mark.parametrize("still", [0.1, 3.0, 1e8])
def test_values_that_never_moved_are_walked_in_as_they_are(still: float) -> None:
    values = draw_values(1000)
    values[:, 1] = still
    found = estimate_whitening(values, 3)
    assert np.isfinite(found.rotation).all()
    assert found.unwhiten(np.eye(3)[1])[1] == pytest.approx(still + 1)


def build() -> pm.Model:
    """Values of every kind: a scalar that is transformed, a vector, a matrix; data of two types."""
    coords = {"row": range(4), "side": ["a", "b"]}
    with pm.Model(coords=coords) as model:
        count = pm.Data("count", np.array([3, 0, 7, 2]), dims="row")
        at = pm.Data("at", np.array([0.1, 0.4, -2.0, 1.0]), dims="row")
        scale = pm.HalfNormal("scale", 2.0)
        slope = pm.Normal("slope", at, 1.0, dims="row")
        table = pm.Normal("table", 0.0, scale, dims=("side", "row"))
        rate = pm.math.exp(slope + table[0] - 2 * table[1])
        pm.Poisson("seen", rate, observed=count, dims="row")
    return model


@pytest.mark.parametrize("most", [0, 4, 600])
def test_density_of_the_packed_model_is_that_of_the_model(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Whatever is rotated, and at any whitening, up to a constant: the map is linear."""
    monkeypatch.setattr(packed, "ROTATED", most)
    model, rng = build(), np.random.default_rng(3)
    data = [variable for variable in model.data_vars if isinstance(variable, SharedVariable)]
    made, values = packed.pack(model, data)
    assert (sum(map(np.size, values.start)), values.rotated) == (13, {0: 0, 4: 1, 600: 13}[most])
    drawn = rng.normal(size=(50, 13)) @ rng.normal(size=(13, 13))
    whitening = estimate_whitening(drawn, values.rotated)
    (shared,) = (v for v in ancestors(made.potentials) if v.name == packed.PACKED)
    shared.set_value(packed.join((each.get_value() for each in data), whitening))
    theirs = model.compile_logp(mode=UNCOMPILED)
    ours = made.compile_logp(mode=UNCOMPILED)
    for whitened in rng.normal(size=(3, 13)) * 0.1:
        split = values.split(whitening.unwhiten(whitened)[None, None])
        at = {str(name): each[0, 0].to_numpy() for name, each in split.items()}
        assert ours({packed.WHITENED: whitened}) == pytest.approx(float(theirs(at)), rel=1e-9)


def test_the_graph_unwhitens_as_numpy_does() -> None:
    found, whitened = estimate_whitening(draw_values(500), 2), np.array([0.3, -1.0, 2.0])
    given = [pt.as_tensor(each) for each in found.list_arrays()]
    made = unwhiten(pt.as_tensor(whitened), *given).eval(mode=UNCOMPILED)
    np.testing.assert_allclose(made, found.unwhiten(whitened), rtol=1e-12)
    plain: Whitening = make_identity(CENTER, 2)
    np.testing.assert_array_equal(plain.unwhiten(whitened), CENTER + whitened)


def test_products_are_those_of_numpy_in_any_order_of_memory() -> None:
    left, right = pt.dmatrix(), pt.dmatrix()
    with refit.round_alike():
        # Of a matrix that lies in memory by rows, as what is given does, and of one by columns.
        multiply = pytensor.function([left, right], [left @ right, left.T @ right], mode="NUMBA")
    rng = np.random.default_rng(4)
    for rows, columns in itertools.product([0, 1, 4, 7, 8], [1, 3]):
        given = rng.normal(size=(rows, rows)), rng.normal(size=(rows, columns))
        by_rows, by_columns = multiply(*given)
        np.testing.assert_allclose(by_rows, given[0] @ given[1], rtol=1e-12)
        np.testing.assert_allclose(by_columns, given[0].T @ given[1], rtol=1e-12)
        turned, _ = multiply(given[0].T.copy(), given[1])
        np.testing.assert_array_equal(turned, by_columns)  # the same additions in one order
