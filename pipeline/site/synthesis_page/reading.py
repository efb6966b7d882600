"""Entries of the synthesis -> their numbers in words, and families of them."""

from collections.abc import Mapping

from pipeline.site.overview.comparison import Entry
from pipeline.site.overview.limits import quote
from pipeline.site.pages.answers import CAVEAT, element, family

Entries = Mapping[str, Entry]


def tell(entry: Entry) -> str:
    """Median and interval, after the sign of a caveat: "▲ 35 % (18 to 57 %)"."""
    sign = CAVEAT if entry.get("is_flagged") else ""
    return f"{sign}{quote(entry)}"


def read_family(entries: Entries, name: str) -> dict[str, Entry]:
    """The entries `name[label]` that have a number, by label."""
    return {
        element(k): each for k, each in known(entries).items() if "[" in k and family(k) == name
    }


def known(entries: Entries) -> dict[str, Entry]:
    """The entries that have a number."""
    return {key: each for key, each in entries.items() if each["median"] is not None}
