"""A small cell (dataset x model) for the tests of pages: a toy model and hostile names."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Curve, Figure, Headline
from models.core.prior import Prior

HOSTILE = "<script>alert(\"x\")</script> & 'quoted' {{ 7 * 7 }} {median} | `code`"
FORMULA = "=1+1"
ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "reports" / "templates"
EQUATIONS = ROOT / "reports" / "equations"
CITATION = ROOT / "CITATION.cff"
BIBLIOGRAPHY = """
@article{doe2020, author = {Doe, Jane and Roe, Richard}, title = {A {Title} \\& more}, year = 2020,
  journal = {Journal}, doi = {10.1000/x_y}, url = {https://example.org/paper}}
@misc{data2021, author = {{The Group} and others}, title = {Figures}, year = 2021,
  url = {https://example.org/data}}
"""
CARD = """
table: efficiency
title: Toy
question: How fast did the toy improve?
description: Rows made up for tests.
citations: [doe2020]
licence: none
retrieved: 2024-01-01
columns: {target: {}, metric: {}, target_score: {}, model: {}, release_date: {}, arxiv_id: {},
  resource: {}, resource_kind: {}, epochs: {}, multiply_adds_per_image: {unit: MAC},
  reduction_factor: {}, citation: {}, locator: {}, is_verified: {}}
exclusions:
  - {rows: {model: third}, count: 1, rule: outlier, reason: far from all others}
published:
  - {estimand: doubling_time_months, label: Doe & Roe, estimate: 16, citation: doe2020,
     locator: p. 1}
options: {headline_target: first, reference_resource: {first: 1.0e+18, second: 1.0e+18}}
"""
ATTRIBUTIONS: dict[str, dict[str, Any]] = {
    "doubling_time_months": {
        "label": "Doubling time",
        "unit": "months",
        "median": 14.3,
        "lower": 9.87,
        "upper": None,
        "unbounded": True,
    },
    "rate[first]": {
        "label": "Rate",
        "unit": "decades per year",
        "median": 0.25,
        "lower": -0.1,
        "upper": 0.4,
    },
    "share_algorithms[step]": {
        "label": "Share of algorithms",
        "unit": "share",
        "median": None,
        "lower": None,
        "upper": None,
        "reason": "the step is under 0.1 decade in 4 % of the draws",
    },
}
CHECK: dict[str, Any] = {
    "verdict": "pass",
    "reasons": [],
    "max_rhat": 1.002,
    "min_ess_bulk": 1500.0,
    "min_ess_tail": 1300.0,
    "divergences": 0,
    "min_bfmi": 0.9,
    "limits": {"max_rhat": 1.01, "min_ess": 400, "max_divergences": 0, "min_bfmi": 0.3},
    "bad_pareto_k": 0,
    "elpd_loo": -3.2,
    "elpd_loo_se": 1.1,
    "is_calibrated": None,
    "is_identified": None,
    "prior_sensitivity": {"rate[first]": {"prior": 0.01, "likelihood": 0.1, "width_ratio": 0.2}},
    "driven_by_prior": [],
    "constant": ["share_lab[step]"],
    "worst": [{"name": "rate", "rhat": 1.002, "ess_bulk": 1500.0, "ess_tail": 1300.0}],
}
STUDY: dict[str, Any] = {
    "fixed_share": {
        "estimand": "rate[first]",
        "probability": 0.9,
        "shares": {
            "0.2": {"datasets": 20, "failed": 0, "covered": 18, "intervals": 20, "share": 0.9,
                    "mean_bias": 0.01, "median_bias": 0.012, "mean_width": 0.3},
            "0.8": {"datasets": 20, "failed": 0, "covered": 14, "intervals": 20, "share": 0.7,
                    "mean_bias": -0.1, "median_bias": -0.11, "mean_width": 0.4},
        },
    },
    "wrong_compute": {"estimand": "rate", "factor": 3.0, "shifts": [0.4, -1.2], "failed": 0,
                      "failures": [], "largest": 1.2, "mean_size": 0.8, "noise": 0.02},
    "attenuation": {"estimand": "rate", "fitted": 0.41, "medians": {"0": 0.41, "1": 0.47},
                    "corrected": {
                        "line": {"rate": 0.35, "standard_error": 0.02, "shift": -0.6},
                        "parabola": {"rate": 0.33, "standard_error": 0.05, "shift": -0.8}},
                    "refits": 30, "failed": 0},
    "priors": {
        "baseline": {},
        "noise": {"rate[first]": 0.01},
        "shifts": {"rate": {"2": {"rate[first]": 0.41}, "0.5": {"rate[first]": -0.12}},
                   "spread": {"2": {"reason": "every transition diverged"}}},
    },
    "design": {
        "estimand": "rate[first]",
        "designs": {
            name: {"base_models": models, "rows": 2 * models, "datasets": 4, "failed": 0,
                   "failures": [], "divergences": 0, "median_width": width, "ratio": width / 0.5,
                   "ratio_lower": width / 0.53, "ratio_upper": width / 0.47}
            for name, models, width in (
                ("as_it_is", 20, 0.5), ("twice", 40, 0.42), ("five_times", 100, 0.34),
                ("uncorrelated", 20, 0.2),
            )
        },
    },
}  # fmt: skip
STUDIED: dict[str, Any] = {
    "is_identified": False,
    "identification_reason": "",
    "identification_reasons": ["The variance inflation of release date is 14 (limit 10)."],
    "identification": {
        "correlations": [
            {"first": "log10 compute", "second": "release date", "correlation": 0.964}
        ],
        "variance_inflation": {"log10 compute": 14.2, "release date": 14.2, HOSTILE: 1.1},
        "contraction": {"rate[first]": 0.31},
    },
    "is_calibrated": False,
    "calibration_reason": "coverage of 90 % intervals outside 85% to 95%: rate[first] 71%",
    "calibration": {
        "datasets": 100, "failed": 1, "failures": [], "divergences": 0, "probability": 0.9,
        "constant": [],
        "estimands": {
            "rate[first]": {"covered": 71, "intervals": 99, "share": 0.7172, "mean_rank": 0.47,
                            "rank_p": 0.2},
            "doubling_time_months": {"covered": 90, "intervals": 99, "share": 0.9091,
                                     "mean_rank": 0.51, "rank_p": 0.6},
        },
    },
    "study": STUDY,
    "driven_by_prior": ["rate[first]", "doubling_time_months"],
    "driven_by": {"rate[first]": ["rate", "spread"], "doubling_time_months": ["spread"]},
    "unit": "base model",
    "elpd_method": "PSIS-LOO",
    "elpd_note": "",
    "elpd_by_unit": {f"m{i}": -1.0 - 0.01 * i for i in range(12)},
    "rows_by_unit": {f"m{i}": 1 for i in range(12)},
    "predictive_checks": {
        "outcome": "score",
        "groups": [
            {"by": "date", "group": f"201{i}", "count": 4, "observed": 0.2 * i, "median": 0.25,
             "lower": 0.1, "upper": 0.3, "p": 0.5}
            for i in range(3)
        ]
        + [{"by": "benchmark", "group": HOSTILE, "count": 12, "observed": 0.2, "median": 0.21,
            "lower": 0.1, "upper": 0.3, "p": 0.4}],
        "skipped": {"technique": "no row carries a technique tag"},
    },
    "not_fitted": None,
}  # fmt: skip
CLAIMS = """claims:
  - id: every_16_months
    text: The toy's cost halves every 16 months.
    source: doe2020
    locator: p. 1
    posterior: toys
    estimand: doubling_time_months
    at_most: 16
"""
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

    def headline(card: Card) -> Headline:
        sentence = "The toy's cost halved every {median} months (90 % interval {lower} to {upper})."
        return Headline("doubling_time_months", sentence, ("A note.",))

    functions = {
        "charts": charts,
        "estimands": estimands,
        "baseline": baseline,
        "headline": headline,
    }
    vars(module).update(functions, TABLE="efficiency", TITLE="Toy model", Priors=Priors)
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
