"""The two registries, checked: which datasets fill each table, and which models read it.

`data/sources/datasets.yaml` and `models/models.yaml` have one key, `datasets` or `models`, and
below it one list of names per table.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.core.failures import raise_any
from pipeline.ingest.cards.dataset_names import check_dataset_name, list_models
from pipeline.ingest.cards.faults import list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import Fault, read_tree
from pipeline.ingest.tables import TABLES

Registry = dict[str, list[str]]
Check = Callable[[str, str], None]  # name, table: raises ValueError (rule, remedy)
FILES = {"datasets": "data/sources/{}/source.yaml", "models": "models/<family>/{}.py"}


def read_datasets(path: Path, sources: Path | None = None) -> Registry:
    """The datasets of each table, as datasets.yaml lists them.

    With `sources`, each must have its folder there. Raises SourceError with every fault.
    """
    known = sorted(path.name for path in sources.iterdir() if path.is_dir()) if sources else None
    return _read(path, "datasets", known, check_dataset_name)


def read_models(path: Path, folder: Path | None = None) -> Registry:
    """The models of each table, as models.yaml lists them.

    With `folder`, each must have its file there. Raises SourceError with every fault.
    """
    return _read(path, "models", list_models(folder) if folder else None, _check_model_name)


def _check_model_name(name: str, _: str) -> None:
    if not name.isidentifier() or name.startswith("_") or name != name.lower():
        rule = "a model's name is words of a-z and 0-9 joined by _"
        raise ValueError(rule, "name a file of models/")


def _read(path: Path, key: str, known: list[str] | None, check: Check) -> Registry:
    remedy = f"write `{key}:` and a list of names per table"
    tree = read_tree(path, f"the list of the {key}", remedy)
    rule, remedy = "there is no such key here", f"the only key is `{key}`"
    found: list[Fault] = [((name,), rule, remedy, "") for name in tree if name != key]
    if isinstance(tree.get(key), dict):
        found += _find_wrong_tables(tree, key, known, check)
    else:
        rule = "must be a mapping of tables to lists of names"
        found.append(((key,), rule, "write `<table>: [<name>, ...]`", ""))
    raise_any(make_fault(path, tree, *each) for each in found)
    return {str(table): [str(name) for name in names] for table, names in tree[key].items()}


def _find_wrong_tables(
    tree: Any, key: str, known: list[str] | None, check: Check
) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for table, names in tree[key].items():
        if table not in TABLES:
            remedy = suggest(table, TABLES, f"the tables are {list_words(TABLES)}")
            yield (key, table), "there is no such table", remedy, ""
        if not isinstance(names, list):
            rule, remedy = "must be a list of names", "write `[<name>, ...]`, or [] for none"
            yield (key, table), rule, remedy, ""
            continue
        for position, name in enumerate(names):
            try:
                _check_once(name, seen)
                check(name, table)
                _check_known(name, known, key)
            except ValueError as error:
                rule, remedy = error.args
                yield (key, table, position), rule, remedy, name
            seen.setdefault(str(name), table)


def _check_once(name: Any, seen: dict[str, str]) -> None:
    if not isinstance(name, str):
        raise ValueError("must be a name", "write text")
    if name in seen:
        rule = f"the name is listed under {seen[name]} already"
        raise ValueError(rule, "list it once, under its own table")


def _check_known(name: str, known: list[str] | None, key: str) -> None:
    if known is not None and name not in known:
        remedy = f"write {FILES[key].format(name)}, or take the name out of the list"
        raise ValueError(f"there is no such {key[:-1]}", suggest(name, known, remedy))
