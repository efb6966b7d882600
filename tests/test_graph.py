"""The stage graph: what dvc.yaml declares is what the code imports; each path has one writer."""

import ast
import re
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGES = ("models", "pipeline")
# Stages that make pages: seconds each, and no fit waits for them.
PAGE_KINDS = {"report", "takeoff", "synthesis", "overview"}
LAYERS = (  # a folder of pipeline/ imports those before it
    ("cards",),
    ("sources",),
    ("calibration",),
    ("checks",),
    ("pages",),
    ("charts",),
    ("reports", "takeoffs", "comparisons"),
    ("studies",),
    ("commands",),
    ("new_dataset",),
)
CHART_LIBRARIES = {
    "altair",
    "vl_convert",
    "matplotlib",
    "plotly",
    "bokeh",
    "seaborn",
    "arviz_plots",
}
SAMPLERS = {"pymc", "pytensor", "nutpie", "arviz", "arviz_stats", "statsmodels"}
WRITTEN_BY_PIPELINE = (
    "data/tables",
    "data/validated",
    "data/posteriors",
    "data/checks",
    "data/attributions",
    "reports/html",
    "reports/summary",
)
WRITTEN_BY_PEOPLE = (
    "data/calibration",
    "data/sources",
    "models",
    "pipeline",
    "reports/models",
    "reports/templates",
    "tests",
    "benchmarks",
)


@dataclass(frozen=True)
class Stage:
    """One stage of the expanded graph."""

    name: str
    command: str
    deps: frozenset[str]
    outs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """ingest, validate, fit, ..."""
        return self.entry.removeprefix("pipeline.")

    @property
    def entry(self) -> str:
        """The module that the command runs."""
        (module,) = re.findall(r"python -m ([\w.]+)", self.command)
        return str(module)

    @property
    def models(self) -> list[str]:
        """The modules that `models.load` imports by name."""
        if self.kind in ("overview", "synthesis"):
            return [f"models.{path.stem}" for path in (ROOT / "models").glob("[!_]*.py")]
        return [f"models.{name}" for name in re.findall(r"--model (\w+)", self.command)]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Stage]:
    """The graph as DVC expands it, read from copies so that the project stays as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of DVC's own imports
        from dvc.dependency import ParamsDependency
        from dvc.repo import Repo

        folder = tmp_path_factory.mktemp("graph")
        for name in ("dvc.yaml", "params.yaml", "models/models.yaml", "data/sources/datasets.yaml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        with Repo.init(str(folder), no_scm=True) as repo:
            return [
                Stage(
                    stage.addressing,
                    str(stage.cmd),
                    frozenset(
                        dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)
                    ),
                    tuple(out.def_path for out in stage.outs),
                )
                for stage in repo.index.stages
            ]


def find_file(module: str) -> Path | None:
    """The file of a module of the project, relative to the project's folder."""
    path = Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if (ROOT / file).is_file():
            return file
    return None


@cache
def list_imports(file: Path) -> frozenset[str]:
    """Every module that `file` names in an import, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def follow(modules: list[str]) -> tuple[set[str], set[str]]:
    """Files of the project that importing `modules` reads, and the libraries that they import."""
    files: set[str] = set()
    libraries: set[str] = set()
    left = list(modules)
    while left:
        module = left.pop()
        if module.split(".")[0] not in PACKAGES:
            libraries.add(module.split(".")[0])
            continue
        file = find_file(module)
        if file is None or str(file) in files:
            continue  # a name inside a module, or a module already read
        files.add(str(file))
        left += (
            [module.rpartition(".")[0], *list_imports(file)]
            if "." in module
            else list_imports(file)
        )
    return files, libraries


def read_by(stage: Stage) -> set[str]:
    return follow([stage.entry, *stage.models])[0]


def is_module(path: str) -> bool:
    return path.endswith(".py")


def is_code(path: str) -> bool:
    """Whether a dep is a module, or a folder of modules."""
    return is_module(path) or Path(path).parts[0] in PACKAGES


def is_within(path: str, folders: frozenset[str] | tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def test_imports_are_followed_through_packages_and_names() -> None:
    files, libraries = follow(["pipeline.fit.attribute"])
    expected = {"pipeline/__init__.py", "pipeline/cards/__init__.py", "models/options.py"}
    assert expected <= files
    assert {"numpy", "pydantic"} <= libraries


def test_every_cell_of_the_registries_has_its_stages(stages: list[Stage]) -> None:
    from ruamel.yaml import YAML

    datasets = YAML(typ="safe").load(ROOT / "data/sources/datasets.yaml")["datasets"]
    models = YAML(typ="safe").load(ROOT / "models/models.yaml")["models"]
    counts = Counter(stage.kind for stage in stages)
    cells = sum(len(datasets[table]) * len(names) for table, names in models.items())
    tables = sum(len(names) for names in datasets.values())
    assert counts["ingest"] == counts["validate"] == tables
    assert counts["fit"] == counts["check"] == counts["attribute"] == counts["report"] == cells
    assert counts["overview"] == 1


def test_every_module_that_a_stage_imports_is_among_its_deps(stages: list[Stage]) -> None:
    missing = {
        stage.name: sorted(f for f in read_by(stage) if not is_within(f, stage.deps))
        for stage in stages
    }
    assert {name: files for name, files in missing.items() if files} == {}


def test_every_dep_of_code_is_imported(stages: list[Stage]) -> None:
    used: dict[str, set[str]] = {}
    for stage in stages:
        used.setdefault(stage.kind, set()).update(read_by(stage))
    idle = {
        stage.name: sorted(
            dep
            for dep in stage.deps
            if is_code(dep) and not [f for f in used[stage.kind] if is_within(f, (dep,))]
        )
        for stage in stages
    }
    assert {name: deps for name, deps in idle.items() if deps} == {}


@cache
def imported_by(kinds: frozenset[str]) -> frozenset[str]:
    """Modules of the pipeline that stages of these kinds import."""
    return frozenset().union(*(follow([f"pipeline.{kind}"])[0] for kind in kinds))


def read_modules(stage: Stage) -> set[str]:
    """Modules of the pipeline whose change runs the stage again."""
    return {str(path) for path in list_modules("pipeline") if is_within(str(path), stage.deps)}


def test_a_folder_that_stages_read_holds_only_what_stages_import(stages: list[Stage]) -> None:
    every = imported_by(frozenset(stage.kind for stage in stages))
    idle = {stage.name: sorted(read_modules(stage) - every) for stage in stages}
    assert {name: files for name, files in idle.items() if files} == {}


def test_what_only_pages_use_runs_no_other_stage_again(stages: list[Stage]) -> None:
    others = frozenset(stage.kind for stage in stages) - PAGE_KINDS
    idle = {
        stage.name: sorted(read_modules(stage) - imported_by(others))
        for stage in stages
        if stage.kind in others
    }
    assert {name: files for name, files in idle.items() if files} == {}


@pytest.mark.parametrize("kind", ["fit", "check", "attribute"])
def test_stages_of_a_posterior_run_again_for_their_own_code_alone(
    stages: list[Stage], kind: str
) -> None:
    for stage in stages:
        if stage.kind == kind:
            assert read_modules(stage) <= imported_by(frozenset({kind})), stage.name


def test_what_people_run_makes_no_stage_run_again(stages: list[Stage]) -> None:
    read = {path for stage in stages for path in read_modules(stage)}
    run_by_people = ("studies", "commands", "new_dataset", "cli.py", "calibrate.py", "docs.py")
    assert not [path for path in read if Path(path).parts[1] in run_by_people]


def test_folders_of_the_pipeline_import_one_way() -> None:
    order = {folder: place for place, folders in enumerate(LAYERS) for folder in folders}
    folders = {path.parts[1] for path in list_modules("pipeline") if len(path.parts) > 2}
    assert folders == set(order)
    for path in list_modules("pipeline"):
        folder = path.parts[1]
        for module in list_imports(path) if folder in order else ():
            other = (*module.split("."), "")[1] if module.startswith("pipeline.") else ""
            is_before = order.get(other, -1) < order[folder]
            assert other == folder or is_before, f"{path} imports {module}"


@pytest.mark.parametrize("folder", [name for names in LAYERS for name in names])
def test_folders_of_the_pipeline_say_what_they_hold_and_no_more(folder: str) -> None:
    tree = ast.parse((ROOT / "pipeline" / folder / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_every_folder_of_the_pipeline_is_installed() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {".".join(path.parent.parts) for path in list_modules("pipeline")}
    assert set(settings["tool"]["setuptools"]["packages"]) == {"models", *folders}


def test_what_python_compiles_is_no_part_of_a_dep() -> None:
    assert "__pycache__/" in (ROOT / ".dvcignore").read_text(encoding="utf-8").split()


def test_every_dep_exists_or_is_made_by_another_stage(stages: list[Stage]) -> None:
    made = {out for stage in stages for out in stage.outs}
    for stage in stages:
        for dep in stage.deps:
            assert dep in made or is_within(dep, WRITTEN_BY_PIPELINE) or (ROOT / dep).exists(), dep


def list_paths(stage: Stage) -> list[str]:
    """The words of a command that name files or folders."""
    words = [
        word for word in stage.command.split() if "/" in word or word.endswith((".yaml", ".cff"))
    ]
    return [word for word in words if word != "params.yaml"]


def test_every_path_of_a_command_is_declared(stages: list[Stage]) -> None:
    undeclared = {
        stage.name: [p for p in list_paths(stage) if not is_within(p, stage.deps | {*stage.outs})]
        for stage in stages
    }
    assert {name: paths for name, paths in undeclared.items() if paths} == {}


def test_every_file_that_is_read_or_written_is_named_in_the_command(stages: list[Stage]) -> None:
    for stage in stages:
        named = list_paths(stage)
        # beside the card lie records.csv and perhaps a bibliography, which a stage may need too;
        # beside the attribution its table and its draws
        near = (
            {re.sub(r"/source\.yaml$", "", p) for p in named}
            | {re.sub(r"source\.yaml$", "records.csv", p) for p in named}
            | {re.sub(r"\.json$", suffix, p) for p in named for suffix in (".csv", ".parquet")}
        )
        files = {p for p in (*stage.deps, *stage.outs) if not is_code(p)}
        assert files <= {*named, *near}, stage.name


def test_no_two_stages_write_the_same_path(stages: list[Stage]) -> None:
    counts = Counter(out for stage in stages for out in stage.outs)
    assert [out for out, count in counts.items() if count > 1] == []


def test_stages_write_only_where_people_do_not(stages: list[Stage]) -> None:
    for stage in stages:
        for out in stage.outs:
            assert is_within(out, WRITTEN_BY_PIPELINE), out
            assert not is_within(out, WRITTEN_BY_PEOPLE), out


def test_no_stage_writes_what_it_reads(stages: list[Stage]) -> None:
    for stage in stages:
        assert not [out for out in stage.outs if out in stage.deps]


LAW = "data/attributions/chinchilla_runs-scaling_law.parquet"


def test_leaderboards_are_told_the_same_scaling_law_at_every_stage(stages: list[Stage]) -> None:
    (maker,) = [stage for stage in stages if LAW in stage.outs]
    assert maker.kind == "attribute"
    for stage in stages:
        is_cell = stage.kind in {"fit", "check", "attribute", "report"}
        is_told = is_cell and "leaderboard" in stage.name
        assert (LAW in stage.deps) == is_told, stage.name
        assert (f"--scaling-law {LAW}" in stage.command) == is_told, stage.name


def test_no_stage_waits_for_itself(stages: list[Stage]) -> None:
    makers = {out: stage for stage in stages for out in stage.outs}
    left = {stage.name: needed_stages(stage, makers) for stage in stages}
    while left:
        ready = {name for name, needed in left.items() if not needed & set(left)}
        assert ready, sorted(left)
        left = {name: needed for name, needed in left.items() if name not in ready}


def needed_stages(stage: Stage, makers: dict[str, Stage]) -> set[str]:
    """The stages whose outs `stage` reads, by path or by a folder that holds them."""
    return {maker.name for out, maker in makers.items() if is_within(out, stage.deps)}


def list_modules(package: str) -> list[Path]:
    return [path.relative_to(ROOT) for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("file", list_modules("models"), ids=str)
def test_models_import_nothing_from_the_pipeline(file: Path) -> None:
    assert not [name for name in list_imports(file) if name.split(".")[0] == "pipeline"]


@pytest.mark.parametrize("file", list_modules("models"), ids=str)
def test_models_read_no_files(file: Path) -> None:
    readers = {"open", "read_csv", "read_parquet", "read_text", "open_dataset", "open_datatree"}
    assert not {"pathlib", "os", "io", "urllib", "requests"} & list_imports(file)
    assert not readers & {name for name, _ in list_calls(file)}


@pytest.mark.parametrize(
    "file",
    [
        f
        for f in list_modules("pipeline")
        if f.parent.name != "charts" and not f.stem.endswith("charts")
    ],
    ids=str,
)
def test_only_charts_import_a_chart_library(file: Path) -> None:
    assert not CHART_LIBRARIES & {name.split(".")[0] for name in list_imports(file)}


@pytest.mark.parametrize("file", list_modules("models"), ids=str)
def test_models_import_no_chart_library(file: Path) -> None:
    assert not CHART_LIBRARIES & {name.split(".")[0] for name in list_imports(file)}


@pytest.mark.parametrize("module", ["pipeline.ingest.convert", "pipeline.ingest.validate"])
def test_light_stages_import_no_sampler(module: str) -> None:
    assert not SAMPLERS & follow([module])[1]


def list_calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in `file` with the last part of the name that is called."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            yield str(name), node


STAGE_MODULES = sorted(
    {
        Path(f"pipeline/{kind}.py")
        for kind in re.findall(r"-m pipeline\.(\w+)", (ROOT / "dvc.yaml").read_text())
    }
)


@pytest.mark.parametrize("file", STAGE_MODULES, ids=str)
def test_stages_are_told_their_paths(file: Path) -> None:
    paths = [node for name, node in list_calls(file) if name in {"Path", "open"}]
    defaults = [
        keyword.value
        for name, node in list_calls(file)
        if name == "add_argument"
        for keyword in node.keywords
        if keyword.arg == "default"
    ]
    written = [arg for node in paths for arg in node.args] + defaults
    assert not [
        c.value for c in written if isinstance(c, ast.Constant) and isinstance(c.value, str)
    ]


@pytest.mark.parametrize("file", STAGE_MODULES, ids=str)
def test_stages_know_neither_clock_nor_network_nor_environment(file: Path) -> None:
    files, libraries = follow([".".join(file.with_suffix("").parts)])
    assert not {"requests", "urllib", "urllib3", "httpx", "socket", "http"} & libraries
    clocks = {"now", "today", "utcnow", "getenv"}
    for each in files:
        assert not clocks & {name for name, _ in list_calls(Path(each))}, each


def test_a_file_made_beside_what_its_stage_reads_is_named_and_hashed(stages: list[Stage]) -> None:
    (overview,) = [stage for stage in stages if stage.kind == "overview"]
    (made,) = re.findall(r"--verdicts (\S+)", overview.command)
    assert is_within(made, overview.deps)
    assert is_within(made, WRITTEN_BY_PIPELINE)


def test_metrics_and_plots_are_small_files_that_the_overview_writes(stages: list[Stage]) -> None:
    from ruamel.yaml import YAML

    declared = YAML(typ="safe").load(ROOT / "dvc.yaml")
    plots = [plot for named in declared["plots"] for plot in named.values()]
    paths = [*declared["metrics"], *(path for plot in plots for path in plot["y"])]
    (overview,) = [stage for stage in stages if stage.kind == "overview"]
    assert paths
    assert all(is_within(path, overview.outs) for path in paths)
    assert all((ROOT / f".dvc/plots/{plot['template']}.json").is_file() for plot in plots)
