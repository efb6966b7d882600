"""A small cell (dataset x model) for the tests of pages: a toy model and hostile names."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

HOSTILE = "<script>alert(\"x\")</script> & 'quoted' {{ 7 * 7 }} {median} | `code`"
FORMULA = "=1+1"
ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "reports" / "templates"
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


def make_model() -> ModuleType:
    """A module that satisfies the part of the model contract that the overview uses."""
    module = ModuleType("models.toy", "Toy model.\n\n    y < x & z")
    vars(module).update(TABLE="efficiency", headline_key=lambda _: "doubling_time_months")
    return module
