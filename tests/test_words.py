"""Words of the models: every symbol is explained and is MathML; headlines, notes and labels."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from conftest import ROOT
from tables_for_models import list_cells

from models import load
from models.core.prior import list_priors
from pipeline.core.failures import SourceError
from pipeline.ingest.cards.card import load_card
from pipeline.site.pages.rendering import FUNCTIONS, convert, to_mathml
from pipeline.site.words import (
    Note,
    Words,
    list_labels,
    read_words,
    relabel,
    say_headline,
    say_step,
)

FOLDER = ROOT / "reports/models"
MODELS = sorted({name for _, name in list_cells()})
# What browsers draw by themselves: MathML Core, W3C.
CORE = {
    *("math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac"),
    *("msqrt", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}
OPTIONS = load_card(ROOT / "data/sources/imagenet/source.yaml").options
STEP = "imagenet_top1-alexnet-vit_e"


@pytest.mark.parametrize("model", [*MODELS, "takeoff"])
def test_symbols_are_explained_and_drawn_by_browsers(model: str) -> None:
    found = read_words(FOLDER, model)
    used = {symbol for each in found.equations for symbol in find_symbols(each.latex)}
    assert used == {find_symbols(each.latex)[0] for each in found.symbols}
    for each in found.equations:
        made = to_mathml(each.latex, "block")
        assert made.startswith('<math display="block">')
        assert set(re.findall(r"<(\w+)", made)) <= CORE
        assert "\\" not in made.partition("<annotation")[0]  # no command was left as it was


@pytest.mark.parametrize("model", MODELS)
def test_every_prior_is_that_of_an_explained_symbol(model: str) -> None:
    meanings = " ".join(each.meaning for each in read_words(FOLDER, model).symbols)
    priors = [name for name, _ in list_priors(load(model).Priors())]
    assert [name for name in priors if f"`{name}`" not in meanings] == []


def test_mathml_spaces_functions_and_differentials_and_lets_no_latex_out() -> None:
    made = to_mathml(r"\log p_i = d_i \operatorname{d} t")
    assert '<mo lspace="0.17em" rspace="0.17em">log</mo>' in made
    assert '<mo lspace="0.17em" rspace="0">d</mo>' in made
    assert "<mi>d</mi>" in made
    hostile = to_mathml(r"x \text{</math><script>alert(1)</script>}")
    assert "<script" not in hostile
    assert hostile.count("</math>") == 1


def test_model_without_a_file_is_named_after_its_module(tmp_path: Path) -> None:
    words = read_words(tmp_path, "toy_model")
    assert (words.title, words.equations) == ("Toy model", [])
    assert say_headline(words, None, "rate").sentence.startswith("rate: {median}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("equations: []", "symbols"),
        ("equations: [{latex: x}]\nsymbols: []", "words"),
        ("equations: []\nsymbols:\n" + 2 * "  - {latex: x, meaning: a, unit: b}\n", "twice"),
        ("equations: []\nsymbols: []\nwith: [_absent]", "missing"),
        ("equations: []\nsymbols: []\nheadlin: x", "headlin"),
    ],
)
def test_faults_of_a_file_are_reported(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        read_words(tmp_path, "toy")


def test_headline_has_the_cards_words_and_the_notes_that_the_card_calls_for() -> None:
    words = Words(
        headline="{label} by {reference_harness}: {median} ({lower} to {upper})",
        notes=[
            "Always.",
            Note(text="Trend.", when={"trend": "linear"}),
            Note(text="No trend.", when={"trend": "none"}),
            Note(text="Tagged.", when={"techniques": "distillation"}),
            Note(text="Untagged.", unless={"techniques": "distillation"}),
        ],
        labels=list_labels(OPTIONS),
    )
    found = say_headline(words, OPTIONS, f"share_compute[{STEP}]")
    label = next(each.label for each in OPTIONS.comparisons if each.id == STEP)
    harness = OPTIONS.reference_harness
    assert found.sentence == f"{label} by {harness}: {{median}} ({{lower}} to {{upper}})"
    assert found.notes == ("Always.", "Trend.", "Tagged.")


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("A to B (majority vote)", "Of the step from A to B (majority vote)"),
        ("MATH: A to B", "On MATH, of the step from A to B"),
        (
            "MATH, first to last record (A to B)",
            "On MATH, of the step from the first to the last record (A to B)",
        ),
        ("one year", "Of the step one year"),
    ],
)
def test_step_starts_a_sentence(label: str, start: str) -> None:
    assert say_step(label) == start


def test_model_has_words_for_its_own_labels_and_for_what_stands_for_laboratories() -> None:
    words = read_words(FOLDER, "augmented_scaling_law", OPTIONS)
    assert (words.lab, read_words(FOLDER, "compute_multiplier").lab) == ("paper", "")
    words = read_words(FOLDER, "compute_multiplier", OPTIONS)
    assert words.name(STEP) == list_labels(OPTIONS)[STEP]
    entry = {"label": "Coefficient of the division: under", "reason": ""}
    made = relabel({"a": entry}, OPTIONS, words)["a"]["label"]
    assert made == "Coefficient of the division: trained on too few tokens for its size"


def test_ids_in_results_are_replaced_by_the_cards_words() -> None:
    label = next(each.label for each in OPTIONS.comparisons if each.id == STEP)
    path = "ImageNet top-1, first to last record (A to B)"
    entries = {
        "a": {"label": f"Compute, share: {STEP}"},
        "b": {"label": f"Compute, share: {path}", "reason": "not separated"},
        "c": {"label": "Rate", "reason": "another"},
    }
    found = relabel(entries, OPTIONS)
    assert found["a"]["label"] == f"Compute, share: {label}"
    name = OPTIONS.benchmarks["ImageNet top-1"].label
    assert found["b"]["label"] == f"Compute, share: {path.replace('ImageNet top-1', name)}"
    assert found["b"]["reason"] == f"not separated: {OPTIONS.allocation_reason}"
    assert found["c"] == entries["c"]
    decades = {"label": "Lab, decades of compute: a decade of B", "reason": "decades sum to 0"}
    made = relabel({"a": decades}, OPTIONS)["a"]
    assert made["label"] == "Lab, factors of ten of compute: a decade of B"
    assert made["reason"] == "factors of ten sum to 0"


def find_symbols(latex: str) -> list[str]:
    """The symbols of a formula in order, each with its index: `t_i`, then `i`, but not `log`.

    An upright index is a label and no symbol, as is a capital or Greek one.
    """
    return [symbol for symbol in _walk(convert(latex)) if symbol.split("_")[0] not in FUNCTIONS]


def _walk(element: Element) -> Iterator[str]:
    kind, parts = element.tag, list(element)
    if kind in ("msub", "msup", "msubsup") and parts[0].tag == "mi":
        yield from _walk_scripts(kind, parts)
    elif kind in ("mi", "mtext"):
        yield from re.findall(r"\S+", _text(element))
    else:
        for part in parts:
            yield from _walk(part)


def _walk_scripts(kind: str, parts: list[Element]) -> Iterator[str]:
    """The symbol of a base with its index, then those of the index and of the power."""
    index = "" if kind == "msup" else _text(parts[1])
    power = None if kind == "msub" else parts[-1]
    star = "*" if power is not None and _text(power) == "*" else ""
    yield (_text(parts[0]) + (f"_{index}" if index else "") + star)
    if index:
        yield from (
            _text(part)
            for part in parts[1].iter()
            if part.tag == "mi" and re.fullmatch("[a-z]", _text(part))
        )
    if power is not None:
        yield from _walk(power)


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()
