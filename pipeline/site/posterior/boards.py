"""The rows of a leaderboard as its charts show them, and what they say in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import Card
from models.core.dates import DAYS_A_YEAR
from pipeline.site.charts.drawings import describe_curves, describe_places, describe_reach, number
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say
from pipeline.site.words import Words

JOINT = " + "  # between the techniques of a row
NO_TECHNIQUE = "none"
NORMAL_95 = 1.6449  # standard deviations to either end of a 90 % interval
LAST_YEAR = 9999
ADDED = (
    *("compute_low", "compute_high", "compute_interval", "status", "techniques", "is_record"),
    *("decimal_year", "is_verified", "citation", "locator"),
)
WANTED = {"release_date", "model", "benchmark", "techniques"}


@dataclass(frozen=True)
class Board:
    """The rows of a leaderboard as its charts show them.

    `rows` has what the figure's frame has, and: status, techniques in words, compute_low and
    compute_high (90 %, as the card declares the error of its class), compute_interval in words,
    is_record. `lab` is the column of who made the model.
    """

    figure: Figure
    rows: pd.DataFrame
    curve: pd.DataFrame
    lab: str

    @property
    def years(self) -> list[int]:
        """The years from the first to the last row."""
        released = self.rows["release_date"].dt.year
        return list(range(int(released.min()), int(released.max()) + 1))

    @property
    def benchmarks(self) -> pd.Series:
        """The benchmarks by name."""
        return pd.Series(sorted(set(self.rows["benchmark"])), dtype=object)

    @property
    def shown_years(self) -> tuple[int, int, int]:
        """The first, a middle and the last of the years that have a curve."""
        years = sorted(set(self.curve["year"]))
        return years[0], years[(len(years) - 1) // 2], years[-1]

    @property
    def has_dated_curves(self) -> bool:
        """Whether the curves are of years, not of something else."""
        return "year" in self.curve


def is_board(figure: Figure) -> bool:
    """Whether a figure is the scores of a leaderboard against compute."""
    return figure.kind == "scatter" and figure.is_log_x and set(figure.frame) >= WANTED


def make_board(figure: Figure, card: Card, words: Words) -> Board:
    """The rows of a scatter figure with what the charts add to them."""
    rows = figure.frame.dropna(subset=[figure.x, figure.y]).reset_index(drop=True)
    rows = rows[rows[figure.x] > 0]
    released = rows["release_date"]
    rows = rows.assign(
        status=rows.get("status", "fitted"),
        techniques=[
            JOINT.join(map(words.name, tags.split())) or NO_TECHNIQUE
            for tags in rows["techniques"].fillna("")
        ],
        decimal_year=(released.dt.year + (released.dt.day_of_year - 1) / DAYS_A_YEAR).round(2),
        **_compute_error(rows, figure, card.options),
    )
    rows["is_record"] = find_records(rows, figure.y, card.table == "accuracy_leaderboard")
    lab = "paper" if "paper" in rows else "lab"
    first = ["benchmark", "model", lab, "release_date", figure.x, figure.y, *figure.hover]
    kept = [name for name in dict.fromkeys([*first, *ADDED]) if name in rows]
    return Board(figure, rows[kept], _name_years(figure), lab)


def find_records(rows: pd.DataFrame, y: str, is_better_high: bool) -> pd.Series:
    """Whether a fitted row beat all before it on its benchmark; of one day the best alone can."""
    value = rows[y] if is_better_high else -rows[y]
    order = rows.assign(value=value)[rows["status"] == "fitted"].sort_values(
        ["release_date", "value"], ascending=[True, False], kind="stable"
    )
    before = order.groupby("benchmark")["value"].transform(lambda seen: seen.cummax().shift())
    is_record = order["value"] > before.fillna(-np.inf)
    return is_record.reindex(rows.index, fill_value=False)


def _compute_error(rows: pd.DataFrame, figure: Figure, options: Any) -> dict[str, Any]:
    """Ends of the 90 % interval of each compute figure, and their words.

    Nothing where the model takes compute as exact: its x is no measured training compute.
    """
    if figure.x != "training_flop" or "compute_confidence" not in rows:
        return {"compute_interval": "taken as exact by this model"}
    by_class, classes = options.compute_error_decades.model_dump(), rows["compute_confidence"]
    factor = 10 ** (NORMAL_95 * classes.map(by_class).astype(float))
    low, high = rows[figure.x] / factor, rows[figure.x] * factor
    words = [
        "not known" if pd.isna(first) else f"{number(first)} to {number(last)} ({name})"
        for first, last, name in zip(low, high, classes, strict=True)
    ]
    return {"compute_low": low, "compute_high": high, "compute_interval": words}


def _name_years(figure: Figure) -> pd.DataFrame:
    """The curve's rows; those of dated series with year, until (the year of the next), is_named."""
    frame = pd.DataFrame({"x": [], "series": []}) if figure.curve is None else figure.curve
    found = frame["series"].astype(str).str.extract(r"\b(\d{4})$")[0]
    if frame.empty or found.isna().any():
        return frame
    year = found.astype(int)
    years = sorted(set(year))
    following = dict(zip(years, [*years[1:], LAST_YEAR], strict=True))
    is_inside = frame["median"].between(figure.frame[figure.y].min(), figure.frame[figure.y].max())
    last = frame["x"].where(is_inside).groupby(frame["series"]).transform("max")
    return frame.assign(
        year=year, until=year.map(following), decimal_year=year + 0.5, is_named=frame["x"] == last
    )


def describe_compute(board: Board) -> str:
    """The points against compute and the curves of the first, a middle and the last year."""
    rows, curve = board.rows, board.curve
    fitted, places = int((rows["status"] == "fitted").sum()), describe_places(board.figure, rows)
    words = say("alt_board", count=len(rows), fitted=fitted, places=places)
    if board.has_dated_curves:
        curve = curve[curve["year"].isin(board.shown_years)]
    return words if curve.empty else f"{words} {describe_curves(curve)}"


def describe_dates(board: Board) -> str:
    """The same points against the date, and the ends of every path of records."""
    figure, rows = board.figure, board.rows
    paths = []
    for benchmark, path in rows[rows["is_record"]].groupby("benchmark"):
        ends = path.sort_values("release_date").iloc[[0, -1]].to_dict("records")
        first, last = (
            f"{row['model']} ({row['release_date']:%Y-%m-%d}, {number(row[figure.y])})"
            for row in ends
        )
        paths.append(f"{benchmark}: {len(path)} records, from {first} to {last}")
    reach = describe_reach(rows["release_date"])
    return say("alt_board_dates", count=len(rows), y=figure.y_title, reach=reach, paths=paths)
