# ruff: noqa: RUF001   numbers are printed with true minus and multiplication signs
"""Numbers as pages print them, read back: with code of its own, and none of the pipeline's."""

import re

POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
NUMBER = r"[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?:\s?%)?"


def is_printed(text: str, value: float | None) -> bool:
    """Whether `text` is `value` rounded to the digits that are printed; percent is of one."""
    if value is None:
        return text.startswith("no ")
    read, step = read_number(text)
    return abs(read - value) <= 0.5 * step * (1 + 1e-6)


def read_number(text: str) -> tuple[float, float]:
    """The number that `text` is, and the unit of its last digit."""
    plain = text.strip().replace("−", "-").replace(",", "")
    scale = 0.01 if plain.endswith("%") else 1.0
    mantissa, _, power = plain.rstrip("%").strip().partition(" × 10")
    scale *= 10.0 ** int(power.translate(POWERS) or 0)
    whole, _, decimals = mantissa.partition(".")
    step = 10.0 ** -len(decimals)
    if not decimals and scale in (1.0, 0.01):  # 1,400 may be printed to two digits
        step = 10.0 ** (len(whole) - len(whole.rstrip("0"))) if whole.strip("-0") else 1.0
    return float(mantissa) * scale, step * scale


def find_numbers(text: str) -> list[str]:
    """Every number of a sentence, in order."""
    return [found.strip() for found in re.findall(NUMBER, text)]
