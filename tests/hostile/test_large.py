"""100 MB of one column: refused in seconds, and in less than a gigabyte of memory."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from cases import CHECK, RECORDS, new
from conftest import ROOT
from toy_project import hash_tree, write_project

SECONDS, GIGABYTE = 20, 1_000_000  # on a machine that does other work too; kB, as Linux counts
# The process tells its own peak: the kernel's figure for a child starts at the parent's size.
RUN = """
import atexit, pathlib, sys
status, peak = pathlib.Path("/proc/self/status"), pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: peak.write_text(status.read_text().partition("VmHWM:")[2].split()[0]))
from pipeline.cli import main
main()
"""
HEADER = b"model\n"
# Rows of 100 characters, of one, and a single cell without an end.
ROWS = {"rows": b"x" * 99 + b"\n", "short rows": b"1\n", "one cell": b"x"}


CASES = [
    (100_000_000, "rows", CHECK, "100 MB, larger than 64 MB"),
    (100_000_000, "rows", new(), "100 MB, more than 64 MB"),
    (63_000_000, "rows", CHECK, "630,001 lines, more than 500,000 lines"),
    (63_000_000, "short rows", new(), "more than 499,999 rows"),
    (63_000_000, "one cell", new(), "a cell longer than 10,000 characters"),
]


@pytest.mark.parametrize(("size", "row", "command", "words"), CASES)
def test_large_column_is_refused_in_seconds_and_little_memory(
    tmp_path: Path, size: int, row: str, command: tuple[str, ...], words: str
) -> None:
    root = write_project(tmp_path / "root")
    name = RECORDS if command == CHECK else "received.csv"
    content = ROWS[row]
    (root / name).write_bytes(HEADER + content * (size // len(content)))
    before, start = hash_tree(root), monotonic()
    code, told, memory = run(root, tmp_path / "told", *command)
    assert monotonic() - start < SECONDS
    assert (code, words in told) == (1, True), told
    assert "remedy: " in told.lower()
    assert "Traceback" not in told
    assert memory < GIGABYTE
    assert hash_tree(root) == before


def run(root: Path, output: Path, *command: str) -> tuple[int, str, int]:
    """Exit code and output of the command line, and the memory that it took at most, in kB."""
    peak = output.with_suffix(".kilobytes")
    process = subprocess.run(
        [sys.executable, "-c", RUN, str(peak), *command],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout, int(peak.read_text(encoding="utf-8"))
