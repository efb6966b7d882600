"""The returns to research as fitted, beside those that were published."""

import json
from typing import Any

import pytest
from conftest import ROOT

from pipeline.ingest.cards.card import load_card

FILE = ROOT / "data/attributions/research_returns-meta_analysis.json"
PUBLISHED = [
    each
    for each in load_card(ROOT / "data/sources/research_returns/source.yaml").card.published
    if each.estimate is not None
]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """The attribution file of the fit; skips where `dvc repro` has not made it."""
    if not FILE.is_file():
        pytest.skip("run `dvc repro` first")
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.label}, {row.estimand}")
def test_published_returns_lie_in_our_interval(row: Any, found: dict[str, Any]) -> None:
    ours = found[row.estimand]
    assert ours["lower"] <= row.estimate <= ours["upper"]


def test_pooled_value_and_the_next_domain_are_reported(found: dict[str, Any]) -> None:
    assert {"pooled", "predictive", "between_domain_sd", "p_above[1]"} <= set(found)
    assert 0 < found["pooled_minus[1]"]["p_positive"] < 1
    widths = {key: found[key]["upper"] / found[key]["lower"] for key in ("pooled", "predictive")}
    assert widths["predictive"] > widths["pooled"]
