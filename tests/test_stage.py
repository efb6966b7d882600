"""A stage as a process: bad input ends it with a message, and it never outlives its run."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from conftest import ROOT

from pipeline.core.stage import end_with_dvc

WRITE_AFTER_SECONDS = 2.0
STAGE = f"""
import sys, time
from pathlib import Path
from pipeline.core.stage import end_with_dvc

started, output = map(Path, sys.argv[1:])
end_with_dvc()
started.touch()
time.sleep({WRITE_AFTER_SECONDS})
output.touch()
"""
DVC = """
import subprocess, sys
sys.exit(subprocess.call(["sh", "-c", sys.argv[1]]))
"""


def test_bad_input_ends_with_exit_code_1_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "ingest", "nowhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("data/sources/nowhere/source.yaml: the card is missing. Remedy: ")
    assert "Traceback" not in done.stderr


def test_stage_whose_dvc_is_gone_before_it_begins_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DVC_STAGE", "fit")
    with pytest.raises(SystemExit, match="dvc ended before"):
        end_with_dvc()


@pytest.fixture
def processes() -> Iterator[list[psutil.Process]]:
    """Processes to end after the test, whatever it showed; the first is its own child."""
    started: list[psutil.Process] = []
    yield started
    for process in started:
        if process.is_running():
            process.kill()
    started[0].wait()


def start_under_dvc(
    folder: Path, command: str, processes: list[psutil.Process]
) -> tuple[psutil.Popen, psutil.Process]:
    """A process named dvc and the stage it started through a shell, once the stage is running."""
    for name, text in (("dvc", DVC), ("stage.py", STAGE)):
        (folder / name).write_text(text, encoding="utf-8")
    stage = f"{sys.executable} {folder}/stage.py {folder}/started {folder}/output"
    dvc = psutil.Popen(
        [sys.executable, str(folder / "dvc"), command.format(stage=stage)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "DVC_STAGE": "slow"},
    )
    processes.append(dvc)
    until = time.monotonic() + 30
    while not (folder / "started").exists():
        assert time.monotonic() < until, "the stage did not start"
        time.sleep(0.05)
    processes += dvc.children(recursive=True)
    (child,) = [p for p in processes if "stage.py" in p.cmdline()[1]]
    return dvc, child


def has_ended(process: psutil.Process) -> bool:
    """Whether `process` ends before it would write; one that nobody waited for counts as ended."""
    until = time.monotonic() + WRITE_AFTER_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


# A shell may replace itself by its only command, or stay as the stage's parent.
@pytest.mark.parametrize(
    ("command", "killed"), [("{stage}", "dvc"), ("{stage}; true", "dvc"), ("{stage}; true", "sh")]
)
def test_stage_ends_without_writing_when_its_run_is_killed(
    tmp_path: Path, processes: list[psutil.Process], command: str, killed: str
) -> None:
    dvc, stage = start_under_dvc(tmp_path, command, processes)
    (dvc if killed == "dvc" else stage.parent() or dvc).kill()
    assert has_ended(stage)
    assert not (tmp_path / "output").exists()


def test_stage_under_a_living_dvc_writes(tmp_path: Path, processes: list[psutil.Process]) -> None:
    dvc, _ = start_under_dvc(tmp_path, "{stage}; true", processes)
    assert dvc.wait(timeout=30) == 0
    assert (tmp_path / "output").exists()
