"""The page of the simulation of full automation: its answer, caveats, scenarios, sensitivity."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY, takeoff
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.charts.drawings import render_page
from pipeline.site.naming import name_check
from pipeline.site.pages import answers, rendering, warnings
from pipeline.site.pages.citations import cite_page, hash_file, number_sources, read_software
from pipeline.site.pages.numbers import format_number
from pipeline.site.pages.sentences import say
from pipeline.site.takeoff_page import figures
from pipeline.site.words import read_words
from pipeline.studies.verdict import read_check
from pipeline.takeoff.results import COMPRESSED, ESTIMANDS, GOES_ON
from pipeline.takeoff.scenarios import NO_AUTOMATION, Input, Scenarios, read_scenarios
from pipeline.takeoff.sensitivity import SHORT_YEARS, label_inputs
from pipeline.takeoff.variations import CENTRAL, ROLE_TITLES, VARIATIONS

NAME = "takeoff"
METHOD_SOURCES = ("jones1995models", "erdil2024ideas", "saltelli2010variance", "iwanaga2022salib")
LIBRARIES = ("numpy", "SALib")
LONG_YEARS = 1000
FITTED, POOLED = "research_inputs-idea_production", "research_returns-meta_analysis"
VISION_POOLED = "domain_value[Computer vision]"
TAIL = (1 - INTERVAL_PROBABILITY) / 2
Check = dict[str, Any]
Entries = dict[str, dict[str, Any]]


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
    drawn = {name: pd.read_parquet(layout.draws(name)) for name in checks}
    given = [each for each in scenarios.inputs if each.posterior]
    read = {each.id: list_read(each, drawn[str(each.posterior)]) for each in given}
    keys = {
        name: [key for i in given if i.posterior == name for k in read[i.id].values() for key in k]
        for name in checks
    }
    functions = {"list_doubts": list_doubts, "answers": answers, "say_years": say_years}
    constants: dict[str, Any] = {
        "compressed": COMPRESSED,
        "estimands": ESTIMANDS,
        "role_titles": ROLE_TITLES,
    }
    constants |= {"name": NAME}
    return render_page(
        layout.templates,
        "takeoff",
        drawings,
        **functions,
        **constants,
        title=words.title,
        answer=describe_answer(entries),
        times=describe_times(entries, scenarios.central.id),
        rates=list_rates(scenarios, entries, drawn),
        error=find_error(scenarios.simulation.paths, drawn.values()),
        returns=describe_returns(layout),
        doubts=summarise_doubts({name: (checks[name], each) for name, each in keys.items()}),
        scenarios=[
            {"id": name, "label": label} | {key: entries[f"{key}[{name}]"] for key in ESTIMANDS}
            for name, label in labels.items()
        ],
        notes={each.id: each.note for each in scenarios.scenarios},
        assumed=scenarios,
        changes=list_changes(varied),
        quantities={i.id: list_quantities(i, drawn[str(i.posterior)]) for i in given},
        read=read,
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


QUANTITIES = {
    "stepping_on_toes": "exponent of research",
    "fishing_out": "exponent of ideas found",
    "returns": "returns to research",
    "elasticity": "elasticity of substitution",
    "rate": "decades a year",
}
PRIOR_KINDS = ("driven", "sensitive")  # doubts of one quantity, not of the posterior


def describe_answer(entries: Entries) -> str:
    """Whether progress accelerates and whether years are compressed, from the entries."""
    families = {
        name: [entry for key, entry in entries.items() if key.startswith(f"{name}[")]
        for name in ("p_acceleration", f"p_{COMPRESSED[0]}_years_in_one")
    }
    accelerates, compressed = families.values()
    return say(
        "takeoff_answer",
        family=accelerates,
        compressed=compressed,
        years=COMPRESSED[0],
        odds=answers.describe_probability,
    )


def describe_times(entries: Entries, central: str) -> str:
    """How long a tenfold gain takes after automation, beside today's rate; empty if withheld."""
    then, now = entries[f"years_to_10x[{central}]"], entries[f"years_to_10x[{NO_AUTOMATION}]"]
    if then.get("reason"):
        return ""
    sooner = entries[f"p_sooner[{central}]"]["median"]
    odds = answers.describe_probability
    return say("takeoff_times", then=then, now=now, sooner=sooner, odds=odds, years=say_years)


def say_years(value: float | None) -> str:
    """A number of years; beyond a thousand and under some days the model says nothing."""
    if value is None or value > LONG_YEARS:
        return f">\N{NO-BREAK SPACE}{LONG_YEARS:,}"
    few = f"<\N{NO-BREAK SPACE}{SHORT_YEARS:g}"
    return few if value < SHORT_YEARS else format_number(value)


def list_rates(
    scenarios: Scenarios, entries: Entries, drawn: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    """Every rate that may be called today's, the central one first, and what it gives.

    The rate, a tenfold gain if it goes on, and the entries of the scenario that changes it alone.
    """
    rows = []
    for each in scenarios.scenarios:
        if each.assumptions or set(each.inputs) - {"rate"}:
            continue
        given = scenarios.choose(each)["rate"]
        if given.posterior is None:
            continue
        rate = given.read("rate", drawn[given.posterior])
        with np.errstate(divide="ignore"):
            years = np.where(rate > 0, 1 / np.maximum(rate, 0), np.inf)
        found = {key: entries[f"{key}[{each.id}]"] for key in ("p_acceleration", "years_to_10x")}
        told = {"rate": summarise(rate, "decades per year"), "goes_on": summarise(years, "years")}
        rows.append({"label": given.label, "is_central": each is scenarios.central} | told | found)
    return rows


def summarise(draws: np.ndarray, unit: str) -> dict[str, Any]:
    """Median and equal-tailed interval of draws, as an entry has them; None without a bound."""
    ends = np.quantile(draws, [0.5, TAIL, 1 - TAIL], method="inverted_cdf")
    numbers = [float(each) if np.isfinite(each) else None for each in ends]
    return {"unit": unit} | dict(zip(("median", "lower", "upper"), numbers, strict=True))


def list_quantities(given: Input, frame: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """What an input gives: each quantity in words, with its median and interval."""
    units = {"rate": "decades per year"}
    return [
        (QUANTITIES[name], summarise(given.read(name, frame), units.get(name, "1")))
        for name in given.draws
    ]


def describe_returns(layout: Layout) -> str:
    """What our fit and the pooled publications say of the returns of one field; else empty."""
    places = ((FITTED, "returns_to_research[computer vision]"), (POOLED, VISION_POOLED))
    found = [(read_json(layout.attribution(name)) or {}).get(key) for name, key in places]
    fitted, pooled = (each if each and not each.get("reason") else None for each in found)
    return say("takeoff_returns", fitted=fitted, pooled=pooled, quote=quote)


def quote(entry: dict[str, Any]) -> str:
    """Median and interval of an entry."""
    return f"{answers.describe_bound(entry, 'median')} ({answers.describe_interval(entry)})"


def find_error(paths: int, drawn: Iterable[pd.DataFrame]) -> dict[str, Any]:
    """How many paths and draws of each posterior there are, at least, and the standard error that
    a probability has from so many; the larger of both counts.
    """
    draws = min([paths, *map(len, drawn)])
    return {"paths": paths, "draws": draws, "error": 0.5 / np.sqrt(draws)}


def list_doubts(check: Check, keys: Mapping[str, Sequence[str]]) -> list[str]:
    """What is doubtful of an input that reads these `keys` (by quantity) of the posterior checked.

    The doubts are those of `warnings.find_doubts`, which other pages read too.
    """
    every = [key for each in keys.values() for key in each]
    found = warnings.find_doubts(every, check)
    said = [words for kind, each in found.items() if kind not in PRIOR_KINDS for words in each]
    for name, each in keys.items():
        own = warnings.find_doubts(each, check)
        said += [
            f"{QUANTITIES[name]} {words}" for kind in PRIOR_KINDS for words in own.get(kind, ())
        ]
    return said


def list_read(given: Input, frame: pd.DataFrame) -> dict[str, list[str]]:
    """The keys that speak of each quantity of an input: those read, and what years are part of."""
    return {
        name: list(dict.fromkeys([key, *given.list_keys(name, list(map(str, frame)))]))
        for name, key in given.draws.items()
    }


def summarise_doubts(posteriors: Mapping[str, tuple[Check, Iterable[str]]]) -> str:
    """How many posteriors (name: check, keys read) are doubtful, and why; empty if none."""
    found = Counter(kind for keys in posteriors.values() for kind in _find_kinds(*keys))
    return say("takeoff_doubts", count=len(posteriors), found=found)


def _find_kinds(check: Check, keys: Iterable[str]) -> list[str]:
    return list(warnings.find_doubts(keys, check))
