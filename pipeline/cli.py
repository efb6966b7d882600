"""The `apportion` command: what people do with datasets and results, and the stages of `dvc.yaml`.

What a command needs is imported when it runs, so that help and completion come at once.
"""

import json
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipeline.core.arguments import HERE, AsJson, Root
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.new_dataset import command
from pipeline.studies import commands as studies

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How much of AI progress is compute, and how much is algorithms: data and results.",
    epilog="`dvc repro` makes the results; CONTRIBUTING.md says how to add a dataset or a model.",
)
Dataset = Annotated[str, typer.Argument(help="a folder of data/sources")]
Model = Annotated[str, typer.Argument(help="a model of its table; all of them if absent")]
STAGES, STUDIES = "Stages", "Studies"


@app.command(rich_help_panel=STAGES)
def ingest(dataset: Dataset, root: Root = HERE) -> None:
    """Read and validate the rows of DATASET: the table that models are fitted to."""
    from pipeline.ingest.stage import ingest_dataset

    _run_stage(ingest_dataset, Layout(root), dataset)


@app.command(rich_help_panel=STAGES)
def fit(dataset: Dataset, model: Model = "", root: Root = HERE) -> None:
    """Sample MODEL on DATASET, check the fit, and compute the estimands."""
    from pipeline.fit.stage import fit_cell, fit_dataset

    if model:
        _run_stage(fit_cell, Layout(root), dataset, model, _read_params(root))
    else:
        _run_stage(fit_dataset, Layout(root), dataset, _read_params(root))


@app.command(rich_help_panel=STAGES)
def synthesise(root: Root = HERE) -> None:
    """Compare the shares and rates of all domains."""
    from pipeline.synthesis.stage import synthesise as make

    _run_stage(make, Layout(root))


@app.command(rich_help_panel=STAGES)
def simulate(root: Root = HERE) -> None:
    """Simulate what full automation of research would bring."""
    from pipeline.takeoff.stage import simulate as make

    _run_stage(make, Layout(root))


@app.command(rich_help_panel=STAGES)
def site(root: Root = HERE) -> None:
    """Make every page, the claims and the summaries."""
    from pipeline.site.stage import build_site

    _run_stage(build_site, Layout(root))


def _run_stage(work: Callable[..., str], *given: Any) -> None:
    from pipeline.core.stage import end_with_dvc

    end_with_dvc()
    typer.echo(work(*given))


def _read_params(root: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    return dict(YAML(typ="safe").load(Layout(root).params.read_text(encoding="utf-8")))


@app.command(
    "list", epilog="Example: `apportion list --json | jq '.[] | select(.verdict != \"pass\")'`."
)
def list_cells(root: Root = HERE, as_json: AsJson = False) -> None:
    """Datasets, the models that read them, the verdict on each fit and its headline.

    The interval is the 90 % equal-tailed one. Tab-separated where the output is not a terminal.
    """
    from pipeline.commands import listing

    cells = listing.list_cells(Layout(root), *_read_registries(Layout(root)))
    if as_json:
        typer.echo(json.dumps(cells, indent=1))
    else:
        typer.echo(listing.describe(cells, is_terminal=sys.stdout.isatty()))


@app.command(epilog="Example: `apportion export --output estimands.parquet`.")
def export(
    form: Annotated[
        Literal["csv", "json", "parquet"] | None,
        typer.Option("--format", help="csv if absent, or what the file's ending says"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="a file; standard output if absent")
    ] = None,
    root: Root = HERE,
) -> None:
    """All results as one table: one row per estimand of each fit.

    Numbers that the pages withhold are withheld here too, with the reason. data/README.md explains
    the columns; data/estimands.schema.json is the schema of the JSON.
    """
    from pipeline.core.files import write_bytes
    from pipeline.site import estimands

    try:
        chosen = estimands.name_format(form, output)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    layout = Layout(root)
    table = estimands.tabulate(layout, estimands.list_cells(layout))
    made = estimands.write(table, chosen)
    if output:
        write_bytes(output, made)
        typer.echo(f"{output}: {len(table)} estimands")
    else:
        sys.stdout.buffer.write(made)


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
    whether compute can be separated from the calendar. Without NAME: one line per dataset; those
    that are refused come last, with what is wrong.
    """
    from pipeline.commands.inspection import describe, describe_shortly, inspect

    datasets, models = _read_registries(Layout(root))
    sources = Layout(root).sources
    if name and name not in {path.name for path in sources.iterdir() if path.is_dir()}:
        known = sorted(path.parent.name for path in sources.glob("*/source.yaml"))
        raise _wrong_name("dataset", name, known, f"there are: {', '.join(known)}")
    names = [name] if name else [each for named in datasets.values() for each in named]
    found = [inspect(Layout(root), each, datasets, models) for each in names]
    found.sort(key=lambda each: not each["is_accepted"])
    if as_json:
        typer.echo(json.dumps(found[0] if name else found, indent=1))
    else:
        tell = describe if name else describe_shortly
        typer.echo("\n".join(tell(each) for each in found))
    if not found[-1]["is_accepted"]:
        raise typer.Exit(1)


def _wrong_name(what: str, name: str, known: list[str], otherwise: str) -> typer.BadParameter:
    """A wrong name is a wrong command: the nearest of those that there are."""
    from pipeline.ingest.cards.faults import suggest

    return typer.BadParameter(f"no {what} {name!r}; {suggest(name, known, otherwise)}")


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
    from pipeline.commands.listing import choose_page

    layout = Layout(root)
    page = layout.page(choose_page(layout, name, *_read_registries(layout)))
    if not page.is_file():
        pages = sorted(path.stem for path in layout.pages.glob("*.html"))
        made = f"there are: {', '.join(pages)}" if pages else "none is made: run `dvc repro` first"
        raise _wrong_name("page", name, pages, made)
    typer.echo(str(page))
    webbrowser.open(page.resolve().as_uri())


@app.command("docs")
def update_docs(root: Root = HERE) -> None:
    """Bring the data dictionary, the README's answers and the schemas up to date."""
    from pipeline import docs

    for path in docs.update(Layout(root)):
        typer.echo(f"updated {path}")


app.command("calibrate", rich_help_panel=STUDIES, epilog=studies.CALIBRATE)(studies.calibrate)
app.command("design", rich_help_panel=STUDIES, epilog=studies.DESIGN)(studies.design)
app.command("multiverse", rich_help_panel=STUDIES, epilog=studies.MULTIVERSE)(studies.multiverse)
app.command("backtest", rich_help_panel=STUDIES, epilog=studies.BACKTEST)(studies.backtest)


def _read_registries(layout: Layout) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Datasets and models, by table."""
    from pipeline.ingest.registries import read_datasets, read_models

    datasets = read_datasets(layout.datasets, layout.sources)
    return datasets, read_models(layout.models, layout.models.parent)


def main() -> None:
    """Run the command; bad input is printed without a traceback."""
    try:
        app()
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
