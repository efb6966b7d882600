"""The stage graph: what dvc.yaml declares is what the code imports; what a change runs again."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import networkx as nx
import pytest
from conftest import ROOT
from dvc.repo import Repo
from ruamel.yaml import YAML
from tables_for_models import list_cells

from models import find_family
from pipeline.core.layout import Layout
from pipeline.ingest.stage import ingest_dataset

STAGE_MODULES = {
    "ingest": "pipeline.ingest.stage",
    "fit": "pipeline.fit.stage",
    "synthesis": "pipeline.synthesis.stage",
    "takeoff": "pipeline.takeoff.stage",
    "site": "pipeline.site.stage",
}
# DVC's vocabulary of YAML uses a name that its own dependency will drop.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")
Graph = nx.DiGraph


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """DVC's own graph of a copy of the project: an edge from a stage to each that it waits for."""
    root = tmp_path_factory.mktemp("graph")
    for name in ("dvc.yaml", "params.yaml", "data/sources/datasets.yaml", "models/models.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    with Repo.init(str(root), no_scm=True) as repo:
        return repo.index.graph.copy()


def deps_of(stage: Any) -> set[str]:
    files = [Path(dep.fs_path) for dep in stage.deps if not dep.def_path.endswith("params.yaml")]
    return {path.relative_to(stage.wdir).as_posix() for path in files}


def kind_of(stage: Any) -> str:
    """The kind of a stage, and its table if it has one: `fit`, `efficiency`."""
    return str(stage.name).partition("@")[0].partition("_")[0]


def find_rerun(graph: Graph, changed: str) -> set[str]:
    """The stages that DVC may run when a file changed: those that read it, and what follows."""
    direct = [
        stage
        for stage in graph
        if any(changed == dep or changed.startswith(f"{dep}/") for dep in deps_of(stage))
    ]
    return {str(s.name) for one in direct for s in {one, *nx.ancestors(graph, one)}}


@cache
def read_imports() -> Any:
    """Who imports whom, at the top or inside of functions."""
    return grimp.build_graph("models", "pipeline", cache_dir=None)


def follow(module: str) -> set[str]:
    """The files of the module, of all it imports, and of the packages above these."""
    found = {module, *read_imports().find_upstream_modules(module)}
    parts = [each.split(".") for each in found]
    found |= {".".join(part[:end]) for part in parts for end in range(1, len(part))}
    paths = [Path(each.replace(".", "/")) for each in found]
    return {str(p / "__init__.py" if (ROOT / p).is_dir() else f"{p}.py") for p in paths}


def read_by(stage: Any) -> set[str]:
    """The code that the process of a stage imports; a fit imports its model by name."""
    command = str(stage.cmd).split()
    found = follow(STAGE_MODULES[kind_of(stage)])
    if command[3] == "fit":
        found |= follow(f"models.{find_family(command[5])}.{command[5]}")
    return found


def is_within(file: str, folders: set[str]) -> bool:
    return any(file == folder or file.startswith(f"{folder}/") for folder in folders)


def test_every_module_that_a_stage_imports_is_among_its_deps(graph: Graph) -> None:
    plain = {"pipeline/__init__.py"}
    missing = {
        stage.name: sorted(f for f in read_by(stage) - plain if not is_within(f, deps_of(stage)))
        for stage in graph
    }
    assert {name: files for name, files in missing.items() if files} == {}


def test_a_fit_depends_on_no_folder_that_it_does_not_import(graph: Graph) -> None:
    for stage in graph:
        if kind_of(stage) == "fit":
            code = {dep for dep in deps_of(stage) if dep.startswith(("models", "pipeline"))}
            idle = {dep for dep in code if not any(is_within(f, {dep}) for f in read_by(stage))}
            assert not idle, stage.name


def test_words_and_pages_run_no_fit(graph: Graph) -> None:
    for words in (
        "reports/models/compute_multiplier.yaml",
        "reports/templates/base.html.jinja",
        "pipeline/site/posterior/page.py",
        "data/calibration/mmlu-compute_multiplier.json",
        "data/multiverse/mmlu-compute_multiplier.json",
        "data/claims.yaml",
    ):
        found = {name.partition("@")[0] for name in find_rerun(graph, words)}
        assert {"site"} <= found <= {"synthesis", "site"}, words


def test_words_of_a_card_change_nothing_that_a_fit_reads(copied: Path) -> None:
    layout, name, yaml, read = Layout(copied), "software_hardware_rates", YAML(), []
    for words in ("Some words?", "Others?"):
        card = yaml.load(layout.card(name))
        card["options"]["notes"] = [words]
        yaml.dump(card | {"title": words, "question": words}, layout.card(name))
        ingest_dataset(layout, name)
        read.append([path.read_bytes() for path in (layout.table(name), layout.options(name))])
    assert read[0] == read[1]


def test_every_cell_of_the_registries_has_its_stages(graph: Graph) -> None:
    fits = {str(stage.name).partition("@")[2] for stage in graph if kind_of(stage) == "fit"}
    assert fits == {f"{dataset}-{model}" for dataset, model in list_cells()}


def test_prior_of_a_leaderboard_model_runs_its_family_and_what_reads_it(graph: Graph) -> None:
    rerun = find_rerun(graph, "models/leaderboards/compute_multiplier.py")
    cells = {str(s.name) for s in graph if str(s.name).startswith("fit_accuracy_leaderboard")}
    assert cells <= rerun
    others = {name.partition("@")[0] for name in rerun - cells}
    read = {"ingest_own_rates", "fit_own_rates", "ingest_published_estimates"}
    assert others <= read | {"fit_published_estimates", "synthesis", "takeoff", "site"}


def test_dvc_files_are_small() -> None:
    flow, lock = ((ROOT / name).read_text(encoding="utf-8") for name in ("dvc.yaml", "dvc.lock"))
    assert len(flow.splitlines()) <= 150
    assert len(lock.splitlines()) <= 3500
