"""Joining the run registry to a leaderboard: what is known of each model's training."""

import pandas as pd

from pipeline.ingest import tables
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.cells import Problems
from pipeline.ingest.exclusions import NOT_A_RUN, exclude_by_run

MAXIMUM_SUGGESTIONS = 100  # names that are looked up among the registry's: each takes milliseconds


def join_runs(frame: pd.DataFrame, runs: pd.DataFrame | None, problems: Problems) -> pd.DataFrame:
    """`frame` with the columns of the validated registry `runs`, joined by model.

    Notes the rows whose model is not registered.
    """
    if runs is None:
        raise ValueError("the card says `runs: registry`: the validated registry is needed")
    registry = runs.assign(base_model=_find_roots(runs)).set_index("model")
    _refuse_unknown(frame, registry.index, problems)
    columns = [*tables.RUN_COLUMNS, "base_model"]
    joined = registry[columns].reindex(frame["model"]).reset_index(drop=True)
    for name in ("is_compute_circular", "is_open_weights", "is_dense"):
        joined[name] = joined[name].astype("boolean").fillna(False).astype(bool)
    frame = frame.assign(exclusion=exclude_by_run(frame, runs))
    return pd.concat([frame.reset_index(drop=True), joined], axis=1)


def _refuse_unknown(frame: pd.DataFrame, known: pd.Index, problems: Problems) -> None:
    """Notes the rows whose model the registry lacks, with the nearest names of the first ones."""
    is_unknown = ~frame["model"].isin(known) & ~frame["exclusion"].isin(NOT_A_RUN)
    rows = is_unknown.to_numpy().nonzero()[0].tolist()
    models = frame["model"].fillna("").to_numpy()[rows]
    otherwise = "correct the name, or add the run to the registry"
    first = list(dict.fromkeys(models))[:MAXIMUM_SUGGESTIONS]
    near = {model: suggest(model, known, otherwise) for model in first}
    for row, model in zip(rows, models, strict=True):
        problems.add(row, "model", model, "not in the run registry", near.get(model, otherwise))


def _find_roots(runs: pd.DataFrame) -> pd.Series:
    """The model at the end of each chain of base models."""
    parents = dict(zip(runs["model"], runs["base_model"], strict=True))

    def find_root(model: str) -> str:
        seen = {model}
        while isinstance(parent := parents.get(model), str) and parent not in seen:
            seen.add(parent)
            model = parent
        return model

    return runs["model"].map(find_root)
