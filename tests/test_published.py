"""A published value beside ours: inside, outside, or without a verdict."""

from typing import Any

import pytest

from pipeline.ingest.cards.card import Published
from pipeline.site.posterior.panels import compare_published

OURS: dict[str, Any] = {"unit": "decades per year", "median": 0.4, "lower": 0.3, "upper": 0.5}
CLOSED, OPEN = "0.300 to 0.500", "0.300 to no upper bound"


@pytest.mark.parametrize(
    ("value", "change", "ours", "is_outside"),
    [
        ({"estimate": 0.29}, {}, CLOSED, True),
        ({"estimate": 0.3}, {}, CLOSED, False),
        ({"estimate": 0.5}, {}, CLOSED, False),
        ({"estimate": 0.51}, {}, CLOSED, True),
        ({"estimate": 1e9}, {"upper": None}, OPEN, False),
        ({"estimate": 0.1}, {"upper": None}, OPEN, True),
        ({"lower": 0.6, "upper": 0.9}, {}, CLOSED, None),
        ({"estimate": 0.4}, {"reason": "total near zero"}, "", None),
    ],
)
def test_estimate_is_compared_with_the_interval(
    value: Any, change: Any, ours: str, is_outside: bool | None
) -> None:
    common = {"estimand": "rate", "label": "Doe 2020", "citation": "doe2020", "locator": "Table 1"}
    found = compare_published(Published.model_validate(common | value), OURS | change)
    assert found == {"ours": ours, "is_outside": is_outside}
