"""Results of many models on benchmarks: scores, and perplexities."""

import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import (
    NOT_EMPTY,
    Provenance,
    RunColumns,
    column,
    count,
    day,
    distinct,
    flag,
    name,
    text,
)


class Leaderboard(Provenance, RunColumns):
    """What leaderboards share: which model was measured on what, and how."""

    benchmark: Series[str] = name("benchmark", "name a benchmark of the card")
    model: Series[str] = name("model", "name a model of the registry")
    method: Series[str] = text("how the model was asked, as the source says", "name the method")
    harness: Series[str] = text(
        "who ran the benchmark: reported (makers and papers, each their own way), or the name of "
        "one harness for many models",
        "write reported or name the harness",
        "name",
        str_length=NOT_EMPTY,
    )
    techniques: Series[str] = text(
        "technique tags, sorted, joined by a space; empty where none",
        "map the method on the card",
        "tags",
    )
    base_model: Series[str] = text(
        "model at the root of its chain of base models; itself for a base model",
        "name the base model",
        "name",
        nullable=True,
    )

    class Config:
        """Unknown columns are errors. Pandera reads what stands here, not what is inherited."""

        strict = True


class AccuracyLeaderboard(Leaderboard):
    """Scores of models on a benchmark, with what was done on top of the base model."""

    score: Series[float] = column(
        "share of the questions answered correctly",
        "0 to 1",
        "check the unit on the card: percent or fraction",
        ge=0,
        le=1,
    )
    eval_date: Series[pd.Timestamp] = day("day the score was published")
    n_shot: Series[str] = text(
        "worked examples in the prompt",
        "give the number of examples",
        "count or text",
        nullable=True,
    )
    sample_count: Series[float] = column(
        "samples drawn per question", "count", "give a positive count", ge=1, nullable=True
    )

    rows_are_distinct = distinct(
        "model",
        "no duplicate score: same benchmark, model, method, shots, samples, harness and source",
        *("benchmark", "model", "method", "n_shot", "sample_count", "harness", "citation"),
    )

    @classmethod
    def find_unfit(cls, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """Rows without compute, and those whose compute was imputed from scores."""
        return {
            "circular compute": frame["is_compute_circular"],
            "no compute": frame["training_flop"].isna(),
        }


class LossLeaderboard(Leaderboard):
    """Perplexities of language models on a text, with the size of the model and of its data."""

    perplexity: Series[float] = column(
        "exponential of the mean loss per token",
        "perplexity",
        "give the perplexity, not its logarithm",
        gt=1,
        lt=1e6,
    )
    dataset_tokens: Series[float] = count("distinct tokens of the training set", nullable=True)
    epochs: Series[float] = count("passes over the training set", nullable=True)
    is_published_sample: Series[bool] = flag("the source's own fit used the row")

    rows_are_distinct = distinct(
        "model",
        "no duplicate perplexity: same benchmark, model, method, value and paper",
        *("benchmark", "model", "method", "perplexity", "parameters", "locator"),
    )

    @classmethod
    def find_unfit(cls, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """Rows without sizes; a model that needs compute leaves out more."""
        unknown = frame[["parameters", "dataset_tokens"]].isna().any(axis=1)
        return {"no parameters or tokens": unknown}
