"""Names of datasets: they become folders, files, stages, pages and keys, on every system."""

import re
import unicodedata
from pathlib import Path

import models
from pipeline.ingest.tables import TABLES

MAXIMUM_LENGTH = 60
PATTERN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Windows opens devices under these names, whatever the ending.
DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
STAGES = {
    *("ingest", "validate", "fit", "check", "attribute", "report", "overview", "site"),
    *("synthesis", "synthesise", "takeoff", "simulate"),
}
FILES = {
    "index": "the page of all results",
    "datasets": "the list of the datasets",
    "claims": "the file of the claims",
    "calibration": "the file of the calibration",
}
REGISTRY = "training_runs"
# Tables that one dataset fills, which has their name.
NAMESAKES = {
    REGISTRY: "the run registry",
    "research_inputs": "the research inputs",
    "own_rates": "the rates of this project's own leaderboards",
}


def check_dataset_name(name: str, table: str | None = None) -> None:
    """Raise ValueError (rule, remedy) where no dataset of `table`, if known, can have the name."""
    if rule := _find_fault(name, table):
        raise ValueError(rule, f"call it {suggest_name(name, table)!r}, for instance")


def suggest_name(name: str, table: str | None = None) -> str:
    """A name near to `name` that `check_dataset_name` takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:MAXIMUM_LENGTH].strip("_")
    if not slug:
        return "my_dataset"
    return f"data_{slug}"[:MAXIMUM_LENGTH].strip("_") if _find_fault(slug, table) else slug


def list_models(folder: Path = Path(models.__file__).parent) -> list[str]:
    """The names of all models, none of them imported: the modules of a family that state priors."""
    files = sorted(folder.glob("*/[a-z]*.py"))
    return [path.stem for path in files if "\nclass Priors" in path.read_text(encoding="utf-8")]


def _find_fault(name: str, table: str | None) -> str:
    if len(name) > MAXIMUM_LENGTH:
        return f"a dataset's name has at most {MAXIMUM_LENGTH} characters, not {len(name)}"
    if not PATTERN.fullmatch(name):
        return "a dataset's name is words of a-z and 0-9 joined by single _, a letter first"
    if name in DEVICES:
        return "the name belongs to a device on Windows"
    if name in NAMESAKES:
        is_taken = table not in (None, name)
        return f"the name belongs to {NAMESAKES[name]}, not to {table}" if is_taken else ""
    owners = {"a table": TABLES, "a model": list_models(), "a stage": STAGES}
    owner = next((each for each, names in owners.items() if name in names), FILES.get(name))
    return f"the name belongs to {owner}" if owner else ""
