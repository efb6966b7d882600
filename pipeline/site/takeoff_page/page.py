"""The page of the simulation of full automation: caveats, scenarios, sensitivity."""

import hashlib
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from models import takeoff
from pipeline.core.files import read_json, write_text
from pipeline.core.layout import Layout
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.charts.drawings import render_page
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.citations import cite_page, hash_file, number_sources, read_software
from pipeline.site.pages.numbers import format_cell, format_number
from pipeline.site.takeoff_page import figures
from pipeline.site.takeoff_page import words as said
from pipeline.site.words import read_words
from pipeline.studies.verdict import read_check
from pipeline.takeoff.results import COMPRESSED, ESTIMANDS, GOES_ON
from pipeline.takeoff.scenarios import NO_AUTOMATION, Input, read_scenarios
from pipeline.takeoff.sensitivity import SHORT_YEARS, label_inputs
from pipeline.takeoff.variations import CENTRAL, ROLE_TITLES, VARIATIONS

NAME = "takeoff"
METHOD_SOURCES = ("jones1995models", "erdil2024ideas", "saltelli2010variance", "iwanaga2022salib")
LONG_YEARS = 1000.0  # longer times are printed as longer than that
LIBRARIES = ("numpy", "SALib")
Checks = dict[str, dict[str, Any]]


def write_takeoff_page(layout: Layout) -> None:
    """Write the page; the same results give the same bytes."""
    write_text(layout.page(NAME), render(layout))


def render(layout: Layout) -> str:
    """The page as HTML text, from the files of the simulation and what they were made from."""
    bibliography = read_bibliography(layout.bibliography)
    scenarios = read_scenarios(layout.scenarios, bibliography)
    entries = read_json(layout.attribution(NAME))
    words = read_words(layout.words, NAME)
    checks = {name: read_check(layout, name) for name in scenarios.posteriors()}
    varied = pd.read_parquet(layout.draws(VARIATIONS))
    labels = {each.id: each.label for each in scenarios.scenarios} | {NO_AUTOMATION: GOES_ON}
    drawings = {
        "times": figures.draw_times(words, entries, labels),
        "speed": figures.draw_speed(words, entries, labels),
        "paths": figures.draw_paths(words, varied),
        "indices": figures.draw_indices(words, entries, label_inputs(scenarios)),
    }
    files = [layout.scenarios, *map(layout.draws, scenarios.posteriors())]
    read = {  # posterior: its check, and the keys of it that are read
        name: (
            check,
            [k for i in scenarios.inputs if i.posterior == name for k in i.draws.values()],
        )
        for name, check in checks.items()
    }
    return render_page(
        layout.templates,
        "takeoff",
        drawings,
        title=words.title,
        name=NAME,
        answer=said.describe_answer(entries),
        doubts=said.summarise_doubts(read),
        scenarios=[
            {"id": name, "label": label} | {key: entries[f"{key}[{name}]"] for key in ESTIMANDS}
            for name, label in labels.items()
        ],
        notes={each.id: each.note for each in scenarios.scenarios},
        compressed=COMPRESSED,
        assumed=scenarios,
        estimands=ESTIMANDS,
        changes=list_changes(varied),
        role_titles=ROLE_TITLES,
        describe_value=partial(describe_value, layout),
        describe_state=partial(describe_state, checks),
        say_years=say_years,
        say_chance=answers.describe_probability,
        say_cell=format_cell,
        equations=rendering.plain_text(takeoff.__doc__ or ""),
        formulas=words,
        **number_sources(bibliography, [*scenarios.citations(), *METHOD_SOURCES]),
        citation=cite_page(read_software(layout.citation), words.title, NAME, hash_files(files)),
        provenance=list_provenance(layout, files),
    )


def list_changes(varied: pd.DataFrame) -> list[dict[str, Any]]:
    """What each input and assumption changes: its name, and a row a value, the lowest first."""
    first = varied.drop_duplicates(["panel", "series"])
    first = first.assign(is_central=first["series"] == CENTRAL)
    return [
        {"label": rows["varied"].iloc[0], "rows": rows.to_dict("records")}
        for _, rows in first.groupby("panel", sort=False)
    ]


def describe_value(layout: Layout, given: Input) -> str:
    """Median and interval of what is read of a posterior, or the value of an input."""
    if given.posterior is None:
        return format_cell(given.value)
    entries = read_json(layout.attribution(given.posterior))
    return "; ".join(
        f"{said.QUANTITIES[quantity]}: {answers.describe_bound(entries[key], 'median')} "
        f"({answers.describe_interval(entries[key])})"
        for quantity, key in given.draws.items()
    )


def describe_state(checks: Checks, given: Input) -> str:
    """What is doubtful of an input."""
    if given.posterior is None:
        return "assumed"
    return (
        "; ".join(said.list_doubts(checks[given.posterior], given.draws)) or "its check found none"
    )


def say_years(value: float | None) -> str:
    """Years in words, between the shortest and the longest that mean anything."""
    if value is None or value > LONG_YEARS:
        return f">\N{NO-BREAK SPACE}{format_number(LONG_YEARS, 4)}"
    if value < SHORT_YEARS:
        return f"<\N{NO-BREAK SPACE}{SHORT_YEARS:g}"
    return format_number(value)


def list_provenance(layout: Layout, files: Sequence[Path]) -> list[tuple[str, str]]:
    """Settings, versions, and the hash of every file that was read."""
    settings = YAML(typ="safe").load(layout.params.read_text(encoding="utf-8"))[NAME]
    drawn = {path: f"draws of {path.stem}" for path in files if path.suffix == ".parquet"}
    return [
        *((name, str(value)) for name, value in settings.items()),
        *((name, version(name)) for name in LIBRARIES),
        *((drawn.get(path, path.name), hash_file(path)) for path in files),
        ("all of these: data SHA-256", hash_files(files)),
    ]


def hash_files(files: Sequence[Path]) -> str:
    """The SHA-256 of the inputs together: of a line a file, its own SHA-256 and its name."""
    lines = (f"{hash_file(path)}  {path.name}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
