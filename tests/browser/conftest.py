"""One Chromium for all tests of pages: one page of every kind, opened once and put right again.

The pages are made of small results: hostile words under a real model, the scaling law with draws
from its prior, and the toys of synthesis and simulation. They need no run of the pipeline.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy_synthesis
import toy_takeoff
import xarray as xr
from conftest import ROOT
from hostile_names import NAME, UNFITTED, write_results
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import models
from benchmarks.pages import FLAGS, NOT_FOUND, find_chromium
from browser.shown import DRAWN, VIEWPORT, Shown
from models import as_draws
from pipeline.core.files import write_json
from pipeline.core.layout import Layout
from pipeline.fit.attribute import attribute
from pipeline.fit.cell import make_cell, read_card
from pipeline.ingest.stage import ingest_dataset
from pipeline.site.posterior.page import write_page
from pipeline.site.stage import build_site

HOSTILE = {"leaderboard": NAME, "unfitted": UNFITTED, "overview": "index"}
KINDS = (*HOSTILE, "scaling law", "synthesis", "takeoff")
# All rows of tables, the top of the page, and the focus on a first element that is gone: from where
# it was, Tab starts anew.
START = """() => {
  for (const row of document.querySelectorAll("tbody tr[hidden]")) row.hidden = false;
  for (const field of document.querySelectorAll("input[type=search]")) field.value = "";
  const first = document.createElement("i");
  first.tabIndex = -1;
  document.body.prepend(first);
  first.focus();
  first.remove();
  scrollTo(0, 0);
}"""


def make_scaling_law(folder: Path) -> Path:
    """The page of the scaling law on its real runs, with draws from the prior."""
    registered = {"training_runs": ["training_runs"], "scaling_grid": ["chinchilla_runs"]}
    layout, dataset, name = toy_takeoff.link_project(folder, registered), "chinchilla_runs", ""
    for names in registered.values():
        ingest_dataset(layout, names[0])
    name = f"{dataset}-scaling_law"
    model, card = models.load("scaling_law"), read_card(layout, dataset)
    table, rng = pd.read_parquet(layout.table(dataset)), np.random.default_rng(1)
    truths = [model.sample_prior(table, card, model.Priors(), rng) for _ in range(50)]
    drawn = xr.concat([as_draws(truth, model.DIMS) for truth in truths], "draw")
    drawn = drawn.assign_coords(draw=range(len(truths)))
    tree = xr.DataTree.from_dict({"posterior": drawn, "prior": drawn})
    layout.posterior(name).parent.mkdir(parents=True)
    tree.to_netcdf(layout.posterior(name), engine="h5netcdf")
    write_json(layout.attribution(name), attribute(make_cell(model, table, card, tree).estimands))
    check = json.loads(Layout(ROOT).check(name).read_text(encoding="utf-8"))
    write_json(layout.check(name), check)
    write_page(layout, dataset, "scaling_law")
    return layout.page(name)


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The site whose every word is hostile."""
    layout = write_results(tmp_path_factory.mktemp("hostile"))
    build_site(layout, workers=1)
    return layout


@pytest.fixture(scope="package")
def context() -> Iterator[BrowserContext]:
    """A window west of Greenwich, where a date read as midnight there is the day before."""
    path = find_chromium()
    if path is None:
        pytest.fail(NOT_FOUND) if os.environ.get("CI") == "true" else pytest.skip(NOT_FOUND)
    with sync_playwright() as playwright:
        launched: Browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        made = launched.new_context(
            viewport=VIEWPORT, timezone_id="America/Los_Angeles", reduced_motion="reduce"
        )
        made.set_default_timeout(60_000)
        yield made
        launched.close()


@pytest.fixture(scope="package", params=KINDS)
def opened(
    request: pytest.FixtureRequest,
    context: BrowserContext,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shown]:
    """A page with its charts drawn, and what it said and asked for since it was opened."""
    kind = request.param
    if kind in HOSTILE:
        path = request.getfixturevalue("hostile").page(HOSTILE[kind])
    else:
        make: dict[str, Callable[[Path], Path]] = {
            "synthesis": toy_synthesis.make_page,
            "takeoff": toy_takeoff.make_page,
        }
        path = make.get(kind, make_scaling_law)(tmp_path_factory.mktemp("toy"))
    page = context.new_page()
    shown = Shown(path, page)
    page.on("console", lambda message: shown.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: shown.messages.append(f"error: {error}"))
    page.on("request", lambda asked: shown.requests.append(asked.url))
    page.goto(path.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    page.evaluate("for (const part of document.querySelectorAll('.folded')) part.open = true")
    page.wait_for_function("!document.querySelector('[data-chart]:not([data-drawn])')")
    yield shown
    page.close()


@pytest.fixture
def shown(opened: Shown) -> Shown:
    """The open page in its first state."""
    put_right(opened.page)
    return opened


def put_right(page: Page) -> None:
    """Undo what a test may have changed: window, media, scrolling, pointer and focus."""
    page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    page.evaluate(START)
