"""Draws and checks of made-up posteriors for the simulation of full automation, and its flags."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from conftest import ROOT

from pipeline.ingest.bibliography import read_bibliography
from pipeline.takeoff.scenarios import Scenarios, read_scenarios

DRAWS = 400
PASSED = {"verdict": "pass", "reasons": [], "is_calibrated": True, "is_identified": True}
FAILED = PASSED | {"verdict": "fail", "reasons": ["R-hat 1.2"]}
FILE = ROOT / "data/takeoff.yaml"


def read_real() -> Scenarios:
    """The project's scenarios."""
    return read_scenarios(FILE, read_bibliography(ROOT / "data/references.bib"))


def make_frames(seed: int = 4) -> dict[str, pd.DataFrame]:
    """A frame of draws for every posterior that the project's scenarios name."""
    rng = np.random.default_rng(seed)
    frames: dict[str, pd.DataFrame] = {}
    for given in read_real().inputs:
        if given.posterior is None:
            continue
        frame = frames.setdefault(given.posterior, pd.DataFrame(index=range(DRAWS)))
        for quantity, key in given.draws.items():
            spread = 0.1 if quantity == "rate" else 0.5
            centre = {"rate": 0.55, "elasticity": 0.7, "returns": 1.3}.get(quantity, 1.1)
            frame[key] = centre * rng.lognormal(0, spread, DRAWS)
    return frames


def write_toys(
    folder: Path,
    frames: dict[str, pd.DataFrame] | None = None,
    checks: dict[str, dict[str, Any]] | None = None,
) -> dict[str, list[str]]:
    """Writes the draws and checks below `folder`; the flags of the stage, but for settings."""
    made = frames or make_frames()
    draws, judged = folder / "attributions", folder / "checks"
    for each in (draws, judged):
        each.mkdir(parents=True, exist_ok=True)
    for name, frame in made.items():
        frame.to_parquet(draws / f"{name}.parquet")
        check = (checks or {}).get(name, PASSED)
        (judged / f"{name}.json").write_text(json.dumps(check), encoding="utf-8")
    return {
        "--draws": [str(draws / f"{name}.parquet") for name in made],
        "--checks": [str(judged / f"{name}.json") for name in made],
        "--scenarios": [str(FILE)],
        "--bibliography": [str(ROOT / "data/references.bib")],
        "--citation": [str(ROOT / "CITATION.cff")],
        "--equations": [str(ROOT / "reports/models")],
        "--templates": [str(ROOT / "reports/templates")],
        "--output": [str(folder / "takeoff.json")],
        "--page": [str(folder / "takeoff.html")],
        "--seed": ["7"],
        "--paths": ["300"],
        "--samples": ["32"],
    }


def flatten(flags: dict[str, list[str]]) -> list[str]:
    """The flags as a command line."""
    return [word for name, values in flags.items() for word in (name, *values)]
