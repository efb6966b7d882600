"""What pages say of a model: `reports/models/<model>.yaml`, with the card's words for its labels.

The folder belongs to the pages: rewording a headline, a caption or an equation is no reason to fit
a model again. Files whose names start with an underscore hold what models share; a model names
them under `with`, and its own words come before theirs.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from pipeline.core.failures import SourceError
from pipeline.ingest.cards.faults import make_fault
from pipeline.ingest.cards.strict_files import StrictPart, check_tree
from pipeline.ingest.cards.strict_files import Words as Text
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.site.pages.numbers import unit_words

NOT_SEPARATED = "not separated"  # reason of results where the card says `allocation: none`
HEADLINE = "{label}: {median} (90 % interval {lower} to {upper})."  # of a model without words
HEADLINE_WORDS = (
    "the answer in a sentence, with {median}, {lower} and {upper}; {label} is what it is of, "
    "{step} starts a sentence on a step, and an option of the card stands in by its name"
)
RECORD_PATH = ", first to last record"  # after the id of a benchmark, in labels of the results


class Equation(StrictPart):
    """One equation with the sentence that reads it."""

    words: Text = Field(description="what the equation says, in one sentence")
    latex: Text = Field(description="the equation in LaTeX")


class Symbol(StrictPart):
    """What a symbol of the equations stands for."""

    latex: Text = Field(description="the symbol in LaTeX, with its indices")
    meaning: Text = Field(description="what it stands for, with its name in the code in backticks")
    unit: Text = Field(description="its unit; `index` or `pure number` where it has none")


class Note(StrictPart):
    """A sentence below the headline that some cards call for."""

    text: Text = Field(description="the sentence")
    when: dict[str, Any] = Field(
        {}, description="option: the value that it has, or a key or entry that it holds"
    )
    unless: dict[str, Any] = Field({}, description="the same, for cards that do without the note")


class FigureWords(StrictPart):
    """What stands around a figure; {names} are filled in by the module that draws it."""

    title: Text = Field(description="the heading of the figure")
    caption: Text = Field(description="what to see in it")
    x_title: str = Field("", description="title of the horizontal axis")
    y_title: str = Field("", description="title of the vertical axis")
    axes: dict[Literal["x", "y", "colour", "log"], str] = Field(
        {}, description="columns of x, y and colour; `log` names the axes that are logarithmic"
    )


class WordsFile(StrictPart):
    """A file of `reports/models`."""

    title: str = Field("", description="the model in two or three words")
    headline: str = Field("", description=HEADLINE_WORDS)
    notes: list[Text | Note] = Field([], description="sentences below the headline")
    figures: dict[str, FigureWords] = Field({}, description="figure: its words")
    estimands: dict[str, Text] = Field({}, description="estimand: what it is")
    special_cases: dict[str, Text] = Field({}, description="special case of the model: its words")
    parameters: dict[str, Text] = Field({}, description="parameter: what sentences call it")
    labels: dict[str, Text] = Field(
        {}, description="label of the model's own in results, such as a side: its words"
    )
    lab: str = Field("", description="what the column `lab` holds, if not laboratories")
    equations: list[Equation] = Field(description="the equations, in the order of reading")
    symbols: list[Symbol] = Field(description="every symbol that they use and no shared file has")
    shared: list[Text] = Field(
        default=[], alias="with", description="files of the same folder that are read after it"
    )


class Words(WordsFile):
    """All that a page says of a model under a card; `labels` are the card's and the model's."""

    equations: list[Equation] = Field([])
    symbols: list[Symbol] = Field([])

    def name(self, label: object) -> str:
        """The card's words for a label, or the label itself."""
        start, path, ends = str(label).partition(RECORD_PATH)
        return f"{self.labels.get(start, start)}{path}{ends}"

    def parameter(self, name: str) -> str:
        """What sentences call a parameter or an element of one: its words, or its name with spaces.

        The offset of a prior is that prior, in units of its scale.
        """
        start, _, label = name.removesuffix("]").partition("[")
        start = start.removesuffix("_offset")
        said = self.parameters.get(start, start.replace("_", " "))
        return f"{said}: {', '.join(map(self.name, label.split(', ')))}" if label else said

    def figure(self, figure_id: str, **values: object) -> dict[str, Any]:
        """The words of a figure as arguments of `Figure`, with `values` in their {places}."""
        said = self.figures[figure_id].model_dump()
        columns = said.pop("axes")
        logarithmic = {f"is_log_{axis}": True for axis in columns.pop("log", "")}
        told = {name: fill(text, values) for name, text in said.items()}
        return {"id": figure_id} | told | columns | logarithmic


class Headline(NamedTuple):
    """The answer of a page: `sentence` has {median}, {lower} and {upper} of the estimand `key`."""

    key: str
    sentence: str
    notes: tuple[str, ...] = ()


def read_words(folder: Path, model: str, options: Any = None) -> Words:
    """The words of `model`, with those that the card's `options` give to labels.

    A model without a file is named after its module. Raises SourceError where a file is not as it
    should be, or explains a symbol twice.
    """
    path, labels = folder / f"{model}.yaml", list_labels(options)
    title = model.replace("_", " ").capitalize()
    if not path.is_file():
        return Words(title=title, labels=labels)
    own = _read(path)
    files = [own, *(_read(folder / f"{name}.yaml") for name in own.shared)]
    lists: dict[str, Any] = {
        part: [each for file in files for each in getattr(file, part)]
        for part in ("notes", "equations", "symbols")
    }
    named: dict[str, Any] = {
        part: {name: each for file in files[::-1] for name, each in getattr(file, part).items()}
        for part in ("figures", "estimands", "special_cases", "parameters", "labels")
    }
    counts = Counter(symbol.latex for symbol in lists["symbols"])
    if twice := sorted(name for name, count in counts.items() if count > 1):
        rule = f"these symbols are explained twice, here or in the files that it names: {twice}"
        raise SourceError([make_fault(path, {}, ("symbols",), rule, "keep one of the two")])
    named["labels"] |= labels
    for part in ("headline", "lab"):
        lists[part] = next((said for file in files if (said := getattr(file, part))), "")
    return Words(title=own.title or title, **lists, **named)


@cache
def _read(path: Path) -> WordsFile:
    tree = read_tree(path, "the words of a model", "write `equations:` and `symbols:`")
    file, faults = check_tree(path, tree, WordsFile)
    if file is None or faults:
        raise SourceError(faults)
    return file


def fill(text: str, values: Mapping[str, object]) -> str:
    """`text` with values in the {places} of their names; places of other names stay."""
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found.group(1), found.group(0))), text)


def list_labels(options: Any) -> dict[str, str]:
    """What a card calls its benchmarks, techniques and comparisons: id -> label."""
    labels: dict[str, str] = {}
    for value in dict(options or {}).values():
        items = list(value.items()) if isinstance(value, Mapping) else []
        if isinstance(value, list):
            items = [(getattr(each, "id", ""), each) for each in value]
        labels |= {str(key): each.label for key, each in items if hasattr(each, "label")}
    return labels


def relabel(
    attributions: Mapping[str, dict[str, Any]], options: Any, words: Words | None = None
) -> dict[str, dict[str, Any]]:
    """The result file's entries with the card's words in place of the ids in labels and reasons,
    and with the model's own for its labels where its `words` are given.
    """
    words, made = words or Words(labels=list_labels(options)), {}
    for key, entry in attributions.items():
        start, colon, name = entry["label"].partition(": ")
        made[key] = entry | {"label": f"{unit_words(start)}{colon}{words.name(name)}"}
        if entry.get("reason") == NOT_SEPARATED:
            made[key]["reason"] = f"not separated: {options.allocation_reason}"
        elif entry.get("reason"):
            made[key]["reason"] = unit_words(entry["reason"])
    return made


def say_headline(words: Words, options: Any, key: str) -> Headline:
    """The headline of `key`, and the notes that the card calls for."""
    values = {name: v for name, v in dict(options or {}).items() if not hasattr(v, "items")}
    values["label"] = words.name(key.partition("[")[2].removesuffix("]") or key)
    values["step"] = say_step(values["label"])
    notes = [note if isinstance(note, Note) else Note(text=note) for note in words.notes]
    said = [fill(note.text, values) for note in notes if _is_called_for(note, options)]
    sentence = fill(words.headline or HEADLINE, values)
    return Headline(key, sentence, (*said, *getattr(options, "notes", ())))


def say_step(label: str) -> str:
    """A step as the start of a sentence that says what of it was what.

    "MATH: A to B" is "On MATH, of the step from A to B".
    """
    place, colon, step = label.rpartition(": ")
    if RECORD_PATH in label:
        (place, _, ends), colon = label.partition(RECORD_PATH), RECORD_PATH
        step = f"the first to the last record{ends}"
    start = f"On {place}, of" if colon else "Of"
    return f"{start} the step {'from ' if ' to ' in step else ''}{step}"


def _is_called_for(note: Note, options: Any) -> bool:
    def holds(name: str, wanted: Any) -> bool:
        value = getattr(options, name)
        return bool(wanted in value if isinstance(value, Mapping | list) else value == wanted)

    is_wanted = all(holds(*each) for each in note.when.items())
    return is_wanted and not any(holds(*each) for each in note.unless.items())
