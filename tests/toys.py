"""Small datasets: a run registry, and a leaderboard that joins it; their cards are in toys.yaml."""

from pathlib import Path
from typing import Any

import pandas as pd
from conftest import read_cases

CASES: dict[str, Any] = read_cases("toys.yaml")
REGISTRY_CARD: str = CASES["registry"]
BOARD_CARD: str = CASES["board"]
RUN: dict[str, str] = CASES["run"]
SCORE: dict[str, str] = CASES["score"]


def write(folder: Path, card: str, rows: list[dict[str, str]]) -> Path:
    """The folder of the dataset `toys`, below `folder`."""
    folder = folder / "toys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yaml").write_text(card, encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / "records.csv", index=False)
    return folder


def change_registry(case: dict[str, Any]) -> str:
    """The registry's card, changed as an entry of toys.yaml says."""
    card, more = REGISTRY_CARD, case.get("more", "")
    for column, text in case.get("columns", {}).items():
        line = next(line for line in card.splitlines() if line.startswith(f"  {column}:"))
        card = card.replace(line + "\n", f"  {column}: {text}\n")
    return card + CASES.get(more, more).replace(*case.get("replace", ("", "")))
