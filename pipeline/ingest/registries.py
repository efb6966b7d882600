"""The two registries, checked: which datasets fill each table, and which models read it.

`data/sources/datasets.yaml` and `models/models.yaml` have one key, `datasets` or `models`, and
below it one list of names per table.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.core.failures import Failure, raise_any
from pipeline.ingest.cards.dataset_names import check_dataset_name, list_models
from pipeline.ingest.cards.faults import list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.tables import TABLES

Registry = dict[str, list[str]]
Check = Callable[[str, str], None]  # name, table: raises ValueError (rule, remedy)


def read_datasets(path: Path, sources: Path | None = None) -> Registry:
    """The datasets of each table, as datasets.yaml lists them.

    With `sources`, each must have its folder there. Raises SourceError with every fault.
    """
    known = sorted(path.name for path in sources.iterdir() if path.is_dir()) if sources else None

    def check(name: str, table: str) -> None:
        check_dataset_name(name, table)
        _check_known(name, known, "dataset", f"write data/sources/{name}/source.yaml")

    return _read(path, "datasets", check)


def read_models(path: Path, folder: Path | None = None) -> Registry:
    """The models of each table, as models.yaml lists them.

    With `folder`, each must have its file there. Raises SourceError with every fault.
    """
    known = list_models(folder) if folder else None

    def check(name: str, table: str) -> None:  # noqa: ARG001 any table may have it
        if not name.isidentifier() or name.startswith("_") or name != name.lower():
            rule, remedy = (
                "a model's name is words of a-z and 0-9 joined by _",
                "name a file of models/",
            )
            raise ValueError(rule, remedy)
        _check_known(name, known, "model", f"write models/<family>/{name}.py")

    return _read(path, "models", check)


def _check_known(name: str, known: list[str] | None, what: str, remedy: str) -> None:
    if known is not None and name not in known:
        remedy = suggest(name, known, f"{remedy}, or take the name out of the list")
        raise ValueError(f"there is no such {what}", remedy)


def _read(path: Path, key: str, check: Check) -> Registry:
    remedy = f"write `{key}:` and a list of names per table"
    tree = read_tree(path, f"the list of the {key}", remedy)
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
    raise_any(faults)
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
            try:
                _check_once(name, seen)
                check(name, table)
            except ValueError as error:
                rule, remedy = error.args
                yield make_fault(path, tree, (key, table, position), rule, remedy, name)
            seen.setdefault(str(name), table)


def _check_once(name: Any, seen: dict[str, str]) -> None:
    if not isinstance(name, str):
        raise ValueError("must be a name", "write text")
    if name in seen:
        rule = f"the name is listed under {seen[name]} already"
        raise ValueError(rule, "list it once, under its own table")
