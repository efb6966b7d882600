"""The equations of the models: every model has them, every symbol is explained, and is MathML."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

from models import load
from models.core.prior import list_priors
from pipeline.failures import SourceError
from pipeline.ingest.registries import read_models
from pipeline.site.pages.equations import find_symbols, to_mathml
from pipeline.site.words import read_words

FOLDER = ROOT / "reports/models"
MODELS = sorted(
    {name for names in read_models(ROOT / "models/models.yaml").values() for name in names}
)
PRINTED = [*MODELS, "takeoff"]  # the simulation has a file of its own
# What browsers draw by themselves: MathML Core, W3C.
CORE = {
    *("math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac"),
    *("msqrt", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}


@pytest.mark.parametrize("model", PRINTED)
def test_every_model_has_equations(model: str) -> None:
    assert read_words(FOLDER, model).equations


@pytest.mark.parametrize("model", PRINTED)
def test_every_symbol_is_explained_and_every_explained_one_is_used(model: str) -> None:
    found = read_words(FOLDER, model)
    used = {symbol for each in found.equations for symbol in find_symbols(each.latex)}
    assert used == {find_symbols(each.latex)[0] for each in found.symbols}


@pytest.mark.parametrize("model", MODELS)
def test_every_prior_is_that_of_an_explained_symbol(model: str) -> None:
    meanings = " ".join(each.meaning for each in read_words(FOLDER, model).symbols)
    assert {
        name for name, _ in list_priors(load(model).Priors()) if f"`{name}`" not in meanings
    } == set()


@pytest.mark.parametrize("model", PRINTED)
def test_equations_are_of_the_mathml_that_browsers_draw(model: str) -> None:
    for each in read_words(FOLDER, model).equations:
        made = to_mathml(each.latex, "block")
        assert made.startswith('<math display="block">')
        assert set(re.findall(r"<(\w+)", made)) <= CORE
        assert "\\" not in made.partition("<annotation")[0]  # no command was left as it was


def test_symbols_keep_their_indices_and_labels_are_none() -> None:
    assert find_symbols(r"\log_{10} C_i + \sum_{k \in T_i} G_{k,b} N_{\text{u}}^{-a}") == [
        "C_i", "i", "k", "T_i", "i", "G_k,b", "k", "b", "N_u", "a",
    ]  # fmt: skip


def test_names_of_functions_and_differentials_have_room_and_symbols_of_the_same_letter_none() -> (
    None
):
    made = to_mathml(r"\log p_i = d_i \operatorname{d} t")
    assert '<mo lspace="0.17em" rspace="0.17em">log</mo>' in made
    assert '<mo lspace="0.17em" rspace="0">d</mo>' in made
    assert "<mi>d</mi>" in made


def test_a_model_without_a_file_has_no_equations(tmp_path: Path) -> None:
    assert read_words(tmp_path, "toy").equations == ()


def test_latex_of_a_file_cannot_leave_the_formula() -> None:
    made = to_mathml(r"x \text{</math><script>alert(1)</script>}")
    assert "<script" not in made
    assert made.count("</math>") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("equations: []", "symbols"),
        ("equations: [{latex: x}]\nsymbols: []", "words"),
        (
            "equations: []\nsymbols:\n" + 2 * "  - {latex: x, meaning: a, unit: b}\n",
            "twice",
        ),
        ("equations: []\nsymbols: []\nwith: [_absent]", "missing"),
    ],
)
def test_faults_of_a_file_are_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        read_words(tmp_path, "toy")
