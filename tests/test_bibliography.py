"""Citations as people read them."""

from pathlib import Path

import pytest
from cells import BIBLIOGRAPHY

from pipeline.failures import SourceError
from pipeline.ingest.bibliography import Bibliography, read_bibliography


@pytest.fixture
def bibliography(tmp_path: Path) -> Bibliography:
    path = tmp_path / "references.bib"
    path.write_text(BIBLIOGRAPHY, encoding="utf-8")
    return read_bibliography(path)


def test_entry_has_authors_year_title_venue_and_identifier(bibliography: Bibliography) -> None:
    expected = "Doe J., Roe R. (2020). A Title & more. Journal. doi:10.1000/x_y."
    assert bibliography["doe2020"].text == expected


def test_short_form_names_two_authors_or_et_al(bibliography: Bibliography) -> None:
    assert [reference.short for reference in bibliography.values()] == [
        "Doe & Roe 2020",
        "The Group et al. 2021",
    ]


def test_address_stands_without_scheme(bibliography: Bibliography) -> None:
    assert bibliography["data2021"].text.endswith("example.org/data.")


def test_cite_keeps_order_and_drops_repeats(bibliography: Bibliography) -> None:
    cited = bibliography.cite(["data2021", "doe2020", "data2021"])
    assert [reference.key for reference in cited] == ["data2021", "doe2020"]


def test_unknown_keys_are_reported_together_with_the_nearest(bibliography: Bibliography) -> None:
    with pytest.raises(SourceError) as caught:
        bibliography.cite(["doe2021", "group2021"])
    assert len(caught.value.failures) == 2
    assert "doe2020" in str(caught.value)


def test_broken_entry_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text("@article{broken, title = {", encoding="utf-8")
    with pytest.raises(SourceError, match="not BibTeX"):
        read_bibliography(path)


def test_own_entries_are_added_and_the_same_entry_twice_is_one(tmp_path: Path) -> None:
    entries = ["@misc{a2020, title = {A}, year = 2020}", "@misc{b2021, title = {B}, year = 2021}"]
    central = tmp_path / "references.bib"
    central.write_text(entries[0], encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    (own / "references.bib").write_text("\n".join(entries), encoding="utf-8")
    assert list(read_bibliography(central).with_own(own)) == ["a2020", "b2021"]
    assert list(read_bibliography(central).with_own(tmp_path / "none")) == ["a2020"]


def test_key_that_means_something_else_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "references.bib").write_text("@misc{a, title = {A}, year = 2020}", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    (own / "references.bib").write_text("@misc{a, title = {B}, year = 2020}", encoding="utf-8")
    with pytest.raises(SourceError, match="says something else of this key"):
        read_bibliography(tmp_path / "references.bib").with_own(own)
