"""The index page: passing posteriors with their answers, the others apart with their reasons."""

import re
import sys
from pathlib import Path

import pytest
from cells import CARD, FAILED, HOSTILE, TEMPLATES, flags, make_model, write_cell

from pipeline import overview


def write_index(folder: Path, monkeypatch: pytest.MonkeyPatch, **check: object) -> tuple[str, Path]:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(folder, **check)
    paths = {
        "--cards": folder / "sources",
        "--datasets": folder / "datasets.yaml",
        "--models": folder / "models.yaml",
        "--attributions": folder / "attributions",
        "--checks": folder / "checks",
        "--bibliography": folder / "references.bib",
        "--templates": TEMPLATES,
        "--output": folder / "html/index.html",
        "--summary": folder / "summary",
    }
    assert overview.main(flags(paths)) == 0
    return paths["--output"].read_text(encoding="utf-8"), paths["--summary"]


def find_section(page: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found.group(0) if found else ""


def test_passing_posterior_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    answers = find_section(page, "answers")
    assert "halved every 14 months" in answers
    assert 'href="toys-toy.html"' in answers
    assert find_section(page, "failed") == ""


def test_failed_fit_stands_apart_without_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_index(tmp_path, monkeypatch, **FAILED)
    assert "R-hat of rate is 1.2" in find_section(page, "failed")
    assert "toys-toy" not in find_section(page, "answers")
    assert "14" not in (summary / "answers.md").read_text(encoding="utf-8")


def test_dataset_without_card_is_missing_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    assert "absent-toy" in find_section(page, "missing")
    assert "the card is missing" in find_section(page, "missing")


def test_dataset_that_failed_validation_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "sources/absent/source.yaml"
    card.parent.mkdir(parents=True)
    card.write_text(CARD, encoding="utf-8")
    page, _ = write_index(tmp_path, monkeypatch)
    assert "absent-quarantine.csv" in find_section(page, "missing")


def test_table_for_the_readme_has_a_row_a_posterior(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, summary = write_index(tmp_path, monkeypatch)
    lines = (summary / "answers.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert "9.9 to no upper bound" in lines[2]


def test_markdown_cell_cannot_leave_its_cell() -> None:
    assert not re.search(r"(?<!\\)[|<`]", overview.escape_cell(HOSTILE))


def test_picture_for_the_readme_shows_ours_and_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, summary = write_index(tmp_path, monkeypatch)
    picture = (summary / "answers.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "Doubling time" in picture
    assert "Doe &amp; Roe" in picture


def test_same_inputs_give_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, one), (second, two) = (write_index(tmp_path / name, monkeypatch) for name in ("a", "b"))
    assert first == second
    assert (one / "answers.svg").read_bytes() == (two / "answers.svg").read_bytes()
