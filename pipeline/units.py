"""Units of the field for pint: FLOP, its moles and rates, multiply-adds, percent."""

from functools import cache
from tokenize import TokenError

import pint

DEFINITIONS = (
    "FLOP = [operation] = FLOP",
    "MAC = [multiply_add] = MAC",  # not two FLOP: sources differ in what they count
    "FLOP_mole = 6.02214076e23 * FLOP",  # the Avogadro number of operations
)
# Spellings found in papers, in pint's words. A name that pint would read otherwise must stand here.
SPELLINGS = {
    "teraflop/s-days": "teraFLOP / second * day",
    "petaflop/s-days": "petaFLOP / second * day",
    "PFLOP": "petaFLOP",
    "EFLOP": "exaFLOP",
    "GMAC": "gigaMAC",
    "mol FLOP": "FLOP_mole",
    "fraction": "dimensionless",
}
TARGETS = {
    "resource": "FLOP",
    "training_flop": "FLOP",
    "extra_training_flop": "FLOP",
    "training_flop_second_source": "FLOP",
    "multiply_adds_per_image": "MAC",
    "score": "dimensionless",
}


@cache
def registry() -> pint.UnitRegistry:
    """The unit registry of the project."""
    units = pint.UnitRegistry()
    for definition in DEFINITIONS:
        units.define(definition)
    return units


@cache
def factor(unit: str, column: str) -> float:
    """What a cell in `unit` is multiplied by to give `column` of a table.

    Raises ValueError, saying why, where the unit is unknown, of another kind, or the column takes
    none.
    """
    if column not in TARGETS:
        raise ValueError(f"{column} is a plain number and takes no unit")
    try:
        quantity = registry().Quantity(1.0, registry().parse_units(SPELLINGS.get(unit, unit)))
        return float(quantity.to(TARGETS[column]).magnitude)
    except (pint.PintError, TokenError, ValueError) as error:
        raise ValueError(str(error)) from None
