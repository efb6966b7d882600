"""The rows of a leaderboard as its charts show them, and what they say in words."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from models import Card
from models.options import LeaderboardOptions
from pipeline.site.charts import alternatives
from pipeline.site.figures.kinds import Figure

JOINT = " + "  # between the techniques of a row
NO_TECHNIQUE = "none"
NORMAL_95 = 1.6449  # standard deviations to either end of a 90 % interval
LAST_YEAR = 9999
DAYS_A_YEAR = 365.25
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
    def has_dates(self) -> bool:
        """Whether the rows are of more than one year."""
        return len(self.years) > 1

    @property
    def benchmarks(self) -> list[str]:
        """The benchmarks by name."""
        return sorted(set(self.rows["benchmark"]))

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


def make_board(figure: Figure, card: Card) -> Board:
    """The rows of a scatter figure with what the charts add to them."""
    options = cast("LeaderboardOptions", card.options)
    is_better_high = card.table == "accuracy_leaderboard"
    rows = figure.frame.dropna(subset=[figure.x, figure.y]).reset_index(drop=True)
    rows = rows[rows[figure.x] > 0]
    if "status" not in rows:
        rows = rows.assign(status="fitted")
    labels = {tag: made.label for tag, made in options.techniques.items()}
    rows = rows.assign(
        techniques=[_name_techniques(text, labels) for text in rows["techniques"]],
        decimal_year=_decimal_year(rows["release_date"]),
        **_compute_error(rows, figure, options),
    )
    rows["is_record"] = find_records(rows, figure.y, is_better_high)
    kept = [*figure.hover, *_added(rows), "status", "techniques", "is_record", "decimal_year"]
    kept += _sources(rows)
    lab = "paper" if "paper" in rows else "lab"
    names = dict.fromkeys(["benchmark", "model", lab, "release_date", figure.x, figure.y, *kept])
    return Board(figure, rows[list(names)], _name_years(figure), lab)


def find_records(rows: pd.DataFrame, y: str, is_better_high: bool) -> pd.Series:
    """Whether a fitted row was better than every one before it on its benchmark.

    Of the rows of one day the best alone can be.
    """
    value = rows[y] if is_better_high else -rows[y]
    order = rows.assign(value=value)[rows["status"] == "fitted"]
    order = order.sort_values(["release_date", "value"], ascending=[True, False], kind="stable")
    before = order.groupby("benchmark")["value"].transform(lambda seen: seen.cummax().shift())
    is_record = order["value"] > before.fillna(-np.inf)
    return is_record.reindex(rows.index, fill_value=False)


def _decimal_year(dates: pd.Series) -> pd.Series:
    return (dates.dt.year + (dates.dt.day_of_year - 1) / DAYS_A_YEAR).round(2)


def _added(rows: pd.DataFrame) -> list[str]:
    names = ("compute_low", "compute_high", "compute_interval")
    return [name for name in names if name in rows]


def _sources(rows: pd.DataFrame) -> list[str]:
    return [name for name in ("is_verified", "citation", "locator") if name in rows]


def _name_techniques(tags: Any, labels: dict[str, str]) -> str:
    named = [labels.get(tag, tag) for tag in tags.split()] if isinstance(tags, str) else []
    return JOINT.join(named) or NO_TECHNIQUE


def _compute_error(
    rows: pd.DataFrame, figure: Figure, options: LeaderboardOptions
) -> dict[str, Any]:
    """Ends of the 90 % interval of each compute figure, and their words.

    Nothing where the model takes compute as exact: its x is no measured training compute.
    """
    if figure.x != "training_flop" or "compute_confidence" not in rows:
        return {"compute_interval": "taken as exact by this model"}
    by_class = options.compute_error_decades.model_dump()
    factor = 10 ** (NORMAL_95 * rows["compute_confidence"].map(by_class).astype(float))
    low, high = rows[figure.x] / factor, rows[figure.x] * factor
    words = [
        "not known"
        if pd.isna(first)
        else f"{alternatives.number(first)} to {alternatives.number(last)} ({name})"
        for first, last, name in zip(low, high, rows["compute_confidence"], strict=True)
    ]
    return {"compute_low": low, "compute_high": high, "compute_interval": words}


def _name_years(figure: Figure) -> pd.DataFrame:
    """The curve's rows; those of dated series with year, until (the year of the next), is_named."""
    if figure.curve is None:
        return pd.DataFrame({"x": [], "series": []})
    frame = figure.curve.frame
    found = frame["series"].str.extract(r"\b(\d{4})$")[0]
    if found.isna().any():
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
    figure, rows = board.figure, board.rows
    fitted = int((rows["status"] == "fitted").sum())
    words = (
        f"Scatter plot of {len(rows)} points, {fitted} of them fitted: {figure.y_title} "
        f"{alternatives.describe_reach(rows[figure.y])}, against {figure.x_title} "
        f"{alternatives.describe_reach(rows[figure.x])}."
    )
    curve = board.curve
    if curve.empty:
        return words
    if board.has_dated_curves:
        curve = curve[curve["year"].isin(board.shown_years)]
    return f"{words} {alternatives.describe_curves(curve)}"


def describe_dates(board: Board) -> str:
    """The same points against the date, and the ends of every path of records."""
    figure, rows = board.figure, board.rows
    paths = []
    for benchmark, path in rows[rows["is_record"]].groupby("benchmark"):
        records = path.sort_values("release_date").to_dict("records")
        first, last = (
            f"{row['model']} ({row['release_date']:%Y-%m-%d}, {alternatives.number(row[figure.y])})"
            for row in (records[0], records[-1])
        )
        paths.append(f"{benchmark}: {len(records)} records, from {first} to {last}")
    return (
        f"The same {len(rows)} points: {figure.y_title} against release date, "
        f"{alternatives.describe_reach(rows['release_date'])}. {'; '.join(paths)}."
    )


def write_caption(board: Board) -> str:
    """The figure's own caption with what the charts add to it."""
    figure = board.figure
    line = "The thin line joins the records, the best fitted row by date"
    benchmarks = len(board.benchmarks)
    lines = f"{line}{' on each benchmark' if benchmarks > 1 else ''}."
    error = (
        " The faint bars are the 90 % interval of each compute figure, by the class of its source."
        if "compute_low" in board.rows
        else ""
    )
    return f"{figure.caption} {lines}{error}"
