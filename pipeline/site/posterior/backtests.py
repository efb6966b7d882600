"""How well earlier fits would have predicted later scores: a sentence, a table and a figure."""

from typing import Any

import pandas as pd

from pipeline.site.charts.backtests import draw_errors
from pipeline.site.charts.drawings import Drawing
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say, say_figure
from pipeline.studies.cuts import NO_CUT, find_cuts

MODEL = "model"
SHOWN = {MODEL: "this model"} | {n: n for n in ("compute alone", "date alone", "last values")}


def list_forecasts(found: dict[str, Any] | None) -> pd.DataFrame:
    """A row a cut-off and forecast: date, earlier, later, forecast, crps, coverage."""
    rows = [
        {"date": cut["date"], "earlier": cut["earlier"], "later": cut["later"]}
        | {"forecast": name, **cut["errors"][key]}
        for cut in (found or {}).get("cuts", [])
        if "errors" in cut
        for key, name in SHOWN.items()
    ]
    return pd.DataFrame(rows)


def score_forecasts(found: dict[str, Any]) -> dict[str, Any]:
    """Mean CRPS of the model (`ours`) and of the best naive forecast (`best`, its `name`), in units
    of `outcome`; the share of later scores that the model's 90 % intervals `held`; `count` dates.
    """
    frame = list_forecasts(found)
    errors = frame.groupby("forecast")["crps"].mean()
    ours, others = errors[SHOWN[MODEL]], errors.drop(SHOWN[MODEL])
    own = frame[frame["forecast"] == SHOWN[MODEL]]
    held = float((own["coverage"] * own["later"]).sum() / own["later"].sum())
    best = {"best": others.min(), "name": others.idxmin(), "outcome": found["outcome"]}
    return best | {"ours": ours, "held": held, "count": own["date"].nunique()}


def say_backtest(found: dict[str, Any]) -> str:
    """What the backtest found, in two sentences."""
    rates = [cut["rate"] for cut in found["cuts"] if cut.get("rate")]
    later = [(rate, found["rates"].get(rate["year"])) for rate in rates]
    inside = [rate["lower"] <= whole["median"] <= rate["upper"] for rate, whole in later if whole]
    return say(
        "backtest",
        is_current=found["is_current"],
        **score_forecasts(found),
        inside=sum(inside),
        rates=len(inside),
    )


def say_why_none(table: pd.DataFrame) -> str:
    """Why there is no backtest of a table of models."""
    return "not measured" if find_cuts(table) else NO_CUT


def draw_backtest(found: dict[str, Any] | None) -> list[Drawing]:
    """The error of each forecast, by the date it was made at."""
    frame = list_forecasts(found)
    if frame.empty or found is None:
        return []
    frame["date"] = pd.to_datetime(frame["date"])
    words = say_figure("backtest-errors", outcome=found["outcome"])
    figure = Figure("scatter", frame=frame, **words)
    return [draw_errors(figure)]
