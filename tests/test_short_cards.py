"""Short cards and drafts: what is left out follows from table, rows and catalogue, and is told."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, invoke, read_cases
from ruamel.yaml import YAML

from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.aliases import find_runs, suggest_runs
from pipeline.ingest.benchmarks import normalise, read_catalogue
from pipeline.ingest.stage import Accepted, accept, ingest_dataset

CASES = read_cases("short_cards.yaml")
CATALOGUE = read_catalogue(ROOT / "data/benchmarks.yaml")
SCORES = CASES["accuracy_leaderboard"]


def add(root: Path, card: str, records: str, name: str = "toys") -> Accepted:
    """The dataset of this card and records in the project at `root`, accepted."""
    folder = root / "data/sources" / name
    folder.mkdir(exist_ok=True)
    (folder / "source.yaml").write_text(card, encoding="utf-8")
    (folder / "records.csv").write_text(records, encoding="utf-8")
    return accept(Layout(root), name)


def write(value: Any) -> str:
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(value, stream)
    return stream.getvalue()


@pytest.mark.parametrize("table", CASES)
def test_short_card_says_what_the_long_one_says(copied: Path, table: str) -> None:
    case = CASES[table]
    short = add(copied, case["card"], case["records"])
    options = short.card.options.model_dump()
    assert {key: options[key] for key in case["options"]} == case["options"]
    facts = options.get("benchmarks", {}).get("MMLU-PRO", {"chance": 0.1, "item_count": 12032})
    assert (facts["chance"], facts["item_count"]) == (0.1, 12032)
    tree = json.loads(json.dumps(short.card.tree, default=str)) | {"retrieved": date(2024, 12, 31)}
    tree["columns"]["is_verified"] = {"constant": True}
    long = add(copied, write(tree | {"options": options}), case["records"], "long")
    assert not long.card.defaulted
    assert long.card.options.model_dump() == options
    pd.testing.assert_frame_equal(short.validated.assign(is_verified=True), long.validated)


def test_runs_come_from_the_registry_by_usual_names_or_from_the_file(copied: Path) -> None:
    rows = add(copied, SCORES["card"], SCORES["records"]).validated.set_index("model")
    assert rows.loc["meta-llama/Llama-2-7b-hf", "base_model"] == "Llama 2 7B"
    assert rows.loc["my llama", "training_flop"] == 1.56e23
    assert rows.loc["gpt-4-0314", "lab"] == "OpenAI"
    assert rows.loc["Ours", ["training_flop", "lab", "base_model"]].tolist() == [
        *(6 * 8e9 * 15e12, "not stated", "Ours")
    ]
    assert rows.loc["Llama 3.1 405B", "release_date"] == pd.Timestamp("2024-07-30")
    assert rows.loc["Nobody", "exclusion"] == "no compute"
    assert rows["exclusion"].notna().sum() == 1
    card = SCORES["card"].replace("Llama 2 13B", "Llama 2 13")
    with pytest.raises(SourceError, match=r"names.my llama.*did you mean 'Llama 2 13B'"):
        add(copied, card, SCORES["records"])


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("meta-llama/Meta-Llama-3-70B", "Llama 3 70B"),
        ("huggyllama/llama-7b", "LLaMA 7B"),
        ("gpt-4-0613", "GPT-4 (0613)"),
        ("o1-2024-12-17_high", "o1"),
        ("claude-3-opus-20240229", "Claude 3 Opus"),
        ("Llama 2 7000B", None),
    ],
)
def test_usual_names_find_a_run_and_other_sizes_do_not(
    name: str, run: str | None, runs: pd.DataFrame
) -> None:
    registry = list(runs["model"])
    assert find_runs([name], registry, {}).get(name) == run
    assert suggest_runs(["LLama2 Chat 7B", "Llama 2 Chat 9B"], registry) == {}
    assert suggest_runs(["Minerva-540 B (x)"], registry) == {"Minerva-540 B (x)": "Minerva 540B"}


def test_draft_is_marked_told_and_fitted_without_verification(copied: Path) -> None:
    add(copied, SCORES["card"], SCORES["records"])
    code, output = invoke("check", "toys", root=copied)
    assert (code, "until the card has:" in output) == (0, True)
    layout = Layout(copied)
    for name in ("training_runs", "toys"):
        ingest_dataset(layout, name)
    rows = json.loads(layout.rows("toys").read_text("utf-8"))
    lacking = json.loads(layout.options("toys").read_text("utf-8"))["draft"]
    assert [words.split(":")[0] for words in lacking] == [
        *("the source", "the licence of the source, or why none is needed"),
        *(
            "where in the source each figure was read",
            "whether the figures were read in the source",
        ),
    ]
    assert (rows["draft"], rows["rows_fitted"]) == (lacking, 5)
    assert rows["defaults"]["columns.method"] == "plain"
    words = "citations: [hendrycks2021mmlu]\nlicence: none\ncolumns:\n  locator: {constant: x}\n"
    words += "  is_verified: {constant: true}"
    assert not add(copied, SCORES["card"].replace("columns:", words), SCORES["records"]).card.draft


def test_catalogue_has_each_benchmark_once_and_a_source_for_each(tmp_path: Path) -> None:
    names = [normalise(n) for key, each in CATALOGUE.entries.items() for n in (key, *each.names)]
    assert len(CATALOGUE.entries) >= 40
    assert len(set(names)) == len(names)
    text = (ROOT / "data/benchmarks.yaml").read_text("utf-8")
    last = text[text.rindex(",\n    source:") :]
    path = tmp_path / "benchmarks.yaml"
    for source in ("}", ',\n    source: ""}', ',\n    source: "everybody knows"}'):
        path.write_text(text.replace(last, source + "\n"), "utf-8")
        with pytest.raises(SourceError, match=r"benchmarks.SQuAD 2.0.source"):
            read_catalogue(path)
