"""The page of the simulation of full automation: caveats, scenarios, what each assumption changes.

Everything is said in the words and numbers of the run; the template only places it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY
from models import takeoff as _takeoff
from pipeline.ingest.bibliography import Bibliography, Reference
from pipeline.site.charts import summaries
from pipeline.site.charts.drawings import CONFIG, chart_library, collect_specs
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.citations import Software, cite_page
from pipeline.site.words import Words
from pipeline.takeoff import figures
from pipeline.takeoff.draws import Paths
from pipeline.takeoff.results import (
    CENTRAL,
    COMPRESSED,
    ESTIMANDS,
    ROLE_TITLES,
    SERIES,
    Line,
    Run,
)
from pipeline.takeoff.scenarios import NO_AUTOMATION, Input
from pipeline.takeoff.sensitivity import SHORT_YEARS
from pipeline.takeoff.words import QUANTITIES, describe_answer, list_doubts, summarise_doubts

TITLE = "If AI did all research on algorithms, would progress accelerate?"
METHOD_SOURCES = ("jones1995models", "erdil2024ideas", "saltelli2010variance", "iwanaga2022salib")
LONG_YEARS = 1000.0  # longer times are printed as longer than that
LIBRARIES = ("numpy", "SALib")
LEFT_OUT = (
    "growth of compute and better chips, partial automation before the date that is called full, "
    "money, data that run out, training that gets shorter, the time that experiments take, and "
    "whatever institutions and people would do about it"
)


@dataclass(frozen=True)
class Inputs:
    """All that the page is made of."""

    paths: Paths
    runs: list[Run]
    lines: list[Line]
    estimands: xr.Dataset
    entries: dict[str, dict[str, Any]]
    indices: pd.DataFrame
    bibliography: Bibliography
    software: Software
    formulas: Words
    settings: dict[str, int]
    files: list[Path]


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    drawings = figures.draw_all(inputs.estimands, inputs.entries, inputs.lines, inputs.indices)
    references = cite(inputs)
    page = rendering.environment(templates, chart_library).get_template("takeoff.html.jinja")
    return page.render(
        title=TITLE,
        name="takeoff",
        answer=describe_answer(inputs.entries),
        times=describe_times(inputs),
        doubts=describe_doubts(inputs),
        left_out=LEFT_OUT,
        scenarios=list_scenarios(inputs),
        compressed=COMPRESSED,
        published=list_published(inputs, references),
        assumptions=list_assumptions(inputs, references),
        changes=list_changes(inputs),
        sources_of_draws=list_sources(inputs, references),
        drawings=drawings,
        specs=collect_specs(each for each in drawings.values() if each),
        chart_config=CONFIG,
        equations=summaries.plain_text(_takeoff.__doc__ or ""),
        interval_words=INTERVAL_WORDS,
        formulas=inputs.formulas,
        references=references,
        sources=[reference for _, reference in references.values()],
        citation=cite_page(inputs.software, TITLE, "takeoff", hash_inputs(inputs.files)),
        provenance=list_provenance(inputs),
    )


def describe_doubts(inputs: Inputs) -> str:
    """What is doubtful of the posteriors, from their checks, in one sentence; empty if nothing."""
    given = inputs.paths.scenarios.inputs
    return summarise_doubts(
        {
            name: (
                posterior.check,
                [key for each in given if each.posterior == name for key in each.draws.values()],
            )
            for name, posterior in inputs.paths.posteriors.items()
        }
    )


def describe_times(inputs: Inputs) -> str:
    """The years to 10 times under the central assumptions and at today's rate; empty if withheld.

    Most readers expect that automation is quicker than today, so it is said why it need not be.
    """
    names = inputs.runs[0].scenario.id, NO_AUTOMATION
    central, today = (_with_interval(inputs.entries[f"years_to_10x[{name}]"]) for name in names)
    if not central[0]:
        return ""
    return (
        "Under the central assumptions algorithms are 10 times as efficient after "
        f"{central[0]} years ({central[1]}), at today's rate after {today[0]} ({today[1]}): "
        f"medians with the {INTERVAL_WORDS}. Today compute and the number of researchers grow "
        "every year; here compute is fixed, and labour grows with A alone."
    )


def list_scenarios(inputs: Inputs) -> list[dict[str, Any]]:
    """The rows of the table of scenarios; the last is today's rate without automation."""
    names = [run.scenario.id for run in inputs.runs] + [NO_AUTOMATION]
    notes = {run.scenario.id: run.scenario.note for run in inputs.runs}
    labels = inputs.estimands["years_to_10x"].attrs["labels"]
    return [
        {
            "id": name,
            "label": labels[name],
            "note": notes.get(name, ""),
            "reason": inputs.entries[f"years_to_10x[{name}]"].get("reason", ""),
            "probability": _probability(inputs.entries[f"p_acceleration[{name}]"]),
            "gauge": inputs.entries[f"p_acceleration[{name}]"]["median"],
            "faster": _probability(inputs.entries[f"p_faster_second_decade[{name}]"]),
            "compressed": [
                _probability(inputs.entries[f"p_{years}_years_in_one[{name}]"])
                for years in COMPRESSED
            ],
        }
        | {
            key: _with_interval(inputs.entries[f"{key}[{name}]"])
            for key in ("years_to_10x", "years_to_100x", "speed_up")
        }
        for name in names
    ]


def list_published(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """Published values of what the scenarios report, beside the central one."""
    central = inputs.runs[0].scenario.id
    return [
        {
            "label": ESTIMANDS[each.estimand][0],
            "value": rendering.format_cell(each.value),
            "ours": _probability(inputs.entries[f"{each.estimand}[{central}]"]) or "withheld",
            "note": each.note,
            "source": references[each.citation],
            "locator": each.locator,
        }
        for each in inputs.paths.scenarios.published
    ]


def list_assumptions(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """The rows of the table of assumptions: value, range, source and reason."""
    return [
        {
            "id": str(each.id),
            "label": each.label,
            "unit": each.unit,
            "central": rendering.format_cell(each.central),
            "low": rendering.format_cell(each.low),
            "high": rendering.format_cell(each.high),
            "reason": each.reason,
            "locator": each.locator,
            "sources": [references[key] for key in each.citations],
        }
        for each in inputs.paths.scenarios.assumptions
    ]


def list_changes(inputs: Inputs) -> list[dict[str, Any]]:
    """What each input and assumption changes: its name, and a row a value, the lowest first."""
    panels = {line.name: line.panel for line in inputs.lines}
    ordered = sorted(inputs.lines, key=lambda line: SERIES.index(line.series))
    return [
        {"label": panel, "rows": [_describe_line(line) for line in ordered if line.name == name]}
        for name, panel in panels.items()
    ]


def list_sources(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """The rows of the table of inputs: what was read, from where, and what its check says."""
    defaults = set(inputs.paths.scenarios.defaults.values())
    return [
        {
            "label": f"{ROLE_TITLES[each.role]}: {each.label}",
            "is_default": each.id in defaults,
            "posterior": each.posterior or "",
            "estimands": ", ".join(each.draws.values()),
            "value": _describe_draws(inputs.paths, each),
            "sources": [references[key] for key in each.citations],
            "reason": each.reason,
            "state": _describe_state(inputs.paths, each),
        }
        for each in inputs.paths.scenarios.inputs
    ]


def cite(inputs: Inputs) -> dict[str, tuple[int, Reference]]:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    keys = [*inputs.paths.scenarios.citations(), *METHOD_SOURCES]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def list_provenance(inputs: Inputs) -> list[tuple[str, str]]:
    """Settings, versions, and the hash of every file that was read."""
    hashes = [
        (_name_file(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in inputs.files
    ]
    settings = [(name, str(value)) for name, value in inputs.settings.items()]
    whole = ("all of these: data SHA-256", hash_inputs(inputs.files))
    return [*settings, *((name, version(name)) for name in LIBRARIES), *hashes, whole]


def _name_file(path: Path) -> str:
    return f"draws of {path.stem}" if path.suffix == ".parquet" else path.name


def hash_inputs(files: Sequence[Path]) -> str:
    """The SHA-256 of the inputs together: of a line a file, its own SHA-256 and its name."""
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _probability(entry: dict[str, Any]) -> str:
    return "" if entry.get("reason") else answers.describe_probability(entry["median"])


def _with_interval(entry: dict[str, Any]) -> tuple[str, str]:
    """Median and interval in words; both empty where they are withheld."""
    if entry.get("reason"):
        return "", ""
    median, lower, upper = (_years(entry[name]) for name in ("median", "lower", "upper"))
    return median, f"{lower} to {upper}"


def _years(value: float | None) -> str:
    if value is None or value > LONG_YEARS:
        return f">\N{NO-BREAK SPACE}{rendering.format_number(LONG_YEARS, 4)}"
    if value < SHORT_YEARS:
        return f"<\N{NO-BREAK SPACE}{SHORT_YEARS:g}"
    return rendering.format_number(value)


def _describe_line(line: Line) -> dict[str, Any]:
    """What a value of an assumption gives: P(acceleration), the median years to 10 times, and the
    years to 100 times on the fastest twentieth of the paths; or why it gives nothing.
    """
    said = {"value": line.words, "is_central": line.series == CENTRAL, "reason": line.run.reason}
    if line.run.outcome is None:
        return said
    tail = (1 - INTERVAL_PROBABILITY) / 2
    first, second = line.run.outcome.years_to.T
    return said | {
        "chance": answers.describe_probability(float((line.run.outcome.feedback > 0).mean())),
        "median": _years(float(np.quantile(first, 0.5, method="inverted_cdf"))),
        "fast": _years(float(np.quantile(second, tail, method="inverted_cdf"))),
    }


def _describe_draws(paths: Paths, given: Input) -> str:
    """Median and interval of the draws of an input, or its value."""
    if given.posterior is None:
        return rendering.format_cell(given.value)
    frame = paths.posteriors[given.posterior].draws
    tail = (1 - INTERVAL_PROBABILITY) / 2
    words = []
    for quantity, key in given.draws.items():
        lower, median, upper = np.quantile(frame[key], [tail, 0.5, 1 - tail], method="inverted_cdf")
        shown = [rendering.format_number(float(each)) for each in (median, lower, upper)]
        words.append(f"{QUANTITIES[quantity]}: {shown[0]} ({shown[1]} to {shown[2]})")
    return "; ".join(words)


def _describe_state(paths: Paths, given: Input) -> str:
    if given.posterior is None:
        return "assumed"
    doubts = list_doubts(paths.posteriors[given.posterior].check, given.draws)
    return "; ".join(doubts) or "its check found none"
