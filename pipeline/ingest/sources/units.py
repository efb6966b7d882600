"""Units of the field for pint: FLOP, its moles and rates, multiply-adds, percent (units.yaml)."""

import re
from functools import cache
from pathlib import Path
from tokenize import TokenError
from typing import Any

import pint
from ruamel.yaml import YAML

_KNOWN: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(__file__).with_suffix(".yaml"))
SUFFIXES: dict[str, int] = _KNOWN["suffixes"]
COUNTS: list[str] = _KNOWN["counts"]
TARGETS: dict[str, str] = {name: unit for name, (unit, _) in _KNOWN["targets"].items()}
USUAL: dict[str, str] = {name: usual for name, (_, usual) in _KNOWN["targets"].items()}
IN_CELLS = "in cells"  # in place of a unit on the card, where each cell names its own
LONGEST_UNIT = 60
_PREFIX = r"(?P<prefix>(?i:kilo|mega|giga|tera|peta|exa|zetta|yotta)|[kKMgGtTpPeEzZyY]|)"
_OPERATIONS = re.compile(
    _PREFIX
    + r"(?P<word>(?i:flop)|[Ff])(?P<many>[sS]?)(?P<rate>(?i: ?/ ?s(ec|econd)?| per second)?)"
    r"(?P<time>(?i: ?[-·*]? ?(?P<span>day|hour)s?)?)"
)
_NAME = r"[A-Za-zµ][A-Za-zµ_]*(?: ?(?:\*\*|\^) ?-?[1-9])?"
_PRODUCT = re.compile(rf"{_NAME}(?: ?[/*·] ?{_NAME}| {_NAME})*")
_MULTIPLE = re.compile(r"1[eE]\+?(?P<power>[0-9]{1,2})[ x*·]+(?P<unit>[^0-9].*)")
_MULTIPLY_ADDS = re.compile(_PREFIX + "MACs?")


def multiple(word: str) -> int | None:
    """The power of ten of a suffix or word such as B or billions, None for any other word."""
    return SUFFIXES.get(word) or _KNOWN["scale_words"].get(word.casefold().removesuffix("s"))


@cache
def registry() -> pint.UnitRegistry:
    """The unit registry of the project."""
    units = pint.UnitRegistry()
    for definition in _KNOWN["definitions"]:
        units.define(definition)
    return units


@cache
def spell(unit: str) -> str | None:
    """`unit` in pint's words, None if unknown. Raises ValueError for what is or may be a rate."""
    if unit in _KNOWN["spellings"]:
        return str(_KNOWN["spellings"][unit])
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


def _prefix(found: re.Match[str]) -> str:
    prefix, known = found["prefix"], _KNOWN["prefixes"]
    return known.get(prefix) or known.get(prefix.upper()) or prefix.lower()


@cache
def factor(unit: str, column: str) -> float:
    """What turns a cell in `unit` into `column` of a table. Raises ValueError where none does."""
    if found := _MULTIPLE.fullmatch(unit):
        return 10.0 ** int(found["power"]) * factor(found["unit"], column)
    power = multiple(unit)
    if power and column in COUNTS:
        return float(10**power)
    if column not in TARGETS:
        kind = "in K, M, B, T or no unit" if column in COUNTS else "which takes no unit"
        raise ValueError(f"{column} is a plain number, {kind}")
    try:
        known = spell(unit)
        # Of text that is not names joined by signs pint may compute for ever.
        if known is None and (len(unit) > LONGEST_UNIT or not _PRODUCT.fullmatch(unit)):
            raise ValueError(f"{unit!r} is not made of names of units, / and *")
        return float(registry()(known or unit).to(TARGETS[column]).magnitude)
    except (pint.PintError, TokenError, ValueError) as error:
        raise ValueError(str(error)) from None
