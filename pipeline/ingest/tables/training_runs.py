"""Rules of the run registry."""

import pandas as pd

from pipeline.ingest.tables.table import make_table, row_rule


@row_rule(
    "base_model", "the base model is in the registry", "add the base model or correct its name"
)
def base_model_is_registered(frame: pd.DataFrame) -> pd.Series:
    """A fine-tune without its base model cannot share its deviation."""
    return frame["base_model"].isna() | frame["base_model"].isin(frame["model"])


@row_rule(
    "extra_training_flop",
    "continued training is part of the total",
    "give the total in training_flop",
)
def extra_is_part_of_total(frame: pd.DataFrame) -> pd.Series:
    """Catches totals that leave the continued training out."""
    return ~(frame["extra_training_flop"] >= frame["training_flop"])


@row_rule("training_flop", "compute has a confidence class", "fill compute_confidence")
def compute_has_confidence(frame: pd.DataFrame) -> pd.Series:
    """A compute figure without a class has no measurement error."""
    return frame["training_flop"].isna() | frame["compute_confidence"].notna()


TABLE = make_table(
    "training_runs", base_model_is_registered, extra_is_part_of_total, compute_has_confidence
)
