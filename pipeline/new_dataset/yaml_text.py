"""Text as YAML that reads back as the same text, whatever is in it."""

import re

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([ ./()%+-]+[A-Za-z0-9_%()]+)*")
# Words that YAML 1.1 or 1.2 reads as truth values or as nothing.
WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
SHOWN_CHARACTERS = 200


def quote(text: str) -> str:
    """`text` as a key or a value: plain where that is safe, else in double quotes."""
    if len(text) < 80 and PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return '"' + "".join(_escape(each) for each in text) + '"'


def _escape(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def comment(text: str) -> str:
    """`text` as the rest of a comment: one line, no sign that YAML refuses."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.split())[:SHOWN_CHARACTERS]


def render_value(value: object) -> str:
    """A mapping, truth value or text in one line."""
    if isinstance(value, dict):
        parts = [f"{quote(str(key))}: {render_value(each)}" for key, each in value.items()]
        return "{" + ", ".join(parts) + "}"
    return str(value).lower() if isinstance(value, bool) else quote(str(value))
