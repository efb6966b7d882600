"""Options that a card leaves out -> those that its validated rows and the catalogue of benchmarks
give: what is compared, what is put first, whether there is a trend.
"""

import math
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import create_model

from models import fitted_rows
from pipeline.core.failures import SourceError, file_failure
from pipeline.ingest.benchmarks import read_catalogue
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.cards.schema import make_schema
from pipeline.ingest.cards.strict_files import StrictPart, check_tree
from pipeline.ingest.options import COMPLETED, OPTIONS
from pipeline.ingest.tables import TABLES

OUTCOMES = {
    "accuracy_leaderboard": ("score", False),
    "loss_leaderboard": ("perplexity", True),
    "horizon_leaderboard": ("horizon_minutes", False),
}
FACTS = {  # that every benchmark of a table has
    "accuracy_leaderboard": ("label", "chance", "ceiling", "item_count", "reason"),
    "loss_leaderboard": ("label", "reason"),
}
HALF = 0.5
ALLOCATION = {
    "scaling_law": "parameters and tokens are known for most of the rows that are fitted",
    "none": "parameters or tokens are not known for most of the rows that are fitted",
}


def complete(card: LoadedCard, validated: pd.DataFrame, catalogue: Path) -> LoadedCard:
    """The card with the options that it leaves out; itself where there are none.

    `catalogue` is the path of that of benchmarks.

    Raises SourceError where an option does not follow from the rows.
    """
    whole = OPTIONS[card.table]
    wanted = [
        name
        for name, field in whole.model_fields.items()
        if name in COMPLETED and field.is_required()
    ]
    given: dict[str, Any] = card.tree.get("options") or {}
    facts = given.get("benchmarks", {}).values()
    if set(wanted) <= set(given) and not any(set(FACTS[card.table]) - set(each) for each in facts):
        return card
    rows = fitted_rows(validated)
    if rows.empty:
        left_out = ", ".join(sorted(set(validated["exclusion"])))
        raise file_failure(card.records_path, "no row is left to fit", f"left out: {left_out}")
    made = TABLES[card.table].options | _derive(card, rows, given)
    added = {name: made[name] for name in wanted if name in made and name not in given}
    tree = deepcopy(card.tree)  # with its lines
    for key in set(tree) - {"options"}:
        del tree[key]
    tree.setdefault("options", {}).update(added)
    if "benchmarks" in wanted:
        tree["options"]["benchmarks"] = described = read_catalogue(catalogue).describe(
            rows["benchmark"].drop_duplicates(), given.get("benchmarks", {}), FACTS[card.table]
        )
        added["benchmarks"] = described
    fields: dict[str, Any] = {"options": (whole, ...)}
    file = create_model("Options", __base__=StrictPart, **fields)
    read, faults = check_tree(card.path, tree, file, make_schema(card.table))
    if read is None:
        raise SourceError(faults)
    defaulted = {f"options.{name}": value for name, value in added.items()}
    return card.with_options(vars(read)["options"], defaulted)


def _derive(card: LoadedCard, rows: pd.DataFrame, given: dict[str, Any]) -> dict[str, Any]:
    """Defaults of the options of the card's table, by name."""
    if card.table == "efficiency":
        return _describe_targets(rows)
    if card.table not in OUTCOMES:
        return {}
    comparisons = given.get("comparisons") or _compare_records(card, rows)
    sizes = rows[["parameters", "training_tokens"]].notna().all(axis=1)
    allocation = given.get("allocation") or ("scaling_law" if sizes.mean() > HALF else "none")
    dates = rows["release_date"]
    return {
        "benchmarks": {},
        "trend": "linear" if dates.min() < dates.max() else "none",
        "techniques": {},
        "comparisons": comparisons,
        "headline_comparison": comparisons[0]["id"],
        "reference_harness": rows["harness"].mode()[0],
        "allocation": allocation,
        "allocation_reason": ALLOCATION[allocation],
    }


def _describe_targets(rows: pd.DataFrame) -> dict[str, Any]:
    """The commonest target first; levels count from the power of ten near its first resource."""
    first = rows.sort_values("release_date", kind="stable").groupby("target")["resource"].first()
    return {
        "headline_target": rows["target"].mode()[0],
        "reference_resource": {
            target: 10.0 ** round(math.log10(amount)) for target, amount in first.items()
        },
    }


def _compare_records(card: LoadedCard, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The step of each benchmark from its first row to the best of later date, those with the most
    rows first: from first to last record, where there was progress.

    Raises SourceError where no benchmark has rows of two dates.
    """
    outcome, is_loss = OUTCOMES[card.table]
    known, made = rows[rows["training_flop"].notna() & rows["release_date"].notna()], []
    for benchmark in known["benchmark"].value_counts().index:
        found = known[known["benchmark"] == benchmark]
        found = found.sort_values(outcome, ascending=is_loss, kind="stable")
        found = found.sort_values("release_date", kind="stable")
        first = found.iloc[0]
        later = found[found["release_date"] > first["release_date"]]
        if len(later):
            last = later.sort_values(outcome, ascending=is_loss, kind="stable").iloc[0]
            ends = [{"model": end["model"], "method": end["method"]} for end in (first, last)]
            names = [benchmark, first["model"], last["model"]]
            label = f"{first['model']} to {last['model']}, {benchmark}"
            step = {"id": "-".join(map(_slug, names)), "label": label, "benchmark": benchmark}
            made.append(step | {"earlier": ends[0], "later": ends[1]})
    if not made:
        rule = "no benchmark has rows of two dates with compute"
        raise file_failure(card.records_path, rule, "add rows, or compute and dates of their runs")
    return made


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "_"
