"""What cards and published tables say: numbers that follow from the rows, or that sources print."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Dataset, read_dataset

from pipeline.ingest.options import AccuracyOptions

# Figures that agree to under a percent are one estimate, copied or rounded, not two.
SAME_FIGURE_DECADES = np.log10(1.01)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(ROOT / "data/sources/imagenet")


def test_measurement_error_is_that_of_the_pairs_and_the_card_says_what_they_show(
    dataset: Dataset,
) -> None:
    """Decades between the two compute figures of a run: one error from all, one of large runs."""
    runs, options = dataset.validated.drop_duplicates("model"), dataset.card.options
    assert isinstance(options, AccuracyOptions)
    found = np.log10(runs["training_flop"] / runs["training_flop_second_source"]).dropna()
    found = found[found.abs() > SAME_FIGURE_DECADES]
    error, middle = np.sqrt((found**2).mean() / 2), found.median()  # both figures err, hence the 2
    assert len(found) == 13
    assert options.compute_error_decades.likely == pytest.approx(float(error), abs=0.01)
    robust = 1.4826 * (found - middle).abs().median() / np.sqrt(2)
    for estimate in (found.std() / np.sqrt(2), error, robust, found.mean()):
        assert f"{estimate:.2f}" in options.compute_error_reason
    is_large = runs["training_flop"].loc[found.index] > 1e21
    assert (is_large.sum(), (~is_large).sum()) == (5, 8)
    for part in (found, found[is_large], found[~is_large]):
        assert f"{part.median():.2f}" in " ".join(dataset.card.card.known_errors)


def test_fitted_rows_are_the_published_sample_with_the_dates_of_arxiv(dataset: Dataset) -> None:
    fitted = dataset.validated.query("exclusion.isna()")
    counts = fitted["benchmark"].value_counts().to_dict()
    assert counts == {"ImageNet top-1": 97, "ImageNet top-5": 21}
    assert set(fitted["citation"]) == {"erdil2022vision"}
    linked = fitted["locator"].str.extract(r"arxiv\.org/\w+/(\d{4})\.\d{4,5}")[0]
    wrong = linked.notna() & (linked != fitted["release_date"].dt.strftime("%y%m"))
    # MaxViT's date is that of a later version; SwinV2-G's link is that of another paper.
    others = {"MaxViT-XL (JFT)", "MaxViT-XL (ImageNet-21k)", "SwinV2-G"}
    assert set(fitted.loc[wrong, "model"]) == others


SOURCES = ROOT / "data/sources"


def convert(printed: str, unit: str, years: str) -> float:
    """Decades a year of a printed figure."""
    value = float(printed)
    if unit == "months to double":
        return 12 * math.log10(2) / value
    if unit == "times a year":
        return math.log10(value)
    if unit == "% a year":
        return math.log10(1 + value / 100)
    if unit == "natural logs a year":
        return value / math.log(10)
    assert unit == "times in the period"
    return math.log10(value) / float(years)


def read(dataset: str) -> list[dict[str, str]]:
    path: Path = SOURCES / dataset / "records.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", read("progress_rates"), ids=lambda row: row["locator"][:30])
def test_decades_are_those_of_the_printed_rate(row: dict[str, str]) -> None:
    slow, fast = ("low", "high") if row["printed_unit"] != "months to double" else ("high", "low")
    for printed, made in (("", ""), (f"_{slow}", "_low"), (f"_{fast}", "_high")):
        cell = row[f"printed{printed}"]
        assert bool(cell) is bool(row[f"decades{made}"])
        if cell:
            expected = convert(cell, row["printed_unit"], row["years"])
            assert float(row[f"decades{made}"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("row", read("software_hardware_rates"), ids=lambda row: row["domain"][:30])
@pytest.mark.parametrize("kind", ["software", "hardware"])
def test_both_rates_are_those_printed(row: dict[str, str], kind: str) -> None:
    cell = row[f"{kind}_printed"]
    assert bool(cell) is bool(row[f"{kind}_decades"])
    if cell:
        expected = convert(cell, row[f"{kind}_unit"], row["years"])
        assert float(row[f"{kind}_decades"]) == pytest.approx(expected, rel=1e-3)
