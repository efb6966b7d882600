"""Names in a card that should be those of other things: of options beside them, of citations."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.core.failures import Failure
from pipeline.ingest.cards.faults import list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import Steps, walk

OTHER_FILES = "add the entry to data/references.bib, or to references.bib beside the card"


def find_unknown_names(path: Path, tree: Any) -> Iterator[Failure]:
    """Options that name a benchmark, comparison, target or run that the card does not have.

    The tree need not be a valid card: what is not where it should be is left to pydantic.
    """
    options = tree["options"] if isinstance(tree.get("options"), dict) else {}
    found = dict(walk(options))
    comparisons = options.get("comparisons")
    numbers = range(len(comparisons) if isinstance(comparisons, list) else 0)
    ids = [found.get(("comparisons", number, "id")) for number in numbers]
    wanted: dict[Steps, Any] = {
        ("headline_comparison",): ids if isinstance(comparisons, list) else None,
        ("headline_target",): options.get("reference_resource"),
        ("headline_run",): options.get("allocation_runs"),
    } | {("comparisons", number, "benchmark"): options.get("benchmarks") for number in numbers}
    for steps, names in wanted.items():
        name, is_known = found.get(steps), isinstance(names, list | dict)
        if is_known and isinstance(name, str) and name not in names:
            known = [str(each) for each in names if each is not None]
            there = f"use one of {list_words(known)}" if known else "there is none yet: add it"
            rule, remedy = f"{name!r} is not among {known}", suggest(name, known, there)
            yield make_fault(path, tree, ("options", *steps), rule, remedy, name)
    for number in numbers:
        if ids[number] is not None and ids[number] in ids[:number]:
            steps = ("options", "comparisons", number, "id")
            rule, remedy = f"comparison ids repeat: {[ids[number]]}", "give each its own id"
            yield make_fault(path, tree, steps, rule, remedy)


def find_unknown_citations(path: Path, tree: Any, keys: Iterable[str]) -> Iterator[Failure]:
    """Citations of the card that are not among the `keys` of the bibliography."""
    known = set(keys)
    for steps, value in walk(tree):
        if _is_citation(steps) and isinstance(value, str) and value not in known:
            rule = "no entry of a bibliography has this key"
            remedy = suggest(value, known, OTHER_FILES)
            yield make_fault(path, tree, steps, rule, remedy, value)


def _is_citation(steps: Steps) -> bool:
    is_listed = len(steps) == 2 and steps[0] == "citations"
    is_published = len(steps) == 3 and (steps[0], steps[2]) == ("published", "citation")
    # The same key for every row: `citation: {constant: doe2020}`.
    return is_listed or is_published or steps == ("columns", "citation", "constant")
