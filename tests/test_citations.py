"""What readers take into their bibliographies is what the project's says."""

import json
from pathlib import Path

import pytest
from conftest import ROOT
from pybtex.database import parse_string

from pipeline.core.failures import SourceError
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.pages.citations import cite_page, read_software, to_csl, write_bibtex, write_csl

BIBLIOGRAPHY = read_bibliography(ROOT / "data/references.bib")
# Types and fields that the schema of CSL-JSON 1.0.2 has, of those that are written here.
TYPES = {
    *("article", "article-journal", "book", "chapter", "dataset", "document", "paper-conference"),
    *("report", "software", "thesis", "webpage"),
}
FIELDS = {
    *("id", "type", "author", "editor", "issued", "title", "container-title", "publisher", "note"),
    *("volume", "issue", "page", "DOI", "URL", "ISBN", "number", "archive"),
}


def read_entry(text: str) -> dict[str, object]:
    ((key, entry),) = parse_string(text, "bibtex").entries.items()
    return to_csl(key, entry)


def test_bibtex_of_all_sources_reads_back_as_the_bibliography() -> None:
    wanted = parse_string((ROOT / "data/references.bib").read_text(encoding="utf-8"), "bibtex")
    found = parse_string(write_bibtex(BIBLIOGRAPHY.values()), "bibtex")
    assert list(found.entries) == list(BIBLIOGRAPHY)
    for key, entry in wanted.entries.items():
        assert dict(found.entries[key].fields) == dict(entry.fields)
        assert found.entries[key].persons == entry.persons


def test_csl_of_all_sources_has_its_types_and_fields_and_no_latex() -> None:
    items = json.loads(write_csl(BIBLIOGRAPHY.values()))
    assert [item["id"] for item in items] == list(BIBLIOGRAPHY)
    for item in items:
        assert item["type"] in TYPES
        assert set(item) <= FIELDS
        assert item["title"]
        assert item["author"]
        assert isinstance(item["issued"]["date-parts"][0][0], int)
        words = [item["title"], *(name for person in item["author"] for name in person.values())]
        assert not set("{}\\") & set("".join(words))


def test_an_article_has_its_journal_volume_and_pages() -> None:
    text = r"""@article{a, author = {van der Berg, Ana and {The Group} and others},
      title = {A {Title} of {\'e}tudes}, journal = {Journal}, year = 2020, volume = 3, number = 4,
      pages = {1--20}, doi = {10.1/x}}"""
    assert read_entry(text) == {
        "id": "a",
        "type": "article-journal",
        "author": [
            {"family": "Berg", "given": "Ana", "non-dropping-particle": "van der"},
            {"literal": "The Group"},
        ],
        "issued": {"date-parts": [[2020]]},
        "title": "A Title of études",
        "volume": "3",
        "issue": "4",
        "page": "1\N{EN DASH}20",
        "DOI": "10.1/x",
        "container-title": "Journal",
    }


def test_a_preprint_has_its_number() -> None:
    item = read_entry("@misc{a, author={Doe, J}, title={T}, year={2022}, eprint={2203.15556}}")
    assert (item["type"], item["number"], item["archive"]) == (
        "article",
        "arXiv:2203.15556",
        "arXiv",
    )


def test_a_page_is_cited_with_its_name_version_and_data() -> None:
    software = read_software(ROOT / "CITATION.cff")
    cited = cite_page(software, "How much & why?", "math-compute_multiplier", "0d48")
    for part in ("math-compute_multiplier", software.version, "0d48", software.title):
        assert part in cited.words
    ((key, entry),) = parse_string(cited.bibtex, "bibtex").entries.items()
    assert key == "apportion-math-compute-multiplier"
    assert entry.fields["title"] == r"How much \& why?"
    assert "0d48" in entry.fields["note"]
    (author,) = entry.persons["author"]
    assert str(author).strip("{}") == "The Apportion authors"


def test_a_citation_file_without_a_title_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text("version: 1\nauthors: []\n", encoding="utf-8")
    with pytest.raises(SourceError, match="title"):
        read_software(path)
