"""Studies on processes and on a cluster: results do not depend on who does what, nothing that is
done is done again, and what is lost is done by others.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import ROOT
from slow_study import DATASETS, make_slow_study
from toy_model import make_toy_study

from pipeline.studies import engine as engines
from pipeline.studies.coverage import study_coverage
from pipeline.studies.engine import Engine, OtherCodeError, start

ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
WAIT_SECONDS = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; an error where it does not within a minute."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def run_dask(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A `dask` process as a person starts it, ended with all its children."""
    command = [sys.executable, "-m", "dask", *words]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()


def start_worker(address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", "worker", address, "--no-nanny", "--nthreads", "1"],
        env=ENVIRONMENT,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def count_told(told: Path) -> int:
    return len(told.read_text().splitlines()) if told.is_file() else 0


@pytest.mark.slow
def test_cluster_that_loses_a_worker_and_gains_one_gives_the_same(tmp_path: Path) -> None:
    alone = study_coverage(make_toy_study(), DATASETS)
    told, kept = tmp_path / "told", tmp_path / "kept"
    with run_dask("scheduler", "--port", "0", "--no-dashboard") as scheduler:
        assert scheduler.stderr is not None
        lines = iter(scheduler.stderr.readline, "")
        found = (re.search(r"tcp://\S+", line) for line in lines if "Scheduler at" in line)
        address = next(filter(None, found)).group()
        workers = [start_worker(address) for _ in range(3)]
        try:

            def disturb() -> None:
                first = str(workers[0].pid)
                wait_until(lambda: count_told(told) > 5 and first in told.read_text())
                workers[0].send_signal(signal.SIGKILL)
                workers.append(start_worker(address))

            with ThreadPoolExecutor(1) as pool, start(address, 0, kept) as engine:
                disturbed = pool.submit(disturb)
                found = study_coverage(make_slow_study(told, engine), DATASETS)
                disturbed.result()
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    assert found == alone
    ran = [line.split() for line in told.read_text().splitlines()]
    times = Counter(seed for seed, _ in ran)
    assert len(times) == DATASETS
    lost = {seed for seed, process in ran if process == str(workers[0].pid)}
    again = {seed for seed, count in times.items() if count > 1}
    assert again <= lost  # what the lost worker was at, and what it had not handed over
    assert max(times.values()) == 2
    assert len(list(kept.iterdir())) == DATASETS


@pytest.mark.slow
def test_interrupted_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    told, kept = tmp_path / "told", tmp_path / "kept"
    script = [sys.executable, ROOT / "tests/slow_study.py", told, kept]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen(script, env=ENVIRONMENT, start_new_session=True, **quiet)
    wait_until(lambda: kept.is_dir() and len(list(kept.iterdir())) > 4)
    os.killpg(first.pid, signal.SIGINT)  # as Ctrl-C does: to all of the group
    assert first.wait(WAIT_SECONDS) != 0
    done = len(list(kept.iterdir()))
    assert 4 < done < DATASETS
    second = subprocess.run(script, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert second.stdout.strip() == str(DATASETS)
    assert len(list(kept.iterdir())) == DATASETS
    assert count_told(told) <= DATASETS + 4  # two in flight on each of two processes


def test_nothing_that_is_kept_is_done_again(tmp_path: Path) -> None:
    told = tmp_path / "told"
    study = make_slow_study(told, Engine(kept=tmp_path / "kept"))
    assert study_coverage(study, 2) == study_coverage(study, 2)
    assert count_told(told) == 2


def test_worker_with_other_code_is_refused() -> None:
    with pytest.raises(OtherCodeError, match="another version"):
        engines._perform(str, "other", 0)
    assert engines._perform(str, engines.hash_code(), 7) == "7"
