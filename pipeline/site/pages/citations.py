"""What readers take into their own bibliographies: a page's sources, and the page itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pybtex.database import BibliographyData
from pybtex.database.output.bibtex import Writer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.failures import SourceError
from pipeline.ingest.bibliography import Reference
from pipeline.ingest.cards.faults import from_pydantic
from pipeline.ingest.cards.yaml_files import read_tree


class _Author(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    name: str = Field("", description="name of a group")
    family_names: str = Field("", alias="family-names", description="family name of a person")
    given_names: str = Field("", alias="given-names", description="given names of a person")

    @property
    def words(self) -> str:
        """The name as people say it."""
        return self.name or f"{self.given_names} {self.family_names}".strip()

    @property
    def bibtex(self) -> str:
        """The name as BibTeX has it; that of a group is one word in braces."""
        return f"{{{self.name}}}" if self.name else f"{self.family_names}, {self.given_names}"


class Software(BaseModel):
    """What CITATION.cff says of this software, as far as a citation needs it."""

    model_config = ConfigDict(extra="allow", frozen=True)
    title: str = Field(description="title of the software", min_length=1)
    version: str = Field(description="version of the software", min_length=1)
    authors: list[_Author] = Field(description="people or groups", min_length=1)
    doi: str = Field("", description="DOI of the software")


@dataclass(frozen=True)
class PageCitation:
    """How a page is cited."""

    words: str
    bibtex: str


def read_software(path: Path) -> Software:
    """The software that the CITATION.cff at `path` describes. Raises SourceError for its faults."""
    tree = read_tree(path, "the citation file", "write title, version and authors")
    try:
        return Software.model_validate(tree)
    except ValidationError as error:
        faults = from_pydantic(error, path, tree, Software.model_json_schema())
        raise SourceError(faults) from None


def cite_page(software: Software, title: str, name: str, data_hash: str = "") -> PageCitation:
    """The words and the entry for the page `name`; the hash of the data stands in for a date."""
    data = f"data SHA-256 {data_hash}" if data_hash else ""
    authors = ", ".join(author.words for author in software.authors)
    doi = f"doi:{software.doi}" if software.doi else ""
    version = f"version {software.version}"
    identity = ", ".join(part for part in (f"page {name}", version, data, doi) if part)
    words = f"{authors}. “{title}” In: {software.title}, {identity}."
    fields = {
        "title": _escape(title),
        "howpublished": _escape(f"Page {name} of {software.title}"),
        "version": software.version,
        "note": _escape(", ".join(part for part in (version.capitalize(), data) if part)),
        "doi": software.doi,
    }
    people = " and ".join(author.bibtex for author in software.authors)
    lines = [f"author = {{{people}}}"]
    lines += [f"{field} = {{{text}}}" for field, text in fields.items() if text]
    key = "apportion-" + re.sub(r"[^a-z0-9]+", "-", name.lower())
    return PageCitation(words, f"@misc{{{key},\n  " + ",\n  ".join(lines) + "\n}\n")


class _Verbatim(Writer):
    """Writes fields as they were read. The library's own way marks signs that are marked."""

    def _encode(self, text: str) -> str:
        return text


def write_bibtex(references: Iterable[Reference]) -> str:
    """The entries of the references as a BibTeX file, in their order."""
    entries = {each.key: each.entry for each in references if each.entry is not None}
    return str(_Verbatim().to_string(BibliographyData(entries=entries)))


def _escape(text: str) -> str:
    """`text` with the signs that BibTeX and LaTeX would take for their own marked."""
    return re.sub(r"([&%#$_{}])", r"\\\1", text.replace("\\", " "))
