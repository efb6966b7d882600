"""Losses of one recipe over a grid of sizes."""

import numpy as np
import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import (
    ROUNDING,
    Provenance,
    column,
    count,
    distinct,
    flop,
    row_rule,
)


class ScalingGrid(Provenance):
    """Training runs of one recipe that vary parameters and tokens."""

    parameters: Series[float] = count("parameters")
    training_tokens: Series[float] = count("tokens seen in training")
    training_flop: Series[float] = flop("training compute")
    loss_nats: Series[float] = column(
        "final training loss", "nats per token", "give a loss in nats per token", gt=0, lt=20
    )

    @row_rule(
        "training_tokens", "compute is 6 x parameters x tokens", "correct one of the three columns"
    )
    def compute_is_6nd(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches a column in the wrong unit."""
        product = 6 * frame["parameters"] * frame["training_tokens"]
        return np.abs(np.log(frame["training_flop"] / product)) < ROUNDING

    rows_are_distinct = distinct(
        "loss_nats",
        "no duplicate run: same parameters, compute and loss",
        *("parameters", "training_flop", "loss_nats"),
    )
