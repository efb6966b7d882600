"""The notebooks run from top to bottom, and find what the pages say."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from pipeline.core.layout import Layout

NOTEBOOK = ROOT / "reports/notebooks/read_a_posterior.ipynb"
CELL = "imagenet_efficiency-efficiency_frontier"


def run(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """The names that the code cells define, run in order, and the value that each ends with."""
    names: dict[str, Any] = {}
    values = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            *statements, last = ast.parse("".join(cell["source"])).body
            assert isinstance(last, ast.Expr), "a cell ends with what it shows"
            exec(compile(ast.Module(statements, []), cell["id"], "exec"), names)  # noqa: S102  # in Git
            shown = compile(ast.Expression(last.value), cell["id"], "eval")
            values.append(eval(shown, names))  # noqa: S307  # the same
    return names, values


@pytest.mark.slow
def test_notebook_finds_the_headline_and_draws_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)  # where an editor starts it
    names, (_, sentence, chart) = run(NOTEBOOK)
    found = json.loads(Layout(ROOT).attribution(CELL).read_text("utf-8"))
    told = found["doubling_time_months[AlexNet]"]
    numbers = {name: names[name] for name in ("median", "lower", "upper")}
    assert numbers == pytest.approx({name: told[name] for name in numbers}, rel=1e-5)
    assert f"every {told['median']:.0f} months" in sentence
    spec = chart.to_dict()
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["area", "line", "point"]
    assert {len(rows) for rows in spec["datasets"].values()} == {40, len(names["rows"])}


def test_notebook_is_saved_without_its_outputs_and_as_the_format_wants() -> None:
    made = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in made["cells"]}) == len(made["cells"])
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
