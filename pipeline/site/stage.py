"""Results -> all pages, shared by two workers; a cell without results gets none."""

import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from urllib.parse import quote
from xml.sax.saxutils import escape

from pipeline.core.failures import Failure, SourceError
from pipeline.core.files import write_bytes, write_json, write_text
from pipeline.core.layout import Layout
from pipeline.core.stage import end_with_dvc
from pipeline.site import estimands
from pipeline.site.overview.page import write_overview
from pipeline.site.pages.citations import read_software
from pipeline.site.posterior.page import write_page
from pipeline.site.synthesis_page import page as synthesis
from pipeline.site.takeoff_page import page as takeoff
from pipeline.studies.verdict import read_check

WORKERS = 2
OVERVIEW = "index"
SITEMAP = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
)
NUMBERS = ("csv", "json")  # beside a page: its estimands
TOGETHER = {"synthesis": synthesis, "takeoff": takeoff}


def build_site(layout: Layout, workers: int = WORKERS) -> str:
    """Write every page with its numbers and delete those that are no longer made; a line to print.

    Raises SourceError with all that was wrong with some page, once the others are written.
    """
    cells = find_cells(layout)
    together = [name for name in TOGETHER if layout.attribution(name).is_file()]
    names = [OVERVIEW, *together, *cells]
    write_calibration(layout, cells)
    stale = [path for path in layout.pages.glob("*.html") if path.stem not in names]
    stale += [path for kind in NUMBERS for path in layout.pages.glob(f"*.{kind}")]
    for path in [*stale, *layout.pages.glob(".*.part")]:  # and what an interrupted run left behind
        path.unlink()
    failures: list[Failure] = []
    for name, found in zip(names, write_pages(layout, names, workers), strict=True):
        failures += found
        print(f"{name}: {'failed' if found else 'written'}", file=sys.stderr, flush=True)
    write_numbers(layout, cells)
    write_text(layout.pages / "sitemap.xml", list_addresses(layout, names))
    if failures:
        raise SourceError(failures)
    return f"{layout.pages}: {len(names)} pages"


def find_cells(layout: Layout) -> list[str]:
    """`<dataset>-<model>` of every registered dataset and model whose results are all there."""
    of_dataset = (layout.table, layout.rows)
    return [
        cell
        for cell in estimands.list_cells(layout)
        if all(place(cell.partition("-")[0]).is_file() for place in of_dataset)
        and layout.posterior(cell).is_file()
    ]


def write_calibration(layout: Layout, cells: Iterable[str]) -> None:
    """Whether the intervals of each cell are calibrated, in one file."""
    checks = {name: read_check(layout, name) for name in cells}
    told = ("is_calibrated", "calibration_reason")
    found = {name: {key: check.get(key) for key in told} for name, check in checks.items()}
    write_json(layout.check("calibration"), found)


def write_numbers(layout: Layout, cells: Iterable[str]) -> None:
    """The estimands of each page beside it; beside the overview, those of all."""
    table = estimands.tabulate(layout, cells)
    names = table["dataset"].str.cat(table["model"], sep="-").fillna(table["model"])
    for name, rows in [(OVERVIEW, table), *table.groupby(names)]:
        for kind in NUMBERS:
            write_bytes(layout.page(str(name)).with_suffix(f".{kind}"), estimands.write(rows, kind))


def list_addresses(layout: Layout, names: Iterable[str]) -> str:
    """The sitemap of the pages, at the `url` of CITATION.cff; without one, relative to itself."""
    base = read_software(layout.citation).url
    base = f"{base.rstrip('/')}/" if base else ""
    places = "".join(f"<url><loc>{escape(base)}{quote(name)}.html</loc></url>\n" for name in names)
    return f"{SITEMAP}\n{places}</urlset>\n"


def write_pages(layout: Layout, names: Iterable[str], workers: int) -> Iterator[list[Failure]]:
    """What was wrong with each page, in the order of `names`; nothing where it is written."""
    write = partial(write_one, layout)
    if workers == 1:
        yield from map(write, names)
        return
    context = multiprocessing.get_context("spawn")  # threads of the parent would not survive a fork
    with ProcessPoolExecutor(workers, context, initializer=end_with_dvc) as pool:
        yield from pool.map(write, names)


def write_one(layout: Layout, name: str) -> list[Failure]:
    """Write one page; what was wrong with its sources, if it could not be made."""
    dataset, _, model = name.partition("-")
    try:
        if model:
            write_page(layout, dataset, model)
        elif name == OVERVIEW:
            write_overview(layout)
        else:
            write_text(layout.page(name), TOGETHER[name].render(layout))
    except SourceError as error:
        return list(error.failures)
    return []
