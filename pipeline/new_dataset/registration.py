"""A new dataset: its folder and its line in the registry, both or neither."""

import io
import os
import shutil
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from pipeline.core.failures import file_failure
from pipeline.core.files import write_text
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets


def refuse_taken(layout: Layout, name: str) -> None:
    """Raise SourceError where `name` is a folder already, or a line of the registry."""
    folder = layout.card(name).parent
    if os.path.lexists(folder):
        raise file_failure(folder, "exists already", "choose another name, or remove it first")
    for table, names in read_datasets(layout.datasets).items():
        if name in names:
            rule = f"{name!r} is registered already, under {table}"
            remedy = "choose another name, or take it out of the registry first"
            raise file_failure(layout.datasets, rule, remedy)


def add_dataset(layout: Layout, name: str, table: str, card: str, records: str) -> Path:
    """Write the folder of the dataset, then its name into the registry; the folder.

    Raises SourceError where the name is taken or nothing can be written; then, and after any other
    exception, nothing is left.
    """
    refuse_taken(layout, name)
    folder, registry = layout.card(name).parent, layout.datasets
    try:
        extended = extend_registry(registry, name, table)
        write_text(layout.card(name), card)
        write_text(layout.records(name), records)
        write_text(registry, extended)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        registry.with_name(f".{registry.name}.part").unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        place, rule = Path(error.filename or folder), f"cannot be written: {error.strerror}"
        raise file_failure(place, rule, "check its rights") from None
    return folder


def extend_registry(path: Path, name: str, table: str) -> str:
    """The registry's text with `name` at the end of the list of `table`; comments stay."""
    yaml, text = YAML(), io.StringIO()
    yaml.width = 10_000  # no line is broken
    tree = yaml.load(path)
    names = tree["datasets"].setdefault(table, CommentedSeq())
    if not names:
        names.fa.set_flow_style()
    names.append(name)
    yaml.dump(tree, text)
    return text.getvalue()
