"""The figures of every model, drawn of truths from its prior: what they name is in their frames."""

from functools import cache

import numpy as np
import pytest
import xarray as xr
from tables_for_models import ROOT, list_cells, load_real

import models
from models import as_draws
from pipeline.fit.cell import Cell
from pipeline.site.figures import draw_figures
from pipeline.site.figures.kinds import Figure
from pipeline.site.words import read_words

NEEDED = {
    "intervals": {"label", "median", "lower", "upper", "series"},
    "parts": {"comparison", "part", "median", "lower", "upper"},
}
MODELS = sorted({model for _, model in list_cells()})


@cache
def draw(name: str) -> list[Figure]:
    """The figures of the model on the first dataset that it can be fitted to, of three draws."""
    model = models.load(name)
    cells = (load_real(dataset) for dataset, each in list_cells() if each == name)
    table, card = next(cell for cell in cells if not model.unsupported_reason(*cell))
    rng, priors = np.random.default_rng(1), model.Priors()
    truths = [model.sample_prior(table, card, priors, rng) for _ in range(3)]
    draws = xr.concat([as_draws(each, model.DIMS) for each in truths], dim="draw")
    tree = xr.DataTree.from_dict({"posterior": draws.transpose("chain", "draw", ...)})
    made = model.estimands(tree["posterior"].to_dataset(), table, card)
    words = read_words(ROOT / "reports/models", name, card.options)
    return draw_figures(Cell(model, table, card, tree, made), words)


@pytest.mark.parametrize("name", MODELS)
def test_figures_bring_the_columns_that_they_name_and_their_words_are_filled_in(name: str) -> None:
    figures = draw(name)
    assert len({figure.id for figure in figures}) == len(figures)
    for figure in figures:
        columns = NEEDED.get(figure.kind) or {figure.x, figure.y, figure.colour, *figure.hover}
        assert columns <= set(figure.frame), figure.id
        assert len(figure.frame), figure.id
        if figure.curve is not None:
            assert {"x", "median", "lower", "upper", "series"} <= set(figure.curve)
        said = (figure.title, figure.caption, figure.x_title, figure.y_title)
        assert not [text for text in said if "{" in text], figure.id
