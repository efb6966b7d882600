"""Research inputs of fields and the efficiencies that came of them -> arrays of the law."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.options import ResearchInputOptions

LOG_10 = float(np.log(10.0))


@dataclass(frozen=True)
class Design:
    """The rows of a table as intervals of research and efficiencies observed after them.

    `intervals`: field (its position), domain, year, duration, log_input (natural, relative to the
    field's first year). `observed`: field, domain, year, log_efficiency (natural, relative to the
    first year), error, label. `until` (interval, interval) and `before` (observation, interval)
    are 1 where the second is of the same field and no later than the first.
    """

    domains: list[str]
    intervals: pd.DataFrame
    observed: pd.DataFrame

    @cached_property
    def until(self) -> np.ndarray:
        """Which intervals are over when each interval is."""
        years = self.intervals["year"].to_numpy()
        is_over = years[None, :] <= years[:, None]
        return (_is_same(self.intervals, self.intervals) & is_over).astype(float)

    @cached_property
    def before(self) -> np.ndarray:
        """Which intervals are over when each efficiency is observed."""
        reached, years = self.observed["year"].to_numpy(), self.intervals["year"].to_numpy()
        is_over = years[None, :] < reached[:, None]
        return (_is_same(self.observed, self.intervals) & is_over).astype(float)

    @property
    def last(self) -> np.ndarray:
        """The interval at whose end each efficiency is observed."""
        return np.array([np.flatnonzero(row)[-1] for row in self.before])


def _is_same(rows: pd.DataFrame, columns: pd.DataFrame) -> np.ndarray:
    return np.equal.outer(rows["field"].to_numpy(), columns["field"].to_numpy())


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why the law cannot be fitted to the table, in words; empty where it can."""
    rows = fitted_rows(table)
    lacking = sorted(
        set(rows["domain"]) - set(card.options_of(ResearchInputOptions).efficiency_error)
    )
    if lacking:
        return f"the card gives no efficiency_error for the fields {', '.join(lacking)}"
    for domain, group in rows.groupby("domain", sort=False):
        ordered = group.sort_values("year")
        if ordered["efficiency"].notna().sum() < 2:
            return f"{domain} has one efficiency; growth takes two"
        gaps = ordered["year"].iloc[:-1][ordered["research_input"].iloc[:-1].isna()]
        if len(gaps):
            return f"{domain} has no research input in its year {gaps.iloc[0]:g}"
    return ""


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """Intervals and observed efficiencies of the fitted rows, field by field.

    An interval lasts from each year to the next; research after the last efficiency made nothing
    that is observed. The first efficiency of a field is the unit of the others.
    """
    rows = fitted_rows(table)
    domains = list(rows["domain"].drop_duplicates())
    rows = rows.assign(field=rows["domain"].map(domains.index)).sort_values(["field", "year"])
    by_field = rows.groupby("field")
    duration = by_field["year"].shift(-1) - rows["year"]
    first_input = by_field["research_input"].transform("first")
    is_seen = rows["efficiency"].notna()
    last = rows["field"].map(rows[is_seen].groupby("field")["year"].max())
    intervals = rows.assign(
        duration=duration, log_input=np.log(rows["research_input"] / first_input)
    )[rows["year"] < last]
    seen = rows[is_seen]
    seen = seen[seen["field"].duplicated()]
    errors = card.options_of(ResearchInputOptions).efficiency_error
    observed = seen.assign(
        log_efficiency=np.log(seen["efficiency"]),
        error=[errors[domain].decades * LOG_10 for domain in seen["domain"]],
        label=[f"{d}, year {y:g}" for d, y in zip(seen["domain"], seen["year"], strict=True)],
    )
    kept = ["field", "domain", "year"]
    return Design(
        domains,
        intervals[[*kept, "duration", "log_input"]].reset_index(drop=True),
        observed[[*kept, "log_efficiency", "error", "label"]].reset_index(drop=True),
    )
