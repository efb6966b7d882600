"""Cell -> study of its calibration: coverage on simulated data, and how far results move with the
priors, with wrong compute, with errors in compute and with the design.

Run by people, not by `dvc repro`: it takes minutes. Writes
`data/calibration/<dataset>-<model>.json`, the same bytes for the same seed whatever the workers.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

import models
from models import Card
from pipeline.checks.refit import THOROUGH
from pipeline.core.failures import file_failure
from pipeline.core.files import read_json, write_json
from pipeline.core.layout import Layout
from pipeline.fit.cell import read_card
from pipeline.studies.coverage import study_coverage, study_fixed_share
from pipeline.studies.designs import study_design
from pipeline.studies.engine import Engine, hash_code
from pipeline.studies.perturb import study_priors, study_wrong_compute
from pipeline.studies.recipe import Recipe
from pipeline.studies.record import describe_inputs
from pipeline.studies.structures import study_structures
from pipeline.studies.trials import Study

SEED = 20261121
PARTS: dict[str, Callable[[Study, int], dict[str, Any]]] = {
    "coverage": study_coverage,
    "fixed_share": study_fixed_share,
    "priors": lambda study, _: study_priors(study),
    "wrong_compute": lambda study, _: study_wrong_compute(study),
    "structures": study_structures,
    "design": study_design,
}


def calibrate(
    layout: Layout,
    cell: tuple[str, str],
    parts: list[str],
    datasets: int,
    engine: Engine,
    seed: int,
) -> Path | str:
    """Study one cell (dataset, model) and write what was found: the file, or why the model cannot
    be fitted.

    Parts that are not asked for are kept from the file where it is of the same data, model and
    seed.
    """
    study = open_study(layout, cell, engine, seed)
    if isinstance(study, str):
        return study
    settings = {"simulated": study.ask("settings", lambda each: asdict(each.settings))}
    head = {
        "dataset": cell[0],
        "model": cell[1],
        "seed": seed,
        "settings": settings | {"real": asdict(THOROUGH)},
        "made_with": describe_inputs(layout, study.name),
    }
    path = layout.study(study.name)
    kept = _keep(path, head, parts)
    found = kept | {part: PARTS[part](study, datasets) for part in parts}
    write_json(path, head | {part: round_numbers(found[part]) for part in PARTS if part in found})
    return path


def open_study(
    layout: Layout, cell: tuple[str, str], engine: Engine, seed: int = SEED
) -> Study | str:
    """The study of a cell (dataset, model), or why the model cannot be fitted."""
    dataset, name = cell
    table, card = read_cell(layout, dataset)
    model = models.load(name)
    if reason := model.unsupported_reason(table, card):
        return reason
    made_with = describe_inputs(layout, "-".join(cell))
    key = json.dumps([cell, seed, made_with, hash_code()])
    recipe = Recipe(model, table, card)
    return Study("-".join(cell), model, table, card, recipe, seed, engine, key)


def read_cell(layout: Layout, dataset: str) -> tuple[pd.DataFrame, Card]:
    """The validated table and what models may know of its card.

    Raises SourceError where `dvc repro` has not made the table yet.
    """
    path = layout.table(dataset)
    if not path.is_file():
        raise file_failure(path, "there is no validated table", "run `dvc repro` first")
    return pd.read_parquet(path), read_card(layout, dataset)


def round_numbers(found: Any, digits: int = 4) -> Any:
    """`found` to so many significant digits, and None where there is no number."""
    return json.loads(
        json.dumps(found),
        parse_float=lambda text: float(f"{float(text):.{digits}g}"),
        parse_constant=lambda _: None,
    )


def _keep(path: Path, head: dict[str, Any], parts: list[str]) -> dict[str, Any]:
    """What the file has of the other parts, if it is of the same data, model, seed and settings."""
    before = read_json(path) or {}
    others = {name: before[name] for name in PARTS if name in before and name not in parts}
    changed = [key for key, value in head.items() if before.get(key) != value]
    if changed and others:
        gone, why = ", ".join(others), ", ".join(changed)
        print(f"{path.name}: {gone} will go: made with another {why}", file=sys.stderr, flush=True)
    return {} if changed else others
