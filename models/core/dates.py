"""Calendar time in years."""

import pandas as pd

DAYS_A_YEAR = 365.25


def years_since(dates: pd.Series, reference: pd.Series | pd.Timestamp) -> pd.Series:
    """Years of 365.25 days from `reference` to each date."""
    return (dates - reference).dt.total_seconds() / (DAYS_A_YEAR * 86_400)
