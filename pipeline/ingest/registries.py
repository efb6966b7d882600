"""The two registries, checked: which datasets fill each table, and which models read it.

`data/sources/datasets.yaml` and `models/models.yaml` have one key, `datasets` or `models`, and
below it one list of names per table.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from pipeline.core.failures import SourceError
from pipeline.ingest.cards.dataset_names import check_dataset_name, list_models
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.cards.strict_files import StrictPart, check_tree
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.tables import TABLES

Registry = dict[str, list[str]]
Check = Callable[[str, str], None]  # name, table: raises ValueError (rule, remedy)
FILES = {"datasets": "data/sources/{}/source.yaml", "models": "models/<family>/{}.py"}


def read_datasets(path: Path, sources: Path | None = None) -> Registry:
    """The datasets by table. Raises SourceError with every fault, as no folder in `sources`."""
    known = sorted(path.name for path in sources.iterdir() if path.is_dir()) if sources else None
    return _read(path, "datasets", known, check_dataset_name)


def read_models(path: Path, folder: Path | None = None) -> Registry:
    """The models by table. Raises SourceError with every fault, as no file in `folder`."""
    return _read(path, "models", list_models(folder) if folder else None, _check_model_name)


def _check_model_name(name: str, _: str) -> None:
    if not name.isidentifier() or name.startswith("_") or name != name.lower():
        rule = "a model's name is words of a-z and 0-9 joined by _"
        raise ValueError(rule, "name a file of models/")


def _read(path: Path, key: str, known: list[str] | None, check: Check) -> Registry:
    seen: dict[str, str] = {}

    def check_name(name: str, table: str) -> str:
        if name in seen:
            rule = f"the name is listed under {seen[name]} already"
            raise ValueError(rule, "list it once, under its own table")
        seen[name] = table
        check(name, table)
        if known is not None and name not in known:
            remedy = f"write {FILES[key].format(name)}, or take the name out of the list"
            raise ValueError(f"there is no such {key[:-1]}", suggest(name, known, remedy))
        return name

    names: dict[str, Any] = {
        table: (list[Annotated[str, AfterValidator(partial(check_name, table=table))]], [])
        for table in TABLES
    }
    words = f"lists of names by table: `{key}: {{<table>: [<name>, ...]}}`"
    tables = create_model("Tables", __base__=StrictPart, **names)
    whole: dict[str, Any] = {key: (tables, Field(description=words))}
    tree = read_tree(path, f"the list of the {key}", f"write {words}")
    made, faults = check_tree(path, tree, create_model("File", __base__=StrictPart, **whole))
    if made is None or faults:
        raise SourceError(faults)
    return made.model_dump(exclude_unset=True)[key]
