"""The equations of a model as a page prints them: LaTeX in `reports/equations/` -> MathML.

The docstring of a model is the model, in plain text. Beside it stands one file a model,
`reports/equations/<model>.yaml`, with each equation in LaTeX and in words, and with the meaning and
unit of every symbol. Files that start with an underscore hold what models share. The folder belongs
to the pages, not to `models/`: how an equation is set is no reason to fit a model again.

MathML is made here, when the page is, so that a page needs no script and no network to show it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup
from pydantic import Field

from pipeline.failures import SourceError
from pipeline.ingest.cards.faults import make_fault
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.site.pages.strict_files import StrictPart, Words, check_tree

FUNCTIONS = {"log", "exp", "min", "max"}  # identifiers that need no explanation
# Space before and after: names of functions would touch others, differentials would drift off.
SPACES = {"log": ("0.17em", "0.17em"), "exp": ("0.17em", "0.17em"), "d": ("0.17em", "0")}


class Equation(StrictPart):
    """One equation with the sentence that reads it."""

    words: Words = Field(description="what the equation says, in one sentence")
    latex: Words = Field(description="the equation in LaTeX")


class Symbol(StrictPart):
    """What a symbol of the equations stands for."""

    latex: Words = Field(description="the symbol in LaTeX, with its indices")
    meaning: Words = Field(description="what it stands for, with its name in the code in backticks")
    unit: Words = Field(description="its unit; `index` or `pure number` where it has none")


class EquationFile(StrictPart):
    """A file of `reports/equations`."""

    equations: list[Equation] = Field(description="the equations, in the order of reading")
    symbols: list[Symbol] = Field(description="every symbol that they use and no shared file has")
    shared: list[Words] = Field(
        default=[], alias="with", description="files of the same folder that are read after it"
    )


@dataclass(frozen=True)
class Equations:
    """All equations of a model and all symbols in them."""

    equations: tuple[Equation, ...] = ()
    symbols: tuple[Symbol, ...] = ()


def read_equations(folder: Path, model: str) -> Equations:
    """The equations of `model` and of the files that it names; none where it has no file.

    Raises SourceError where a file is not as it should be, or explains a symbol twice.
    """
    path = folder / f"{model}.yaml"
    if not path.is_file():
        return Equations()
    own = _read(path)
    files = [own, *(_read(folder / f"{name}.yaml") for name in own.shared)]
    symbols = [symbol for file in files for symbol in file.symbols]
    names = [symbol.latex for symbol in symbols]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        rule = f"these symbols are explained twice, here or in the files that it names: {twice}"
        raise SourceError([make_fault(path, {}, ("symbols",), rule, "keep one of the two")])
    return Equations(tuple(each for file in files for each in file.equations), tuple(symbols))


def _read(path: Path) -> EquationFile:
    tree = read_tree(path, "the file of the equations", "write `equations:` and `symbols:`")
    file, faults = check_tree(path, tree, EquationFile)
    if file is None or faults:
        raise SourceError(faults)
    return file


def to_mathml(latex: str, display: Literal["block", "inline"] = "inline") -> Markup:
    """The equation as presentation MathML, with its LaTeX beside it for those who copy it."""
    math = Element("math", display=display)
    semantics = SubElement(math, "semantics")
    semantics.extend(_convert(latex, display))
    SubElement(semantics, "annotation", encoding="application/x-tex").text = latex
    return Markup(tostring(math, encoding="unicode"))  # noqa: S704  # which escapes


def _convert(latex: str, display: str = "inline") -> Element:
    """The formula as elements.

    The library leaves signs as numbers that HTML reads, and takes some of them for letters.
    """
    made = convert_to_element(latex, display=display)
    for part in made.iter():
        part.text = unescape(part.text) if part.text else None
        is_sign = part.text in FUNCTIONS or not re.search(r"\w", part.text or "")
        if part.tag == "mi" and is_sign:
            part.tag = "mo"
        if part.tag == "mo" and part.text in SPACES:
            part.attrib.update(zip(("lspace", "rspace"), SPACES[part.text], strict=True))
    return made


def find_symbols(latex: str) -> list[str]:
    """The symbols of a formula in order, each with its index: `t_i`, then `i`, but not `log`.

    An upright index is a label and no symbol, as is a capital or Greek one.
    """
    return [symbol for symbol in _walk(_convert(latex)) if symbol.split("_")[0] not in FUNCTIONS]


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
