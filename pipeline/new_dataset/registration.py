"""A new dataset: its folder and its line in the registry, both or neither."""

import io
import os
import re
import shutil
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.failures import SourceError, file_failure
from pipeline.files import write_bytes
from pipeline.ingest.registries import read_datasets

SOURCES = Path("data/sources")
REGISTRY = "datasets.yaml"


def refuse_taken(root: Path, name: str) -> None:
    """Raise SourceError where `name` is a folder already, or a line of the registry."""
    folder, registry = root / SOURCES / name, root / SOURCES / REGISTRY
    if os.path.lexists(folder):
        raise file_failure(folder, "exists already", "choose another name, or remove it first")
    _read_text(registry)  # whose message says where to run the command
    for table, names in read_datasets(registry).items():
        if name in names:
            raise file_failure(
                registry,
                f"{name!r} is registered already, under {table}",
                "choose another name, or take it out of the registry first",
            )


def add_dataset(root: Path, name: str, table: str, card: str, records: str) -> Path:
    """Write the folder of the dataset and its name into the registry; the folder.

    Built beside and renamed. Raises SourceError where the name is taken or the registry cannot be
    extended; then, and after any other exception, nothing is left.
    """
    refuse_taken(root, name)
    folder, registry = root / SOURCES / name, root / SOURCES / REGISTRY
    building = folder.with_name(f".{name}.{os.getpid()}.part")
    try:
        building.mkdir()
        write_bytes(building / "source.yaml", card.encode("utf-8"))
        write_bytes(building / "records.csv", records.encode("utf-8"))
        extended = extend_registry(registry, _read_text(registry), name, table)
        os.replace(building, folder)
        try:
            write_bytes(registry, extended.encode("utf-8"))
        except BaseException:
            shutil.rmtree(folder)
            raise
    except OSError as error:
        raise file_failure(
            Path(error.filename or folder),
            f"cannot be written: {error.strerror}",
            "check its rights",
        ) from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
        registry.with_name(f".{REGISTRY}.part").unlink(missing_ok=True)
    return folder


def extend_registry(path: Path, text: str, name: str, table: str) -> str:
    """`text` with `name` at the end of the list of `table`; one line differs, comments stay.

    Raises SourceError where the list is not written in one line or in one line a name.
    """
    before = _read_registry(path, text)
    wanted = before | {table: [*before.get(table, []), name]}
    for extended in (_extend_line(text, name, table), _extend_lines(text, name, table)):
        if extended and _read_registry(path, extended) == wanted:
            return extended
    raise file_failure(
        path,
        f"the list of {table} is not in one line",
        f"write it as `{table}: [first, second]` and run the command again",
    )


def _extend_line(text: str, name: str, table: str) -> str | None:
    """`table: [a, b]  # why` -> `table: [a, b, name]  # why`."""
    pattern = rf"(?m)^([ \t]+{table}:[ \t]*\[)([^\]#\n]*)(\])"
    found = re.search(pattern, text)
    if not found:
        return None
    names = found[2].rstrip().removesuffix(",")
    extended = f"{names}, {name}" if names.strip() else name
    return text[: found.start(2)] + extended + text[found.start(3) :]


def _extend_lines(text: str, name: str, table: str) -> str | None:
    """The same of a list with a line a name: one more line."""
    pattern = rf"(?m)^([ \t]+){table}:[ \t]*(?:#.*)?(\r?\n)(?:(\1[ \t]*- ).*(?:\r?\n|\Z))+"
    found = re.search(pattern, text)
    if not found:
        return None
    before = found[0] if found[0].endswith("\n") else found[0] + found[2]
    return text[: found.start()] + before + f"{found[3]}{name}{found[2]}" + text[found.end() :]


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise file_failure(
            path, f"cannot be read: {error}", "run the command in the repository, or give --root"
        ) from None


def _read_registry(path: Path, text: str) -> dict[str, list[str]]:
    """Names by table. Raises SourceError where the file is not such a mapping."""
    try:
        tree = YAML(typ="safe").load(io.StringIO(text))
        return {str(table): list(names or []) for table, names in tree["datasets"].items()}
    except (YAMLError, AttributeError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> SourceError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return file_failure(path, f"not a registry of datasets: {reason}", "mend the file")
