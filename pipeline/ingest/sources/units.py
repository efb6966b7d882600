"""Units of the field for pint: FLOP, its moles and rates, multiply-adds, percent."""

import re
from functools import cache
from tokenize import TokenError

import pint

DEFINITIONS = (
    "FLOP = [operation] = FLOP",
    "MAC = [multiply_add] = MAC",  # not two FLOP: sources differ in what they count
    "FLOP_mole = 6.02214076e23 * FLOP",  # the Avogadro number of operations
)
# Spellings found in papers, in pint's words, and names that pint would read otherwise.
SPELLINGS = {
    "%": "percent",
    "percent": "percent",
    "fraction": "dimensionless",
    "mol": "FLOP_mole",  # pint's own mole counts particles, which no table does
    "mole": "FLOP_mole",
    "moles": "FLOP_mole",
    "mol FLOP": "FLOP_mole",
    "mol FLOPs": "FLOP_mole",
    "mole of FLOP": "FLOP_mole",
    "moles of FLOP": "FLOP_mole",
}
# A small m is left out: it is milli, and mega to some.
PREFIXES = {
    "": "",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
    "E": "exa",
    "Z": "zetta",
    "Y": "yotta",
}
_PREFIX = r"(?P<prefix>(?i:kilo|mega|giga|tera|peta|exa|zetta|yotta)|[kKMgGtTpPeEzZyY]|)"
_OPERATIONS = re.compile(
    _PREFIX
    + r"(?P<word>(?i:flop)|[Ff])(?P<many>[sS]?)(?P<rate>(?i: ?/ ?s(ec|econd)?| per second)?)"
    r"(?P<time>(?i: ?[-·*]? ?(?P<span>day|hour)s?)?)"
)
LONGEST_UNIT = 60
_NAME = r"[A-Za-zµ][A-Za-zµ_]*(?: ?(?:\*\*|\^) ?-?[1-9])?"
_PRODUCT = re.compile(rf"{_NAME}(?: ?[/*·] ?{_NAME}| {_NAME})*")
_MULTIPLY_ADDS = re.compile(_PREFIX + "MACs?")
TARGETS = {
    "resource": "FLOP",
    "training_flop": "FLOP",
    "extra_training_flop": "FLOP",
    "training_flop_second_source": "FLOP",
    "multiply_adds_per_image": "MAC",
    "score": "dimensionless",
}
IN_CELLS = "in cells"  # in place of a unit on the card, where each cell names its own
# Columns of plain counts, whose cells may end in K, M, B or T; one of these may be the card's unit.
COUNTS = {
    "parameters",
    "training_tokens",
    "extra_training_tokens",
    "dataset_tokens",
    "epochs",
    "sample_count",
}
SUFFIXES = {"k": 3, "K": 3, "M": 6, "B": 9, "T": 12}
SCALE_WORDS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}


def multiple(word: str) -> int | None:
    """The power of ten of a suffix or word such as B or billions, None for any other word."""
    return SUFFIXES.get(word) or SCALE_WORDS.get(word.casefold().removesuffix("s"))


@cache
def registry() -> pint.UnitRegistry:
    """The unit registry of the project."""
    units = pint.UnitRegistry()
    for definition in DEFINITIONS:
        units.define(definition)
    return units


@cache
def spell(unit: str) -> str | None:
    """`unit` in pint's words, None where it is no spelling known here.

    Raises ValueError where it is one, of a rate or of what may be a rate: a table holds amounts.
    """
    if unit in SPELLINGS:
        return SPELLINGS[unit]
    if found := _MULTIPLY_ADDS.fullmatch(unit):
        return f"{_prefix(found)}MAC"
    found = _OPERATIONS.fullmatch(unit)
    if not found or (found["word"] in "Ff" and not found["span"]):
        return None
    return _spell_operations(found, unit)


def _spell_operations(found: re.Match[str], unit: str) -> str | None:
    operations = f"{_prefix(found)}FLOP"
    if found["span"]:  # a rate over a time: PFLOP/s-days, PFLOPS-days, PF-days
        is_rate = found["rate"] or found["many"] or found["word"] in "Ff"
        return f"{operations} / second * {found['span'].lower()}" if is_rate else None
    if found["rate"] or found["many"] == "S":
        raise ValueError(f"{unit!r} is a rate, not an amount, and cannot convert to one")
    if found["many"] and found["word"] != "FLOP":
        raise ValueError(f"{unit!r} may be an amount (FLOPs) or a rate (FLOP/s)")
    return operations


def _check_form(unit: str) -> str:
    """`unit`, if it is names joined by signs: of other text pint may compute for ever."""
    if len(unit) > LONGEST_UNIT or not _PRODUCT.fullmatch(unit):
        raise ValueError(f"{unit!r} is not made of names of units, / and *")
    return unit


def _prefix(found: re.Match[str]) -> str:
    prefix = found["prefix"]
    return PREFIXES.get(prefix) or PREFIXES.get(prefix.upper()) or prefix.lower()


@cache
def factor(unit: str, column: str) -> float:
    """What a cell in `unit` is multiplied by to give `column` of a table.

    Raises ValueError, saying why, where the unit is unknown, of another kind, or the column takes
    none.
    """
    power = multiple(unit)
    if power and column in COUNTS:
        return float(10**power)
    if column not in TARGETS:
        kind = "in K, M, B, T or no unit" if column in COUNTS else "which takes no unit"
        raise ValueError(f"{column} is a plain number, {kind}")
    try:
        quantity = registry().Quantity(
            1.0, registry().parse_units(spell(unit) or _check_form(unit))
        )
        return float(quantity.to(TARGETS[column]).magnitude)
    except (pint.PintError, TokenError, ValueError) as error:
        raise ValueError(str(error)) from None
