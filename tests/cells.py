"""A small cell (dataset x model) for the tests of pages: a toy model and hostile names."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

from models import Card
from models.core.prior import Prior
from pipeline.site.figures.kinds import Curve, Figure

HOSTILE = "<script>alert(\"x\")</script> & 'quoted' {{ 7 * 7 }} {median} | `code`"
FORMULA = "=1+1"
ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "reports" / "templates"
EQUATIONS = ROOT / "reports" / "models"
CITATION = ROOT / "CITATION.cff"
TOYS = YAML(typ="safe", pure=True).load(Path(__file__).with_name("toy_cell.yaml"))


def _replace(value: Any) -> Any:
    """`value` of the file with the hostile name in its places."""
    text = json.dumps(value)
    return json.loads(text.replace('"HOSTILE"', json.dumps(HOSTILE)))


BIBLIOGRAPHY: str = TOYS["bibliography"]
CARD: str = TOYS["card"]
CLAIMS: str = TOYS["claims"]
ATTRIBUTIONS: dict[str, dict[str, Any]] = TOYS["attributions"]
CHECK: dict[str, Any] = TOYS["check"]
STUDIED: dict[str, Any] = _replace(TOYS["studied"])  # with a study, not identified
NOT_FITTED = "the card says that there are no eras"
FAILED = {"verdict": "fail", "reasons": ["R-hat of rate is 1.2, above 1.01"]}


@dataclass(frozen=True)
class Priors:
    """Priors of the toy model."""

    rate: Prior = Prior("Normal", (0.0, 1.0), "decades per year", "either sign")
    spread: Prior = Prior("LogNormal", (0.0, 1.0), "1", "around one")


def make_table() -> pd.DataFrame:
    """Four rows of `efficiency`: a hostile name, a formula, one left out, one unverified."""
    models = [HOSTILE, FORMULA, "third", "fourth"]
    nothing = [np.nan] * len(models)
    return pd.DataFrame(
        {
            "line": range(2, 6),
            "citation": ["doe2020", "doe2020", "data2021", "data2021"],
            "locator": ["Table 1", "Table 1", None, "Table <b>2</b>"],
            "is_verified": [True, True, True, False],
            "exclusion": [None, None, "outlier", None],
            "target": "first",
            "metric": "accuracy",
            "target_score": 0.5,
            "model": models,
            "release_date": pd.to_datetime(
                ["2012-06-01", "2014-06-01", "2016-06-01", "2018-06-01"]
            ),
            "arxiv_id": [None] * len(models),
            "resource": [1e18, 1e17, 2.5e24, 1e15],
            "resource_kind": "FLOP",
            "epochs": nothing,
            "multiply_adds_per_image": nothing,
            "reduction_factor": nothing,
        }
    )


def make_records() -> str:
    """A file of records that the toy card reads and validation accepts."""
    plain = make_table().drop(columns=["line", "exclusion"])
    named = plain.assign(model=["first", "second", "third", "fourth"])
    return named.to_csv(index=False, date_format="%Y-%m-%d")


def make_tree() -> xr.DataTree:
    """A posterior file's groups, with draws from a fixed seed."""
    rng = np.random.default_rng(20240101)
    draws = {
        name: (("chain", "draw"), rng.lognormal(0, 0.2, (2, 100))) for name in ("rate", "spread")
    }
    before = {
        name: (("chain", "draw"), rng.lognormal(0, 1, (1, 100))) for name in ("rate", "spread")
    }
    predicted = {"outcome": (("chain", "draw", "row"), rng.normal(0, 1, (2, 100, 3)))}
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(draws),
            "prior": xr.Dataset(before),
            "posterior_predictive": xr.Dataset(predicted),
            "observed_data": xr.Dataset({"outcome": ("row", [-0.5, 0.0, 4.0])}),
        }
    )
    tree.attrs.update(
        model="toy",
        dataset="toys",
        seed=1,
        data_hash="abc",
        versions='{"pymc": "6.4.0"}',
        sampler="{}",
    )
    return tree


def make_model() -> ModuleType:
    """A module that satisfies the part of the model contract that pages use."""
    module = ModuleType("models.toy", "Toy model.\n\n    y < x & z")
    intervals = pd.DataFrame(
        {"label": [HOSTILE, "b"], "median": [1.0, 2.0], "lower": [0.5, 1.0], "upper": [2.0, np.inf]}
    )
    parts = intervals.drop(columns="label").assign(comparison="A to B", part=["compute", "trend"])
    curve = Curve(
        pd.DataFrame(
            {
                "x": [1e15, 1e18],
                "median": [1.0, 2.0],
                "lower": [0.5, 1.0],
                "upper": [2.0, 3.0],
                "series": HOSTILE,
            }
        )
    )

    def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
        scatter = Figure(
            "scatter", "points", "Points", "All rows.", table, "resource", "target_score", "model",
            is_log_x=True, hover=("model", "release_date", "resource"), curve=curve,
        )  # fmt: skip
        return [
            scatter,
            Figure("intervals", "rates", "Rates", "By label.", intervals),
            Figure("parts", "parts", "Parts", "Of a step.", parts),
        ]

    def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
        rate = (
            posterior["rate"]
            .expand_dims(target=["first"])
            .assign_attrs(label="Rate", unit="decades per year")
        )
        months = posterior["spread"].assign_attrs(label="Doubling time", unit="months")
        return xr.Dataset({"doubling_time_months": months, "rate": rate})

    def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
        row = {
            "key": "rate[first]",
            "label": "Rate",
            "method": "OLS",
            "estimate": 0.2,
            "lower": 0.1,
            "upper": 0.3,
        }
        return pd.DataFrame([row])

    functions = {
        "charts": charts,
        "estimands": estimands,
        "baseline": baseline,
        "headline_key": lambda _: "doubling_time_months",
    }
    vars(module).update(functions, TABLE="efficiency", Priors=Priors)
    return module


def write_cell(folder: Path, **check: Any) -> dict[str, Path]:
    """Write every file that a page is made of, with `check` in the check file; paths by flag."""
    attributions = {
        key: {"p_positive": None, "p_finite": 1.0, "prob": 0.9} | found
        for key, found in ATTRIBUTIONS.items()
    }
    validation = {
        "rows_in": 4,
        "rows_out": 4,
        "rows_quarantined": 0,
        "rows_fitted": 3,
        "admitted_unverified": 1,
        "excluded": {"outlier": 1},
    }
    texts = {
        "sources/toys/source.yaml": CARD,
        "sources/toys/records.csv": make_records(),
        "references.bib": BIBLIOGRAPHY,
        "claims.yaml": CLAIMS,
        "checks/toys.json": json.dumps(validation),
        "checks/toys-toy.json": json.dumps(CHECK | check),
        "attributions/toys-toy.json": json.dumps(attributions),
        "datasets.yaml": "datasets: {efficiency: [toys, absent]}",
        "models.yaml": "models: {efficiency: [toy]}",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    make_table().to_parquet(folder / "toys.parquet")
    (folder / "validated").mkdir(exist_ok=True)
    make_table().to_parquet(folder / "validated/toys.parquet")
    make_tree().to_netcdf(folder / "toys-toy.nc", engine="h5netcdf")
    return {
        "--card": folder / "sources/toys/source.yaml",
        "--table": folder / "toys.parquet",
        "--posterior": folder / "toys-toy.nc",
        "--validation": folder / "checks/toys.json",
        "--check": folder / "checks/toys-toy.json",
        "--attribution": folder / "attributions/toys-toy.json",
        "--bibliography": folder / "references.bib",
        "--citation": CITATION,
        "--equations": EQUATIONS,
        "--templates": TEMPLATES,
        "--output": folder / "html/toys-toy.html",
    }


def write_unfitted(folder: Path) -> dict[str, Path]:
    """Write the files of a page whose model cannot be fitted; paths by flag."""
    paths = write_cell(folder, verdict="fail", not_fitted=NOT_FITTED)
    tree = xr.DataTree()
    tree.attrs["not_fitted"] = NOT_FITTED
    tree.to_netcdf(paths["--posterior"], engine="h5netcdf")
    paths["--attribution"].write_text("{}", encoding="utf-8")
    return paths


def write_models(folder: Path) -> None:
    """Three more models of the toy dataset: a worse one that passed, a failed one, one not fitted.

    The draws of the two that passed are shifted against each other.
    """
    (folder / "models.yaml").write_text(
        "models: {efficiency: [toy, worse, broken, idle]}", encoding="utf-8"
    )
    worse = {
        "elpd_by_unit": {f"m{i}": -1.5 - 0.02 * i for i in range(-1, 12)},
        "rows_by_unit": {f"m{i}": 1 for i in range(-1, 12)},
    }
    checks = {
        "worse": CHECK | STUDIED | worse | {"driven_by_prior": []},
        "broken": CHECK | FAILED,
        "idle": CHECK | {"verdict": "fail", "reasons": [], "not_fitted": NOT_FITTED},
    }
    attributions = (folder / "attributions/toys-toy.json").read_text(encoding="utf-8")
    for name, check in checks.items():
        path = folder / f"checks/toys-{name}.json"
        path.write_text(json.dumps(check), encoding="utf-8")
        (folder / f"attributions/toys-{name}.json").write_text(attributions, encoding="utf-8")
    for name, shift in (("toy", 0.0), ("worse", 10.0)):
        draws = pd.DataFrame({"doubling_time_months": np.arange(100.0) + shift})
        draws.to_parquet(folder / f"attributions/toys-{name}.parquet")


def flags(paths: dict[str, Path], **others: str) -> list[str]:
    """A command line from paths by flag and further flags by name."""
    named = {f"--{name.replace('_', '-')}": value for name, value in others.items()}
    return [str(part) for pair in (paths | named).items() for part in pair]
