"""Which column of a received file fills which column of a table, and how its cells are read.

A guess is a proposal for a person to confirm: by the name of the column, and by what its cells
prove. Nothing here changes a cell.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from pipeline import tables, units
from pipeline.spreadsheets import Sheet

# Names that the columns have in papers and databases, without units.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "model": ("system", "model name", "name", "network", "architecture", "llm"),
    "benchmark": ("task", "dataset", "test", "evaluation", "eval"),
    "score": ("accuracy", "acc", "top 1", "top 1 accuracy", "result", "exact match", "em", "pass 1"),
    "perplexity": ("ppl", "test perplexity", "test ppl"),
    "method": ("prompting", "prompt", "setup", "setting", "approach", "strategy"),
    "harness": ("evaluator", "evaluated by", "run by", "evaluation framework"),
    "n_shot": ("shots", "number of shots", "few shot", "number shots", "examples"),
    "sample_count": ("samples", "number of samples", "number samples", "k"),
    "eval_date": ("evaluation date", "date of evaluation", "published", "publication date", "date"),
    "release_date": ("publication date", "release", "released", "published", "date", "year"),
    "lab": ("organization", "organisation", "company", "developer", "institution", "affiliation"),
    "family": ("model family", "series"),
    "base_model": ("base", "parent model", "fine tuned from", "foundation model"),
    "parameters": ("params", "number parameters", "number of parameters", "model size", "size"),
    "training_tokens": ("tokens", "number of tokens", "number tokens", "training data size"),
    "training_flop": ("training compute", "compute", "flop", "flops", "training flops"),
    "training_flop_second_source": ("second compute", "other compute", "compute second source"),
    "compute_confidence": ("confidence",),
    "is_open_weights": ("open weights", "open", "open source", "open model", "weights available"),
    "is_dense": ("dense",),
    "is_verified": ("verified", "checked"),
    "citation": ("citation key", "bibtex key", "cite key", "reference", "source", "ref"),
    "locator": ("link", "url", "source", "reference", "where", "page", "table", "ref"),
    "loss_nats": ("loss", "final loss", "training loss", "train loss"),
    "dataset_tokens": ("dataset size", "training set tokens", "unique tokens"),
    "epochs": ("passes", "number of epochs", "number epochs"),
    "arxiv_id": ("arxiv", "arxiv identifier"),
    "resource": ("compute", "training compute", "cost", "flop", "flops"),
    "resource_kind": ("resource unit", "unit"),
    "target": ("goal", "level"),
    "target_score": ("goal score", "threshold"),
    "multiply_adds_per_image": ("mac", "macs", "gmac", "gmacs", "multiply adds"),
    "reduction_factor": ("ratio", "reduction", "factor"),
}
UNIT_WORDS = {
    "%": "percent",
    "pct": "percent",
    "percentage": "percent",
    "flops": "FLOP",
    "pflops": "PFLOP",
    "eflops": "EFLOP",
    "pflop/s-days": "petaflop/s-days",
    "pf-days": "petaflop/s-days",
    "petaflop/s-day": "petaflop/s-days",
    "tflop/s-days": "teraflop/s-days",
    "gmacs": "GMAC",
}
# What pint is asked to read: no digits and no powers, which a header could make very large.
UNIT = re.compile(r"[A-Za-z][A-Za-z/ -]{0,39}")
MULTIPLES = {"k", "m", "b", "t", "thousand", "thousands", "million", "millions", "billion"} | {
    "billions",
    "trillion",
    "trillions",
}
SAME_NAME, SYNONYM, WEAKEST = 100.0, 95.0, 79.0
DATE = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.]\d{4}")
YEAR_FIRST = re.compile(r"\d{4}[/.]\d{1,2}[/.]\d{1,2}")
ISO_MONTH = re.compile(r"\d{4}-\d{1,2}|[A-Za-z]{3,9}\.? \d{4}")
YEAR = re.compile(r"(19|20)\d{2}")
SERIAL = re.compile(r"[2-5]\d{4}")  # days since 1900: 1954 to 2064
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?%?")
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
CITATION_KEY = re.compile(r"[a-z][\w:-]*\d{4}\w*")
TRUTHS = {"yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
SHARED = ({"eval_date", "release_date"},)  # columns that may be read from one


@dataclass(frozen=True)
class Guess:
    """What is proposed for `column` of the table.

    `keys` are further keys of the card's line (unit, order ...); `doubts` what a person must look
    at; `certainty` is "certain", "guess" or "nothing found".
    """

    column: str
    source: str | None = None
    certainty: str = "nothing found"
    keys: dict[str, str | dict[str, bool]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    example: str = ""


def guess_columns(table: str, wanted: Sequence[str], sheet: Sheet) -> list[Guess]:
    """A guess for every column of `wanted`, in that order."""
    matches = _match(wanted, sheet)
    return [_guess(table, name, matches.get(name), sheet) for name in wanted]


def _match(wanted: Sequence[str], sheet: Sheet) -> dict[str, tuple[str, float]]:
    """Column of the table: column of the file and how alike they are, best pairs first."""
    pairs = sorted(
        (-likeness, i, j)
        for i, name in enumerate(wanted)
        for j, header in enumerate(sheet.header)
        if (likeness := _compare(name, header)) >= WEAKEST
    )
    found: dict[str, tuple[str, float]] = {}
    for negative, i, j in pairs:
        name, header = wanted[i], sheet.header[j]
        readers = {reader for reader, (source, _) in found.items() if source == header}
        is_free = not readers or any(readers | {name} <= shared for shared in SHARED)
        if name not in found and is_free and _can_be(name, header, sheet):
            found[name] = header, -negative
    return found


def _can_be(name: str, header: str, sheet: Sheet) -> bool:
    """A citation is a key of the bibliography; titles and links are locators."""
    cells = [cell for cell in sheet.read_column(header) if cell]
    return name != "citation" or all(CITATION_KEY.fullmatch(cell) for cell in cells)


def _compare(name: str, header: str) -> float:
    plain, own = normalise(header), name.replace("_", " ")
    if header.strip().lower() == name or plain == own:
        return SAME_NAME
    names = (own, *SYNONYMS.get(name, ()))
    if plain in names:
        return SYNONYM - names.index(plain) / 10
    words = plain.split()
    inside = [each for each in names if len(each) > 3 and words[-len(each.split()) :] == each.split()]
    if inside and len(words) <= 4:
        return WEAKEST + len(max(inside, key=len)) / 10
    nearest = max(fuzz.ratio(plain, each) for each in names)
    return 0.9 * nearest if nearest >= 88 else 0.0


def normalise(header: str) -> str:
    """The words of a column name without units and signs: "# Params (B)" -> "number params"."""
    text = unicodedata.normalize("NFKC", header).casefold().replace("#", " number ")
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|,[^,]*$", " ", text)
    return " ".join(re.findall(r"[^\W_]+", text))


def _guess(table: str, name: str, match: tuple[str, float] | None, sheet: Sheet) -> Guess:
    if match is None:
        return Guess(name)
    source, likeness = match
    cells = [cell for cell in sheet.read_column(source) if cell]
    dtype = str(tables.TABLES[table].to_schema().columns[name].dtype)
    keys, doubts = _read_cells(name, dtype, source, cells)
    is_certain = likeness == SAME_NAME and not doubts
    return Guess(
        name,
        source,
        "certain" if is_certain else "guess",
        keys,
        doubts,
        cells[0] if cells else "",
    )


def _read_cells(
    name: str, dtype: str, source: str, cells: list[str]
) -> tuple[dict[str, str | dict[str, bool]], list[str]]:
    if not cells:
        return {}, ["every cell is empty"]
    if dtype == "float64":
        return _guess_number(name, source, cells)
    if dtype.startswith("datetime64"):
        return _guess_date(cells)
    if dtype == "bool":
        return _guess_truth(cells)
    return {}, []


def _guess_number(
    name: str, source: str, cells: list[str]
) -> tuple[dict[str, str | dict[str, bool]], list[str]]:
    keys: dict[str, str | dict[str, bool]] = {}
    doubts: list[str] = []
    commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    plain = [cell for cell in cells if NUMBER.fullmatch(cell)]
    if commas and not any("." in cell for cell in cells):
        if all(THOUSANDS.fullmatch(cell) for cell in commas):
            doubts.append(f"{commas[0]!r}: is the comma a decimal sign (decimal: comma)?")
        else:
            keys["decimal"] = "comma"
            plain = [cell.replace(",", ".").rstrip("%") for cell in cells]
    if unit := guess_unit(name, source, plain if len(plain) == len(cells) else []):
        keys["unit"] = unit
    for word in _unit_words(source):
        if word.lower() in MULTIPLES:
            doubts.append(f"the header says {word!r}: in which multiple are the cells?")
    odd = [cell for cell in cells if not NUMBER.fullmatch(cell)]
    if odd and "decimal" not in keys:
        doubts.append(f"{len(odd)} cells are not plain numbers, such as {odd[0]!r}")
    return keys, doubts


def guess_unit(name: str, header: str, numbers: list[str]) -> str | None:
    """The unit that the header names, or percent where shares lie above one; None if neither."""
    if name not in units.TARGETS:
        return None
    for word in _unit_words(header):
        unit = UNIT_WORDS.get(word.lower(), word)
        if UNIT.fullmatch(unit) and _fits(unit, name):
            return unit
    if name == "score" and _are_percent(numbers):
        return "percent"
    return None


def _are_percent(numbers: list[str]) -> bool:
    values = [float(number) for number in numbers if NUMBER.fullmatch(number)]
    return bool(values) and len(values) == len(numbers) and 1 < max(values) <= 100


def _unit_words(header: str) -> list[str]:
    """What could be a unit: in brackets, after the last comma or "in", a sign, the last word."""
    bracketed = re.findall(r"[(\[]([^)\]]*)[)\]]", header)
    after = re.findall(r"(?:,|\bin\b)\s*([^,]*)$", header)
    last = re.findall(r"([A-Za-z/-]*(?:FLOP|MAC)[A-Za-z/-]*|%)\s*$", header, re.IGNORECASE)
    return [word.strip() for word in (*bracketed, *after, *last) if word.strip()]


def _fits(unit: str, name: str) -> bool:
    try:
        units.factor(unit, name)
    except ValueError:
        return False
    return True


def _guess_date(cells: list[str]) -> tuple[dict[str, str | dict[str, bool]], list[str]]:
    if all(ISO_MONTH.fullmatch(cell) for cell in cells):
        return {"precision": "month"}, []
    if all(YEAR.fullmatch(cell) for cell in cells):
        return {"precision": "year"}, []
    if all(SERIAL.fullmatch(cell) for cell in cells):
        return {"order": "excel"}, [f"{cells[0]!r}: days counted from 1900, as Excel counts?"]
    if any(YEAR_FIRST.fullmatch(cell) for cell in cells):
        return {"order": "ymd"}, []
    return _guess_order([match for cell in cells if (match := DATE.fullmatch(cell))])


def _guess_order(dates: list[re.Match[str]]) -> tuple[dict[str, str | dict[str, bool]], list[str]]:
    """Day first or month first, where a number above 12 proves it."""
    if not dates:
        return {}, []
    day_first = next((date[0] for date in dates if int(date[1]) > 12), None)
    month_first = next((date[0] for date in dates if int(date[2]) > 12), None)
    if day_first and month_first:
        return {}, [f"{day_first!r} has the day first, {month_first!r} the month: mend the source"]
    if day_first or month_first:
        return {"order": "dmy" if day_first else "mdy"}, []
    return {}, [f"{dates[0][0]!r}: no cell tells day from month; give order: dmy or order: mdy"]


def _guess_truth(cells: list[str]) -> tuple[dict[str, str | dict[str, bool]], list[str]]:
    values = sorted(set(cells))
    if all(value.lower() in ("true", "false") for value in values):
        return {}, []
    if all(value.lower() in TRUTHS for value in values):
        return {"values": {value: TRUTHS[value.lower()] for value in values}}, []
    return {}, [f"{values[0]!r} is neither true nor false: give `values:`"]
