"""Rules of the scores of models on a benchmark."""

import pandas as pd

from pipeline.ingest.tables.table import Unfit, distinct, make_table


def find_unfit(frame: pd.DataFrame) -> Unfit:
    """Rows whose compute was imputed from scores, and those without compute."""
    return {
        "circular compute": frame["is_compute_circular"],
        "no compute": frame["training_flop"].isna(),
    }


TABLE = make_table(
    "accuracy_leaderboard",
    distinct(
        "model",
        "no duplicate score: same benchmark, model, method, shots, samples, harness and source",
        *("benchmark", "model", "method", "n_shot", "sample_count", "harness", "citation"),
    ),
    find_unfit=find_unfit,
)
