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

from pipeline.failures import Failure, SourceError
from pipeline.stage import stage_main

WRITE_AFTER_SECONDS = 2.0
STAGE = f"""
import sys, time
from pathlib import Path
from pipeline.stage import stage_main

def main(argv):
    started, output = map(Path, sys.argv[1:])
    started.touch()
    time.sleep({WRITE_AFTER_SECONDS})
    output.touch()
    return 0

stage_main(main)
"""
DVC = """
import subprocess, sys
sys.exit(subprocess.call(["sh", "-c", sys.argv[1]]))
"""


def raise_source_error(argv: list[str] | None) -> int:
    raise SourceError(
        [
            Failure("b.csv", 3, "score", "x", "not a number", "write digits"),
            Failure("a.csv", None, "", "", "the file is missing", "add it"),
        ]
    )


@pytest.fixture(autouse=True)
def outside_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)


def test_bad_input_ends_with_exit_code_1_and_every_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        stage_main(raise_source_error)
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "a.csv: the file is missing. Remedy: add it",
        "b.csv:3: score 'x': not a number. Remedy: write digits",
    ]


@pytest.mark.parametrize("code", [0, 2])
def test_code_of_main_is_the_code_of_the_process(code: int) -> None:
    with pytest.raises(SystemExit) as ended:
        stage_main(lambda _: code)
    assert ended.value.code == code


def test_fault_of_the_code_keeps_its_traceback() -> None:
    def main(argv: list[str] | None) -> int:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        stage_main(main)


def test_stage_whose_dvc_is_gone_before_it_begins_does_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DVC_STAGE", "fit")
    with pytest.raises(SystemExit, match="dvc ended before"):
        stage_main(lambda _: (tmp_path / "ran").touch() or 0)
    assert not (tmp_path / "ran").exists()


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
    folder: Path, command: str, started_processes: list[psutil.Process]
) -> tuple[psutil.Process, psutil.Process]:
    """A process named dvc and the stage it started through a shell, once the stage is running."""
    for name, text in (("dvc", DVC), ("stage.py", STAGE)):
        (folder / name).write_text(text, encoding="utf-8")
    stage = f"{sys.executable} {folder}/stage.py {folder}/started {folder}/output"
    dvc = psutil.Popen(
        [sys.executable, str(folder / "dvc"), command.format(stage=stage)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "DVC_STAGE": "slow"},
    )
    started_processes.append(dvc)
    wait_until_started(folder)
    started_processes += dvc.children(recursive=True)
    (child,) = [p for p in started_processes if "stage.py" in p.cmdline()[1]]
    return dvc, child


def wait_until_started(folder: Path) -> None:
    until = time.monotonic() + 30
    while not (folder / "started").exists():
        assert time.monotonic() < until, "the stage did not start"
        time.sleep(0.05)


def has_ended(process: psutil.Process) -> bool:
    """Whether `process` ends before it would write; one that nobody waited for counts as ended."""
    until = time.monotonic() + WRITE_AFTER_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


# A shell may replace itself by its only command, or stay as the stage's parent.
@pytest.mark.parametrize("command", ["{stage}", "{stage}; true"])
def test_stage_ends_without_writing_when_dvc_is_killed(
    tmp_path: Path, processes: list[psutil.Process], command: str
) -> None:
    dvc, stage = start_under_dvc(tmp_path, command, processes)
    dvc.kill()
    dvc.wait()
    assert has_ended(stage)
    assert not (tmp_path / "output").exists()


def test_stage_ends_without_writing_when_its_shell_is_killed(
    tmp_path: Path, processes: list[psutil.Process]
) -> None:
    _, stage = start_under_dvc(tmp_path, "{stage}; true", processes)
    shell = stage.parent()
    assert shell is not None
    shell.kill()
    assert has_ended(stage)
    assert not (tmp_path / "output").exists()


def test_stage_under_a_living_dvc_writes(tmp_path: Path, processes: list[psutil.Process]) -> None:
    dvc, _ = start_under_dvc(tmp_path, "{stage}; true", processes)
    assert dvc.wait(timeout=30) == 0
    assert (tmp_path / "output").exists()


def test_stage_outside_dvc_writes(tmp_path: Path) -> None:
    (tmp_path / "stage.py").write_text(STAGE, encoding="utf-8")
    command = [sys.executable, "stage.py", "started", "output"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "output").exists()


def test_bad_input_of_a_process_prints_no_traceback() -> None:
    command = [
        sys.executable,
        "-m",
        "pipeline.ingest.convert",
        "--card",
        "absent.yaml",
        "--output",
        "x",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("absent.yaml: the card is missing. Remedy: ")
    assert "Traceback" not in done.stderr
