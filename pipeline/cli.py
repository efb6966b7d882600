"""The `apportion` command: look at the datasets and their results without reading a stage."""

import json
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline import docs
from pipeline.failures import SourceError
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.new_dataset import command

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="How much of AI progress is compute, and how much is algorithms: data and results.",
    epilog="`dvc repro` makes the results; CONTRIBUTING.md says how to add a dataset or a model.",
)
Root = Annotated[Path, typer.Option(help="the repository", exists=True, file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts, on standard output")]
HERE = Path()
STUDIES = ("coverage", "fixed_share", "priors", "wrong_compute", "attenuation", "design")


@app.command(
    "list", epilog="Example: `apportion list --json | jq '.[] | select(.verdict != \"pass\")'`."
)
def list_cells(root: Root = HERE, as_json: AsJson = False) -> None:
    """Datasets, the models that read them, the verdict on each fit and its headline.

    The interval is the 90 % equal-tailed one. Tab-separated where the output is not a terminal.
    """
    from pipeline.commands.listing import COLUMNS, describe_headline
    from pipeline.commands.listing import list_cells as describe_cells

    cells = describe_cells(root, *_read_registries(root))
    if as_json:
        typer.echo(json.dumps(cells, indent=1))
        return
    if not _is_terminal():
        rows = [["" if value is None else str(value) for value in cell.values()] for cell in cells]
        typer.echo("\n".join("\t".join(row) for row in [list(COLUMNS), *rows]))
        return
    shown = Table("dataset", "rows", "model", "verdict", "headline")
    for cell in cells:
        named = [cell["dataset"], cell["rows_fitted"], cell["model"], cell["verdict"]]
        words = ["" if value is None else str(value) for value in named]
        shown.add_row(*(escape(word) for word in (*words, describe_headline(cell))))
    Console().print(shown)


@app.command(
    epilog="Example: `apportion check math --json | jq .outliers`. "
    "Ends with 0 where all is accepted, 1 where a dataset is refused, 2 after a wrong command."
)
def check(
    name: Annotated[
        str,
        typer.Argument(
            help="a dataset: a folder of data/sources; all of them, in short, if absent"
        ),
    ] = "",
    root: Root = HERE,
    as_json: AsJson = False,
) -> None:
    """Read and validate the dataset NAME in place, without sampling and without writing.

    Prints what a reviewer would want: rows in and out, failures by rule with their lines, units
    converted, models joined, ranges, repeats, outliers, the models that will be fitted, and
    whether compute can be told from the calendar. Without NAME: a line a dataset, and what is
    wrong with those that are refused, which come last.
    """
    from pipeline.commands.inspection import inspect  # a second, of statsmodels
    from pipeline.commands.inspection_text import describe, describe_shortly

    datasets, models = _read_registries(root)
    if name:
        _require_dataset(root, name)
    names = [name] if name else [each for named in datasets.values() for each in named]
    found = [inspect(root, each, datasets, models) for each in names]
    found.sort(key=lambda each: not each["is_accepted"])
    if as_json:
        typer.echo(json.dumps(found[0] if name else found, indent=1))
    else:
        tell = describe if name else describe_shortly
        typer.echo("\n".join(tell(each) for each in found))
    if not found[-1]["is_accepted"]:
        raise typer.Exit(1)


def _require_dataset(root: Path, name: str) -> None:
    """A wrong name is a wrong command: the folders that there are, the nearest first."""
    known = sorted(path.parent.name for path in (root / "data/sources").glob("*/source.yaml"))
    folders = sorted(path.name for path in (root / "data/sources").iterdir() if path.is_dir())
    if name not in folders:
        meant = suggest(name, known, f"there are: {', '.join(known)}")
        raise typer.BadParameter(f"no dataset {name!r}; {meant}")


app.command("new", cls=command.TableListing, help=command.HELP, epilog=command.EPILOG)(command.new)


@app.command("open", epilog="Examples: `apportion open math`, `apportion open`.")
def open_page(
    name: Annotated[
        str, typer.Argument(help="a dataset, or <dataset>-<model>; the overview if absent")
    ] = "index",
    root: Root = HERE,
) -> None:
    """Open the page NAME in the browser, and print where it is.

    A dataset opens on the page of the first model of its table that passed, or else has a page.
    """
    page = root / "reports/html" / f"{_choose_page(root, name)}.html"
    if not page.is_file():
        pages = sorted(path.stem for path in page.parent.glob("*.html"))
        made = f"there are: {', '.join(pages)}" if pages else "none is made: run `dvc repro` first"
        raise typer.BadParameter(f"no page {name!r}; {suggest(name, pages, made)}")
    typer.echo(str(page))
    webbrowser.open(page.resolve().as_uri())


def _choose_page(root: Path, name: str) -> str:
    """The page of a cell, the overview, or that of the model that speaks for a dataset."""
    from pipeline.commands.listing import list_cells as describe_cells

    cells = [
        cell
        for cell in describe_cells(root, *_read_registries(root))
        if cell["dataset"] == name and cell["page"]
    ]
    cells.sort(key=lambda cell: cell["verdict"] != "pass")
    return Path(cells[0]["page"]).stem if cells else name


@app.command("docs")
def update_docs(root: Root = HERE) -> None:
    """Bring the data dictionary, the README's answers and the schema of the cards up to date."""
    for path in docs.update(root):
        typer.echo(f"updated {path}")


@app.command(
    epilog="Example: `apportion calibrate math compute_multiplier --only coverage --datasets 50`. "
    "The stage `check` shows a study as long as data and model are those it was made of; commit "
    "the file with them."
)
def calibrate(
    dataset: Annotated[str, typer.Argument(help="one dataset; all of them if absent")] = "",
    model: Annotated[str, typer.Argument(help="one of its models; all of them if absent")] = "",
    root: Root = HERE,
    datasets: Annotated[
        int, typer.Option(min=1, help="data sets to simulate; 300 tell coverage of 0.90 from 0.83")
    ] = 300,
    jobs: Annotated[int, typer.Option(min=1, help="refits side by side; changes no result")] = 1,
    only: Annotated[
        str, typer.Option(help=f"parts of the study, joined by commas, of: {', '.join(STUDIES)}")
    ] = ",".join(STUDIES),
    seed: Annotated[int, typer.Option(help="of all random numbers")] = 20261121,
) -> None:
    """Study whether the intervals of DATASET under MODEL hold the truth, and what moves them.

    coverage: truths drawn from the prior, outcomes simulated on the real rows, refitted: how many
    90 % intervals hold their truth. fixed_share: the same where compute is 0.2, 0.5, 0.8 of the
    headline step. priors: every prior half and twice as wide. wrong_compute: half of the closed
    models' compute wrong by a factor of 3. attenuation: errors added to compute step by step, to
    infer what the stated ones do to the rate. design: more models, or compute that does not go with
    the date.

    Needs the tables of `dvc repro`. Takes minutes to hours a cell; says on standard error how long.
    Writes data/calibration/DATASET-MODEL.json; parts left out by --only are kept while they are
    current, and removed, with a word, where they are not.
    """
    from pipeline.studies import calibrate as study  # several seconds, of this command alone

    parts = only.split(",")
    if unknown := sorted(set(parts) - set(STUDIES)):
        raise typer.BadParameter(f"no part {unknown}; there are: {', '.join(STUDIES)}")
    for name, each in _choose_cells(root, dataset, model):
        made = study.calibrate(root, name, each, parts, datasets, jobs, seed)
        done = f"wrote {made}" if isinstance(made, Path) else f"not studied: {made}"
        typer.echo(f"{name}-{each}: {done}")


def _choose_cells(root: Path, dataset: str, model: str) -> list[tuple[str, str]]:
    """Cells of the registries that the two names, if given, leave."""
    cells = [(name, each) for name, _, each in _list_cells(root) if each]
    chosen = [(name, each) for name, each in cells if dataset in ("", name) and model in ("", each)]
    if not chosen:
        known = ", ".join(f"{name} {each}" for name, each in cells)
        raise typer.BadParameter(f"no cell {dataset} {model}; there are: {known}")
    return chosen


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _read_registries(root: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Datasets and models, by table."""
    sources, models = root / "data/sources", root / "models"
    datasets = read_datasets(sources / "datasets.yaml", sources)
    return datasets, read_models(models / "models.yaml", models)


def _list_cells(root: Path) -> list[tuple[str, str, str | None]]:
    datasets, models = _read_registries(root)
    return [
        (dataset, table, model)
        for table, names in datasets.items()
        for dataset in names
        for model in models.get(table, [None])
    ]


def main() -> None:
    """Run the command; bad input is printed without a traceback."""
    try:
        app()
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
