"""A dataset of which every word is hostile, under a real model: its pages and the overview.

The words pass *ingest* and *validate* as they stand; a right-to-left override, which they refuse,
is put into the table behind their back. The posterior is made of draws from the model's prior.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from cells import CHECK, NOT_FITTED, STUDIED

import models
from models import Card, as_draws, fitted_rows
from pipeline.core.files import write_json, write_text
from pipeline.core.layout import Layout
from pipeline.fit.attribute import attribute
from pipeline.fit.cell import make_cell, read_card
from pipeline.ingest.stage import ingest_dataset
from pipeline.studies.backtest import MODEL, NAIVE
from pipeline.studies.record import describe_inputs, describe_specifications
from pipeline.studies.spread import describe_spread

SCRIPT = "<script>window.ran=1;alert(1)</script>"
IMAGE = "<img src=x onerror=window.ran=1>"
END = "</script></style></svg><!-- {{7*7}} {% raw %} ${7*7} --> ]]>"
QUOTES = "\"double\" 'single' & &amp; &#60; `code` \\ \\n"
LINK = "javascript:window.ran=1 [x](javascript:alert(1))"
FORMULA = '=HYPERLINK("https://example.org","x")'
PLUS, AT = "+1+1", "@SUM(1,2)"
HEBREW = "\u05e9\u05dc\u05d5\u05dd \u0639\u0631\u0628\u064a 12"  # read from right to left
EMOJI = "\N{TEST TUBE}\N{PILE OF POO} e\N{COMBINING ACUTE ACCENT}"
OVERRIDE = "\u202eevil\u202c\u200f"  # turns the reading direction; ingest refuses it
WORD = "Quiz" * 75  # 300 characters without a space
SENTENCE = "a name of words that goes on and on " * 8 + "to the 300."
assert len(WORD) == 300 == len(SENTENCE) + 1
BENCHMARK, OTHER = f"quiz {SCRIPT}", f"{END} {QUOTES}"
NAMES = [SCRIPT, FORMULA, f"{QUOTES} {EMOJI}", WORD, f"{HEBREW} {LINK}", PLUS, END, SENTENCE]
LABS = [f"{IMAGE} & co", AT, f"{WORD} lab"]
METHODS = [f"plain {END}", f"vote {SCRIPT}"]
TITLE = f"Title {SCRIPT} {QUOTES} {HEBREW} {EMOJI}"
QUESTION = f"Question {END} {WORD}?"
COMPARISON = f"Step {SCRIPT} {QUOTES} {LINK} {EMOJI} {{median}} {{lower}}"
TECHNIQUE = f"Technique {END} {WORD}"
REASON = f"Reason {SCRIPT} {LINK} {WORD}"
CITED = f"Reported {SCRIPT} {QUOTES}"
STEPS = ("quiz-first-last", "quiz-first-middle", "other-first-last")
HEADLINE = f"share_compute[{STEPS[0]}]"
NAME = "hostile-compute_multiplier"
UNFITTED = "hostile-scaling_law"
DRAWS = 50
BIBLIOGRAPHY = f"""@article{{doe2020,
    author = "Doe <b>, Jane & {SCRIPT} and Roe, R.",
    title = "{SCRIPT} javascript:alert(1) & {WORD}",
    journal = "'Quoted' & {IMAGE}",
    year = "2020",
    url = "https://example.org/?a=1&b=2"
}}
"""


def make_runs() -> pd.DataFrame:
    """The run registry: a base model a name."""
    count = len(NAMES)
    compute = 10.0 ** (21 + np.arange(count) * 0.5 + np.arange(count) % 2)  # not in step with dates
    made: dict[str, Any] = {
        "model": NAMES,
        "organization": f"{SCRIPT} {QUOTES}",
        "lab": [LABS[i % len(LABS)] for i in range(count)],
        "family": NAMES,
        **dict.fromkeys(("base_model", "training_flop_second_source")),
        **dict.fromkeys(("extra_training_tokens", "extra_training_flop")),
        "release_date": [f"{2016 + i}-04-01" for i in range(count)],
        "parameters": 1e9,
        "training_tokens": compute / 6e9,
        "training_flop": compute,
        "compute_confidence": "confident",
        "is_compute_circular": "false",
        "is_open_weights": "false",
        "is_dense": "true",
        "flop_basis": "reported",
        "citation": "doe2020",
        "locator": f"Table {SCRIPT}",
        "is_verified": "true",
    }
    return pd.DataFrame(made)


def make_scores() -> pd.DataFrame:
    """Scores of all models on both benchmarks, each plain and with the technique."""
    rows = [
        {
            "benchmark": benchmark,
            "model": name,
            "method": method,
            "harness": "reported",
            "score": round(0.2 + 0.06 * i + 0.1 * j + 0.01 * k, 3),
            "eval_date": f"{2016 + i}-06-01",
            "n_shot": FORMULA,
            "sample_count": None,
            "citation": "doe2020",
            "locator": f"Table {IMAGE} {WORD}" if i == 0 else AT,
            "is_verified": "true",
        }
        for k, benchmark in enumerate((BENCHMARK, OTHER))
        for i, name in enumerate(NAMES)
        for j, method in enumerate(METHODS)
    ]
    return pd.DataFrame(rows)


def make_card(
    table: str, columns: dict[str, Any], options: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A card with hostile words wherever words may stand."""
    return more | {
        "table": table,
        "title": TITLE,
        "question": QUESTION,
        "description": f"Description {SCRIPT} {LINK} *{END}* {WORD}",
        "citations": ["doe2020"],
        "licence": f"Licence {SCRIPT} {WORD}",
        "retrieved": "2025-01-01",
        "columns": columns,
        "known_errors": [f"Error {SCRIPT} {LINK} {WORD}"],
        "options": options,
    }


def make_options() -> dict[str, Any]:
    """Two benchmarks, a technique and three comparisons."""
    ends = {"first": NAMES[0], "middle": NAMES[3], "last": NAMES[-1]}
    facts = {"label": f"Label {SCRIPT}", "reason": REASON, "chance": 0.05, "ceiling": 1.0}
    return {
        "benchmarks": {name: facts | {"item_count": 500} for name in (BENCHMARK, OTHER)},
        "trend": "linear",
        "techniques": {
            "vote": {"label": TECHNIQUE, "definition": REASON, "methods": [METHODS[1]]},
        },
        "comparisons": [
            {
                "id": step,
                "label": f"{COMPARISON} {WORD * (number > 0)}{number}",
                "benchmark": BENCHMARK if step.startswith("quiz") else OTHER,
                "earlier": {"model": ends[step.split("-")[1]], "method": METHODS[0]},
                "later": {"model": ends[step.split("-")[2]], "method": METHODS[1]},
            }
            for number, step in enumerate(STEPS)
        ],
        "headline_comparison": STEPS[0],
        "reference_harness": "reported",
        "allocation": "none",
        "allocation_reason": REASON,
    }


def write_sources(layout: Layout) -> None:
    """The registry and the dataset, as people write them; JSON is YAML."""
    cited = {"citation": "doe2020", "locator": f"p. 1 {SCRIPT}", "estimand": HEADLINE}
    published = {"label": CITED, "estimate": 0.4, "lower": 0.2, "upper": 0.7}
    published |= cited | {"interval": f"95 % {IMAGE}"}
    runs, scores = make_runs(), make_scores()
    units: dict[str, Any] = {name: {} for name in runs} | {"score": {"unit": "fraction"}}
    units |= {name: {"unit": "FLOP"} for name in runs if "flop" in name and name != "flop_basis"}
    registry = make_card("training_runs", {name: units[name] for name in runs}, {})
    columns = {name: units.get(name, {}) for name in scores}
    board = make_card(
        "accuracy_leaderboard", columns, make_options(), runs="registry", published=[published]
    )
    for name, card, rows in (("training_runs", registry, runs), ("hostile", board, scores)):
        write_text(layout.card(name), json.dumps(card, ensure_ascii=False))
        rows.to_csv(layout.records(name), index=False)
    claim = {"id": "all_of_it", "text": f"Claim {SCRIPT} {QUOTES} {WORD}", "source": "doe2020"}
    claim |= {"locator": f"p. 1 {IMAGE}", "posterior": "hostile", "estimand": HEADLINE}
    texts = {
        layout.bibliography: BIBLIOGRAPHY,
        layout.claims: json.dumps({"claims": [claim | {"at_least": 0.5}]}, ensure_ascii=False),
        layout.datasets: "datasets: {training_runs: [training_runs], "
        "accuracy_leaderboard: [hostile]}",
        layout.models: "models: {accuracy_leaderboard: [compute_multiplier, scaling_law]}",
    }
    for path, text in texts.items():
        write_text(path, text)
    link_words(layout)


def link_words(layout: Layout) -> None:
    """The project's own words, templates and citation file."""
    real = Layout(Path(__file__).parents[1])
    for name in ("words", "templates", "citation"):
        path: Path = getattr(layout, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(getattr(real, name))


def make_tree(table: pd.DataFrame, card: Card, name: str) -> xr.DataTree:
    """A posterior file of draws from the prior of the model, with what it predicts of the rows."""
    model = models.load(name)
    rng = np.random.default_rng(20250101)
    truths = [model.sample_prior(table, card, model.Priors(), rng) for _ in range(DRAWS)]
    drawn = xr.concat([as_draws(truth, model.DIMS) for truth in truths], "draw")
    drawn = drawn.assign_coords(draw=range(len(truths)))
    rows = fitted_rows(table)
    labels = [
        f"{model}, {method}" for model, method in zip(rows["model"], rows["method"], strict=True)
    ]
    predicted = rng.beta(4, 4, (1, len(truths), len(rows)))
    outcome = {"outcome": (("chain", "draw", "row"), predicted)}
    observed = {"outcome": ("row", rows["score"].to_numpy())}
    groups = {
        "posterior": drawn,
        "prior": drawn,
        "posterior_predictive": xr.Dataset(outcome, {"row": labels}),
        "observed_data": xr.Dataset(observed, {"row": labels}),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(model=name, dataset="hostile", seed=1, sampler=SCRIPT)
    return tree


def make_check(table: pd.DataFrame) -> dict[str, Any]:
    """A check that passed, whose every word is hostile."""
    renamed = json.loads(json.dumps(CHECK | STUDIED).replace("rate[first]", HEADLINE))
    renamed["identification"]["variance_inflation"] = dict.fromkeys((*LABS, SCRIPT), 14.2)
    renamed["identification"]["correlations"] = [
        {"first": first, "second": second, "correlation": 0.5}
        for first, second in ((LABS[0], LABS[1]), (LABS[2], SCRIPT))
    ]
    renamed["identification_reasons"] = [REASON]
    numbers = {"count": 4, "observed": 0.5, "median": 0.4, "lower": 0.3, "upper": 0.6, "p": 0.5}
    renamed["predictive_checks"]["groups"] = [
        numbers | {"by": by, "group": group}
        for by, group in (("benchmark", BENCHMARK), ("benchmark", OTHER), (SCRIPT, WORD))
    ]
    renamed["predictive_checks"]["skipped"] = {IMAGE: REASON}
    renamed["worst"] = [
        {"name": f"deviation[{name}]", "rhat": 1.0, "ess_bulk": 900.0, "ess_tail": 900.0}
        for name in NAMES
    ]
    renamed["constant"] = [f"lab_effect[{lab}]" for lab in LABS]
    bases = sorted(table["base_model"].unique())
    density = {base: -1.0 - i for i, base in enumerate(bases)}
    renamed["headlines"] = [HEADLINE]
    renamed["identification"]["judged"] = HEADLINE
    return renamed | {"elpd_by_unit": density, "rows_by_unit": dict.fromkeys(density, 4)}


def write_others(layout: Layout) -> None:
    """What other specifications and earlier fits of the hostile dataset say."""
    rows = [
        {"kind": kind, "trend": way, "without": name, "without_kind": of, "fitted_rows": 9}
        | {"reason": "", "estimand": HEADLINE, "median": median, "lower": 0.1, "upper": 0.9}
        for kind, way, name, of, median in (
            ("ours", "ours", "", "", 0.5),
            ("alone", "line", "", "", 0.7),
            ("without", "ours", f"laboratory {SCRIPT}", "lab", 0.95),
        )
    ]
    table, path = pd.DataFrame(rows), layout.multiverse(NAME)
    ways = {name: {"title": f"{name} {SCRIPT}", "reason": SCRIPT} for name in ("ours", "line")}
    choices = {"trend": {"title": f"trend {SCRIPT}", "singly": False, "ways": ways}}
    made = {"made_with": describe_specifications(layout, NAME), "choices": choices}
    write_json(path, made | {"spread": describe_spread(table, choices)})
    write_text(path.with_suffix(".csv"), table.to_csv(index=False))
    errors = {
        name: {"crps": 0.1 + 0.1 * i, "coverage": 0.9} for i, name in enumerate([MODEL, *NAIVE])
    }
    rate = {"median": 0.5, "lower": 0.4, "upper": 0.6}
    cut = {"date": "2021-01-01", "earlier": 8, "later": 5, "errors": errors}
    tested = {
        "made_with": describe_inputs(layout, NAME),
        "outcome": "share",
        "rates": {"2021": rate},
    }
    write_json(layout.backtest(NAME), tested | {"cuts": [cut | {"rate": {"year": "2021"} | rate}]})


def write_results(root: Path) -> Layout:
    """The hostile dataset's files, made by the stages' own code but for the posterior."""
    layout = Layout(root)
    write_sources(layout)
    for dataset in ("training_runs", "hostile"):
        ingest_dataset(layout, dataset)
    table = pd.read_parquet(layout.table("hostile"))
    table.assign(locator=f"{OVERRIDE} {SCRIPT}").to_parquet(layout.table("hostile"))
    rows = json.loads(layout.rows("hostile").read_text(encoding="utf-8"))
    write_json(layout.rows("hostile"), rows | {"excluded": {f"rule {SCRIPT}": 1}})
    card = read_card(layout, "hostile")
    tree = make_tree(table, card, "compute_multiplier")
    unfitted = xr.DataTree()
    unfitted.attrs.update(not_fitted=f"{NOT_FITTED} {REASON}", sampler=SCRIPT)
    layout.posterior(NAME).parent.mkdir(parents=True)
    for name, made in ((NAME, tree), (UNFITTED, unfitted)):
        made.to_netcdf(layout.posterior(name), engine="h5netcdf")
    failed: dict[str, Any] = {"verdict": "fail", "reasons": [], "identification": None}
    failed |= {"headlines": [], "driven_by": {}, "not_fitted": f"{NOT_FITTED} {REASON}"}
    check = make_check(table)
    record = {"made_with": describe_inputs(layout, NAME), "coverage": check["calibration"]}
    write_json(layout.study(NAME), check["study"] | record)
    write_others(layout)
    write_json(layout.check(NAME), check)
    write_json(layout.check(UNFITTED), CHECK | failed)
    cell = make_cell(models.load("compute_multiplier"), table, card, tree)
    write_json(layout.attribution(NAME), attribute(cell.estimands))
    write_json(layout.attribution(UNFITTED), {})
    return layout
