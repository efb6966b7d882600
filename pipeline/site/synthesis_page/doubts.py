"""What cannot be trusted of the synthesis, to be read before its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.site.overview.comparison import Entry
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_quantity, say_count
from pipeline.site.synthesis_page.words import (
    SENTENCES,
    SIMILAR,
    Entries,
    join_names,
    read_family,
    say,
)


def list_doubts(
    entries: Entries,
    read: Mapping[str, Entry],
    check: Mapping[str, Any],
    models: Mapping[str, Sequence[float]],
    primaries: Mapping[str, tuple[Entry, Entry]],
) -> list[str]:
    """Caveats, and where models or priors disagree.

    `read` are the headlines of other posteriors that are spoken of, by what they are called;
    `check` is that of the pooled rates, `models` each leaderboard's medians of the share by model,
    `primaries` its rate by the model that is pooled and averaged over models.
    """
    steps = read_family(entries, "share_step")
    flagged = [
        f"{name}: {'; '.join(entry['caveats'])}."
        for name, entry in (*steps.items(), *read.items())
        if entry.get("is_flagged")
    ]
    found = [_doubt_models(models), _doubt_primaries(primaries), _doubt_pooling(check, len(steps))]
    return [*flagged, *filter(None, found)]


def _doubt_models(models: Mapping[str, Sequence[float]]) -> str:
    """The leaderboard on which the medians of the models lie furthest apart."""
    reach = {name: (min(found), max(found)) for name, found in models.items() if len(found) > 1}
    if not reach:
        return ""
    widest = max(reach, key=lambda name: reach[name][1] - reach[name][0])
    low, high = (format_quantity(each, "share") for each in reach[widest])
    return str(SENTENCES["doubts"]["models"].format(widest=widest, low=low, high=high))


def _doubt_primaries(primaries: Mapping[str, tuple[Entry, Entry]]) -> str:
    """Where the model that is pooled and the average over models are not alike."""
    said = [
        f"{name} {say(own)} instead of {say(averaged)}"
        for name, (own, averaged) in primaries.items()
        if not 1 / SIMILAR < own["median"] / averaged["median"] < SIMILAR
    ]
    return SENTENCES["doubts"]["primaries"].format(rates=join_names(said)) if said else ""


def _doubt_pooling(check: Mapping[str, Any], count: int) -> str:
    """What drives the pooled rates beside the data."""
    indices = check.get("prior_sensitivity") or {}
    leaning = [
        words
        for key, words in SENTENCES["leaning"].items()
        if (indices.get(key) or {}).get("prior", 0.0) > answers.SENSITIVE
    ]
    if not leaning:
        return ""
    values = {"count": say_count(count, "leaderboard"), "leaning": join_names(leaning)}
    values |= {"move": "moves" if len(leaning) == 1 else "move", "limit": answers.SENSITIVE}
    return str(SENTENCES["doubts"]["pooling"].format(**values))
