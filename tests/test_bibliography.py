"""Citations as people read them, and as their bibliographies take them in."""

from pathlib import Path

import pytest
from conftest import ROOT
from pybtex.database import parse_string

from pipeline.core.failures import SourceError
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.site.pages.citations import cite_page, read_software, write_bibtex

ENTRIES = """
@article{doe2020, author = {Doe, Jane and Roe, Richard}, title = {A {Title} \\& more}, year = 2020,
  journal = {Journal}, volume = 3, number = 2, pages = {1--9}, doi = {10.1000/x_y},
  url = {https://example.org/paper}}
@misc{data2021, author = {{The Group} and others}, title = {Figures}, year = 2021,
  url = {https://example.org/data}}
@misc{long2022, author = {A, B and C, D and E, F and G, H and I, J and K, L and M, N},
  title = {Why?}, year = 2022, eprint = {2201.00001}, note = {version 2}}
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "references.bib").write_text(text, encoding="utf-8")
    return folder / "references.bib"


@pytest.fixture
def bibliography(tmp_path: Path) -> Bibliography:
    return read_bibliography(write(tmp_path, ENTRIES))


def test_entry_has_authors_year_title_venue_and_identifier(bibliography: Bibliography) -> None:
    assert [(reference.short, reference.text) for reference in bibliography.values()] == [
        (
            "Doe & Roe 2020",
            "Doe J., Roe R. (2020). A Title & more. Journal, 3(2), pp. 1–9. doi:10.1000/x_y.",  # noqa: RUF001
        ),
        ("The Group et al. 2021", "The Group et al. (2021). Figures. example.org/data."),
        (
            "A et al. 2022",
            "A B., C D., E F., G H., I J., K L. et al. (2022). Why? arXiv:2201.00001. version 2.",
        ),
    ]


def test_cite_keeps_order_and_drops_repeats(bibliography: Bibliography) -> None:
    cited = bibliography.cite(["data2021", "doe2020", "data2021"])
    assert [reference.key for reference in cited] == ["data2021", "doe2020"]
    with pytest.raises(SourceError) as caught:
        bibliography.cite(["doe2021", "group2021"])
    assert len(caught.value.failures) == 2
    assert "doe2020" in str(caught.value)


def test_broken_and_missing_files_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the bibliography is missing"):
        read_bibliography(tmp_path / "references.bib")
    with pytest.raises(SourceError, match="not BibTeX"):
        read_bibliography(write(tmp_path, "@article{broken, title = {"))


def test_own_entries_are_added_and_one_key_means_one_thing(tmp_path: Path) -> None:
    entries = ["@misc{a2020, title = {A}, year = 2020}", "@misc{b2021, title = {B}, year = 2021}"]
    central = read_bibliography(write(tmp_path, entries[0]))
    write(tmp_path / "own", "\n".join(entries))
    assert list(central.with_own(tmp_path / "own")) == ["a2020", "b2021"]
    assert list(central.with_own(tmp_path / "none")) == ["a2020"]
    write(tmp_path / "own", entries[0].replace("{A}", "{B}"))
    with pytest.raises(SourceError, match="has a different entry under this key"):
        central.with_own(tmp_path / "own")


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
