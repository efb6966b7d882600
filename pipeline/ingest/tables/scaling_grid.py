"""Rules of the losses of one recipe over a grid of sizes."""

import numpy as np
import pandas as pd

from pipeline.ingest.tables.table import ROUNDING, distinct, make_table, row_rule


@row_rule(
    "training_tokens", "compute is 6 x parameters x tokens", "correct one of the three columns"
)
def compute_is_6nd(frame: pd.DataFrame) -> pd.Series:
    """Catches a column in the wrong unit."""
    product = 6 * frame["parameters"] * frame["training_tokens"]
    return np.abs(np.log(frame["training_flop"] / product)) < ROUNDING


TABLE = make_table(
    "scaling_grid",
    compute_is_6nd,
    distinct(
        "loss_nats",
        "no duplicate run: same parameters, compute and loss",
        *("parameters", "training_flop", "loss_nats"),
    ),
)
