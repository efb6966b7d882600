"""What many tests share: the project's datasets, copies to break, and the validated registry."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: tests share the cores

import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from benchmarks.pages import NOT_FOUND
from pipeline import cli
from pipeline.core.failures import Failure
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.sources.records import read_records
from pipeline.ingest.validate import check_options, exclude_by_rule, find_failures, split

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests in the browser are slow; with several workers, files with the most slow tests come
    first: none is left for the end, when the others have nothing to do.
    """
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("slow")
    if hasattr(config, "workerinput"):
        config.option.loadscopereorder = False  # files in this order
        slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
        items.sort(key=lambda item: -slow[item.path])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say once what a skipped test of a page lacks; its dot is lost among thousands."""
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NOT_FOUND in str(report.longrepr) for report in skipped):
        terminalreporter.section("pages were not opened")
        terminalreporter.write_line(NOT_FOUND)


def read_cases(name: str) -> Any:
    """What the YAML file `name` beside this module holds."""
    return YAML(typ="safe", pure=True).load(Path(__file__).with_name(name))


def stretch(text: str) -> str:
    """`text` with `<x x 1000>` written out: a thousand x."""
    return re.sub(r"<(.) x (\d+)>", lambda found: found[1] * int(found[2]), text)


def invoke(*words: str, root: Path | None = ROOT, answers: str = "") -> tuple[int, str]:
    """Exit code and output of an `apportion` command on the project in `root`."""
    place = ["--root", str(root)] if root else []
    result = CliRunner().invoke(cli.app, [*words, *place], input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def unwrap(output: str) -> str:
    """What a command says, in one line and without the frames that a terminal shows."""
    return " ".join(output.replace("│", " ").split())


@dataclass(frozen=True)
class Dataset:
    """One dataset on its way through ingest and validate, in memory."""

    card: LoadedCard
    records: pd.DataFrame
    table: pd.DataFrame

    @property
    def failures(self) -> list[Failure]:
        """What *validate* finds wrong."""
        return find_failures(self.table, self.card, self.records)

    @property
    def validated(self) -> pd.DataFrame:
        """The validated table. Raises SourceError where a row fails."""
        passed = split(self.table, self.failures, self.card, self.records)
        return exclude_by_rule(passed, self.card, self.records)

    def check_options(self) -> None:
        """Raises SourceError where options of the card and rows do not name each other."""
        check_options(self.validated, self.card, self.records)


def read_dataset(folder: Path, runs: pd.DataFrame | None = None) -> Dataset:
    """The dataset in `folder`, ingested; `runs` is used where its card asks for the registry."""
    card = load_card(folder / "source.yaml")
    records = read_records(card.records_path)
    return Dataset(card, records, ingest(card, records, runs))


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def runs() -> pd.DataFrame:
    """The validated run registry; treat as read-only."""
    return read_dataset(ROOT / "data/sources/training_runs").validated


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the datasets and models, without results, to be changed."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    for name in ("references.bib", "benchmarks.yaml"):
        shutil.copy(ROOT / "data" / name, tmp_path / "data")
    (tmp_path / "models").symlink_to(ROOT / "models")
    return tmp_path


@pytest.fixture
def copy_source(tmp_path: Path) -> Callable[[str], Path]:
    """Copies a dataset's folder to the temporary folder, to be broken there; returns the copy."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(ROOT / "data/sources" / name, tmp_path / "sources" / name))

    return copy


@pytest.fixture
def read(runs: pd.DataFrame) -> Callable[[Path], Dataset]:
    """Ingests the dataset in a folder with the real run registry."""
    return lambda folder: read_dataset(folder, runs)
