"""What it takes to reach a fixed score, as time goes on."""

import numpy as np
import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import (
    ROUNDING,
    Provenance,
    choice,
    column,
    count,
    day,
    distinct,
    name,
    row_rule,
    text,
)

IMAGENET_IMAGES = 1.28e6
# Forward pass, gradient of the activations, gradient of the weights (Hernandez & Brown 2020,
# appendix A).
FORWARD_AND_BACKWARD = 3


class Efficiency(Provenance):
    """A model reaches a fixed score with a resource at a date; reruns and records alike."""

    target: Series[str] = text(
        "level that is reached, named after its first model", "name the target", "name"
    )
    metric: Series[str] = text("benchmark and metric of the target", "name the metric")
    target_score: Series[float] = column(
        "score to reach", "in the metric's unit", "give the score", gt=0
    )
    model: Series[str] = name("model that reaches it", "name the model")
    release_date: Series[pd.Timestamp] = day("day the model was first described")
    arxiv_id: Series[str] = column(
        "arXiv identifier of the model's paper",
        "yymm.number",
        "write yymm.nnnnn",
        str_matches=r"^\d{4}\.\d{4,5}$",
        nullable=True,
    )
    resource: Series[float] = column(
        "what reaching the target took", "resource_kind", "give a positive amount", gt=0, lt=1e30
    )
    resource_kind: Series[str] = choice("unit of resource", "FLOP", "minutes")
    epochs: Series[float] = count("passes over ImageNet to the target", nullable=True)
    multiply_adds_per_image: Series[float] = count(
        "multiply-adds of one forward pass", "give multiply-adds, not FLOP", nullable=True
    )
    reduction_factor: Series[float] = column(
        "printed ratio of the target's first resource to this one",
        "factor",
        "correct the ratio or the resource",
        gt=0,
        nullable=True,
    )

    @row_rule(
        "reduction_factor",
        "the ratio agrees with the compute columns",
        "recompute it from the first row of its target",
    )
    def ratio_agrees_with_resource(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught a printed 10x beside computes whose ratio is 22.7."""
        by_date = frame.sort_values("release_date", kind="stable").groupby("target")["resource"]
        ratio = by_date.transform("first").reindex(frame.index) / frame["resource"]
        difference = np.abs(np.log(ratio / frame["reduction_factor"]))
        return frame["reduction_factor"].isna() | (difference < ROUNDING)

    @row_rule(
        "resource",
        "compute is epochs x multiply-adds x 1.28e6 images x 3",
        "check the unit and the factor 3 of the backward pass",
    )
    def compute_agrees_with_epochs(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught a mislabelled unit, and a missing factor of three."""
        per_epoch = frame["multiply_adds_per_image"] * IMAGENET_IMAGES * FORWARD_AND_BACKWARD
        product = frame["epochs"] * per_epoch
        known = product.notna() & (frame["resource_kind"] == "FLOP")
        return ~known | (np.abs(np.log(frame["resource"] / product)) < ROUNDING)

    @row_rule(
        "release_date",
        "year and month agree with the arXiv identifier",
        "correct the date: day and month may be swapped",
    )
    def date_agrees_with_arxiv(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught 1/12/2017 read as 12 January for a paper of June."""
        month = frame["release_date"].dt.strftime("%y%m")
        return frame["arxiv_id"].isna() | (month == frame["arxiv_id"].str[:4])

    rows_are_distinct = distinct(
        "model",
        "no duplicate: same target, model, resource and unit",
        *("target", "model", "resource", "resource_kind"),
    )
