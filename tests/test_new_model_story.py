"""Adding a model as CONTRIBUTING.md says it: one file, its words and one line."""

import re
import shutil
from pathlib import Path

import pytest
from projects import ROOT, list_files, make_project, read_params, run
from ruamel.yaml import YAML
from worked_examples import read_blocks

pytestmark = pytest.mark.slow

CELL = "imagenet_efficiency-average_run"
BLOCKS = {block.file: block for block in read_blocks("Add a model") if block.file}
MODEL, WORDS, REGISTRY = BLOCKS


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the printed model."""
    project = make_project(tmp_path_factory.mktemp("model") / "project")
    settings = read_params()  # as many draws as a verdict of *pass* asks for
    YAML().dump(settings | {"fit": settings["fit"] | {"draws": 1000}}, project / "params.yaml")
    for name in (MODEL, WORDS):
        (project / name).write_text(BLOCKS[name].text, encoding="utf-8")
    line, path = BLOCKS[REGISTRY].text, project / REGISTRY
    table, before = line.partition(":")[0], path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf"^{table}:.*\n", line, before, flags=re.MULTILINE), encoding="utf-8")
    return project


def test_the_printed_model_is_fitted_checked_and_has_its_page(project: Path) -> None:
    before = list_files(project)
    for stage in ("ingest imagenet_efficiency", "fit imagenet_efficiency average_run", "site"):
        made = run(project, *f"python -m pipeline {stage}".split())
        assert made.returncode == 0, made.stdout + made.stderr
    made = set(list_files(project)) - set(before)
    kept = {f"data/attributions/{CELL}.json", f"data/checks/{CELL}.json"}
    assert kept | {f"reports/html/{CELL}.html"} <= made
    page = (project / f"reports/html/{CELL}.html").read_text(encoding="utf-8")
    assert "The compute of the average run to a fixed score halved every" in page


def test_the_printed_model_keeps_the_contract_and_the_style(project: Path) -> None:
    for name in ("tests", "benchmarks"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = ("python", "-m", "pytest", "--no-cov", "-q", "tests/test_model_contract.py")
    made = run(project, *words, "-k", "average_run")
    assert made.returncode == 0, made.stdout + made.stderr
    assert run(project, "ruff", "check", MODEL).stdout == "All checks passed!\n"
    assert "already formatted" in run(project, "ruff", "format", "--check", MODEL).stdout
