"""The small project that is attacked, and how hostile inputs get into it."""

import csv
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from conftest import stretch
from openpyxl import Workbook
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
SOURCES = "data/sources"
EXCEL = "received.xlsx"
ROWS = [["target", "model", "release_date", "resource"], ["first", "one", "2012-06-01", 1e18]]


def read_yaml(name: str) -> Any:
    """The YAML file beside this module."""
    return YAML(typ="safe", pure=True).load(FOLDER / name)


def write_project(root: Path) -> Path:
    """The small project in the folder `root`, in which every check passes."""
    for name, text in read_yaml("toy_project.yaml").items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def hash_tree(root: Path) -> str:
    """A hash of every name, link and byte below `root`."""
    made = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        made.update(os.fsencode(f"{path.relative_to(root)}\0{path.lstat().st_mode}\0"))
        if path.is_symlink():
            made.update(os.fsencode(path.readlink()))
        elif path.is_file():
            made.update(path.read_bytes())
    return made.hexdigest()


def attack(root: Path, how: dict[str, Any]) -> None:
    """Put one hostile input, an entry of `put` in hostile.yaml, into the project at `root`."""
    kind = next(iter(how))
    globals()[f"_put_{kind}"](root, **how)


def _put_cell(root: Path, cell: str, text: str, dataset: str = "toy", line: int = 3) -> None:
    path = root / SOURCES / dataset / "records.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    rows[line - 1][rows[0].index(cell)] = stretch(text)
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")


def _put_change(root: Path, change: str, **how: str) -> None:
    _put_copy(root, change, change, [how["from"], how["to"]])


def _put_copy(
    root: Path, copy: str, to: str, replace: tuple[str, str] | list[str] = ("", ""), **how: Any
) -> None:
    text = (root / copy).read_text(encoding="utf-8")
    assert replace[0] in text, replace
    _put_write(root, to, text.replace(*replace, 1), **how)


def _put_write(root: Path, write: str, text: str, encoding: str = "utf-8", cut: int = 0) -> None:
    path = root / write
    path.parent.mkdir(parents=True, exist_ok=True)
    content = stretch(text).encode(encoding)
    path.write_bytes(content[: len(content) - cut])


def _put_workbook(root: Path, workbook: str, rows: list[list[Any]]) -> None:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(root / workbook)


def _put_link(root: Path, link: str, to: str) -> None:
    (root / link).symlink_to(to)


def _put_parts(root: Path, parts: int, megabytes: int) -> None:
    """A sound workbook with so many further parts, of so many blanks."""
    _put_workbook(root, EXCEL, ROWS)
    with zipfile.ZipFile(root / EXCEL, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(parts):
            archive.writestr(str(number), b" " * 1_000_000 * megabytes)


def _put_sheet(root: Path, sheet: str, **how: str) -> None:
    """A workbook whose sheet has its XML changed."""
    _put_workbook(root, sheet, ROWS)
    with zipfile.ZipFile(root / sheet) as sound:
        parts = {name: sound.read(name).decode("utf-8") for name in sound.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        how["from"], how["to"], 1
    )
    with zipfile.ZipFile(root / sheet, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)


def _put_parquet(root: Path, parquet: str) -> None:
    """A small file of one long text in many rows, which unpacks to 100 MB."""
    texts = pa.array(["x" * 250] * 400_000).dictionary_encode()
    pq.write_table(pa.table({"model": texts}), root / parquet)
