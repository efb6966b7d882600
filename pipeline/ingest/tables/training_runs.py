"""The run registry."""

import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import (
    Provenance,
    RunColumns,
    choice,
    count,
    flop,
    name,
    row_rule,
    text,
)


class TrainingRuns(Provenance, RunColumns):
    """The run registry: every model that the leaderboards name, once."""

    model: Series[str] = name(
        "name of the model", "one row per model: rename or remove the repeat", unique=True
    )
    organization: Series[str] = text(
        "organization as the source names it", "name the organization", "name"
    )
    base_model: Series[str] = text(
        "model it was trained further from; empty for a base model",
        "name a model of the registry",
        "name",
        nullable=True,
    )
    flop_basis: Series[str] = choice(
        "how training_flop was obtained",
        *("reported", "6ND", "epoch-database", "other"),
        nullable=True,
    )
    extra_training_tokens: Series[float] = count(
        "tokens of the continued training, part of training_tokens", nullable=True
    )
    extra_training_flop: Series[float] = flop(
        "compute of the continued training, part of training_flop", nullable=True
    )

    @row_rule(
        "base_model", "the base model is in the registry", "add the base model or correct its name"
    )
    def base_model_is_registered(cls, frame: pd.DataFrame) -> pd.Series:
        """A fine-tune without its base model cannot share its deviation."""
        return frame["base_model"].isna() | frame["base_model"].isin(frame["model"])

    @row_rule(
        "extra_training_flop",
        "continued training is part of the total",
        "give the total in training_flop",
    )
    def extra_is_part_of_total(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches totals that leave the continued training out."""
        return ~(frame["extra_training_flop"] >= frame["training_flop"])

    @row_rule("training_flop", "compute has a confidence class", "fill compute_confidence")
    def compute_has_confidence(cls, frame: pd.DataFrame) -> pd.Series:
        """A compute figure without a class has no measurement error."""
        return frame["training_flop"].isna() | frame["compute_confidence"].notna()
