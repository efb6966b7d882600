"""Figures that contradict what else is known of them are named, blamed rightly, and accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_validate import edit

from pipeline.core.failures import Failure, SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.stage import accept
from pipeline.ingest.witnesses import read_size

ROW = "Llama 2 70B,Meta AI,Meta AI,Llama 2,,2023-07-18,7e10,2e12,8.4e23,8.1e23"
LINE = 121
ACCEPTED = """\
accepted:
  - rows: {model: Llama 2 70B}
    count: 1
    column: parameters
    reason: a test that accepts a slip
published:
"""
Copy = Callable[[str], Path]


@pytest.fixture
def layout(copy_source: Copy, tmp_path: Path) -> Layout:
    """A project with a copy of the run registry."""
    copy_source("training_runs")
    (tmp_path / "data").mkdir()
    (tmp_path / "sources").rename(tmp_path / "data/sources")
    return Layout(tmp_path)


def find(layout: Layout, old: str, new: str) -> dict[str, Failure]:
    """What is refused of Llama 2 70B, by column, once a cell of it reads otherwise."""
    edit(layout.card("training_runs").parent, ROW, ROW.replace(old, new))
    with pytest.raises(SourceError) as raised:
        accept(layout, "training_runs")
    return {each.column: each for each in raised.value.failures if each.line == LINE}


@pytest.mark.parametrize(
    ("old", "new", "column", "believed"),
    [
        ("7e10", "7e12", "parameters", "7e+10"),
        ("7e10", "7e9", "parameters", "7e+10"),
        (",2e12", ",2e9", "training_tokens", "2e+12"),
        ("8.4e23", "8.4e24", "training_flop", "8.4e+23"),
        ("8.4e23", "8.4e20", "training_flop", "8.4e+23"),
    ],
)
def test_the_cell_that_slipped_is_blamed(
    old: str, new: str, column: str, believed: str, layout: Layout
) -> None:
    (named,) = find(layout, old, new).values()
    assert (named.column, named.value) == (column, new.strip(","))
    assert named.remedy.startswith(f"{believed} is believed")


def test_accepted_slip_is_kept_and_others_are_not(layout: Layout) -> None:
    edit(layout.card("training_runs").parent, "published:\n", ACCEPTED, "source.yaml")
    assert set(find(layout, "8.4e23", "8.4e20")) == {"training_flop"}
    edit(layout.card("training_runs").parent, "8.4e20,8.1e23", "8.4e23,8.1e23")
    edit(layout.card("training_runs").parent, ROW, ROW.replace("7e10", "7.1e11"))
    refused: list[Failure] = []
    try:
        accept(layout, "training_runs")
    except SourceError as error:  # the fine-tunes of the model, which nobody accepted
        refused = error.failures
    assert LINE not in {each.line for each in refused}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Llama-2-70b-hf", 7e10),
        ("OPT-350M", 3.5e8),
        ("Mixtral 8x7B", 5.6e10),
        ("Qwen3-235B-A22B", 2.35e11),
        ("Qwen2.5-7B-Instruct-1M", 7e9),
        ("EfficientNet-B7", None),
        ("ViT-L/16, row with 82M images", None),
        ("GPT-4", None),
    ],
)
def test_sizes_are_read_from_names(name: str, size: float | None) -> None:
    assert read_size(name) == pytest.approx(size if size else float("nan"), nan_ok=True)
