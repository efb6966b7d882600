"""Small posteriors with a toy model, for the tests of the checks."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Model
from models.core.prior import Prior
from models.options import EfficiencyOptions
from pipeline.fit.cell import Cell

CARD = Card(
    "toys",
    "efficiency",
    EfficiencyOptions(headline_target="first", reference_resource={"first": 1e18}),
)
CHAINS, DRAWS = 4, 1000
Draws = dict[str, np.ndarray]


@dataclass(frozen=True)
class Priors:
    """The stated prior of the toy model; its offsets have none."""

    mean: Prior = Prior("Normal", (0.0, 10.0), "1", "made up for tests")


def repeat_parameters(posterior: xr.Dataset, *_: Any) -> xr.Dataset:
    """Each parameter as a headline estimand."""
    return posterior.map(lambda draws: draws.assign_attrs(label="L", unit="U", is_headline=True))


def list_regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute and date, uncorrelated."""
    return pd.DataFrame({"log10 compute": [0.0, 0.0, 1.0, 1.0], "date": [0.0, 1.0, 0.0, 1.0]})


MODEL = SimpleNamespace(
    Priors=Priors,
    estimands=repeat_parameters,
    regressors=list_regressors,
    headline_key=lambda _: "mean",
)
TABLE = pd.DataFrame({"line": range(2, 7), "exclusion": pd.array([None] * 5, dtype="str")})


def sample(*shape: int, seed: int = 1) -> np.ndarray:
    """Independent draws, dims chain, draw and `shape`."""
    return np.random.default_rng(seed).normal(size=(CHAINS, DRAWS, *shape))


def walk(correlation: float, seed: int = 2) -> np.ndarray:
    """Autocorrelated chains of variance 1: the nearer to 1, the fewer effective draws."""
    noise = sample(seed=seed) * np.sqrt(1 - correlation**2)
    draws = np.empty_like(noise)
    draws[:, 0] = sample(seed=seed + 1)[:, 0]
    for step in range(1, DRAWS):
        draws[:, step] = correlation * draws[:, step - 1] + noise[:, step]
    return draws


def make_cell(parameters: Draws, estimands: xr.Dataset | None = None, **stats: np.ndarray) -> Cell:
    """A cell with a posterior of `parameters`; a third axis is the dim base_model."""
    dims = ("chain", "draw", "base_model")
    known = {"diverging": np.zeros((CHAINS, DRAWS), bool), "energy": sample(seed=9)} | stats
    groups = {
        "posterior": xr.Dataset({k: (dims[: v.ndim], v) for k, v in parameters.items()}),
        "sample_stats": xr.Dataset({k: (dims[:2], v) for k, v in known.items()}),
    }
    tree = xr.DataTree.from_dict(groups)
    return Cell(cast("Model", MODEL), TABLE, CARD, tree, estimands or xr.Dataset())


def make_estimand(draws: np.ndarray, **attributes: Any) -> xr.DataArray:
    return xr.DataArray(
        draws, dims=("chain", "draw"), attrs={"label": "L", "unit": "U"} | attributes
    )
