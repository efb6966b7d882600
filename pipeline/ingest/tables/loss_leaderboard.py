"""Rules of the perplexities of models on a text."""

import pandas as pd

from pipeline.ingest.tables.table import Unfit, distinct, make_table


def find_unfit(frame: pd.DataFrame) -> Unfit:
    """Rows without sizes; a model that needs compute leaves out more."""
    unknown = frame[["parameters", "dataset_tokens"]].isna().any(axis=1)
    return {"no parameters or tokens": unknown}


TABLE = make_table(
    "loss_leaderboard",
    distinct(
        "model",
        "no duplicate perplexity: same benchmark, model, method, value and paper",
        *("benchmark", "model", "method", "perplexity", "parameters", "locator"),
    ),
    find_unfit=find_unfit,
)
