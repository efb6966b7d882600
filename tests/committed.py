"""The project as Git has it: results are whole there, whatever a run has half made meanwhile."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pipeline.core.layout import Layout

ROOT = Path(__file__).parents[1]


@cache
def read_committed() -> Layout:
    """The last commit's data and reports in a folder of their own; the project's without Git."""
    folder = Path(tempfile.mkdtemp(prefix="apportion-committed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    archive = folder / "project.tar"
    command = ["git", "-C", str(ROOT), "archive", "--output", str(archive), "HEAD"]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        return Layout(ROOT)
    shutil.unpack_archive(archive, folder, filter="data")
    return Layout(folder)
