"""Hostile files that `apportion new` receives."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cases import NEUTRALISED, WRONG_COMMAND, Case, Kind, Put, both, new, nothing, workbook, write
from toy_project import TOY_RECORDS

EXCEL = "received.xlsx"
PARQUET = "received.parquet"
HEAD = ["target", "model", "release_date", "resource"]
ROW = ["first", "one", "2012-06-01", 1e18]
SAVE = "Remedy: save the sheet again in Excel, or as CSV in UTF-8"
SHEET = "xl/worksheets/sheet1.xml"
BILLION = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def add(name: str, size: int) -> Put:
    """Adds a part to a sound workbook, of so many blanks."""

    def put(root: Path) -> None:
        workbook(HEAD, ROW)(root)
        with (
            zipfile.ZipFile(root / EXCEL, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w") as part,
        ):
            for _ in range(0, size, 1_000_000):
                part.write(b" " * 1_000_000)

    return put


def rewrite(change: Callable[[str], str]) -> Put:
    """A sound workbook with the text of its sheet changed."""

    def put(root: Path) -> None:
        workbook(HEAD, ROW, name="sound.xlsx")(root)
        with (
            zipfile.ZipFile(root / "sound.xlsx") as sound,
            zipfile.ZipFile(root / EXCEL, "w", zipfile.ZIP_DEFLATED) as made,
        ):
            for name in sound.namelist():
                content = sound.read(name)
                text = change(content.decode("utf-8")) if name == SHEET else content
                made.writestr(name, text)
        (root / "sound.xlsx").unlink()

    return put


def many_parts(root: Path) -> None:
    """A workbook with more parts than any has."""
    workbook(HEAD, ROW)(root)
    with zipfile.ZipFile(root / EXCEL, "a") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")


def bomb(name: str, put: Put, *words: str) -> Case:
    """A case of a workbook that must not be unpacked."""
    return Case(Kind.BOMB, name, put, words, EXCEL, new(EXCEL))


def repeat_text(root: Path) -> None:
    """A small Parquet file of one long text in many rows, which unpacks to 100 MB."""
    texts = pa.array(["x" * 250] * 400_000).dictionary_encode()
    pq.write_table(pa.table({"model": texts}), root / PARQUET)


def columns(*names: str) -> Case:
    """A case of a received file with such columns, which the card lists as ignored."""
    text = ",".join((*HEAD, *names)) + "\nfirst,one,2012-06-01,1e18" + ",x" * len(names) + "\n"
    words = "made data/sources/made", "(1 rows)"
    put = write("received.csv", text)
    return Case(Kind.ATTRIBUTE, f"new of {', '.join(names)}", put, words, "", new(), NEUTRALISED)


def header(kind: Kind, sign: str, rule: str, remedy: str) -> Case:
    """A case of a received file with a character in the name of a column."""
    put = write("received.csv", TOY_RECORDS.replace("notes", f'"no{sign}tes"'))
    words = rule, f"Remedy: {remedy}"
    return Case(kind, f"{rule} in a received file", put, words, "received.csv:1:", new())


CASES = [
    # ---- zip bombs --------------------------------------------------------------------------
    bomb(
        "a part of 100 MB",
        add("xl/media/large.xml", 100_000_000),
        "unpacks to 100 MB, more than 64 MB",
        SAVE,
    ),
    bomb(
        "a part of 60 MB in 60 kB",
        add("xl/sharedStrings2.xml", 60_000_000),
        "the part 'xl/sharedStrings2.xml' unpacks to over 200 times its size",
        SAVE,
    ),
    bomb("ten thousand parts", many_parts, "parts in the archive, more than 10000"),
    bomb(
        "entities of entities",
        rewrite(lambda text: f'<!DOCTYPE x [<!ENTITY a "ha">{BILLION}]>' + text),
        "not a sound Excel workbook",
        "Remedy: open it in Excel and save it as CSV",
    ),
    bomb("a part that leads out", add("../../outside", 1), "leads out of the archive", SAVE),
    bomb(
        "a row beyond the last",
        rewrite(lambda text: text.replace('r="2"', 'r="99999999999"')),
        "more than 1048576 rows",
    ),
    bomb(
        "half an archive",
        both(workbook(HEAD, ROW), lambda root: cut(root / EXCEL)),
        "not a sound Excel workbook: File is not a zip file",
    ),
    # ---- formulas, markup, names ------------------------------------------------------------
    Case(
        Kind.FORMULA,
        "a formula in a workbook",
        workbook(HEAD, [*ROW[:3], "=1+1"]),
        ("Sheet!D2 '=1+1': a formula, not a value", "Remedy: copy the sheet and paste as values"),
        f"{EXCEL}:2:",
        new(EXCEL),
    ),
    Case(
        Kind.FORMULA,
        "a formula that calls a program",
        workbook(HEAD, ["=cmd|' /C calc'!A0", *ROW[1:]]),
        ("Sheet!A2", "a formula, not a value"),
        f"{EXCEL}:2:",
        new(EXCEL),
    ),
    Case(
        Kind.FORMULA,
        "formulas in a received CSV",
        write("received.csv", TOY_RECORDS.replace("two", '"=HYPERLINK(""x"")"')),
        ("made data/sources/made", "(3 rows)"),
        command=new(),
        code=NEUTRALISED,
    ),
    Case(
        Kind.MARKUP,
        "markup in every name and cell of a received file",
        write("received.csv", '<script>,"{{ x }}",[/red]\n<b>,[bold],"# a: !!b &c"\n'),
        ("made data/sources/made", "(1 rows)"),
        command=new(),
        code=NEUTRALISED,
    ),
    Case(
        Kind.MARKUP,
        "a web page named as CSV",
        write("received.csv", "<html><script>alert(1)</script>"),
        ("named .csv and is a web page or XML", "Remedy: save it again as CSV (UTF-8)"),
        "received.csv",
        new(),
    ),
    columns("__class__", "T", "index", "size", "mro"),
    columns("values", "__init__", "null", "TODO"),
    header(
        Kind.INVISIBLE,
        "\u202e",
        r"'no\u202etes': U+202E, right-to-left override, cannot be seen",
        "remove it",
    ),
    header(
        Kind.INVISIBLE,
        "\u00a0",
        "U+00A0, no-break space, cannot stand in the name of a column",
        "write a space",
    ),
    header(
        Kind.INVISIBLE,
        "\n",
        "U+000A, control character, cannot stand in the name of a column",
        "write a space",
    ),
    Case(
        Kind.INVISIBLE,
        "a terminal's escape in the name of a file",
        write("re\x1b[31m\u202eceived.csv", "a\n"),
        ("a header and no rows", r"re\x1b[31m\u202eceived.csv"),
        command=new("re\x1b[31m\u202eceived.csv"),
    ),
    # ---- paths ------------------------------------------------------------------------------
    Case(
        Kind.PATH,
        "a received file that is a folder",
        nothing,
        ("data/../models: a folder", "Remedy: give the path of a file"),
        command=new("data/../models"),
    ),
    Case(
        Kind.PATH,
        "a received file that there is not",
        nothing,
        ("no file '../../nowhere.csv'",),
        command=new("../../nowhere.csv"),
        code=WRONG_COMMAND,
    ),
    Case(
        Kind.PATH,
        "a sheet named like a path",
        workbook(HEAD, ROW),
        ("no sheet '../../[/red]'; there are: 'Sheet'", "Remedy: name one with --sheet"),
        EXCEL,
        new(EXCEL, "--sheet", "../../[/red]"),
    ),
    # ---- encodings and broken files ---------------------------------------------------------
    Case(
        Kind.ENCODING,
        "a received file in Latin-1",
        write("received.csv", TOY_RECORDS.replace("two", "zwölf").encode("latin-1")),
        ("byte 0xf6 is not UTF-8", "Remedy: save it as CSV in UTF-8"),
        "received.csv:3:",
        new(),
    ),
    Case(
        Kind.ENCODING,
        "a zero byte in a received file",
        write("received.csv", TOY_RECORDS.replace("two", "t\0o")),
        ("a zero byte: not a text file", "Remedy: save it as CSV in UTF-8"),
        "received.csv:3:",
        new(),
    ),
    Case(
        Kind.ENCODING,
        "half of UTF-16",
        write("received.csv", TOY_RECORDS.encode("utf-16")[:-1]),
        ("is not UTF-8", "Remedy: save it as CSV in UTF-8"),
        "received.csv",
        new(),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a row too short below a line of Excel's",
        write("received.csv", "sep=;\na;b\n1;2\n3\n"),
        ("1 cells where the header has 2", "Remedy: quote cells"),
        "received.csv:4:",
        new(),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a quote that is not closed in a received file",
        write("received.csv", TOY_RECORDS.replace("Table 2", '"Table 2')),
        ("not CSV: unexpected end of data at line 4", "Remedy: mend the quoting"),
        "received.csv:4:",
        new(),
    ),
    Case(
        Kind.BROKEN_CSV,
        "a cell of a million characters in a received file",
        write("received.csv", TOY_RECORDS.replace("two", "x" * 1_000_000)),
        ("a cell longer than 10,000 characters", "Remedy: shorten it"),
        "received.csv:3:",
        new(),
    ),
    Case(
        Kind.BROKEN_CSV,
        "another file named as Parquet",
        write(PARQUET, TOY_RECORDS),
        ("named .parquet and is something else", "Remedy: save it again as CSV"),
        PARQUET,
        new(PARQUET),
    ),
    Case(
        Kind.LARGE,
        "one text in a small Parquet file",
        repeat_text,
        ("more than 64,000,000 characters of text", "Remedy: keep the rows and columns"),
        PARQUET,
        new(PARQUET),
    ),
]


def cut(path: Path) -> None:
    """Leaves the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
