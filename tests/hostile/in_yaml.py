"""Hostile YAML and BibTeX: cards, the lists of datasets and models, bibliographies."""

from cases import (
    CARD,
    CHECK_RUNS,
    CHECK_SCORES,
    RECORDS,
    REGISTRY,
    SOURCES,
    WRONG_COMMAND,
    Case,
    Kind,
    Put,
    at_card,
    at_row,
    both,
    card,
    cell,
    change,
    new,
    nothing,
    write,
)
from toy_project import TOY_CARD, TOY_RECORDS

IN_FULL = "remedy: write the value in full where it is used"
PLAIN = "remedy: remove the tag: only plain values are read"
LAUGHS = "a: &a [x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
OWN = f"{SOURCES}/toy/references.bib"
REFERENCE = "options.reference_resource.first"
GUARD = "count: 1, reason: made up for tests"
RUNS_CARD = f"{SOURCES}/training_runs/source.yaml"
NEW = new()
RECEIVED = write("received.csv", TOY_RECORDS)


def tag(text: str) -> Case:
    """A case of a tag in the title of the card."""
    name = text.split()[0].replace("!!", "tag:yaml.org,2002:")
    words = f"1 x the tag {name} is not read", PLAIN
    return Case(Kind.TAG, text, card("title: Toys", f"title: {text}"), words, at_card(2))


def folder(name: str, rule: str, instead: str) -> Case:
    """A case of a folder of data/sources with a name that no dataset may have."""
    puts = write(f"{SOURCES}/{name}/source.yaml", TOY_CARD), write(f"{SOURCES}/{name}/x", "")
    words = rule, f"remedy: call it {instead!r}, for instance"
    return Case(Kind.PATH, f"a folder {name!r}", both(*puts), words, command=("check", name))


def name(text: str, instead: str, rule: str = "a dataset's name is words of a-z and 0-9") -> Case:
    """A case of a name given to `apportion new`."""
    command = ("new", "--table", "efficiency", "--", text)
    words = rule, f"call it {instead!r}, for instance"
    return Case(Kind.PATH, f"new {text!r}", nothing, words, command=command, code=WRONG_COMMAND)


def option(kind: Kind, value: str, rule: str) -> Case:
    """A case of a number of the card's options."""
    put = card("{first: 1.0e+18}", f"{{first: {value}}}")
    words = f"1 x {REFERENCE}: {rule}", "remedy: "
    return Case(kind, f"{value} among the options", put, words, at_card(27))


def bibliography(what: str, put: Put, *words: str, line: int | None = None) -> Case:
    """A case of the bibliography beside the card."""
    place = OWN if line is None else f"{OWN}, line {line}"
    return Case(Kind.BIBLIOGRAPHY, what, put, words, place)


CASES = [
    # ---- YAML aliases and tags --------------------------------------------------------------
    Case(
        Kind.ALIAS,
        "an anchor and its alias on a card",
        card("title: Toys", "title: &t Toys\nlicence: *t"),
        ("1 x the anchor &t is not read", "1 x the alias *t is not read", IN_FULL),
        at_card(3),
    ),
    Case(
        Kind.ALIAS,
        "a billion laughs on a card",
        write(CARD, LAUGHS),
        ("1 x the alias *a is not read", "the anchor &i is not read", IN_FULL),
        at_card(2),
    ),
    Case(
        Kind.ALIAS,
        "a billion laughs in the list of the datasets",
        write(REGISTRY, LAUGHS + "datasets: {efficiency: [*i]}\n"),
        ("the alias *i is not read", "Remedy: write the value in full where it is used"),
        f"{REGISTRY}:10:",
    ),
    Case(
        Kind.ALIAS,
        "a billion laughs in the list of the datasets that a new one enters",
        both(RECEIVED, write(REGISTRY, LAUGHS + "datasets: {efficiency: [*i]}\n")),
        ("the alias *i is not read", "Remedy: write the value in full where it is used"),
        f"{REGISTRY}:10:",
        NEW,
    ),
    Case(
        Kind.ALIAS,
        "a list that holds itself",
        card("citations: [doe2020]", "citations: &c [*c]"),
        ("the anchor &c is not read", IN_FULL),
        at_card(5),
    ),
    Case(
        Kind.ALIAS,
        "a merge key",
        card("  target: {}", "  target: {<<: {from: model}}"),
        ("1 x the merge key << is not read", IN_FULL),
        at_card(9),
    ),
    tag("!!python/object/apply:os.system [touch owned]"),
    tag("!!python/name:os.system"),
    tag("!include /etc/passwd"),
    tag("!!binary aGVsbG8="),
    Case(
        Kind.TAG,
        "a tag in the list of the models",
        change("models/models.yaml", "[compute_multiplier]", "!!set {compute_multiplier}"),
        ("the tag tag:yaml.org,2002:set is not read", "Remedy: remove the tag"),
        "models/models.yaml:3:",
    ),
    Case(
        Kind.TAG,
        "a tag in the list of the datasets that a new one enters",
        both(RECEIVED, change(REGISTRY, "[toy]", "!!python/tuple [toy]")),
        ("the tag tag:yaml.org,2002:python/tuple is not read", "Remedy: remove the tag"),
        f"{REGISTRY}:3:",
        NEW,
    ),
    # ---- broken YAML and wrong encodings ----------------------------------------------------
    Case(
        Kind.BROKEN_YAML,
        "a hundred thousand brackets",
        write(CARD, "[" * 100_000),
        ("1 x nested deeper than 20 levels", "remedy: close the brackets"),
        at_card(1),
    ),
    Case(
        Kind.BROKEN_YAML,
        "a hundred thousand brackets in the list that a new dataset enters",
        both(RECEIVED, write(REGISTRY, "[" * 100_000)),
        ("nested deeper than 20 levels", "Remedy: close the brackets"),
        f"{REGISTRY}:1:",
        NEW,
    ),
    Case(
        Kind.BROKEN_YAML,
        "a day that is none in the list that a new dataset enters",
        both(RECEIVED, change(REGISTRY, "[toy]", "[2024-02-30]")),
        ("'2024-02-30' looks like a date or a number and is none",),
        f"{REGISTRY}:3:",
        NEW,
    ),
    Case(
        Kind.BROKEN_YAML,
        "a key twice",
        card("title: Toys", "title: Toys\ntitle: Others"),
        ('found duplicate key "title"', "remedy: keep one of the two"),
        at_card(3),
    ),
    Case(
        Kind.BROKEN_YAML,
        "a second document",
        card("columns:", "---\ncolumns:"),
        ("1 x a second document begins", "remedy: remove the line"),
        at_card(8),
    ),
    Case(
        Kind.BROKEN_YAML,
        "two megabytes",
        card("title: Toys", "title: Toys" + "#" * 2_000_000),
        ("bytes; at most 1000000 are read", "remedy: data belong in records.csv"),
        CARD,
    ),
    Case(
        Kind.ENCODING,
        "a card in Latin-1",
        write(CARD, TOY_CARD.replace("Toys", "Spielé").encode("latin-1")),
        ("1 x not YAML in UTF-8", "remedy: save it as UTF-8"),
        at_card(2),
    ),
    # ---- numbers of the card ----------------------------------------------------------------
    option(Kind.NAN, ".nan", "not a finite number (such as 'nan')"),
    option(Kind.INFINITY, "-.inf", "not a finite number (such as '-inf')"),
    option(Kind.HUGE, "1.0e+400", "not a finite number (such as 'inf')"),
    option(Kind.ZERO, "0", "must be above 0.0 (such as '0')"),
    option(Kind.NEGATIVE, "-1.0e+18", "must be above 0.0 (such as '-1e+18')"),
    Case(
        Kind.ZERO,
        "a constant of the card",
        both(
            card("resource: {unit: FLOP}", "resource: {constant: 0}"),
            card("ignored:\n", "ignored:\n  resource: not read\n"),
        ),
        ("3 x resource: above 0", "remedy: "),
        "records.csv, line 2, 3, 4",
    ),
    # ---- names ------------------------------------------------------------------------------
    Case(
        Kind.MARKUP,
        "script as the name of a technique",
        change(
            f"{SOURCES}/scores/source.yaml",
            "techniques: {}",
            'techniques: {"<script>": {label: x, definition: y}}',
        ),
        ("options.techniques.<script>", "remedy: "),
        at_card(30, "scores"),
        CHECK_SCORES,
    ),
    Case(
        Kind.MARKUP,
        "script as the name of a table",
        card("table: efficiency", "table: <script>alert(1)</script>"),
        ("1 x table: must be ", "(such as '<script>alert(1)</script>')"),
        at_card(1),
    ),
    Case(
        Kind.INVISIBLE,
        "a right-to-left mark on a card",
        card("title: Toys", "title: T\u202eoys"),
        ("1 x the character U+202E (RIGHT-TO-LEFT OVERRIDE) cannot be seen", "remedy: delete it"),
        at_card(2),
    ),
    Case(
        Kind.INVISIBLE,
        "a right-to-left mark on a card, written as an escape",
        card("title: Toys", 'title: "T\\u202eoys"'),
        ("1 x title: the character U+202E (RIGHT-TO-LEFT", "remedy: delete its escape"),
        at_card(2),
    ),
    # ---- path tricks ------------------------------------------------------------------------
    name("../../etc/cron", "etc_cron"),
    name("/etc/passwd", "etc_passwd"),
    name("..", "my_dataset"),
    name("toy/../../x", "toy_x"),
    name("c:\\windows", "c_windows"),
    name("nul", "data_nul", "the name belongs to a device on Windows"),
    name("index", "data_index", "the name belongs to the page of all results"),
    name("[/red]\x1b[31m", "red_31m"),
    name("toy\u202e", "toy"),
    name("<script>", "script"),
    Case(
        Kind.PATH,
        "check of a path",
        nothing,
        ("no dataset '../../etc/passwd'", "there are: scores, toy, training_runs"),
        command=("check", "../../etc/passwd"),
        code=WRONG_COMMAND,
    ),
    Case(
        Kind.PATH,
        "check of the folder above",
        nothing,
        ("no dataset '..'", "there are: scores, toy, training_runs"),
        command=("check", ".."),
        code=WRONG_COMMAND,
    ),
    folder("a b", "a dataset's name is words of a-z and 0-9", "a_b"),
    folder("evil\x1b[31m\u202e", "dataset: a dataset's name is words of a-z", "evil_31m"),
    folder("con", "the name belongs to a device on Windows", "data_con"),
    Case(
        Kind.PATH,
        "a path in the list of the datasets",
        change(REGISTRY, "[toy]", "[toy, ../../outside]"),
        ("a dataset's name is words of a-z", "Remedy: call it 'outside', for instance"),
        f"{REGISTRY}:3:",
    ),
    Case(
        Kind.PATH,
        "a path in the list of the models",
        change("models/models.yaml", "[efficiency_frontier]", "[../../outside]"),
        ("a model's name is words of a-z and 0-9", "Remedy: name a file of models/"),
        "models/models.yaml:2:",
    ),
    Case(
        Kind.PATH,
        "a link that leads nowhere in the place of the new dataset",
        both(RECEIVED, lambda root: (root / SOURCES / "made").symlink_to("/nowhere")),
        ("exists already", "Remedy: choose another name, or remove it first"),
        f"{SOURCES}/made",
        NEW,
    ),
    # ---- gaps and contradictions of a card --------------------------------------------------
    Case(
        Kind.GAP,
        "a value that is left",
        card("title: Toys", "title: TODO"),
        ("1 x title: still to be filled in (such as 'TODO')", "remedy: `title`: name of"),
        at_card(2),
    ),
    Case(
        Kind.GAP,
        "a key that is left among the targets",
        card("{first: 1.0e+18}", "{first: 1.0e+18, TODO: 1.0e+18}"),
        ("1 x options.reference_resource.TODO: still to be filled in (such as 'TODO')",),
        at_card(27),
    ),
    Case(
        Kind.GAP,
        "a key that is left among the benchmarks",
        change(f"{SOURCES}/scores/source.yaml", "    quiz:\n", "    TODO:\n"),
        ("options.benchmarks.TODO: still to be filled in (such as 'TODO')",),
        at_card(23, "scores"),
        CHECK_SCORES,
    ),
    Case(
        Kind.GAP,
        "a key that is left among the techniques",
        change(f"{SOURCES}/scores/source.yaml", "techniques: {}", "techniques: {todo: {}}"),
        ("options.techniques.todo: still to be filled in (such as 'todo')",),
        at_card(30, "scores"),
        CHECK_SCORES,
    ),
    Case(
        Kind.GAP,
        "a unit and a column of units",
        card("{unit: FLOP}", "{unit: FLOP, unit_column: notes}"),
        ("1 x columns.resource: give one of: unit, unit_column", "remedy: "),
        at_card(15),
    ),
    Case(
        Kind.GAP,
        "no unit",
        card("{unit: FLOP}", "{}"),
        ("the unit of the cells is missing", "`unit: in cells` where each cell names its own"),
        at_card(15),
    ),
    Case(
        Kind.GAP,
        "a number without its unit, where cells name it",
        both(card("{unit: FLOP}", "{unit: in cells}"), cell("resource", "1 EFLOP")),
        ("2 x resource: a number without its unit (such as '1e18')", "remedy: write it in the"),
        f"{RECORDS}, line 2, 4",
    ),
    Case(
        Kind.GAP,
        "a benchmark that the options leave out",
        cell("benchmark", "other", "scores"),
        ("1 x benchmark: the card says nothing of it", "(such as 'other')", "there are: quiz"),
        at_row(3, "scores"),
        CHECK_SCORES,
    ),
    Case(
        Kind.GAP,
        "a target that the options leave out",
        cell("target", "second"),
        ("1 x target: the card says nothing of it", "(such as 'second')", "there are: first"),
        at_row(),
    ),
    Case(
        Kind.GAP,
        "a column that is no part of 6ND",
        card("target_score: {constant: 0.5}", "target_score: {derived: flop from 6ND}"),
        ("1 x columns.target_score.derived: only training_tokens is", "remedy: read it"),
        at_card(11),
    ),
    Case(
        Kind.GAP,
        "tokens and compute from each other",
        both(
            change(RUNS_CARD, "training_tokens: {}", "training_tokens: {derived: tokens from 6ND}"),
            change(RUNS_CARD, "{unit: FLOP}", "{derived: flop from 6ND}"),
        ),
        ("training_flop.derived: tokens and compute are computed from each other",),
        at_card(17, "training_runs"),
        CHECK_RUNS,
    ),
    *(
        Case(
            Kind.ATTRIBUTE,
            f"the column that reading adds, {what}",
            card(old, text),
            (rule, "remedy: "),
            place,
        )
        for what, old, text, rule, place in (
            (
                "selected",
                "options:",
                f"exclusions: [{{rows: {{line: 3}}, rule: outlier, {GUARD}}}]\noptions:",
                "1 x the card selects rows by 'line', which records.csv lacks",
                at_card(25),
            ),
            (
                "corrected",
                "options:",
                f"corrections: [{{column: line, printed: '3', corrected: '4', {GUARD}, "
                "rows: {model: two}}]\noptions:",
                "1 x the card corrects 'line', which records.csv lacks",
                at_card(25),
            ),
            (
                "read",
                "locator: {}",
                "locator: {from: line}",
                "1 x line: the card reads this column and the file lacks it",
                at_row(1),
            ),
        )
    ),
    # ---- hostile bibliographies -------------------------------------------------------------
    bibliography(
        "abbreviations of abbreviations",
        write(OWN, '@string{a = "ha"}\n@STRING {b = a # a # a # a}\n@misc{k, title = b}\n'),
        "1 x abbreviations (@string) are not read",
        "remedy: write the text in full",
        line=1,
    ),
    bibliography(
        "thousands of braces",
        write(OWN, "@misc{k, title = " + "{" * 5000 + "}" * 5000 + "}"),
        "not BibTeX in UTF-8: syntax error in line 1",
        "remedy: mend the entry",
    ),
    bibliography(
        "LaTeX that ends too early",
        write(OWN, "@misc{k, title = {\\}}"),
        "citation: its LaTeX cannot be read",
        "(such as 'k')",
        "remedy: write the entry without commands",
    ),
    bibliography(
        "a terminal's escape",
        write(OWN, "@misc{k,\n title = {\x1b[31m}}"),
        "1 x the character U+001B (control character) cannot be seen",
        "remedy: delete it",
        line=2,
    ),
    bibliography(
        "another meaning of a key that is known",
        write(OWN, "@misc{doe2020, title = {Others}, year = 2021}"),
        "another bibliography says something else of this key (such as 'doe2020')",
        "remedy: rename the key",
    ),
]
