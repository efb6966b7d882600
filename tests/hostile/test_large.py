"""100 MB of one column: refused, and in less than a gigabyte of memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from attacks import write_project
from conftest import ROOT

GIGABYTE = 1_000_000  # in kB, as Linux counts
# The process tells its own peak: the kernel's figure for a child starts at the parent's size.
RUN = """
import atexit, pathlib, sys
status, peak = pathlib.Path("/proc/self/status"), pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: peak.write_text(status.read_text().partition("VmHWM:")[2].split()[0]))
from pipeline.cli import main
main()
"""
RECORDS, RECEIVED = "data/sources/toy/records.csv", "received.csv"
CHECK = ("check", "toy")
NEW = ("new", "made", "--table", "efficiency", "--from", RECEIVED)


@pytest.mark.parametrize(
    ("name", "row", "command", "words"),
    [
        (RECORDS, b"x" * 99 + b"\n", CHECK, "more than 500,000 lines"),
        (RECEIVED, b"x", NEW, "a cell longer than 10,000 characters"),
    ],
)
def test_large_column_is_refused_in_little_memory(
    name: str, row: bytes, command: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    root, peak = write_project(tmp_path / "root"), tmp_path / "kilobytes"
    (root / name).write_bytes(b"model\n" + row * (63_000_000 // len(row)))
    process = subprocess.run(
        [sys.executable, "-c", RUN, str(peak), *command],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = process.stdout + process.stderr
    assert (process.returncode, words in told) == (1, True), told
    assert int(peak.read_text(encoding="utf-8")) < GIGABYTE
