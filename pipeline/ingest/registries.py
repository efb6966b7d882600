"""The two registries, checked: which datasets fill each table, and which models read it.

`data/sources/datasets.yaml` and `models/models.yaml` have one key, `datasets` or `models`, and
below it one list of names a table.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.failures import Failure, SourceError
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import Steps, read_tree
from pipeline.ingest.tables import TABLES

Registry = dict[str, list[str]]
Check = Callable[[str, str], tuple[str, str] | None]  # name, table -> rule and remedy


def read_datasets(path: Path, sources: Path | None = None) -> Registry:
    """The datasets of each table, as datasets.yaml lists them.

    With `sources`, each must have its folder there. Raises SourceError with every fault.
    """
    known = sorted(path.name for path in sources.iterdir() if path.is_dir()) if sources else None
    return _read(path, "datasets", lambda name, table: _check_dataset(name, table, known))


def read_models(path: Path, folder: Path | None = None) -> Registry:
    """The models of each table, as models.yaml lists them.

    With `folder`, each must have its file there. Raises SourceError with every fault.
    """
    known = sorted(file.stem for file in folder.glob("*/[a-z]*.py")) if folder else None
    return _read(path, "models", lambda name, _: _check_model(name, known))


def _read(path: Path, key: str, check: Check) -> Registry:
    tree = read_tree(path, f"the list of the {key}", f"write `{key}:` and a list of names a table")
    faults = [
        make_fault(path, tree, (name,), "there is no such key here", f"the only key is `{key}`")
        for name in tree
        if name != key
    ]
    if isinstance(tree.get(key), dict):
        faults += _find_wrong_tables(path, tree, key, check)
    else:
        rule = "must be a mapping of tables to lists of names"
        faults.append(make_fault(path, tree, (key,), rule, "write `<table>: [<name>, ...]`"))
    if faults:
        raise SourceError(faults)
    return {str(table): [str(name) for name in names] for table, names in tree[key].items()}


def _find_wrong_tables(path: Path, tree: Any, key: str, check: Check) -> Iterator[Failure]:
    seen: dict[str, str] = {}
    for table, names in tree[key].items():
        if table not in TABLES:
            rule, remedy = "there is no such table", f"the tables are {list_words(TABLES)}"
            yield make_fault(path, tree, (key, table), rule, suggest(table, TABLES, remedy))
        if not isinstance(names, list):
            rule, remedy = "must be a list of names", "write `[<name>, ...]`, or [] for none"
            yield make_fault(path, tree, (key, table), rule, remedy)
            continue
        for position, name in enumerate(names):
            steps: Steps = (key, table, position)
            if refused := _check_name(name, table, seen, check):
                yield make_fault(path, tree, steps, *refused, value=name)
            seen.setdefault(str(name), table)


def _check_name(
    name: Any, table: str, seen: dict[str, str], check: Check
) -> tuple[str, str] | None:
    if not isinstance(name, str):
        return "must be a name", "write text"
    if name in seen:
        return f"the name stands under {seen[name]} already", "name it once, under its own table"
    return check(name, table)


def _check_dataset(name: str, table: str, known: list[str] | None) -> tuple[str, str] | None:
    try:
        check_dataset_name(name, table)
    except ValueError as error:
        rule, remedy = error.args
        return rule, remedy
    if known is not None and name not in known:
        make = f"write data/sources/{name}/source.yaml, or take the name out of the list"
        return "there is no such dataset", suggest(name, known, make)
    return None


def _check_model(name: str, known: list[str] | None) -> tuple[str, str] | None:
    if not name.isidentifier() or name.startswith("_") or name != name.lower():
        return "a model's name is words of a-z and 0-9 joined by _", "name a file of models/"
    if known is not None and name not in known:
        make = f"write models/{name}.py, or take the name out of the list"
        return "there is no such model", suggest(name, known, make)
    return None
