"""What readers take into their own bibliographies: a page's sources, and the page itself."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pybtex.database import BibliographyData
from pybtex.database.output.bibtex import Writer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.failures import SourceError
from pipeline.ingest.bibliography import Bibliography, Reference
from pipeline.ingest.cards.faults import from_pydantic
from pipeline.ingest.cards.yaml_files import read_tree


class _Author(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    name: str = Field("", description="name of a group")
    family_names: str = Field("", alias="family-names", description="family name of a person")
    given_names: str = Field("", alias="given-names", description="given names of a person")


class Software(BaseModel):
    """What CITATION.cff says of this software, as far as a citation needs it."""

    model_config = ConfigDict(extra="allow", frozen=True)
    title: str = Field(description="title of the software", min_length=1)
    version: str = Field(description="version of the software", min_length=1)
    authors: list[_Author] = Field(description="people or groups", min_length=1)
    doi: str = Field("", description="DOI of the software")
    url: str = Field("", description="address at which the pages are served")


class PageCitation(NamedTuple):
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
    doi = f"doi:{software.doi}" if software.doi else ""
    version, people = f"version {software.version}", software.authors
    authors = (each.name or f"{each.given_names} {each.family_names}".strip() for each in people)
    identity = ", ".join(filter(None, (f"page {name}", version, data, doi)))
    words = f"{', '.join(authors)}. “{title}” In: {software.title}, {identity}."
    # the name of a group is one word in braces
    named = (f"{{{e.name}}}" if e.name else f"{e.family_names}, {e.given_names}" for e in people)
    fields = {
        "author": " and ".join(named),
        "title": _escape(title),
        "howpublished": _escape(f"Page {name} of {software.title}"),
        "version": software.version,
        "note": _escape(", ".join(filter(None, (version.capitalize(), data)))),
        "doi": software.doi,
    }
    lines = [f"{field} = {{{text}}}" for field, text in fields.items() if text]
    key = "apportion-" + re.sub(r"[^a-z0-9]+", "-", name.lower())
    return PageCitation(words, f"@misc{{{key},\n  " + ",\n  ".join(lines) + "\n}\n")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file that a page speaks of."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def number_sources(bibliography: Bibliography, keys: Iterable[str]) -> dict[str, Any]:
    """A page's `sources`, in the order of the keys, and the `references` by key, numbered."""
    cited = bibliography.cite(keys)
    numbered = {each.key: (number, each) for number, each in enumerate(cited, start=1)}
    return {"sources": cited, "references": numbered}


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
