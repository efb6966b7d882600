"""The overview of the results that are kept in Git, for tests that compare words with numbers."""

import json
from functools import cache
from typing import Any

from conftest import ROOT

from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.site.overview.gathering import Folders, Overview, gather

DATA = ROOT / "data"


@cache
def read_overview() -> Overview:
    """Every cell of the registries as its check and attribution files have it."""
    folders = Folders(DATA / "sources", DATA / "checks", DATA / "attributions")
    datasets = read_datasets(DATA / "sources/datasets.yaml")
    models = read_models(ROOT / "models/models.yaml")
    return gather(datasets, models, folders, read_references())


@cache
def read_references() -> Bibliography:
    """The references of the project."""
    return read_bibliography(DATA / "references.bib")


def read_passing() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Check and attribution file of every posterior that passed, by name, without the pipeline."""
    made = {}
    for path in sorted((DATA / "checks").glob("*-*.json")):
        check = json.loads(path.read_text(encoding="utf-8"))
        if check.get("verdict") == "pass":
            found = (DATA / "attributions" / path.name).read_text(encoding="utf-8")
            made[path.stem] = (check, json.loads(found))
    return made
