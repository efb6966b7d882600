"""The returns to research as fitted, beside those that were published."""

import json
from typing import Any

import pytest
from committed import read_committed
from conftest import ROOT

from pipeline.ingest.cards.card import load_card

FOUND = json.loads(
    read_committed().attribution("research_returns-meta_analysis").read_text("utf-8")
)
PUBLISHED = [
    each
    for each in load_card(ROOT / "data/sources/research_returns/source.yaml").card.published
    if each.estimate is not None
]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.label}, {row.estimand}")
def test_published_returns_lie_in_our_interval(row: Any) -> None:
    ours = FOUND[row.estimand]
    assert ours["lower"] <= row.estimate <= ours["upper"]


def test_pooled_value_is_known_better_than_the_next_domain() -> None:
    assert 0 < FOUND["pooled_minus[1]"]["p_positive"] < 1
    widths = {key: FOUND[key]["upper"] / FOUND[key]["lower"] for key in ("pooled", "predictive")}
    assert widths["predictive"] > widths["pooled"]
