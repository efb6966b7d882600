"""One self-contained HTML page from one posterior: the answer, the evidence, and every check a reader may ask for.

The page says the verdict first. Where the fit did not converge it gives no headline and says so before any number.
"""

import argparse
import inspect
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from models import Card, Figure, Model, flatten, load
from models._prior import list_priors
from pipeline import answers, charts, pages, summaries
from pipeline.answers import INTERVAL_WORDS, Attributions
from pipeline.bibliography import Bibliography, Reference, read_bibliography
from pipeline.cards import LoadedCard, load_card
from pipeline.charts import Drawing
from pipeline.files import write_text
from pipeline.tables import TABLES

LOG_RATIO = 30  # positive values that span more than this get a logarithmic axis
PROVENANCE_COLUMNS = {"line", "citation", "locator", "is_verified", "exclusion"}


@dataclass(frozen=True)
class Inputs:
    """All that a page is made of."""

    card: LoadedCard
    table: pd.DataFrame
    runs: pd.DataFrame | None
    model_name: str
    model: Model
    tree: xr.DataTree
    validation: dict[str, Any]
    check: dict[str, Any]
    attributions: Attributions
    bibliography: Bibliography

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws."""
        return self.group("posterior")

    @property
    def model_card(self) -> Card:
        """What the model may know of the dataset."""
        return self.card.for_model(self.runs)

    def group(self, name: str) -> xr.Dataset:
        """A group of the posterior file; empty where the file has none."""
        return self.tree[name].to_dataset() if name in self.tree.children else xr.Dataset()


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    headline = inputs.model.headline(inputs.model_card)
    answer = answers.answer(headline, inputs.attributions, inputs.check)
    references = cite_sources(inputs)
    drawings = {
        "evidence": draw_evidence(inputs),
        "literature": draw_literature(inputs),
        "priors": draw_priors(inputs),
        "predictions": draw_predictions(inputs),
        "chains": draw_chains(inputs, headline.key),
    }
    page = pages.environment(templates).get_template("posterior.html.jinja")
    return page.render(
        title=inputs.card.card.title,
        model_title=inputs.model.TITLE,
        name=f"{inputs.card.dataset}-{inputs.model_name}",
        card=inputs.card.card,
        answer=answer,
        has_passed=answers.has_passed(inputs.check),
        badges=answers.badges(inputs.check),
        check=inputs.check,
        convergence=answers.describe_convergence(inputs.check),
        interval_words=INTERVAL_WORDS,
        drawings=drawings,
        specs=collect_specs(drawings),
        chart_config=charts.CONFIG,
        estimates=list_estimates(inputs.attributions),
        published=list_published(inputs, references),
        equations=inspect.cleandoc(inputs.model.__doc__ or ""),
        priors=list_priors(inputs.model.Priors()),
        validation=inputs.validation,
        rows=list_rows(inputs.table, references),
        columns=describe_columns(inputs.table, inputs.card.table),
        table_csv=pages.csv_address(inputs.table),
        references=references,
        provenance=list_provenance(inputs.tree.attrs),
    )


def cite_sources(inputs: Inputs) -> dict[str, tuple[int, Reference]]:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    card = inputs.card.card
    keys = [*card.citations, *inputs.table["citation"], *(row.citation for row in card.published)]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def draw_evidence(inputs: Inputs) -> list[Drawing]:
    """The model's own figures."""
    figures = inputs.model.charts(inputs.posterior, inputs.table, inputs.model_card)
    return [charts.draw(figure) for figure in figures]


def draw_literature(inputs: Inputs) -> list[Drawing]:
    """Ours beside the classical baseline and published values; nothing of ours where the fit did not converge."""
    baseline = inputs.model.baseline(inputs.table, inputs.model_card)
    frame = summaries.compare_with_literature(inputs.attributions, baseline, inputs.card.card.published)
    if frame.empty or not answers.has_passed(inputs.check):
        return []
    first = frame.drop_duplicates("panel").set_index("panel")["key"]
    frame["title"] = [inputs.attributions[first[panel]]["label"] for panel in frame["panel"]]
    frame["unit"] = [unit_words(inputs.attributions[first[panel]]["unit"]) for panel in frame["panel"]]
    figure = Figure(
        "intervals",
        "literature",
        "Beside the classical baseline and published values",
        f"Bold rows are this posterior ({INTERVAL_WORDS}). Published intervals are as printed, with the probability "
        "given in the table of published values.",
        frame,
    )
    return [charts.draw_literature(figure, logarithmic_panels(frame))]


def logarithmic_panels(frame: pd.DataFrame) -> list[str]:
    """Panels whose values are all positive and span too much for a linear axis."""
    chosen = []
    for panel, rows in frame.groupby("panel", sort=False):
        values = rows[["median", "lower", "upper"]].astype(float).stack().dropna()
        if len(values) and values.min() > 0 and values.max() / values.min() > LOG_RATIO:
            chosen.append(str(panel))
    return chosen


def draw_priors(inputs: Inputs) -> list[Drawing]:
    """Prior against posterior of every parameter that has a prior of its own."""
    priors = list_priors(inputs.model.Priors())
    frame, logarithmic = summaries.compare_densities(inputs.group("prior"), inputs.posterior, priors)
    if frame.empty:
        return []
    figure = Figure(
        "scatter",
        "prior-and-posterior",
        "Prior against posterior",
        "Where the two curves agree the data said nothing. A prior much wider than the posterior runs off the panel.",
        frame,
    )
    return [charts.draw_densities(figure, logarithmic)]


def draw_predictions(inputs: Inputs) -> list[Drawing]:
    """The posterior predictive check: intervals, and the calibration of the predictive distribution."""
    predicted, observed = inputs.group("posterior_predictive"), inputs.group("observed_data")
    if not set(predicted.data_vars) & set(observed.data_vars):
        return []
    frame = summaries.predict(predicted, observed)
    inside = pages.format_quantity(summaries.share_inside(frame), "share")
    intervals = Figure(
        "scatter",
        "predictions",
        "Observed values and what the model predicts for them",
        f"{inside} of the {len(frame)} observed values lie in their 90 % predictive interval; crosses lie outside.",
        frame,
        y_title="observed (point), predicted (bar)",
    )
    ranks = Figure(
        "scatter",
        "predictive-ranks",
        "Where the observed values fall in their predictive distributions",
        "Predictive ranks less the uniform distribution, with the band in which 95 % of well-specified models stay. "
        "The same data were fitted, so the curve lies closer to zero than the band says.",
        summaries.pit_differences(predicted, observed),
        x_title="predictive rank",
        y_title="difference",
    )
    return [charts.draw_predictions(intervals), charts.draw_differences(ranks)]


def draw_chains(inputs: Inputs, key: str) -> list[Drawing]:
    """Whether the chains agree on the headline quantity."""
    estimands = dict(flatten(inputs.model.estimands(inputs.posterior, inputs.table, inputs.model_card)))
    if key not in estimands or float(estimands[key].max()) == float(estimands[key].min()):
        return []
    frame = summaries.rank_differences(estimands[key], key, inputs.check["min_ess_bulk"])
    figure = Figure(
        "scatter",
        "chains",
        "Do the chains agree on the headline?",
        "Ranks of each chain's draws among all draws, less the uniform distribution. Chains that sample the same "
        "distribution stay in the band.",
        frame,
        x_title="rank among all draws",
        y_title="difference",
    )
    return [charts.draw_differences(figure)]


def collect_specs(drawings: dict[str, list[Drawing]]) -> dict[str, dict[str, Any]]:
    """Every chart of the page by the id of its place."""
    return {
        f"{drawing.id}-{number}": panel.spec
        for group in drawings.values()
        for drawing in group
        for number, panel in enumerate(drawing.panels)
    }


def list_estimates(attributions: Attributions) -> list[dict[str, str]]:
    """The rows of the table of estimands, in words."""
    return [
        {
            "key": key,
            "label": found["label"],
            "unit": unit_words(found["unit"]),
            "median": "" if found.get("reason") else answers.describe_bound(found, "median", pages.SIGNIFICANT_TABLE),
            "interval": answers.describe_interval(found, pages.SIGNIFICANT_TABLE),
            "p_positive": "" if found["p_positive"] is None else f"{found['p_positive']:.3f}",
            "p_finite": "" if found["p_finite"] in (None, 1) else f"{found['p_finite']:.3f}",
        }
        for key, found in attributions.items()
    ]


def unit_words(unit: str) -> str:
    """A unit as a column prints it: nothing for a pure number."""
    return "" if unit in ("1", "dimensionless") else unit


def list_published(inputs: Inputs, references: dict[str, tuple[int, Reference]]) -> list[dict[str, Any]]:
    """Published values as their sources print them."""
    return [
        row.model_dump() | {"number": references[row.citation][0], "short": references[row.citation][1].short}
        | {name: pages.format_cell(getattr(row, name)) for name in ("estimate", "lower", "upper")}
        for row in inputs.card.card.published
    ]


def describe_columns(table: pd.DataFrame, table_name: str) -> list[tuple[str, str, str]]:
    """Name, description and unit of the columns the page shows: those with a value in some row."""
    schema = TABLES[table_name].to_schema().columns
    shown = [name for name in table if name not in PROVENANCE_COLUMNS and table[name].astype(str).ne("").any()]
    return [
        (str(name), str(schema[name].description), str((schema[name].metadata or {}).get("unit", "")))
        for name in shown
        if table[name].notna().any()
    ]


def list_rows(table: pd.DataFrame, references: dict[str, tuple[int, Reference]]) -> list[dict[str, Any]]:
    """Every row of the data as text, with its source's number and whether it was fitted."""
    return [
        {
            "cells": {str(name): pages.format_cell(value) for name, value in row.items()},
            "line": row["line"],
            "source": references[row["citation"]],
            "locator": pages.format_cell(row["locator"]),
            "is_verified": bool(row["is_verified"]),
            "exclusion": pages.format_cell(row["exclusion"]),
        }
        for row in table.to_dict("records")
    ]


def list_provenance(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    """The root attributes of the posterior file, with the JSON ones taken apart."""
    rows = []
    for name, value in sorted(attributes.items()):
        text = str(value)
        parts = json.loads(text) if text.startswith("{") else {}
        rows += [(f"{name}: {part}", str(parts[part])) for part in sorted(parts)] or [(name, text)]
    return [(name.replace("_", " "), text) for name, text in rows]


def read_inputs(options: argparse.Namespace) -> Inputs:
    """Read every file that the command line names."""
    with xr.open_datatree(options.posterior, engine="h5netcdf") as tree:
        loaded = tree.load()
    return Inputs(
        card=load_card(options.card, options.table_name),
        table=pd.read_parquet(options.table),
        runs=None if options.runs is None else pd.read_parquet(options.runs),
        model_name=options.model,
        model=load(options.model),
        tree=loaded,
        validation=json.loads(options.validation.read_text(encoding="utf-8")),
        check=json.loads(options.check.read_text(encoding="utf-8")),
        attributions=json.loads(options.attribution.read_text(encoding="utf-8")),
        bibliography=read_bibliography(options.bibliography),
    )


def main(argv: list[str] | None = None) -> int:
    """Write the page of one posterior."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--card", type=Path, required=True, help="data/sources/<dataset>/source.yaml")
    parser.add_argument("--table", type=Path, required=True, help="data/validated/<dataset>.parquet")
    parser.add_argument("--table-name", choices=list(TABLES), required=True)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--posterior", type=Path, required=True, help="data/posteriors/<posterior>.nc")
    parser.add_argument("--validation", type=Path, required=True, help="data/checks/<dataset>.json")
    parser.add_argument("--check", type=Path, required=True, help="data/checks/<posterior>.json")
    parser.add_argument("--attribution", type=Path, required=True, help="data/attributions/<posterior>.json")
    parser.add_argument("--bibliography", type=Path, required=True, help="data/references.bib")
    parser.add_argument("--templates", type=Path, required=True, help="reports/templates")
    parser.add_argument("--runs", type=Path, help="data/validated/training_runs.parquet, for models that ask for it")
    parser.add_argument("--output", type=Path, required=True, help="reports/html/<posterior>.html")
    options = parser.parse_args(argv)
    write_text(options.output, render(read_inputs(options), options.templates))
    print(f"{options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
