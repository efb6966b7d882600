"""What *inspection* found -> the lines that `apportion check` prints: check.txt.jinja says them."""

from pathlib import Path
from typing import Any

from pipeline.commands.printing import render_template
from pipeline.core.failures import make_printable, shorten

TEMPLATE = Path(__file__).with_name("check.txt.jinja")


def describe(found: dict[str, Any]) -> str:
    """The findings as text, the verdict first; whatever steers a terminal is escaped."""
    text = render_template(
        TEMPLATE,
        found,
        finalize=lambda value: make_printable(str(value)),
        shorten=shorten,
        round_number=lambda value: f"{value:.4g}" if isinstance(value, float) else value,
    )
    return "\n".join(line.rstrip() for line in text.splitlines())


def describe_shortly(found: dict[str, Any]) -> str:
    """One line of a dataset that is accepted, and everything that is wrong with one that is not."""
    text = describe(found)
    return text.partition("\n")[0] if found["is_accepted"] else text
