"""A published value beside ours: inside, outside, or without a verdict."""

from typing import Any

import pytest

from pipeline.ingest.cards.card import Published
from pipeline.site.posterior.results import compare_published

OURS: dict[str, Any] = {
    "label": "Rate",
    "unit": "decades per year",
    "median": 0.4,
    "lower": 0.3,
    "upper": 0.5,
}


def publish(**changes: Any) -> Published:
    common = {"estimand": "rate", "label": "Doe 2020", "citation": "doe2020", "locator": "Table 1"}
    return Published.model_validate(common | changes)


@pytest.mark.parametrize(
    ("estimate", "is_outside"), [(0.29, True), (0.3, False), (0.5, False), (0.51, True)]
)
def test_estimate_is_compared_with_the_interval(estimate: float, is_outside: bool) -> None:
    found = compare_published(publish(estimate=estimate), OURS)
    assert found == {"ours": "0.300 to 0.500", "is_outside": is_outside}


def test_no_value_lies_beyond_an_end_that_is_not_there() -> None:
    unbounded = OURS | {"upper": None}
    found = compare_published(publish(estimate=1e9), unbounded)
    assert found == {"ours": "0.300 to no upper bound", "is_outside": False}
    assert compare_published(publish(estimate=0.1), unbounded)["is_outside"] is True


def test_bounds_alone_get_no_verdict() -> None:
    found = compare_published(publish(lower=0.6, upper=0.9), OURS)
    assert found == {"ours": "0.300 to 0.500", "is_outside": None}


@pytest.mark.parametrize("found", [None, OURS | {"reason": "total near zero"}])
def test_quantity_that_is_not_reported_gets_no_verdict(found: dict[str, Any] | None) -> None:
    assert compare_published(publish(estimate=0.4), found) == {"ours": "", "is_outside": None}
