"""Results -> all pages, shared by two workers; a cell without results gets none."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from markupsafe import Markup

from pipeline.core.failures import Failure, SourceError
from pipeline.core.files import write_json, write_text
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.site.charts.drawings import chart_library, share_chart_library
from pipeline.site.overview.page import write_overview
from pipeline.site.posterior.inputs import Sources, read_sources
from pipeline.site.posterior.page import write_page
from pipeline.site.synthesis_page import page as synthesis
from pipeline.site.takeoff_page import page as takeoff
from pipeline.studies.verdict import read_check

WORKERS = 2
OVERVIEW = "index"
TOGETHER = {"synthesis": synthesis, "takeoff": takeoff}
Name = tuple[str, str]  # dataset and model; no model for pages of several posteriors


def build_site(layout: Layout, workers: int = WORKERS) -> str:
    """Write every page and delete those that are no longer made; a line to print.

    Raises SourceError with all that was wrong with some page, once the others are written.
    """
    cells = find_cells(layout)
    together = [name for name in TOGETHER if layout.attribution(name).is_file()]
    names: list[Name] = [(name, "") for name in (OVERVIEW, *together)] + cells
    write_calibration(layout, cells)
    delete_stale(layout, {_join(name) for name in names})
    failures: list[Failure] = []
    for name, found in zip(names, write_pages(layout, names, workers), strict=True):
        failures += found
        print(f"{_join(name)}: {'failed' if found else 'written'}", file=sys.stderr, flush=True)
    if failures:
        raise SourceError(failures)
    return f"{layout.pages}: {len(names)} pages"


def find_cells(layout: Layout) -> list[Name]:
    """Every registered dataset under every model of its table whose results are all there."""
    models = read_models(layout.models)
    return [
        (dataset, model)
        for table, datasets in read_datasets(layout.datasets).items()
        for dataset in datasets
        for model in models.get(table, [])
        if _has_results(layout, dataset, f"{dataset}-{model}")
    ]


def _has_results(layout: Layout, dataset: str, cell: str) -> bool:
    of_dataset = (layout.card(dataset), layout.table(dataset), layout.rows(dataset))
    of_cell = (layout.posterior(cell), layout.check(cell), layout.attribution(cell))
    return all(path.is_file() for path in (*of_dataset, *of_cell))


def write_calibration(layout: Layout, cells: Iterable[Name]) -> None:
    """Whether the intervals of each cell are calibrated, in one file."""
    checks = {name: read_check(layout, name) for name in map(_join, cells)}
    told = ("is_calibrated", "calibration_reason")
    found = {name: {key: check.get(key) for key in told} for name, check in checks.items()}
    write_json(layout.check("calibration"), found)


def delete_stale(layout: Layout, names: set[str]) -> None:
    """Delete pages that are no longer made, and what an interrupted run left behind."""
    stale = [path for path in layout.pages.glob("*.html") if path.stem not in names]
    for path in [*stale, *layout.pages.glob(".*.part")]:
        path.unlink()


def write_pages(layout: Layout, names: Sequence[Name], workers: int) -> Iterator[list[Failure]]:
    """What was wrong with each page, in the order of `names`; nothing where it is written."""
    write = partial(write_one, read_sources(layout))
    if workers == 1:
        yield from map(write, names)
        return
    context = multiprocessing.get_context("spawn")  # threads of the parent would not survive a fork
    library = chart_library()
    with ProcessPoolExecutor(workers, context, _start, (library,)) as pool:
        yield from pool.map(write, names)


def _start(library: Markup) -> None:
    """A worker has the chart library from its parent, and ends when that does."""
    share_chart_library(library)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def write_one(sources: Sources, name: Name) -> list[Failure]:
    """Write one page; what was wrong with its sources, if it could not be made."""
    (dataset, model), layout = name, sources.layout
    try:
        if model:
            write_page(sources, dataset, model)
        elif dataset == OVERVIEW:
            write_overview(layout)
        else:
            write_text(layout.page(dataset), TOGETHER[dataset].render(layout))
    except SourceError as error:
        return list(error.failures)
    return []


def _join(name: Name) -> str:
    return "-".join(filter(None, name))
