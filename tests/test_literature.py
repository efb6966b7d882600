"""Published rates of other domains: what is printed becomes decades a year; faults have lines."""

from pathlib import Path

import pytest
from cells import LITERATURE
from conftest import ROOT
from real_overview import read_references

from pipeline.failures import SourceError
from pipeline.literature import PublishedRate, read_literature

KEYS = {"doe2020", "data2021"}


def write(folder: Path, text: str) -> Path:
    path = folder / "literature.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_doubling_time_and_a_factor_become_decades_a_year(tmp_path: Path) -> None:
    chess, solver = read_literature(write(tmp_path, LITERATURE), KEYS)
    assert 10 ** (chess.rate_decades_per_year * 15 / 12) == pytest.approx(2)
    assert solver.rate_decades_per_year == pytest.approx(3 / 12)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    years: 12\n", "", r"literature.yaml:7: .*factor and years together"),
        ("doubling_time_months: 15", "factor: 4", r"literature.yaml:2: .*factor and years"),
        ("years: 12", "years: 12\n    doubling_time_months: 3", r"one of doubling_time_months"),
        ("doubling_time_months: 15", "doubling_time_months: 0", r"literature.yaml:4: "),
        ("data2021", "data2012", r"literature.yaml:5: .*did you mean 'data2021'"),
        ("label: chess engines", "label: chess engines\n    note: x", r"literature.yaml:4: "),
    ],
)
def test_faults_are_refused_with_their_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_literature(write(tmp_path, LITERATURE.replace(old, new)), KEYS)


def test_the_project_file_is_accepted_and_its_rates_are_of_the_published_size() -> None:
    rates = read_literature(ROOT / "data/literature.yaml", read_references())
    by_label = {rate.label.partition(",")[0]: rate for rate in rates}
    solver = by_label["mixed integer programs"]
    assert isinstance(solver, PublishedRate)
    assert all(0 < rate.rate_decades_per_year < 1 for rate in rates)
