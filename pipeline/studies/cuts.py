"""The dates from which a backtest forecasts."""

import pandas as pd

from models import fitted_rows

LEAST_EARLIER, LEAST_LATER = 20, 8  # rows of a cut-off that can be tried
NO_CUT = f"no date has {LEAST_EARLIER} rows before and {LEAST_LATER} after it"


def find_cuts(table: pd.DataFrame) -> list[pd.Timestamp]:
    """First days of half-years with enough fitted rows before and after them."""
    dates = fitted_rows(table)["release_date"]
    days = pd.date_range(dates.min(), dates.max(), freq="6MS")
    days = pd.DatetimeIndex([f"{day.year}-{1 if day.month < 7 else 7}-01" for day in days])
    counts = [(int((dates < day).sum()), int((dates >= day).sum())) for day in days]
    return [
        day
        for day, (earlier, later) in zip(days, counts, strict=True)
        if earlier >= LEAST_EARLIER and later >= LEAST_LATER
    ]
