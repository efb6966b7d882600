"""`apportion calibrate`, `design`, `multiverse` and `backtest` as the command line knows them.

All run on one engine: processes of this machine, or a Dask cluster (CONTRIBUTING.md says how).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.core.arguments import HERE, Root
from pipeline.core.layout import Layout

PARTS = ("coverage", "fixed_share", "priors", "wrong_compute", "structures")
CALIBRATE = (
    "Example: `apportion calibrate math compute_multiplier --only coverage --datasets 50`. "
    "Pages show a study as long as data and model are those it was made of; commit the file with "
    "them."
)
MULTIVERSE = (
    "Example: `apportion multiverse mmlu`. The choices, each with a reason, stand in "
    "models/specifications.yaml. Commit both files of a dataset: pages show them."
)
DESIGN = "Example: `apportion design math`. Commit the file: pages show it."
BACKTEST = "Example: `apportion backtest math`. Commit the file: pages show it."
# Layout, cell (dataset, model) and engine -> the file it wrote, or why there is none.
Study = Callable[[Layout, tuple[str, str], Any], Path | str]
Dataset = Annotated[str, typer.Argument(help="one dataset; all of them if absent")]
Model = Annotated[str, typer.Argument(help="one of its models; all of them if absent")]
Jobs = Annotated[
    int, typer.Option(min=0, help="processes on this machine; 0 for one a core. Changes no result")
]
Scheduler = Annotated[
    str, typer.Option(help="a Dask cluster to run on instead, such as tcp://host:8786")
]


def calibrate(
    dataset: Dataset = "",
    model: Model = "",
    root: Root = HERE,
    datasets: Annotated[
        int, typer.Option(min=1, help="data sets to simulate; 300 tell coverage of 0.90 from 0.83")
    ] = 300,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
    only: Annotated[
        str, typer.Option(help=f"parts of the study, joined by commas, of: {', '.join(PARTS)}")
    ] = ",".join(PARTS),
    seed: Annotated[int, typer.Option(help="of all random numbers")] = 20261121,
) -> None:
    """Study whether the intervals of DATASET under MODEL hold the truth, and what moves them.

    coverage: truths drawn from the prior, outcomes simulated on the real rows, refitted: how many
    90 % intervals hold their truth. fixed_share: the same where compute is 0.2, 0.5, 0.8 of the
    headline step. priors: every prior half and twice as wide. wrong_compute: the compute of
    half of the models that did not publish it wrong by a factor of 3. structures: truths with a
    line, a sharp bend, other costs of allocation or other errors of compute than the model's.

    Needs the tables of `dvc repro`. Takes minutes to hours a cell; says on standard error how long.
    Writes data/calibration/DATASET-MODEL.json; parts left out by --only are kept while they are
    current, and removed, with a word, where they are not.
    """
    from pipeline.studies import calibrate as study  # several seconds, of this command alone

    parts = only.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        raise typer.BadParameter(f"no part {unknown}; there are: {', '.join(PARTS)}")
    _run(
        lambda layout, cell, engine: study.calibrate(layout, cell, parts, datasets, engine, seed),
        (root, dataset, model, scheduler, jobs),
    )


def design(
    dataset: Dataset = "",
    model: Model = "",
    root: Root = HERE,
    datasets: Annotated[int, typer.Option(min=3, help="data sets to simulate on each design")] = 10,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
) -> None:
    """Study what would settle the split of DATASET: more models, small late ones, old methods run
    again at large compute, or compute that does not rise with the date.

    Says how wide the interval of the headline step's compute share would be, and how often it would
    lie wholly above or below one half.

    Needs the tables of `dvc repro`. Takes minutes. Writes to data/calibration/DATASET-MODEL.json,
    beside the parts of `apportion calibrate`, which are kept while they are current.
    """
    from pipeline.studies.calibrate import SEED, calibrate

    _run(
        lambda layout, cell, engine: calibrate(layout, cell, ["design"], datasets, engine, SEED),
        (root, dataset, model, scheduler, jobs),
    )


def multiverse(
    dataset: Dataset = "",
    model: Model = "",
    root: Root = HERE,
    crossed: Annotated[
        int, typer.Option(min=0, help="specifications that make several choices otherwise")
    ] = 80,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
) -> None:
    """Fit DATASET under every specification that a sensible person might have chosen.

    The model as it is; each choice of models/specifications.yaml made otherwise, alone; several
    together, drawn at random; and without each laboratory and the most influential base models in
    turn. Says over what range the headline runs and which choice moves it most.

    Needs the tables of `dvc repro`. Takes minutes; what is done is kept when you stop it. Writes
    data/multiverse/DATASET-MODEL.json and, a row a specification and estimand, .csv.
    """
    from pipeline.studies.multiverse import run_multiverse

    _run(
        lambda layout, cell, engine: run_multiverse(layout, cell, crossed, engine),
        (root, dataset, model, scheduler, jobs),
    )


def backtest(
    dataset: Dataset = "",
    model: Model = "",
    root: Root = HERE,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
) -> None:
    """Fit DATASET to what was known at each date, and predict the scores that came after.

    Beside three naive forecasts: from compute alone, from the date alone, and the last values.

    Needs the tables of `dvc repro`. Takes a minute or two. Writes
    data/backtests/DATASET-MODEL.json.
    """
    from pipeline.studies.backtest import run_backtest

    _run(run_backtest, (root, dataset, model, scheduler, jobs))


def _run(study: Study, asked: tuple[Path, str, str, str, int]) -> None:
    """`study` of each chosen cell, on one engine, and what became of it."""
    from pipeline.studies.engine import start

    root, dataset, model, scheduler, jobs = asked
    layout = Layout(root)
    with start(scheduler, jobs, layout.kept_fits) as engine:
        for cell in choose_cells(layout, dataset, model):
            made = study(layout, cell, engine)
            done = f"wrote {made}" if isinstance(made, Path) else f"not studied: {made}"
            typer.echo(f"{'-'.join(cell)}: {done}")


def choose_cells(layout: Layout, dataset: str, model: str) -> list[tuple[str, str]]:
    """Cells of the registries that the two names, if given, leave."""
    from pipeline.ingest.registries import read_datasets, read_models

    datasets = read_datasets(layout.datasets, layout.sources)
    models = read_models(layout.models, layout.models.parent)
    cells = [
        (name, each)
        for table, names in datasets.items()
        for name in names
        for each in models.get(table, [])
    ]
    chosen = [(name, each) for name, each in cells if dataset in ("", name) and model in ("", each)]
    if not chosen:
        known = ", ".join(" ".join(cell) for cell in cells)
        raise typer.BadParameter(f"no cell {dataset} {model}; there are: {known}")
    return chosen
