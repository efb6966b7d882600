"""The card of `imagenet`: measurement error, dates and selection follow from its rows."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Dataset, read_dataset

from pipeline.ingest.options import AccuracyOptions

# Figures that agree to under a percent are one estimate, copied or rounded, not two.
SAME_FIGURE_DECADES = np.log10(1.01)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(ROOT / "data/sources/imagenet")


@pytest.fixture(scope="module")
def options(dataset: Dataset) -> AccuracyOptions:
    assert isinstance(dataset.card.options, AccuracyOptions)
    return dataset.card.options


@pytest.fixture(scope="module")
def differences(dataset: Dataset) -> pd.Series:
    """Decades between the two compute figures of a run, one a model."""
    runs = dataset.validated.drop_duplicates("model").set_index("model")
    ratio = (runs["training_flop"] / runs["training_flop_second_source"]).dropna()
    decades = pd.Series(np.log10(ratio), index=ratio.index)
    return decades[decades.abs() > SAME_FIGURE_DECADES]


def test_measurement_error_is_that_of_the_pairs(
    differences: pd.Series, options: AccuracyOptions
) -> None:
    assert len(differences) == 13
    # both figures err, hence the 2
    error = float(np.sqrt((differences**2).mean() / 2))
    assert options.compute_error_decades.likely == pytest.approx(error, abs=0.01)


def test_card_states_the_estimates_it_chose_from(
    differences: pd.Series, options: AccuracyOptions
) -> None:
    median = differences.median()
    estimates = [
        differences.std() / np.sqrt(2),
        np.sqrt((differences**2).mean() / 2),
        1.4826 * (differences - median).abs().median() / np.sqrt(2),
        differences.mean(),
    ]
    for estimate in estimates:
        assert f"{estimate:.2f}" in options.compute_error_reason


def test_card_states_the_offset_of_large_runs(dataset: Dataset, differences: pd.Series) -> None:
    compute = dataset.validated.drop_duplicates("model").set_index("model")["training_flop"]
    is_large = compute[differences.index] > 1e21
    text = " ".join(dataset.card.card.known_errors)
    for part in (differences, differences[is_large], differences[~is_large]):
        assert f"{part.median():.2f}" in text
    assert (is_large.sum(), (~is_large).sum()) == (5, 8)


def test_fitted_top_1_rows_are_the_published_sample(dataset: Dataset) -> None:
    fitted = dataset.validated.query("exclusion.isna()")
    counts = fitted["benchmark"].value_counts().to_dict()
    assert counts == {"ImageNet top-1": 97, "ImageNet top-5": 21}
    assert set(fitted["citation"]) == {"erdil2022vision"}


def test_dates_agree_with_arxiv_identifiers(dataset: Dataset) -> None:
    fitted = dataset.validated.query("exclusion.isna()")
    linked = fitted["locator"].str.extract(r"arxiv\.org/\w+/(\d{4})\.\d{4,5}")[0]
    wrong = linked.notna() & (linked != fitted["release_date"].dt.strftime("%y%m"))
    # MaxViT's date is that of a later version; SwinV2-G's link is that of another paper.
    assert set(fitted.loc[wrong, "model"]) == {
        "MaxViT-XL (JFT)",
        "MaxViT-XL (ImageNet-21k)",
        "SwinV2-G",
    }


def test_ceilings_lie_above_every_score(dataset: Dataset, options: AccuracyOptions) -> None:
    best = dataset.validated.groupby("benchmark")["score"].max()
    for name, benchmark in options.benchmarks.items():
        assert best[name] < benchmark.ceiling
