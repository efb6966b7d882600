"""Card + records -> canonical table: rename, correct by declaration, convert units, parse dates,
join the registry.

Ingest converts; it does not choose. Every row of records.csv is a row of the table, and rows that
the card excludes carry the reason in `exclusion`. Whether values make sense is for *validate* to
say.
"""

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from rapidfuzz import process

from models._options import LeaderboardOptions
from pipeline import tables, units
from pipeline.bibliography import read_bibliography
from pipeline.cards import ColumnSource, LoadedCard, load_card
from pipeline.failures import Failure, SourceError, file_failure
from pipeline.files import write_parquet
from pipeline.records import read_records
from pipeline.stage import stage_main

TRUTHS = {"true": True, "false": False}
DATE_ORDERS = {
    "ymd": r"(?P<y>\d{4})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})",
    "dmy": r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})",
    "mdy": r"(?P<m>\d{1,2})[/.](?P<d>\d{1,2})[/.](?P<y>\d{4})",
}
ISO_DATE = r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
# Exclusions of these rules speak of rows whose model is not a training run: they are not joined.
NOT_A_RUN = {"human", "repeats another row", "chance"}


class Problems:
    """Collects every failure of a dataset, so that all are reported at once."""

    def __init__(self, path: Path, records: pd.DataFrame) -> None:
        self.path, self.lines, self.failures = path, records["line"], list[Failure]()

    def add(self, row: int, column: str, value: str, rule: str, remedy: str) -> None:
        """Note a failure of the cell of `column` in the row at position `row`."""
        line = int(self.lines.iloc[row])
        self.failures.append(Failure(str(self.path), line, column, value, rule, remedy))

    def raise_any(self) -> None:
        """Raise SourceError if any failure was noted."""
        if self.failures:
            raise SourceError(self.failures)


def ingest(
    card: LoadedCard, records: pd.DataFrame, runs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The canonical table of a dataset, one row per row of `records`, in its order.

    `runs` is the validated run registry, needed where the card says `runs: registry`. Raises
    SourceError with every cell that cannot be read and every run that is not in the registry (with
    the nearest names).
    """
    _check_columns(card, records)
    _check_units(card)
    records = _correct(card, records)
    problems = Problems(card.records_path, records)
    exclusion = _exclusions(card, records)
    frame = pd.DataFrame({"line": records["line"]})
    dtypes = _dtypes(card.table)
    for name, source in card.card.columns.items():
        frame[name] = _read_column(name, source, records, dtypes[name], problems)
    for name, source in card.card.columns.items():
        if source.derived:
            frame[name] = _derive(source.derived, frame)
    frame["exclusion"] = exclusion
    if card.card.runs == "registry":
        frame = _join_runs(frame, runs, problems)
    problems.raise_any()
    if isinstance(card.options, LeaderboardOptions):
        frame["techniques"] = _tag_techniques(frame, card.options)
    return frame[list(dtypes)]


def _dtypes(table: str) -> dict[str, str]:
    return {
        name: str(column.dtype) for name, column in tables.TABLES[table].to_schema().columns.items()
    }


def _check_columns(card: LoadedCard, records: pd.DataFrame) -> None:
    used = {
        column
        for name, source in card.card.columns.items()
        if source.constant is None and source.derived is None
        for column in (source.source or name, source.unit_column)
        if column
    }
    known = used | set(card.card.ignored) | {"line"}
    missing = [
        Failure(
            str(card.records_path),
            1,
            name,
            "",
            "the card reads this column and the file lacks it",
            _suggest(name, records.columns),
        )
        for name in sorted(used - set(records.columns))
    ]
    extra = [
        Failure(
            str(card.records_path),
            1,
            name,
            "",
            "no column of the card reads this column",
            "map it, or list it under `ignored` with a reason",
        )
        for name in sorted(set(records.columns) - known)
    ]
    if missing or extra:
        raise SourceError(missing + extra)


def _check_units(card: LoadedCard) -> None:
    faults = []
    for name, source in card.card.columns.items():
        if source.unit:
            try:
                _factor(source.unit, name)
            except ValueError as error:
                rule, remedy = error.args
                place = ("columns", name, "unit")
                faults.append(card.make_failure(place, rule, remedy, source.unit))
    if faults:
        raise SourceError(faults)


def _suggest(name: str, choices: pd.Index | pd.Series | list[str]) -> str:
    near = [match[0] for match in process.extract(name, list(choices), limit=3, score_cutoff=50)]
    return (
        f"did you mean {' or '.join(repr(n) for n in near)}?"
        if near
        else "add it, or correct the card"
    )


def _correct(card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The records with the card's corrections.

    Each must find the cells it speaks of as they were printed.
    """
    corrected = records.copy()
    for correction in card.card.corrections:
        if correction.column not in records:
            raise file_failure(
                card.path,
                f"the card corrects {correction.column!r}, which records.csv lacks",
                _suggest(correction.column, records.columns),
                "corrections",
            )
        mask = correction.find(records, card.path)
        wrong = records.loc[mask & (records[correction.column] != correction.printed)]
        if len(wrong):
            raise SourceError(
                Failure(
                    str(card.records_path),
                    int(row["line"]),
                    correction.column,
                    row[correction.column],
                    f"the card corrects a cell that should read {correction.printed!r}",
                    "the source changed: read it again and correct the card",
                )
                for _, row in wrong.iterrows()
            )
        corrected.loc[mask, correction.column] = correction.corrected
    return corrected


def _exclusions(card: LoadedCard, records: pd.DataFrame) -> pd.Series:
    exclusion = pd.Series(pd.NA, index=records.index, dtype="str")
    for rule in card.card.exclusions:
        exclusion[rule.find(records, card.path) & exclusion.isna()] = rule.rule
    return exclusion


def _read_column(
    name: str, source: ColumnSource, records: pd.DataFrame, dtype: str, problems: Problems
) -> pd.Series:
    if source.derived:
        return pd.Series(float("nan"), index=records.index)
    column = source.source or name
    if source.constant is not None:
        cells = pd.Series(str(source.constant), index=records.index)
    else:
        cells = records[column]
    if source.values is not None:
        cells = _translate(cells, source.values, column, problems)
    if dtype == "float64":
        return _read_numbers(name, source, cells, records, problems)
    if dtype.startswith("datetime64"):
        dates = _read_cells(cells, column, problems, lambda text: _read_date(text, source.order))
        return pd.to_datetime(dates).astype("datetime64[ns]")
    if dtype == "bool":
        truths = _read_cells(cells, column, problems, _read_truth, is_required=True)
        return truths.astype("boolean").fillna(False).astype(bool)  # filled where it is a failure
    return cells.where(cells != "").astype("str")


def _translate(
    cells: pd.Series, values: dict[str, str | int | float | bool], column: str, problems: Problems
) -> pd.Series:
    for row, cell in enumerate(cells):
        if cell not in values:
            problems.add(
                row, column, cell, "the card gives no value for this cell", "add it under `values`"
            )
    return cells.map(lambda cell: str(values.get(cell, "")).strip())


def _read_cells(
    cells: pd.Series,
    column: str,
    problems: Problems,
    read: Callable[[str], object],
    is_required: bool = False,
) -> pd.Series:
    """Each non-empty cell through `read`, whose ValueError (rule; remedy) becomes a failure."""
    made: list[object] = []
    for row, cell in enumerate(cells):
        try:
            made.append(read(cell) if cell or is_required else None)
        except ValueError as error:
            rule, remedy = error.args
            problems.add(row, column, cell, rule, remedy)
            made.append(None)
    return pd.Series(made, index=cells.index)


def _read_numbers(
    name: str, source: ColumnSource, cells: pd.Series, records: pd.DataFrame, problems: Problems
) -> pd.Series:
    column = source.source or name
    numbers = _read_cells(cells, column, problems, _read_number).astype("float64")
    if source.unit_column:
        factors = _read_cells(
            records[source.unit_column],
            source.unit_column,
            problems,
            lambda unit: _factor(unit, name),
            is_required=True,
        )
        return numbers * factors.astype("float64")
    return numbers * _factor(source.unit, name) if source.unit else numbers


def _factor(unit: str, column: str) -> float:
    try:
        return units.factor(unit, column)
    except ValueError as error:
        raise ValueError(
            f"unit {unit!r} does not fit {column}: {error}",
            "use a unit of pipeline/units.py or of pint",
        ) from None


def _read_number(text: str) -> float:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        raise ValueError("not a number", "write digits with a decimal point, such as 1.2e24")
    if math.isinf(number := float(text)):
        raise ValueError("too large for a number", "check the exponent")
    return number


def _read_date(text: str, order: str | None) -> pd.Timestamp:
    patterns = [ISO_DATE] + ([DATE_ORDERS[order]] if order else [])
    for pattern in patterns:
        match = re.fullmatch(pattern, text)
        if match:
            try:
                return pd.Timestamp(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                break
    stated = f"as {order} or " if order else ""
    raise ValueError(
        f"not a date {stated}as YYYY-MM-DD", "write YYYY-MM-DD, or state the order on the card"
    )


def _read_truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise ValueError("neither true nor false", "write true or false")
    return TRUTHS[text.lower()]


def _derive(rule: str, frame: pd.DataFrame) -> pd.Series:
    """Tokens or FLOP from C = 6 N D (Kaplan et al. 2020; Hoffmann et al. 2022)."""
    if rule == "tokens from 6ND":
        return frame["training_flop"] / (6 * frame["parameters"])
    return 6 * frame["parameters"] * frame["training_tokens"]


def _join_runs(frame: pd.DataFrame, runs: pd.DataFrame | None, problems: Problems) -> pd.DataFrame:
    if runs is None:
        raise ValueError("the card says `runs: registry`: pass the validated registry with --runs")
    columns = [*tables.RunColumns.to_schema().columns, "base_model"]
    registry = runs.assign(base_model=_roots(runs)).set_index("model")[columns]
    for row, (model, exclusion) in enumerate(zip(frame["model"], frame["exclusion"], strict=True)):
        if model not in registry.index and exclusion not in NOT_A_RUN:
            near = _suggest(str(model), registry.index)
            remedy = f"{near} Else add the run to the registry"
            problems.add(row, "model", str(model), "not in the run registry", remedy)
    unfit = frame["model"].map(
        runs.set_index("model")["exclusion"]
    )  # the run's own figures may not be used
    frame = frame.assign(exclusion=frame["exclusion"].fillna("run " + unfit).astype("str"))
    joined = registry.reindex(frame["model"]).reset_index(drop=True)
    for name in ("is_compute_circular", "is_open_weights", "is_dense"):
        joined[name] = joined[name].astype("boolean").fillna(False).astype(bool)
    return pd.concat([frame.reset_index(drop=True), joined], axis=1)


def _roots(runs: pd.DataFrame) -> pd.Series:
    """The model at the end of each chain of base models."""
    parents = dict(zip(runs["model"], runs["base_model"], strict=True))

    def root(model: str) -> str:
        seen = {model}
        while isinstance(parent := parents.get(model), str) and parent not in seen:
            seen.add(parent)
            model = parent
        return model

    return runs["model"].map(root)


def _tag_techniques(frame: pd.DataFrame, options: LeaderboardOptions) -> pd.Series:
    def tags(model: str, method: str) -> str:
        return " ".join(
            sorted(
                name
                for name, technique in options.techniques.items()
                if method in technique.methods or model in technique.models
            )
        )

    return pd.Series(
        [tags(m, h) for m, h in zip(frame["model"], frame["method"], strict=True)], dtype="str"
    )


def main(argv: list[str] | None = None) -> int:
    """Read the card and its records, write the canonical table."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.ingest", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--card", type=Path, required=True, help="data/sources/<dataset>/source.yaml"
    )
    parser.add_argument(
        "--runs", type=Path, help="validated run registry, where the card says `runs: registry`"
    )
    parser.add_argument(
        "--bibliography", type=Path, help="data/references.bib, where the card's citations must be"
    )
    parser.add_argument("--output", type=Path, required=True, help="data/tables/<dataset>.parquet")
    options = parser.parse_args(argv)
    keys = read_bibliography(options.bibliography) if options.bibliography else None
    card = load_card(options.card, keys)
    runs = pd.read_parquet(options.runs) if options.runs else None
    table = ingest(card, read_records(card.records_path), runs)
    write_parquet(options.output, table)
    print(f"{card.dataset}: {len(table)} rows")
    return 0


if __name__ == "__main__":
    stage_main(main)
