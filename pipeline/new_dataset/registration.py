"""A new dataset: its folder and its line in the registry, both or neither."""

import os
import re
import shutil
from pathlib import Path

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
    """Write the folder of the dataset and its name into the registry; the folder.

    Built beside and renamed. Raises SourceError where the name is taken or the registry cannot be
    extended; then, and after any other exception, nothing is left.
    """
    refuse_taken(layout, name)
    folder, registry = layout.card(name).parent, layout.datasets
    building = folder.with_name(f".{name}.{os.getpid()}.part")
    try:
        extended = extend_registry(registry, name, table)
        building.mkdir()
        write_text(building / layout.card(name).name, card)
        write_text(building / layout.records(name).name, records)
        os.replace(building, folder)
        try:
            write_text(registry, extended)
        except BaseException:
            shutil.rmtree(folder)
            raise
    except OSError as error:
        place = Path(error.filename or folder)
        rule = f"cannot be written: {error.strerror}"
        raise file_failure(place, rule, "check its rights") from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
        registry.with_name(f".{registry.name}.part").unlink(missing_ok=True)
    return folder


def extend_registry(path: Path, name: str, table: str) -> str:
    """The registry's text with `name` at the end of the list of `table`; one line differs.

    Raises SourceError where the list is not written as `table: [first, second]` in one line.
    """
    before, text = read_datasets(path), path.read_bytes().decode("utf-8")
    pattern = rf"(?m)^([ \t]+{table}:[ \t]*\[)([^\]#\n]*)\]"
    found = re.search(pattern, text)
    if found is None or before.get(table) != re.findall(r"[^,\s]+", found[2]):
        rule, remedy = f"the list of {table} is not in one line", "and run the command again"
        raise file_failure(path, rule, f"write it as `{table}: [first, second]` {remedy}")
    names = found[2].rstrip().removesuffix(",")
    extended = f"{names}, {name}" if names.strip() else name
    return text[: found.start(2)] + extended + text[found.end(2) :]
