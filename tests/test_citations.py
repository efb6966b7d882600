"""What readers take into their bibliographies is what the project's says."""

from pathlib import Path

import pytest
from conftest import ROOT
from pybtex.database import parse_string

from pipeline.core.failures import SourceError
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.pages.citations import cite_page, read_software, write_bibtex

BIBLIOGRAPHY = read_bibliography(ROOT / "data/references.bib")


def test_bibtex_of_all_sources_reads_back_as_the_bibliography() -> None:
    wanted = parse_string((ROOT / "data/references.bib").read_text(encoding="utf-8"), "bibtex")
    found = parse_string(write_bibtex(BIBLIOGRAPHY.values()), "bibtex")
    assert list(found.entries) == list(BIBLIOGRAPHY)
    for key, entry in wanted.entries.items():
        assert dict(found.entries[key].fields) == dict(entry.fields)
        assert found.entries[key].persons == entry.persons


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
