"""Names in a card that should be those of other things: of options beside them, of citations."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.failures import Failure
from pipeline.ingest.cards.faults import list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import Steps, walk


def find_unknown_names(path: Path, tree: Any) -> list[Failure]:
    """Options that name a benchmark, comparison, target or run that the card does not have.

    The tree need not be a valid card: what is not where it should be is left to pydantic.
    """
    options = tree["options"] if isinstance(tree.get("options"), dict) else {}
    comparisons = options.get("comparisons")
    comparisons = comparisons if isinstance(comparisons, list) else None
    ids = [each.get("id") if isinstance(each, dict) else None for each in comparisons or []]
    benchmarks = _list(options, "benchmarks")
    wanted: list[tuple[Steps, list[Any] | None]] = [
        (("headline_comparison",), None if comparisons is None else ids),
        (("headline_target",), _list(options, "reference_resource")),
        (("headline_run",), _list(options, "allocation_runs")),
        *((("comparisons", n, "benchmark"), benchmarks) for n in range(len(ids))),
    ]
    found = dict(walk(options))
    faults = [
        _unknown(path, tree, ("options", *steps), found[steps], names)
        for steps, names in wanted
        if names is not None and isinstance(found.get(steps), str) and found[steps] not in names
    ]
    return faults + [
        make_fault(
            path,
            tree,
            ("options", "comparisons", number, "id"),
            f"comparison ids repeat: {[comparison_id]}",
            "give each comparison its own id",
        )
        for number, comparison_id in enumerate(ids)
        if comparison_id is not None and comparison_id in ids[:number]
    ]


def find_unknown_citations(path: Path, tree: Any, keys: Iterable[str]) -> list[Failure]:
    """Citations of the card that are not among the `keys` of the bibliography."""
    known = set(keys)
    return [
        make_fault(
            path,
            tree,
            steps,
            "no entry of a bibliography has this key",
            suggest(
                value,
                known,
                "add the entry to data/references.bib, or to references.bib beside the card",
            ),
            value,
        )
        for steps, value in walk(tree)
        if _is_citation(steps) and isinstance(value, str) and value not in known
    ]


def _is_citation(steps: Steps) -> bool:
    is_listed = len(steps) == 2 and steps[0] == "citations"
    is_published = len(steps) == 3 and (steps[0], steps[2]) == ("published", "citation")
    # The same key for every row: `citation: {constant: doe2020}`.
    return is_listed or is_published or steps == ("columns", "citation", "constant")


def _list(options: dict[str, Any], key: str) -> list[Any] | None:
    value = options.get(key)
    return list(value) if isinstance(value, list | dict) else None


def _unknown(path: Path, tree: Any, steps: Steps, name: str, names: list[Any]) -> Failure:
    known = [str(each) for each in names if each is not None]
    there = f"use one of {list_words(known)}" if known else "there is none yet: add it"
    return make_fault(
        path, tree, steps, f"{name!r} is not among {known}", suggest(name, known, there), name
    )
