"""The pipeline through DVC itself: one small dataset, few draws, in a copy of the project."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from projects import DATASETS, environment, make_project, run, start_dvc

pytestmark = pytest.mark.slow

CELL = "imagenet_efficiency-efficiency_frontier"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, without results."""
    return start_dvc(make_project(tmp_path_factory.mktemp("project")))


def read_results(project: Path) -> dict[str, bytes]:
    """The bytes of every result that is kept in Git, and of the pages."""
    return {
        str(path.relative_to(project)): path.read_bytes()
        for folder in ("data/checks", "data/attributions", "reports/html", "reports/summary")
        for path in sorted((project / folder).rglob("*"))
        if path.is_file()
    }


def test_one_command_makes_every_result_and_the_next_makes_none(project: Path) -> None:
    first = run(project, "dvc", "repro")
    assert first.returncode == 0, first.stdout + first.stderr
    made = read_results(project)
    assert f"data/attributions/{CELL}.json" in made
    assert f"data/checks/{CELL}.json" in made
    assert f"reports/html/{CELL}.html" in made
    assert "reports/html/index.html" in made
    again = run(project, "dvc", "repro")
    assert "Running stage" not in again.stdout
    assert "up to date" in run(project, "dvc", "status").stdout


def test_a_killed_fit_leaves_no_writer_and_the_next_run_gives_the_same_bytes(project: Path) -> None:
    before = read_results(project)
    shutil.rmtree(project / ".dvc/cache")
    shutil.rmtree(project / "data/posteriors")
    with subprocess.Popen(
        ["dvc", "repro"],
        cwd=project,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:
        fit = wait_for_fit(dvc.pid)
        dvc.send_signal(signal.SIGKILL)
    fit.wait(timeout=10)
    time.sleep(1)
    assert not list((project / "data/posteriors").glob("*.nc"))
    finished = run(project, "dvc", "repro")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert read_results(project) == before


def wait_for_fit(pid: int) -> psutil.Process:
    """The process of the fit stage below `pid`, once it has had a moment to start."""
    for _ in range(600):
        for child in psutil.Process(pid).children(recursive=True):
            if is_fit(child):
                time.sleep(1.5)
                return child
        time.sleep(0.1)
    raise AssertionError("the fit did not start within a minute")


def is_fit(process: psutil.Process) -> bool:
    """Whether this is Python running the fit stage, not the shell that started it."""
    try:
        return "python" in process.name() and {"pipeline", "fit"} <= set(process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return False


def test_a_broken_dataset_among_good_ones_is_named_last_and_on_the_overview(project: Path) -> None:
    """Nothing is made of it; results of the good one stay as they are."""
    before = read_results(project)
    broken = project / "data/sources/broken"
    shutil.copytree(project / "data/sources/imagenet_efficiency", broken)
    records = broken / "records.csv"
    whole = records.read_text(encoding="utf-8")
    records.write_text(whole.replace(",266.1,", ",-266.1,", 1), encoding="utf-8")
    registry = project / "data/sources/datasets.yaml"
    registry.write_text(
        DATASETS.replace("[imagenet_efficiency]", "[imagenet_efficiency, broken]"), encoding="utf-8"
    )
    made = run(project, "sh", ".ci/repro")
    shutil.rmtree(broken)
    registry.write_text(DATASETS, encoding="utf-8")
    assert made.returncode != 0
    last = made.stderr.rpartition("imagenet_efficiency: 22 rows in, 22 fitted")[2]
    page = (project / "reports/html/index.html").read_text(encoding="utf-8")
    missing = page.partition('<h2 id="missing">')[2].partition("</section>")[0]
    for said in ("broken: refused: rows break the rules of the table", "above 0"):
        assert said in last
    for said in ("broken/records.csv:", "above 0"):
        assert said in missing
    assert "Traceback" not in made.stderr
    assert "remedy: " in made.stderr.strip().splitlines()[-1]
    assert f'href="{CELL}.html"' in page
    after, kept = read_results(project), f"data/attributions/{CELL}.json"
    of_it = [name for name in set(after) - set(before) if "broken" in name]
    assert not [name for name in of_it if name.startswith(("data/attributions", "reports/html"))]
    assert after[kept] == before[kept]
