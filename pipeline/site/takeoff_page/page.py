"""The page of the simulation of full automation: its answer, caveats, scenarios, sensitivity."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from models import takeoff
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.charts.drawings import render_page
from pipeline.site.naming import name_check
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.citations import cite_page, hash_file, number_sources, read_software
from pipeline.site.pages.sentences import say
from pipeline.site.takeoff_page import figures
from pipeline.site.words import read_words
from pipeline.studies.verdict import read_check
from pipeline.takeoff.results import COMPRESSED, ESTIMANDS, GOES_ON
from pipeline.takeoff.scenarios import NO_AUTOMATION, Scenarios, read_scenarios
from pipeline.takeoff.sensitivity import SHORT_YEARS, label_inputs
from pipeline.takeoff.variations import CENTRAL, ROLE_TITLES, VARIATIONS

NAME = "takeoff"
METHOD_SOURCES = ("jones1995models", "erdil2024ideas", "saltelli2010variance", "iwanaga2022salib")
LIBRARIES = ("numpy", "SALib")
Check = dict[str, Any]


def render(layout: Layout) -> str:
    """The page as HTML text, from the files of the simulation and what they were made from."""
    bibliography = read_bibliography(layout.bibliography)
    scenarios = read_scenarios(layout.scenarios, bibliography)
    entries = read_json(layout.attribution(NAME))
    words = read_words(layout.words, NAME)
    checks = {name: read_named_check(layout, name) for name in scenarios.posteriors()}
    varied = pd.read_parquet(layout.draws(VARIATIONS))
    labels = {each.id: each.label for each in scenarios.scenarios} | {NO_AUTOMATION: GOES_ON}
    drawings = {
        "times": figures.draw_times(words, entries, labels),
        "speed": figures.draw_speed(words, entries, labels),
        "paths": figures.draw_paths(words, varied),
        "indices": figures.draw_indices(words, entries, label_inputs(scenarios)),
    }
    files = [layout.scenarios, *map(layout.draws, scenarios.posteriors())]
    read = {
        name: [k for i in scenarios.inputs if i.posterior == name for k in i.draws.values()]
        for name in checks
    }
    functions = {"list_doubts": list_doubts, "answers": answers}
    constants: dict[str, Any] = {
        "compressed": COMPRESSED,
        "estimands": ESTIMANDS,
        "role_titles": ROLE_TITLES,
    }
    constants |= {"quantities": QUANTITIES, "short_years": SHORT_YEARS, "name": NAME}
    return render_page(
        layout.templates,
        "takeoff",
        drawings,
        **functions,
        **constants,
        title=words.title,
        answer=describe_answer(entries),
        doubts=summarise_doubts({name: (checks[name], keys) for name, keys in read.items()}),
        scenarios=[
            {"id": name, "label": label} | {key: entries[f"{key}[{name}]"] for key in ESTIMANDS}
            for name, label in labels.items()
        ],
        notes={each.id: each.note for each in scenarios.scenarios},
        assumed=scenarios,
        changes=list_changes(varied),
        attributions={name: read_json(layout.attribution(name)) for name in checks},
        checks=checks,
        equations=rendering.plain_text(takeoff.__doc__ or ""),
        words=words,
        **number_sources(bibliography, [*scenarios.citations(), *METHOD_SOURCES]),
        citation=cite_page(read_software(layout.citation), words.title, NAME, hash_files(files)),
        provenance=list_provenance(scenarios, files),
    )


def list_changes(varied: pd.DataFrame) -> list[dict[str, Any]]:
    """What each input and assumption changes: its name, and a row a value, the lowest first."""
    if varied.empty:
        return []
    first = varied.drop_duplicates(["panel", "series"])
    first = first.assign(is_central=first["series"] == CENTRAL)
    return [
        {"label": rows["varied"].iloc[0], "rows": rows.to_dict("records")}
        for _, rows in first.groupby("panel", sort=False)
    ]


def read_named_check(layout: Layout, cell: str) -> Check:
    """The check of a posterior that is read, with words for its parameters."""
    words = read_words(layout.words, cell.partition("-")[2])
    return name_check(read_check(layout, cell), words, {})


def list_provenance(scenarios: Scenarios, files: Sequence[Path]) -> list[tuple[str, str]]:
    """Settings, versions, and the hash of every file that was read."""
    settings = scenarios.simulation.model_dump()
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


FAMILY = "p_acceleration["
QUANTITIES = {
    "stepping_on_toes": "exponent of research",
    "fishing_out": "exponent of ideas found",
    "returns": "returns to research",
    "elasticity": "elasticity of substitution",
    "rate": "decades a year",
}


def describe_answer(entries: dict[str, dict[str, Any]]) -> str:
    """The probability in the first scenario and how far the others move it, from the entries."""
    family = [entry for key, entry in entries.items() if key.startswith(FAMILY)]
    return say("takeoff_answer", family=family, odds=answers.describe_probability)


def list_doubts(check: Check, draws: Mapping[str, str]) -> list[str]:
    """What is doubtful of an input that reads `draws` (quantity: key) of the posterior checked."""
    kinds = _find_kinds(check, draws.values())
    said = [say(f"doubt.{kind}") for kind in kinds if kind != "driven"]
    driven = {name: answers.describe_drivers(key, check) for name, key in draws.items()}
    if "driven" in kinds:
        said += [f"{QUANTITIES[name]} {words}" for name, words in driven.items() if words]
    return said


def summarise_doubts(posteriors: Mapping[str, tuple[Check, Iterable[str]]]) -> str:
    """How many posteriors (name: check, keys read) are doubtful, and why; empty if none."""
    found = Counter(kind for each in posteriors.values() for kind in _find_kinds(*each))
    return say("takeoff_doubts", count=len(posteriors), found=found)


def _find_kinds(check: Check, keys: Iterable[str]) -> list[str]:
    """The doubts of a posterior of which these keys are read."""
    if not answers.has_passed(check):
        return ["failed"]
    found = {
        "off": check.get("is_calibrated") is False,
        "uncalibrated": check.get("is_calibrated") is None,
        "confounded": check.get("is_identified") is False,
        "driven": any(answers.describe_drivers(key, check) for key in keys),
    }
    return [kind for kind, is_so in found.items() if is_so]
