"""Card + records -> canonical table: rename, correct by declaration, convert units, parse dates,
join the registry.

Ingest converts; it does not choose. Every row of records.csv is a row of the table, and rows that
the card excludes carry the reason in `exclusion`. Whether values make sense is for *validate* to
say.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.failures import Failure, SourceError
from pipeline.ingest import tables
from pipeline.ingest.cards.card import ColumnSource, LoadedCard
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.in_house import RATES_TABLE
from pipeline.ingest.options import EstimateOptions, LeaderboardOptions
from pipeline.ingest.sources import spellings, units
from pipeline.ingest.sources.records import find_invisible
from pipeline.ingest.tables import LINE

# Exclusions of these rules speak of rows whose model is not a training run: they are not joined.
NOT_A_RUN = {"human", "repeats another row", "chance"}
MAXIMUM_SUGGESTIONS = 100  # names that are looked up among the registry's: each takes milliseconds


class Problems:
    """Collects every failure of a dataset, so that all are reported at once."""

    def __init__(self, path: Path, records: pd.DataFrame) -> None:
        self.path, self.lines = str(path), records["line"].tolist()
        self.failures: list[Failure] = []

    def add(self, row: int, column: str, value: str, rule: str, remedy: str) -> None:
        """Note a failure of the cell of `column` in the row at position `row`."""
        self.failures.append(Failure(self.path, self.lines[row], column, value, rule, remedy))

    def raise_any(self) -> None:
        """Raise SourceError if any failure was noted."""
        if self.failures:
            raise SourceError(self.failures)


def ingest(
    card: LoadedCard,
    records: pd.DataFrame,
    runs: pd.DataFrame | None = None,
    citation_keys: Collection[str] | None = None,
) -> pd.DataFrame:
    """The canonical table of a dataset, one row per row of `records`, in its order.

    `runs` is the validated run registry, needed where the card says `runs: registry`;
    `citation_keys` those that a row may cite, any if None. Raises SourceError with every cell that
    cannot be read, and every run and citation that is not known (with the nearest names).
    """
    _check_columns(card, records)
    _check_units(card)
    records = _correct(card, records)
    problems = Problems(card.records_path, records)
    _refuse_invisible(card, records, problems)
    exclusion = _exclusions(card, records)
    frame = pd.DataFrame({"line": records["line"]})
    dtypes = _dtypes(card.table)
    for name, source in card.card.columns.items():
        frame[name] = _read_column(name, source, records, dtypes[name], problems)
    for name, source in card.card.columns.items():
        if source.derived:
            frame[name] = _derive(source.derived, frame)
    frame["exclusion"] = exclusion
    if citation_keys is not None:
        _check_citations(card, frame["citation"], citation_keys, problems)
    if card.card.runs == "registry":
        frame = _join_runs(frame, runs, problems)
    problems.raise_any()
    if isinstance(card.options, LeaderboardOptions):
        frame["techniques"] = _tag_techniques(frame, card.options)
    if isinstance(card.options, EstimateOptions):
        frame["is_own"] = False
    if card.table == RATES_TABLE:
        frame[["rate", "rate_sd"]] = np.nan  # its posteriors fill them
    return frame[list(dtypes)]


def _check_citations(
    card: LoadedCard, citations: pd.Series, keys: Collection[str], problems: Problems
) -> None:
    """Note every row that cites what no bibliography has; a constant is the card's to check."""
    source = card.card.columns["citation"]
    if source.constant is not None:
        return
    unknown = {key for key in citations.dropna().unique() if key not in keys}
    remedies = {key: suggest(key, keys, "add the entry, or correct the key") for key in unknown}
    for row, key in enumerate(citations):
        if key in unknown:
            rule = "no entry of a bibliography has this key"
            problems.add(row, source.source or "citation", key, rule, remedies[key])


def _dtypes(table: str) -> dict[str, str]:
    return {name: str(column.dtype) for name, column in tables.TABLES[table].columns.items()}


def _used_columns(card: LoadedCard) -> set[str]:
    """The columns of records.csv that the card reads."""
    return {
        column
        for name, source in card.card.columns.items()
        if source.constant is None and source.derived is None
        for column in (source.source or name, source.unit_column)
        if column
    }


def _check_columns(card: LoadedCard, records: pd.DataFrame) -> None:
    used, columns = _used_columns(card), records.columns.drop(LINE)
    known = used | set(card.card.ignored)
    missing = [
        Failure(
            str(card.records_path),
            1,
            name,
            "",
            "the card reads this column and the file lacks it",
            suggest(name, columns, "add it, or correct the card"),
        )
        for name in sorted(used - set(columns))
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
        for name in sorted(set(columns) - known)
    ]
    if missing or extra:
        raise SourceError(missing + extra)


def _check_units(card: LoadedCard) -> None:
    faults = []
    for name, source in card.card.columns.items():
        if source.unit and (source.unit != units.IN_CELLS or name not in units.TARGETS):
            try:
                spellings.read_unit(source.unit, name)
            except ValueError as error:
                rule, remedy = error.args
                place = ("columns", name, "unit")
                faults.append(card.make_failure(place, rule, remedy, source.unit))
    if faults:
        raise SourceError(faults)


def _correct(card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The records with the card's corrections.

    Each must find the cells it speaks of as they were printed.
    """
    corrected, columns = records.copy(), records.columns.drop(LINE)
    for correction in card.card.corrections:
        if correction.column not in columns:
            rule = f"the card corrects {correction.column!r}, which records.csv lacks"
            remedy = suggest(correction.column, columns, "correct the card")
            raise correction.refuse(card.path, rule, remedy)
        mask = correction.find(records, card.path)
        wrong = records.loc[mask & (records[correction.column] != correction.printed)]
        if len(wrong):
            raise SourceError(
                Failure(
                    str(card.records_path),
                    line,
                    correction.column,
                    cell,
                    f"the card corrects a cell that should read {correction.printed!r}",
                    "the source changed: read it again and correct the card",
                )
                for line, cell in zip(wrong["line"].tolist(), wrong[correction.column], strict=True)
            )
        corrected.loc[mask, correction.column] = correction.corrected
    return corrected


def _refuse_invisible(card: LoadedCard, records: pd.DataFrame, problems: Problems) -> None:
    """Notes the cells that hold what cannot be seen; columns that are ignored may."""
    for column in sorted(_used_columns(card)):
        cells = records[column].tolist()
        if find_invisible("".join(cells)):
            for row, cell in enumerate(cells):
                if fault := find_invisible(cell):
                    problems.add(row, column, cell, *fault)


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
    texts = cells.tolist()
    if dtype == "float64":
        numbers = _read_numbers(name, source, texts, records, problems)
        return pd.Series(numbers, index=records.index, dtype="float64")
    if dtype.startswith("datetime64"):
        dates = _read_cells(
            texts,
            column,
            problems,
            lambda text: spellings.read_date(text, source.order, source.precision),
        )
        return pd.to_datetime(pd.Series(dates, index=records.index)).astype("datetime64[ns]")
    if dtype == "bool":
        truths = _read_cells(texts, column, problems, spellings.read_truth)
        return pd.Series([bool(truth) for truth in truths], index=records.index)
    return cells.mask(cells.isin(spellings.MISSING_TEXT)).astype("str")


def _translate(
    cells: pd.Series, values: dict[str, str | int | float | bool], column: str, problems: Problems
) -> pd.Series:
    for row in (~cells.isin(list(values))).to_numpy().nonzero()[0].tolist():
        problems.add(
            row,
            column,
            cells.iloc[row],
            "the card gives no value for this cell",
            "add it under `values`",
        )
    return cells.map({cell: str(value).strip() for cell, value in values.items()}).fillna("")


def _read_cells[Cell: Hashable, Value](
    cells: Sequence[Cell],
    column: str,
    problems: Problems,
    read: Callable[[Cell], Value],
    show: Callable[[Cell], str] = str,
) -> list[Value | None]:
    """Each cell through `read`, called once a distinct cell; its ValueError (rule, remedy) becomes
    a failure of every row that holds it, and the value None.
    """
    made: dict[Cell, Value | None] = {}
    faults: dict[Cell, tuple[str, str]] = {}
    for cell in dict.fromkeys(cells):
        try:
            made[cell] = read(cell)
        except ValueError as error:
            made[cell], faults[cell] = None, error.args
    if faults:
        for row, cell in enumerate(cells):
            if cell in faults:
                problems.add(row, column, show(cell), *faults[cell])
    return [made[cell] for cell in cells]


def _read_numbers(
    name: str, source: ColumnSource, texts: list[str], records: pd.DataFrame, problems: Problems
) -> list[float | None]:
    column = source.source or name
    if source.unit_column:
        named = _read_units(name, source.unit_column, records, problems)
    else:
        named = ["" if source.unit == units.IN_CELLS else source.unit] * len(texts)
    return _read_cells(
        list(zip(texts, named, strict=True)),
        column,
        problems,
        lambda pair: spellings.read_number(pair[0], name, pair[1], source.decimal),
        lambda pair: pair[0],
    )


def _read_units(
    name: str, column: str, records: pd.DataFrame, problems: Problems
) -> list[str | None]:
    """The unit of each row, empty where none is given, None where it is a failure already."""

    def check(unit: str) -> str:
        if unit:
            spellings.read_unit(unit, name)
        return unit

    return _read_cells(records[column].tolist(), column, problems, check)


def _derive(rule: str, frame: pd.DataFrame) -> pd.Series:
    """Tokens or FLOP from C = 6 N D (Kaplan et al. 2020; Hoffmann et al. 2022)."""
    if rule == "tokens from 6ND":
        return frame["training_flop"] / (6 * frame["parameters"])
    return 6 * frame["parameters"] * frame["training_tokens"]


def _join_runs(frame: pd.DataFrame, runs: pd.DataFrame | None, problems: Problems) -> pd.DataFrame:
    if runs is None:
        raise ValueError("the card says `runs: registry`: the validated registry is needed")
    columns = [*tables.RUN_COLUMNS, "base_model"]
    registry = runs.assign(base_model=_roots(runs)).set_index("model")[columns]
    _refuse_unknown(frame, registry.index, problems)
    unfit = frame["model"].map(
        runs.set_index("model")["exclusion"]
    )  # the run's own figures may not be used
    frame = frame.assign(exclusion=frame["exclusion"].fillna("run " + unfit).astype("str"))
    joined = registry.reindex(frame["model"]).reset_index(drop=True)
    for name in ("is_compute_circular", "is_open_weights", "is_dense"):
        joined[name] = joined[name].astype("boolean").fillna(False).astype(bool)
    return pd.concat([frame.reset_index(drop=True), joined], axis=1)


def _refuse_unknown(frame: pd.DataFrame, known: pd.Index, problems: Problems) -> None:
    """Notes the rows whose model the registry lacks, with the nearest names of the first ones."""
    is_unknown = ~frame["model"].isin(known) & ~frame["exclusion"].isin(NOT_A_RUN)
    rows = is_unknown.to_numpy().nonzero()[0].tolist()
    models = frame["model"].fillna("").to_numpy()[rows]
    first = list(dict.fromkeys(models))[:MAXIMUM_SUGGESTIONS]
    otherwise = "correct the name, or add the run to the registry"
    near = {model: suggest(model, known, otherwise) for model in first}
    for row, model in zip(rows, models, strict=True):
        problems.add(row, "model", model, "not in the run registry", near.get(model, otherwise))


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
    @cache
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
