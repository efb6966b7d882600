"""Tables and cards of small leaderboards: what tests say of them, and defaults for the rest."""

from typing import Any

import numpy as np
import pandas as pd

from models import Card
from models.options import AccuracyOptions, LossOptions

PLAIN: dict[str, Any] = {
    "benchmark": "Toy",
    "method": "direct",
    "harness": "reported",
    "techniques": "",
    "compute_confidence": "confident",
    "is_dense": False,
    "parameters": np.nan,
    "training_tokens": np.nan,
    "score": 0.0,
    "citation": "doe2020",
    "locator": "Table 1",
    "is_verified": True,
}
FACTS = {"chance": 0.1, "ceiling": 0.95, "item_count": 2000}


def make_board(models: list[str], **columns: Any) -> pd.DataFrame:
    """One row a model, each its own base model unless said otherwise; all are fitted."""
    known = {"line": range(2, len(models) + 2), "model": models, "base_model": models}
    frame = pd.DataFrame(known | PLAIN | columns)
    return frame.assign(exclusion=pd.Series([None] * len(models), dtype="str"))


def make_board_card(
    steps: dict[str, tuple[str, str, str]], table: str = "accuracy_leaderboard", **changes: Any
) -> Card:
    """A card with these steps: benchmark, earlier and later model, a method behind a bar if any."""
    sides = {
        each: dict(zip(("model", "method"), [*each.split("|"), "direct"], strict=False))
        for step in steps.values()
        for each in step[1:]
    }
    tree: dict[str, Any] = {
        "benchmarks": dict.fromkeys({step[0] for step in steps.values()}, FACTS),
        "trend": "linear",
        "techniques": {},
        "comparisons": [
            {"id": key, "benchmark": on, "earlier": sides[early], "later": sides[late]}
            for key, (on, early, late) in steps.items()
        ],
        "headline_comparison": next(iter(steps)),
        "reference_harness": "reported",
        "allocation": "none",
    }
    options = AccuracyOptions if table == "accuracy_leaderboard" else LossOptions
    return Card("toy", table, options.model_validate(tree | changes))
