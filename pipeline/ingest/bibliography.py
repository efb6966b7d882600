"""The bibliography as people read it: text of every entry of `data/references.bib`, and of the
`references.bib` that a dataset may bring, by key.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pybtex.database import Entry, Person, PybtexError, parse_string
from pybtex.richtext import Text

from pipeline.core.failures import Failure, file_failure, raise_any
from pipeline.ingest.cards.defaults import UNCITED
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.cards.yaml_files import MAXIMUM_BYTES, MAXIMUM_MARKS
from pipeline.ingest.plain_files import find_invisible_lines, read_text

SHOWN_AUTHORS = 6  # longer lists end in "et al."
OWN_FILE = "references.bib"  # in the folder of a dataset, beside its card
OTHERS = "others"  # BibTeX's word for authors who are not listed
VENUES = ("journal", "booktitle", "howpublished", "publisher", "institution", "school")


@dataclass(frozen=True)
class Reference:
    """One source: `short` for a table cell ("Doe et al. 2022"), `text` for the list of sources.

    `entry` is what the bibliography has of it; two references are one if their words are the same.
    """

    key: str
    short: str
    text: str
    entry: Entry | None = field(default=None, compare=False, repr=False)


OF_DRAFTS = Reference(UNCITED, "not cited yet", "The source of the rows is not cited yet.")


class Bibliography(dict[str, Reference]):
    """References by key. A key that is not there is an error that names the nearest ones."""

    def __init__(self, path: Path, references: Mapping[str, Reference]) -> None:
        super().__init__(references)
        self.path = path

    def cite(self, keys: Iterable[str]) -> list[Reference]:
        """The references of `keys`, each once, in order. Raises SourceError for unknown keys."""
        wanted, known = list(dict.fromkeys(keys)), {**self, UNCITED: OF_DRAFTS}
        rule, path = "no entry has this key", str(self.path)
        unknown = [
            Failure(path, None, "citation", key, rule, suggest(key, self, "add the entry"))
            for key in wanted
            if key not in known
        ]
        raise_any(unknown)
        return [known[key] for key in wanted]

    def with_own(self, folder: Path) -> "Bibliography":
        """These references and those of the `references.bib` in a dataset's folder, if it has one.

        Raises SourceError where it cannot be read, or says something else of a key that is here.
        """
        path = folder / OWN_FILE
        found = _read(path) if path.is_file() else {}
        other = [key for key in found if self.get(key, found[key]) != found[key]]
        rule = "another bibliography has a different entry under this key"
        raise_any(Failure(str(path), None, "", key, rule, "rename the key") for key in other)
        return Bibliography(self.path, {**self, **found})


def read_bibliography(path: Path) -> Bibliography:
    """Every entry of the BibTeX file at `path`. Raises SourceError where it cannot be read."""
    if not path.is_file():
        raise file_failure(path, "the bibliography is missing", "write one BibTeX entry per source")
    return Bibliography(path, _read(path))


def _read(path: Path) -> dict[str, Reference]:
    text = read_text(path, MAXIMUM_BYTES, "keep the entries that are cited")
    faults = [*islice(find_invisible_lines(path, text), MAXIMUM_MARKS)]
    # A few lines of abbreviations of abbreviations can expand to gigabytes.
    if found := re.search(r"@\s*string\b", text, re.IGNORECASE):
        line = text[: found.start()].count("\n") + 1
        rule, remedy = "abbreviations (@string) are not read", "write the text in full"
        faults.append(Failure(str(path), line, "", "", rule, remedy))
    raise_any(faults)
    references, key = dict[str, Reference](), ""
    try:
        for key, entry in parse_string(text, "bibtex").entries.items():
            references[key] = format_entry(key, entry)
    except (PybtexError, UnicodeError) as error:
        if not key:
            raise file_failure(path, f"not BibTeX: {error}", "fix the entry") from None
        rule, remedy = f"its LaTeX cannot be read: {error}", "write the entry without commands"
        raise file_failure(path, rule, remedy, "citation", key) from None
    return references


def format_entry(key: str, entry: Entry) -> Reference:
    """Authors, year, title, venue and identifiers, as plain text without any network address."""
    year = read_field(entry, "year") or "no date"
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [_family_name(person) for person in people] or [key]
    short = names[0] if len(names) == 1 else f"{names[0]} et al."
    if len(names) == 2 and OTHERS not in names:
        short = " & ".join(names)
    parts = [f"{_list_authors(people) or key} ({year})", read_field(entry, "title"), _venue(entry)]
    parts += _identifiers(entry)
    text = " ".join(part if part[-1] in ".?!" else f"{part}." for part in parts if part)
    return Reference(key, f"{short} {year}", text, entry)


def _list_authors(people: list[Person]) -> str:
    listed = []
    for person in people:
        given = [to_plain(name) for name in (*person.first_names, *person.middle_names)]
        initials = "".join(f"{name[0]}." for name in given if name)
        listed.append(f"{_family_name(person)} {initials}".strip())
    named = [author for author in listed if author != OTHERS]
    is_cut = len(named) < len(listed) or len(named) > SHOWN_AUTHORS
    return ", ".join(named[:SHOWN_AUTHORS]) + " et al." * is_cut


def _family_name(person: Person) -> str:
    return to_plain(" ".join((*person.prelast_names, *person.last_names, *person.lineage_names)))


def _venue(entry: Entry) -> str:
    venue = next((text for name in VENUES if (text := read_field(entry, name))), "")
    volume, number, pages = (read_field(entry, name) for name in ("volume", "number", "pages"))
    issue = f"{volume}({number})" if volume and number else volume
    return ", ".join(part for part in (venue, issue, pages and f"pp. {pages}") if part)


def _identifiers(entry: Entry) -> list[str]:
    eprint, doi, url = (read_field(entry, name) for name in ("eprint", "doi", "url"))
    made = [f"arXiv:{eprint}" if eprint else "", f"doi:{doi}" if doi else ""]
    if not eprint and not doi and url:
        made.append(_without_scheme(url))  # a page that is read offline prints where, not a link
    return [part for part in (*made, read_field(entry, "note")) if part]


def read_field(entry: Entry, name: str) -> str:
    """A field as plain text, identifiers as they are; empty where it is missing."""
    raw = str(entry.fields.get(name, ""))
    return raw if name in ("doi", "url", "eprint") else _without_scheme(to_plain(raw))


def to_plain(latex: str) -> str:
    """LaTeX as plain text."""
    text = str(Text.from_latex(latex)).replace("--", "\N{EN DASH}")
    text = re.sub(r"\\+([&_%#$])", r"\1", text)
    text = re.sub(r"\\[A-Za-z]+", " ", text)  # commands that pybtex leaves, as \url
    return " ".join(text.split())


def _without_scheme(text: str) -> str:
    return re.sub(r"https?://(www\.)?", "", text)
