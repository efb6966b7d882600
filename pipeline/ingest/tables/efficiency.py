"""Rules of what it takes to reach a fixed score."""

import numpy as np
import pandas as pd

from pipeline.ingest.tables.table import ROUNDING, distinct, make_table, row_rule

IMAGENET_IMAGES = 1.28e6
# Forward pass, gradient of the activations, gradient of the weights (Hernandez & Brown 2020,
# appendix A).
FORWARD_AND_BACKWARD = 3


@row_rule(
    "reduction_factor",
    "the ratio agrees with the compute columns",
    "recompute it from the first row of its target",
)
def ratio_agrees_with_resource(frame: pd.DataFrame) -> pd.Series:
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
def compute_agrees_with_epochs(frame: pd.DataFrame) -> pd.Series:
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
def date_agrees_with_arxiv(frame: pd.DataFrame) -> pd.Series:
    """Would have caught 1/12/2017 read as 12 January for a paper of June."""
    month = frame["release_date"].dt.strftime("%y%m")
    return frame["arxiv_id"].isna() | (month == frame["arxiv_id"].str[:4])


TABLE = make_table(
    "efficiency",
    ratio_agrees_with_resource,
    compute_agrees_with_epochs,
    date_agrees_with_arxiv,
    distinct(
        "model",
        "no duplicate: same target, model, resource and unit",
        *("target", "model", "resource", "resource_kind"),
    ),
)
