"""One self-contained HTML page from one posterior: the answer, the evidence, and every check.

The page says the verdict first. Where the fit did not converge it says so before any number and
gives no headline.
"""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from models import Figure, estimand_key, flatten
from models._prior import list_priors
from pipeline import (
    answers,
    boards,
    charts,
    charts_evidence,
    charts_of_splits,
    design_panel,
    pages,
    panels,
    splits,
    summaries,
)
from pipeline.answers import INTERVAL_WORDS, Attributions
from pipeline.bibliography import Bibliography, Reference, read_bibliography
from pipeline.cards import LoadedCard, load_card
from pipeline.charts import Drawing
from pipeline.citations import PageCitation, Software, cite_page, read_software
from pipeline.equations import Equations, read_equations
from pipeline.files import write_text
from pipeline.posteriors import Cell, add_cell_arguments, load_cell
from pipeline.stage import stage_main
from pipeline.studies import OUT_OF_DATE
from pipeline.tables import TABLES

PROVENANCE_COLUMNS = {"line", "citation", "locator", "is_verified", "exclusion"}
# Tables in which results of models are explained: what trends and designs say is of these alone.
OF_MODELS = {"efficiency", "scaling_grid", "accuracy_leaderboard", "loss_leaderboard"}


@dataclass(frozen=True)
class Inputs:
    """All that a page is made of."""

    card: LoadedCard
    cell: Cell
    model_name: str
    validation: dict[str, Any]
    check: dict[str, Any]
    attributions: Attributions
    bibliography: Bibliography
    software: Software
    formulas: Equations

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws."""
        return self.group("posterior")

    def group(self, name: str) -> xr.Dataset:
        """A group of the posterior file; empty where the file has none."""
        tree = self.cell.tree
        return tree[name].to_dataset() if name in tree.children else xr.Dataset()


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    if inputs.cell.not_fitted:
        return render_unfitted(inputs, templates)
    headline = inputs.cell.model.headline(inputs.cell.card)
    panel = panels.make_identification(
        inputs.check, inputs.attributions, design_panel.span_years(inputs.cell.table)
    )
    answer = answers.answer(headline, inputs.attributions, inputs.check)
    split = splits.make_split(
        headline.key, inputs.cell.estimands, inputs.attributions, inputs.check
    )
    drawings = {
        "split": [charts_of_splits.draw_split(split)] if split and not split.reason else [],
        "evidence": [*draw_evidence(inputs, headline.key), *draw_influence(inputs)],
        "design": draw_design(panel),
        "literature": draw_literature(inputs),
        "priors": draw_priors(inputs),
        "predictions": draw_predictions(inputs),
        "groups": draw_groups(inputs.check),
        "chains": draw_chains(inputs, headline.key),
    }
    page = pages.environment(templates, charts.chart_library).get_template("posterior.html.jinja")
    return page.render(
        answer=answer,
        split=split,
        has_passed=answers.has_passed(inputs.check),
        badges=answers.badges(inputs.check, headline.key),
        rates=answers.list_rates(inputs.attributions, inputs.check, headline.key),
        check=inputs.check,
        sensitivity=list_sensitivity(inputs),
        predictive=describe_density(inputs.check),
        skipped=panels.describe_skipped(inputs.check),
        identification=panel,
        trust=describe_trust(inputs),
        scores_models=inputs.card.card.table in OF_MODELS,
        convergence=answers.describe_convergence(inputs.check),
        interval_words=INTERVAL_WORDS,
        drawings=drawings,
        specs=charts.collect_specs(drawing for group in drawings.values() for drawing in group),
        chart_config=charts.CONFIG,
        estimates=list_estimates(inputs.attributions, inputs.check),
        published=list_published(inputs, cite_sources(inputs)),
        equations=summaries.plain_text(inputs.cell.model.__doc__ or ""),
        priors=list_priors(inputs.cell.model.Priors()),
        **describe_data(inputs),
    )


def render_unfitted(inputs: Inputs, templates: Path) -> str:
    """The page of a model that cannot be fitted to the dataset: the reason and the data."""
    page = pages.environment(templates, charts.chart_library).get_template("unfitted.html.jinja")
    return page.render(
        reason=inputs.cell.not_fitted,
        specs={},
        chart_config=charts.CONFIG,
        equations=summaries.plain_text(inputs.cell.model.__doc__ or ""),
        **describe_data(inputs),
    )


def describe_data(inputs: Inputs) -> dict[str, Any]:
    """What every page says of its dataset, fitted or not."""
    references = cite_sources(inputs)
    return {
        "title": inputs.card.card.title,
        "model_title": inputs.cell.model.TITLE,
        "name": f"{inputs.card.dataset}-{inputs.model_name}",
        "card": inputs.card.card,
        "validation": inputs.validation,
        "rows": list_rows(inputs.cell.table, references),
        "columns": describe_columns(inputs.cell.table, inputs.card.table),
        "table": inputs.cell.table,
        "formulas": inputs.formulas,
        "references": references,
        "sources": [reference for _, reference in references.values()],
        "citation": cite(inputs),
        "provenance": list_provenance(inputs.cell.tree.attrs),
    }


def cite(inputs: Inputs) -> PageCitation:
    """How the page is cited: its question, its cell and the hash of the data it speaks of."""
    card, name = inputs.card.card, f"{inputs.card.dataset}-{inputs.model_name}"
    title = f"{card.question} {card.title}: {inputs.cell.model.TITLE}."
    return cite_page(inputs.software, title, name, str(inputs.cell.tree.attrs.get("data_hash", "")))


def describe_trust(inputs: Inputs) -> dict[str, Any]:
    """What the study of the cell found, as tables and sentences."""
    check, attributions = inputs.check, inputs.attributions
    coverage = check.get("calibration") or {}
    study = check.get("study") or {}
    reason = coverage.get("reason") or check.get("calibration_reason") or panels.NOT_MEASURED
    return {
        "datasets": coverage.get("datasets"),
        "failed": coverage.get("failed"),
        "redrawn": coverage.get("redrawn"),
        "reason": reason,
        "is_stale": bool(study) and check.get("calibration_reason") == OUT_OF_DATE,
        "coverage": panels.list_coverage(check, attributions),
        "fixed_shares": panels.list_fixed_shares(check),
        "fixed_reason": (study.get("fixed_share") or {}).get("reason", ""),
        "shifts": panels.list_shifts(check, attributions),
        "shift_noise": panels.describe_shift_noise(check),
        "wrong_compute": panels.describe_wrong_compute(check),
        "design_reason": (study.get("design") or {}).get("reason") or panels.NOT_MEASURED,
    }


def cite_sources(inputs: Inputs) -> dict[str, tuple[int, Reference]]:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    card = inputs.card.card
    keys = [
        *card.citations,
        *inputs.cell.table["citation"],
        *(row.citation for row in card.published),
    ]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def draw_evidence(inputs: Inputs, key: str) -> list[Drawing]:
    """The model's own figures; where the fit has passed, steps and reverse test after them.

    Those of a leaderboard are linked with each other. Waterfalls stand in for the model's figure
    of the same parts.
    """
    cell, has_passed = inputs.cell, answers.has_passed(inputs.check)
    figures = cell.model.charts(inputs.posterior, cell.table, cell.card)
    steps = charts_of_splits.draw_steps(cell.estimands, key) if has_passed else []
    own = [
        name_sources(figure, inputs.bibliography)
        for figure in figures
        if not (steps and figure.kind == "parts")
    ]
    is_linked = any(boards.is_board(figure) for figure in own)
    drawn = [
        charts_evidence.draw_linked(figure, cell.card) if is_linked else charts.draw(figure)
        for figure in own
    ]
    if has_passed:
        steps += charts_of_splits.draw_reverse_tests(
            inputs.attributions, cell.estimands, cell.table, cell.card.runs, figures
        )
    return [*drawn, *steps]


def draw_influence(inputs: Inputs) -> list[Drawing]:
    """The pooled value without each study in turn, over the one with all; of meta-analyses alone.

    None where the fit failed.
    """
    found = inputs.check.get("influence") or {}
    whole = inputs.attributions.get("pooled")
    if not found or whole is None or not answers.has_passed(inputs.check):
        return []
    rows = [
        {"label": "all studies", **{name: whole[name] for name in ("median", "lower", "upper")}}
    ]
    rows += [
        {"label": f"without {study} (rows: {each['rows']})", **each}
        for study, each in found.items()
        if not each["reason"]
    ]
    skipped = [f"{study}: {each['reason']}" for study, each in found.items() if each["reason"]]
    figure = Figure(
        "intervals",
        "influence",
        "The pooled value without each study",
        f"Median and {INTERVAL_WORDS} of fits that leave one study out, all its rows together."
        + (f" Not measured: {'; '.join(skipped)}." if skipped else ""),
        pd.DataFrame(rows)[["label", "median", "lower", "upper"]],
        x_title=f"{whole['label']}"
        + ("" if whole["unit"] in ("1", "factor") else f" ({whole['unit']})"),
    )
    return [charts.draw(figure)]


def name_sources(figure: Figure, bibliography: Bibliography) -> Figure:
    """The figure with citation keys replaced by what readers know: "Doe et al. 2022"."""
    if "citation" not in figure.frame:
        return figure
    short = {key: reference.short for key, reference in bibliography.items()}
    return replace(figure, frame=figure.frame.assign(citation=figure.frame["citation"].map(short)))


def draw_literature(inputs: Inputs) -> list[Drawing]:
    """Ours beside the classical baseline and published values; none where the fit failed."""
    baseline = inputs.cell.model.baseline(inputs.cell.table, inputs.cell.card)
    frame = summaries.compare_with_literature(
        inputs.attributions, baseline, inputs.card.card.published
    )
    if frame.empty or not answers.has_passed(inputs.check):
        return []
    attributes = {  # where a family and its pooled value share a key, the family's words stay
        estimand_key(str(name), variable): variable.attrs
        for name, variable in reversed(list(inputs.cell.estimands.items()))
    }
    frame["title"] = [attributes[panel]["label"] for panel in frame["panel"]]
    frame["unit"] = [summaries.unit_words(attributes[panel]["unit"]) for panel in frame["panel"]]
    frame["label"] = [
        attributes[panel].get("labels", {}).get(label, label)
        for panel, label in zip(frame["panel"], frame["label"], strict=True)
    ]
    figure = Figure(
        "intervals",
        "literature",
        "Beside the classical baseline and published values",
        f"Bold rows are this posterior ({INTERVAL_WORDS}). Published intervals are as printed, "
        "with the probability given in the table of published values.",
        frame,
    )
    return [charts.draw_literature(figure, summaries.logarithmic_panels(frame))]


def draw_priors(inputs: Inputs) -> list[Drawing]:
    """Prior against posterior of every parameter that has a prior of its own."""
    priors = list_priors(inputs.cell.model.Priors())
    frame, logarithmic = summaries.compare_densities(
        inputs.group("prior"), inputs.posterior, priors
    )
    if frame.empty:
        return []
    figure = Figure(
        "scatter",
        "prior-and-posterior",
        "What the data added to the priors",
        "Where the two curves agree the data said nothing. A prior much wider than the posterior "
        "runs off the panel.",
        frame,
    )
    return [charts.draw_densities(figure, logarithmic)]


def draw_predictions(inputs: Inputs) -> list[Drawing]:
    """The posterior predictive check: intervals, and how predictive ranks are distributed."""
    predicted, observed = inputs.group("posterior_predictive"), inputs.group("observed_data")
    if not set(predicted.data_vars) & set(observed.data_vars):
        return []
    frame = summaries.predict(predicted, observed)
    inside = pages.format_quantity(summaries.share_inside(frame), "share")
    intervals = Figure(
        "scatter",
        "predictions",
        "Does the model predict the data it was fitted to?",
        f"Observed values in their {INTERVAL_WORDS.partition(' ')[0]} predictive interval: "
        f"{int(frame['is_inside'].sum())} of {len(frame)} ({inside}); crosses lie outside.",
        frame,
        y_title="observed (point), predicted (bar)",
    )
    ranks = Figure(
        "scatter",
        "predictive-ranks",
        "Where the observed values fall in their predictive distributions",
        "Predictive ranks less the uniform distribution, with the band in which 95 % of "
        "well-specified models stay. The same data were fitted: where predictions follow single "
        "rows, ranks gather in the middle and the curve falls before it rises. Rows that were "
        "left out, under “Does it predict what it has not seen?”, are the harder test.",
        summaries.pit_differences(predicted, observed),
        x_title="predictive rank",
        y_title="difference",
    )
    return [charts.draw_predictions(intervals), charts.draw_differences(ranks)]


def draw_chains(inputs: Inputs, key: str) -> list[Drawing]:
    """Whether the chains agree on the headline quantity."""
    estimands = dict(flatten(inputs.cell.estimands))
    if key not in estimands or float(estimands[key].max()) == float(estimands[key].min()):
        return []
    frame = summaries.rank_differences(
        estimands[key], key, inputs.check["min_ess_bulk"] or estimands[key].size
    )
    figure = Figure(
        "scatter",
        "chains",
        "Do the chains agree on the headline?",
        "Ranks of each chain's draws among all draws, less the uniform distribution. "
        "Chains that sample the same distribution stay in the band.",
        frame,
        x_title="rank among all draws",
        y_title="difference",
    )
    return [charts.draw_differences(figure)]


def draw_design(panel: panels.Identification) -> list[Drawing]:
    """The design curve; none where it was not measured."""
    figure = design_panel.draw_design_figure(panel.design)
    return [charts.draw_widths(figure)] if figure else []


def draw_groups(check: dict[str, Any]) -> list[Drawing]:
    """Observed means beside predicted ones, by date, compute, technique and benchmark."""
    frame = panels.make_groups(check)
    if frame.empty:
        return []
    outcome = str(check["predictive_checks"].get("outcome") or "outcome").replace("_", " ")
    outside = int((~frame["is_inside"]).sum())
    figure = Figure(
        "intervals",
        "predictive-groups",
        "Where do the predictions miss?",
        f"Mean {outcome} of each group of fitted rows, with the {INTERVAL_WORDS} that the "
        f"posterior predicts for it; the number of rows is in brackets. Outside of it: {outside} "
        f"of {pages.say_count(len(frame), 'group')}.",
        frame,
        x_title=f"mean {outcome}",
    )
    return [charts.draw_groups(figure)]


def list_sensitivity(inputs: Inputs) -> list[dict[str, str]]:
    """The rows of the table of power scaling, with the priors that drive each quantity."""
    measured = inputs.check.get("prior_sensitivity") or {}
    return [
        {
            "key": key,
            "label": panels.label_of(key, inputs.attributions),
            "driven": answers.describe_drivers(key, inputs.check) or "no",
        }
        | {
            name: pages.format_fixed(found.get(column), decimals)
            for name, column, decimals in (
                ("prior", "prior", 3),
                ("likelihood", "likelihood", 3),
                ("width", "width_ratio", 2),
            )
        }
        for key, found in measured.items()
    ]


def describe_density(check: dict[str, Any]) -> str:
    """How well the model predicts what was left out, in one sentence; empty if not measured."""
    if check.get("elpd_loo") is None:
        return ""
    unit = check.get("unit") or "row"
    method = check.get("elpd_method") or "PSIS-LOO"
    note = check.get("elpd_note")
    return (
        f"Expected log predictive density, leaving out one {unit} at a time, "
        f"{pages.format_fixed(check['elpd_loo'], 1)} (standard error "
        f"{pages.format_fixed(check.get('elpd_loo_se'), 1)}), by {method}"
        + (f": {note}" if note else "")
        + f"; importance sampling was unreliable for {check.get('bad_pareto_k') or 0} of them."
    )


def list_estimates(attributions: Attributions, check: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the table of estimands, in words."""
    return [
        {
            "key": key,
            "label": found["label"],
            "unit": "" if pages.is_share(found["unit"]) else summaries.unit_words(found["unit"]),
            "median": ""
            if found.get("reason")
            else answers.describe_bound(found, "median", pages.SIGNIFICANT_TABLE),
            "interval": answers.describe_interval(found, pages.SIGNIFICANT_TABLE),
            "p_not_positive": answers.describe_p_not_positive(found),
            "driven": answers.describe_drivers(key, check),
            "p_finite": "" if found["p_finite"] in (None, 1) else f"{found['p_finite']:.3f}",
        }
        for key, found in attributions.items()
    ]


def list_published(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """Published values as their sources print them."""
    return [
        row.model_dump()
        | {"number": references[row.citation][0], "short": references[row.citation][1].short}
        | {name: pages.format_cell(getattr(row, name)) for name in ("estimate", "lower", "upper")}
        for row in inputs.card.card.published
    ]


def describe_columns(table: pd.DataFrame, table_name: str) -> list[tuple[str, str, str]]:
    """Name, description and unit of the columns the page shows: those with a value in some row."""
    schema = TABLES[table_name].to_schema().columns
    shown = [
        name
        for name in table
        if name not in PROVENANCE_COLUMNS and table[name].astype(str).ne("").any()
    ]
    return [
        (
            str(name),
            str(schema[name].description),
            str((schema[name].metadata or {}).get("unit", "")),
        )
        for name in shown
        if table[name].notna().any()
    ]


def list_rows(
    table: pd.DataFrame, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
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


def list_provenance(attributes: dict[Any, Any]) -> list[tuple[str, str]]:
    """The root attributes of the posterior file, with the JSON ones taken apart."""
    rows = []
    for name, value in sorted(attributes.items()):
        text = str(value)
        parts = json.loads(text) if text.startswith("{") else {}
        rows += [(f"{name}: {part}", str(parts[part])) for part in sorted(parts)] or [(name, text)]
    return [(name.replace("_", " "), text) for name, text in rows]


def read_inputs(options: argparse.Namespace) -> Inputs:
    """Read every file that the command line names."""
    return Inputs(
        card=load_card(options.card),
        cell=load_cell(options),
        model_name=options.model,
        validation=json.loads(options.validation.read_text(encoding="utf-8")),
        check=json.loads(options.check.read_text(encoding="utf-8")),
        attributions=json.loads(options.attribution.read_text(encoding="utf-8")),
        bibliography=read_bibliography(options.bibliography).with_own(options.card.parent),
        software=read_software(options.citation),
        formulas=read_equations(options.equations, options.model),
    )


def main(argv: list[str] | None = None) -> int:
    """Write the page of one posterior."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.report", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    add_cell_arguments(parser)
    for flag, words in (
        ("--validation", "data/checks/<dataset>.json"),
        ("--check", "data/checks/<dataset>-<model>.json"),
        ("--attribution", "data/attributions/<dataset>-<model>.json"),
        ("--bibliography", "data/references.bib"),
        ("--citation", "CITATION.cff"),
        ("--equations", "reports/equations"),
        ("--templates", "reports/templates"),
        ("--output", "reports/html/<dataset>-<model>.html"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    options = parser.parse_args(argv)
    write_text(options.output, render(read_inputs(options), options.templates))
    print(f"{options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
