"""A step that two datasets compare: each page says what the other says of it, and why."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from printed import find_numbers, is_printed
from real_overview import LAYOUT

from pipeline.core.files import read_json, write_json, write_parquet
from pipeline.core.layout import Layout
from pipeline.ingest.options import drop_words
from pipeline.ingest.stage import load_whole_card
from pipeline.site.posterior.shared_steps import list_shared, read_steps

SUMMED = ("compute", "trend")
ALONE = "imagenet-compute_multiplier"
PAIR = ("minerva-compute_multiplier", "math-compute_multiplier")
STEP = "share_compute[math-palm_540b-minerva_540b_maj]"
GAIN = "decades_technique[math-palm_540b-minerva_540b_maj]"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The committed results with options, and with draws of steps of two decades and a half."""
    root = tmp_path_factory.mktemp("shared")
    for part in ("data", "reports/models", "models/models.yaml"):
        place = shutil.copytree if (LAYOUT.root / part).is_dir() else shutil.copy
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        place(LAYOUT.root / part, root / part)
    made = Layout(root)
    for cell in (*PAIR, ALONE):
        card = load_whole_card(made, cell.partition("-")[0])
        options = drop_words(card.card.table, card.options)
        write_json(made.options(card.dataset), {"options": options})
        steps = [each["id"] for each in options["comparisons"]]
        lengths = {f"decades_{part}[{step}]": [1.25] * 3 for step in steps for part in SUMMED}
        write_parquet(made.draws(cell), pd.DataFrame(lengths))
    return made


@pytest.mark.parametrize(("cell", "other"), [PAIR, PAIR[::-1]])
def test_each_page_says_the_number_of_the_other(layout: Layout, cell: str, other: str) -> None:
    (found,) = list_shared(layout, cell)
    results = [read_json(layout.attribution(name)) for name in (other, cell)]
    shares, gains = (
        [result[key][name] for result in results for name in ("median", "lower", "upper")]
        for key in (STEP, GAIN)
    )
    said = find_numbers(found.sentence.partition("training compute was")[2])
    assert found.page == other
    values = (*shares[:3], *[2.5] * 3, *shares[3:], *[2.5] * 3, *gains)
    assert [pair for pair in zip(said, values, strict=True) if not is_printed(*pair)] == []
    assert found.sentence.count("2.5 (2.5 to 2.5) factors of ten") == 2


def test_page_without_a_shared_step_or_a_number_says_nothing(layout: Layout) -> None:
    assert list_shared(layout, ALONE) == []
    assert list_shared(layout, "training_runs-compute_growth") == []
    check = read_json(layout.check(PAIR[1]))
    write_json(layout.check(PAIR[1]), check | {"verdict": "fail"})
    assert list_shared(layout, PAIR[0]) == list_shared(layout, PAIR[1]) == []
    write_json(layout.check(PAIR[1]), check)


def make_step(**changes: Any) -> dict[str, Any]:
    """A step of a dataset's options."""
    ends = {
        "earlier": {"model": "A", "method": "direct"},
        "later": {"model": "B", "method": "vote"},
    }
    return {"id": "a-b", "benchmark": "quiz"} | ends | changes


def test_step_is_the_same_where_benchmark_models_and_methods_are(tmp_path: Path) -> None:
    layout = Layout(tmp_path)

    def read(**changes: Any) -> dict[Any, str]:
        draft = {"draft": ["a licence"]} if changes.pop("is_draft", False) else {}
        made = {"options": {"comparisons": [make_step(**changes)]}} | draft
        write_json(layout.options("toys"), made)
        return read_steps(layout, "toys")

    step = read()
    assert list(step.values()) == ["a-b"]
    same = read(id="other", later={"model": "B", "method": "vote", "is_fitted": True})
    assert same.keys() == step.keys()
    for other in ({"benchmark": "exam"}, {"later": {"model": "B", "method": "direct"}}):
        assert read(**other).keys().isdisjoint(step)
    assert read(is_draft=True) == {}
    assert read_steps(layout, "absent") == {}
