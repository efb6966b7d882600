"""What a study was made with: its table, options and packages of the model, by DVC's hashes.

Light, since whoever reads a study asks here whether it is current. A table with figures of our own
posteriors is recorded by its `records.csv`: those figures move by their Monte Carlo error from one
machine to the next, which says nothing about the model. Left out are the model contract
(`models/__init__.py`) and the classes of options: what a card says has a hash of its own. Of
models/specifications.yaml the choices of the model are recorded, and not those of others.
"""

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from pipeline.core.layout import Layout

Record = dict[str, Any]


def describe_inputs(layout: Layout, cell: str) -> Record:
    """The hashes of what the cell `<dataset>-<model>` is made with; None for what is not there."""
    dataset, _, model = cell.partition("-")
    packages = list_packages(layout.models.parent, model)
    return {
        "table": _hash_table(layout, dataset),
        "options": hash_file(layout.options(dataset)),
        "model": {f"models/{folder.name}": hash_package(folder) for folder in packages},
    }


def describe_specifications(layout: Layout, cell: str) -> Record:
    """The hashes of what the specifications of a cell are made with."""
    choices = hash_choices(layout.specifications, cell.partition("-")[2])
    return describe_inputs(layout, cell) | {"choices": choices}


def hash_choices(path: Path, model: str) -> str | None:
    """Hash of what the file of choices says of `model`, its order included; None without a file."""
    if not path.is_file():
        return None
    choices = _read_yaml(path.read_bytes()).get(model)
    return _hash(json.dumps(choices, default=str).encode())


@functools.lru_cache(maxsize=1)  # asked once a cell
def _read_yaml(content: bytes) -> dict[str, Any]:
    return YAML(typ="safe").load(content) or {}


def is_current(present: Record, study: dict[str, Any]) -> bool:
    """Whether the study was made with what is there at present.

    Before `dvc repro` has made the table and the options, the model alone decides.
    """
    made_with = study.get("made_with", {})
    return all(made_with.get(name) == value for name, value in present.items() if value)


def list_packages(models: Path, model: str) -> list[Path]:
    """The package of `model` in the folder `models` and those that it imports, directly or not."""
    found = set[Path]()
    waiting = [path.parent for path in models.glob(f"*/{model}.py")]
    while waiting:
        package = waiting.pop()
        found.add(package)
        code = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
        names = set(re.findall(r"^\s*from models\.(\w+)", code, re.MULTILINE)) - {"options"}
        imported = [models / name for name in sorted(names) if (models / name).is_dir()]
        waiting += [each for each in imported if each not in found]
    return sorted(found)


def hash_package(folder: Path) -> str:
    """DVC's hash of the folder: the MD5 of the list of its files and their own, and `.dir`."""
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*.py"))
    entries = [{"md5": hash_file(path), "relpath": name} for name, path in files]
    return f"{_hash(json.dumps(entries).encode())}.dir"


def _hash_table(layout: Layout, dataset: str) -> str | None:
    path = layout.table(dataset)
    if not path.is_file():
        return None
    table = pd.read_parquet(path)
    is_own = "posterior" in table or ("is_own" in table and bool(table["is_own"].any()))
    return hash_file(layout.records(dataset) if is_own else path)


def hash_file(path: Path) -> str | None:
    """DVC's hash of a file; None where there is none."""
    return _hash(path.read_bytes()) if path.is_file() else None


def _hash(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
