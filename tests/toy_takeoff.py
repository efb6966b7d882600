"""Draws and checks of made-up posteriors for the simulation of full automation."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from conftest import ROOT

from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.takeoff_page import page
from pipeline.takeoff.scenarios import Scenarios, read_scenarios
from pipeline.takeoff.stage import simulate

DRAWS = 400
NO_STUDY: dict[str, Any] = {"headlines": [], "prior_sensitivity": {}, "identification": None}
NO_STUDY |= {"driven_by_prior": [], "driven_by": {}}
PASSED = NO_STUDY | {"verdict": "pass", "reasons": [], "is_calibrated": True, "is_identified": True}
FAILED = PASSED | {"verdict": "fail", "reasons": ["R-hat 1.2"]}
YEARS = ("[2022]", "[2023]", "[2024]")  # of which a rate since 2023 takes two
FEW = "simulation: {seed: 7, paths: 300, samples: 32}"
HERE = Layout(ROOT)
LINKED = ("models", "reports/models", "reports/templates")
COPIED = ("data/takeoff.yaml", "data/references.bib", "CITATION.cff")


def link_project(folder: Path, datasets: dict[str, list[str]] | None = None) -> Layout:
    """A project below `folder` with what people write and these datasets, and without results."""
    names = [name for found in (datasets or {}).values() for name in found]
    for name in (*LINKED, *(f"data/sources/{name}" for name in names)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(ROOT / name)
    (folder / "data").mkdir(exist_ok=True)
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    layout = Layout(folder)
    write_json(layout.datasets, {"datasets": datasets or {}})  # which is YAML too
    return layout


def read_real() -> Scenarios:
    """The project's scenarios."""
    return read_scenarios(HERE.scenarios, read_bibliography(HERE.bibliography))


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
            years = YEARS if given.since else ("",)
            for year in years:
                frame[f"{key}{year}"] = centre * rng.lognormal(0, spread, DRAWS)
    return frames


def write_toys(
    folder: Path,
    frames: dict[str, pd.DataFrame] | None = None,
    checks: dict[str, dict[str, Any]] | None = None,
) -> Layout:
    """A project with these draws and checks of the posteriors that are read."""
    layout = link_project(folder)
    stated = layout.scenarios.read_text(encoding="utf-8")
    few = re.sub("^simulation: .*$", FEW, stated, flags=re.MULTILINE)
    layout.scenarios.write_text(few, encoding="utf-8")
    for name, frame in (frames or make_frames()).items():
        write_parquet(layout.draws(name), frame)
        write_json(layout.check(name), (checks or {}).get(name, PASSED))
        quantiles = frame.quantile([0.05, 0.5, 0.95]).set_axis(["lower", "median", "upper"])
        entries = {str(key): quantiles[key].to_dict() | {"unit": "1"} for key in frame}
        write_json(layout.attribution(name), entries)
    return layout


def make_page(folder: Path, checks: dict[str, dict[str, Any]] | None = None) -> Path:
    """The page of a simulation on made-up draws."""
    layout = write_toys(folder, checks=checks)
    simulate(layout)
    write_text(layout.page("takeoff"), page.render(layout))
    return layout.page("takeoff")
