"""Refits of a compiled model: the answer of a fresh fit, at any time, on any thread."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr

from models import Card
from models.core.prior import Prior, prior_data
from models.options import Options
from pipeline.checks.refit import RefitError, Refitter, Settings

CARD = Card("toy", "toy", Options())
SHORT = Settings(draws=400, tune=300)


@dataclass(frozen=True)
class Priors:
    mean: Prior = Prior("Normal", (0.0, 1.0), "1", "a toy's")
    unused: Prior = Prior("Normal", (0.0, 1.0), "1", "a toy's")


def data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    return {"observed_value": table["value"].to_numpy(), **prior_data(priors)}


def build(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    with pm.Model(coords={"row": np.arange(len(table))}) as model:
        observed = pm.Data(
            "observed_value", data(table, card, priors)["observed_value"], dims="row"
        )
        pm.Normal("value", priors.mean.variable("mean"), 1.0, observed=observed, dims="row")
    return model


TOY: Any = SimpleNamespace(Priors=Priors, SAMPLER={"adaptation": "diag"}, data=data, build=build)


def make_table(center: float, count: int = 8) -> pd.DataFrame:
    return pd.DataFrame({"value": center + np.linspace(-1, 1, count)})


@pytest.fixture(scope="module")
def refitter() -> Refitter:
    return Refitter(TOY, make_table(0.0), CARD)


def refit(refitter: Refitter, center: float, seed: int = 1, priors: Any = None) -> xr.Dataset:
    return refitter.refit(make_table(center), CARD, priors or Priors(), seed, SHORT)


def build_levels(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """As `build`; every other row has the level zero."""
    with pm.Model(coords={"row": np.arange(len(table))}) as model:
        observed = pm.Data("observed_value", table["value"].to_numpy(), dims="row")
        levels = pm.math.stack([0.0, priors.mean.variable("mean")])
        pm.Normal("value", levels[np.arange(len(table)) % 2], 1.0, observed=observed, dims="row")
    return model


def test_more_than_a_thousand_rows_share_levels_of_which_one_is_given() -> None:
    model: Any = SimpleNamespace(**vars(TOY) | {"build": build_levels})
    table = make_table(0.0, count=2000).assign(value=lambda rows: 2.0 * (rows.index % 2))
    refitter = Refitter(model, table, CARD)
    found = refitter.sample(1, chains=1, draws=200, tune=200)["posterior"]["mean"]
    assert float(found.mean()) == pytest.approx(2.0, abs=0.05)


def test_posterior_is_of_the_new_data_and_prior(refitter: Refitter) -> None:
    found = refit(refitter, 3.0)
    assert found["mean"].mean() == pytest.approx(3.0 * 8 / 9, abs=0.08)  # eight rows, a prior's
    assert found["mean"].std() == pytest.approx(9**-0.5, abs=0.06)
    assert found.attrs["divergences"] == 0
    narrow = Priors(mean=Prior("Normal", (0.0, 0.01), "1", "a toy's"))
    assert abs(refit(refitter, 3.0, priors=narrow)["mean"].mean()) < 0.05
    assert refitter.data_names == {"observed_value", "prior_mean"}  # those that the model reads


def test_draws_depend_on_the_seed_alone_whatever_runs_beside(refitter: Refitter) -> None:
    alone = [refit(refitter, 1.0, seed)["mean"].to_numpy() for seed in range(4)]
    with ThreadPoolExecutor(3) as pool:
        beside = pool.map(lambda seed: refit(refitter, 1.0, seed)["mean"].to_numpy(), range(4))
        np.testing.assert_array_equal(alone, list(beside))
    assert not np.array_equal(alone[0], alone[1])


def test_what_cannot_be_refitted_is_refused(refitter: Refitter) -> None:
    with pytest.raises(ValueError, match="as many rows"):
        refitter.refit(make_table(0.0, 9), CARD, Priors(), 1, SHORT)
    with pytest.raises(RefitError, match="observed_value are not finite"):
        refit(refitter, np.nan)
    impossible = Priors(mean=Prior("Normal", (0.0, -1.0), "1", "a toy's"))
    with pytest.raises(RefitError, match="initialization"):
        refit(refitter, 0.0, priors=impossible)


def build_ridge(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """Two values of which the data know the sum alone, to a hundredth."""
    with pm.Model(coords={"row": np.arange(len(table))}) as model:
        observed = pm.Data("observed_value", table["value"].to_numpy(), dims="row")
        total = priors.mean.variable("mean") + pm.Normal("other", 0.0, 1.0)
        pm.Normal("value", total, 0.03, observed=observed, dims="row")
    return model


def test_a_narrow_ridge_is_crossed_in_a_step_wherever_the_new_data_lie() -> None:
    model: Any = SimpleNamespace(**vars(TOY) | {"build": build_ridge})
    table = pd.DataFrame({"value": np.full(10, 1.0)})
    ridge = Refitter(model, table, CARD)
    for center in (1.0, 2.0):  # a hundred standard deviations of the sum away
        given = table.assign(value=center)
        found = ridge.refit(given, CARD, Priors(), 1, Settings(400, 100))
        assert float(arviz_stats.ess(found[["mean"]])["mean"]) > 150
        assert float(found["mean"].mean()) == pytest.approx(center / 2, abs=0.15)
        assert float(found["mean"].std()) == pytest.approx(0.5**0.5, abs=0.15)
        assert float((found["mean"] + found["other"]).std()) == pytest.approx(0.0095, rel=0.25)
