"""Card + records -> canonical table: rename, correct as declared, convert units, parse dates, join
the registry.

Ingest converts; it does not choose. Every row of records.csv is a row of the table, and rows that
the card excludes carry the reason in `exclusion`. Whether values make sense is for *validate* to
say.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from models.options import Technique
from pipeline.core.failures import Failure, raise_any
from pipeline.ingest import tables
from pipeline.ingest.aliases import find_runs
from pipeline.ingest.cards.card import ColumnSource, LoadedCard
from pipeline.ingest.cards.defaults import DERIVED
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.cards.parts import check_citation
from pipeline.ingest.cells import Problems, read_cells, read_column, refuse_invisible
from pipeline.ingest.in_house import RATES_TABLE
from pipeline.ingest.options import EstimateOptions
from pipeline.ingest.sources import numbers, units
from pipeline.ingest.tables import LINE

# Rows that the card excludes by these rules are of no training run: the registry need not have it.
NOT_A_RUN = {"human", "repeats another row", "chance"}
FIX = "add it, or correct the card"
MAXIMUM_SUGGESTIONS = 100  # names that are looked up among the registry's: each takes milliseconds


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
    _check_sources(card)
    _check_columns(card, records)
    records = _correct(card, records)
    problems = Problems(card, records)
    refuse_invisible(_list_used_columns(card), records, problems)
    dtypes = tables.TABLES[card.table].dtypes
    frame = pd.DataFrame({LINE: records[LINE]})
    for name, source in card.card.columns.items():
        measured = name_quantity(name, card.card.columns)
        frame[name] = read_column(name, source, records, dtypes[name], problems, measured)
    for name, source in card.card.columns.items():
        if source.derived:
            frame[name] = _derive(source.derived, frame)
    frame["exclusion"] = pd.Series(pd.NA, index=records.index, dtype="str")
    for rule in reversed(card.card.exclusions):  # of several the first counts
        frame.loc[rule.find(records, card.path), "exclusion"] = rule.rule
    source = card.card.columns["citation"]
    if source.constant is None:  # which the card has checked
        keys, column = frame["citation"].fillna("").tolist(), source.source or "citation"
        read_cells(keys, column, problems, lambda key: key and check_citation(key, citation_keys))
    if card.card.runs != "own":
        frame = _join_runs(card, frame, runs, problems)
    elif "columns.base_model" in card.defaulted:
        frame["base_model"] = frame["model"].replace(card.card.names)
    raise_any(problems.failures)
    return _fill(card, frame)[list(dtypes)]


def _list_used_columns(card: LoadedCard) -> set[str]:
    return {
        column
        for name, source in card.card.columns.items()
        if source.constant is None and source.derived is None
        for column in (source.source or name, source.unit_column)
        if column
    }


def _check_columns(card: LoadedCard, records: pd.DataFrame) -> None:
    """Raises SourceError for columns that the card reads and the file lacks, and the reverse."""
    used, columns = _list_used_columns(card), list(records.columns.drop(LINE))
    faults = [
        (name, "the card reads this column and the file lacks it", suggest(name, columns, FIX))
        for name in sorted(used - set(columns))
    ]
    remedy = "map it, or list it under `ignored` with a reason"
    extra = sorted(set(columns) - used - set(card.card.ignored))
    faults += [(name, "column not mapped in the card", remedy) for name in extra]
    path = str(card.records_path)
    raise_any(Failure(path, 1, name, "", *words) for name, *words in faults)


def _check_sources(card: LoadedCard) -> None:
    """Raises SourceError for columns of the card whose unit or derivation does not fit them."""
    faults, sources = [], card.card.columns
    for name, source in sources.items():
        try:
            _check_derivation(name, sources)
            _check_unit(name, sources)
        except ValueError as error:
            rule, remedy, *key = error.args
            value = getattr(source, *key) if key else ""
            faults.append(card.make_failure(("columns", name, *key), rule, remedy, value))
    raise_any(faults)


def _check_derivation(name: str, sources: dict[str, ColumnSource]) -> None:
    """Raises ValueError for what is computed from 6ND and is no part of it, or is in a circle."""
    derived = sources[name].derived
    is_circular = all(each in sources and sources[each].derived for each in DERIVED)
    if derived and (is_circular or DERIVED.get(name) != derived):
        rule = "only " + " and ".join(f"{each} is {how!r}" for each, how in DERIVED.items())
        rule = "tokens and compute are computed from each other" if is_circular else rule
        raise ValueError(
            rule, "read it from a column of records.csv, or give `constant:`", "derived"
        )


def name_quantity(name: str, sources: dict[str, ColumnSource]) -> str:
    """What the cells of the column measure, as units know it: `resource` may be minutes."""
    kind = sources.get("resource_kind")
    is_minutes = name == "resource" and kind is not None and kind.constant == "minutes"
    return "resource_minutes" if is_minutes else name


def _check_unit(name: str, sources: dict[str, ColumnSource]) -> None:
    """Raises ValueError for a unit that does not fit the column, or is missing."""
    source, kind = sources[name], sources.get("resource_kind")
    if source.unit and (source.unit != units.IN_CELLS or name not in units.TARGETS):
        try:
            numbers.read_unit(source.unit, name_quantity(name, sources))
        except ValueError as error:
            raise ValueError(*error.args, "unit") from None
    is_known = source.unit or source.unit_column or source.derived or source.constant is not None
    is_amount = name != "resource" or (kind is not None and kind.constant == "FLOP")  # not minutes
    if name in units.USUAL and is_amount and not is_known:
        remedy = (
            f"give `unit:` (such as {units.USUAL[name]}), `unit_column:` where a column names each "
            "row's, or `unit: in cells` where each cell names its own"
        )
        raise ValueError("the unit of the cells is missing", remedy)


def _correct(card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The records with the card's corrections, each of which must find its cells as printed."""
    corrected, columns = records.copy(), records.columns.drop(LINE)
    for correction in card.card.corrections:
        column = correction.column
        if column not in columns:
            rule = f"the card corrects {column!r}, which records.csv lacks"
            raise correction.refuse(card.path, rule, suggest(column, columns, "correct the card"))
        mask = correction.find(records, card.path)
        wrong = records.loc[mask & (records[column] != correction.printed)]
        rule = f"the card corrects a cell that should read {correction.printed!r}"
        remedy = "the source changed: read it again and correct the card"
        raise_any(
            Failure(str(card.records_path), line, column, cell, rule, remedy)
            for line, cell in zip(wrong[LINE].tolist(), wrong[column], strict=True)
        )
        corrected.loc[mask, column] = correction.corrected
    return corrected


def _derive(rule: str, frame: pd.DataFrame) -> pd.Series:
    """Tokens or FLOP from C = 6 N D (Kaplan et al. 2020; Hoffmann et al. 2022)."""
    if rule == "tokens from 6ND":
        return frame["training_flop"] / (6 * frame["parameters"])
    return 6 * frame["parameters"] * frame["training_tokens"]


def _join_runs(
    card: LoadedCard, frame: pd.DataFrame, runs: pd.DataFrame | None, problems: Problems
) -> pd.DataFrame:
    """`frame` with the columns of the registry `runs`; notes the models that it lacks.

    Where the card says `runs: both`, what the file says of a run comes first, and a run that the
    registry lacks is the file's own.
    """
    if runs is None:
        raise ValueError("the card joins the run registry: the validated registry is needed")
    registry = runs.assign(base_model=_find_roots(runs)).set_index("model")
    _check_names(card, {*registry.index, *frame["model"].dropna()})
    is_both = card.card.runs == "both"
    known = card.card.names
    if is_both:
        known = find_runs(frame["model"].dropna().unique(), list(registry.index), known)
    key = frame["model"].replace(known)
    if not is_both:
        _refuse_unknown(frame.assign(model=key), registry.index, problems)
    columns = [*tables.RUN_COLUMNS, "base_model"]
    joined = registry[[*columns, "exclusion"]].reindex(key).reset_index(drop=True)
    for name in ("is_compute_circular", "is_open_weights", "is_dense"):
        joined[name] = joined[name].astype("boolean").fillna(False).astype(bool)
    frame = frame.reset_index(drop=True)
    if is_both:
        joined = _put_own_first(card, frame, joined)
    of_run = "run " + joined.pop("exclusion").astype("str")
    frame = frame.assign(exclusion=frame["exclusion"].fillna(of_run).astype("str"))
    return pd.concat([frame.drop(columns=columns, errors="ignore"), joined], axis=1)


def _put_own_first(card: LoadedCard, frame: pd.DataFrame, joined: pd.DataFrame) -> pd.DataFrame:
    """The runs as the file has them and, where it says nothing, as the registry does; compute that
    neither gives is 6 N D. What the registry says of its compute holds of its own alone.
    """
    own = frame.reindex(columns=list(joined))
    own["exclusion"] = own["compute_confidence"] = None
    theirs = joined["training_flop"].notna() & own["training_flop"].isna()
    for name in ("exclusion", "compute_confidence"):
        joined[name] = joined[name].where(theirs)
    joined["is_compute_circular"] &= theirs
    if "compute_confidence" in frame:
        own["compute_confidence"] = frame["compute_confidence"]
    merged = pd.DataFrame(
        {name: own[name].where(own[name].notna(), joined[name]) for name in joined}
    )
    merged = merged.astype(joined.dtypes.to_dict())
    merged["training_flop"] = merged["training_flop"].fillna(_derive("flop from 6ND", merged))
    merged["base_model"] = merged["base_model"].fillna(frame["model"].replace(card.card.names))
    defaults = tables.TABLES[card.table].defaults
    return merged.fillna({name: defaults[name] for name in ("lab", "compute_confidence")})


def _check_names(card: LoadedCard, known: Collection[str]) -> None:
    """Raises SourceError for names that the card takes for others that nobody knows."""
    rule = "neither a run of the registry nor a model of the rows"
    raise_any(
        card.make_failure(("names", name), rule, suggest(run, known, "name one of its runs"), run)
        for name, run in card.card.names.items()
        if run not in known
    )


def _refuse_unknown(frame: pd.DataFrame, known: pd.Index, problems: Problems) -> None:
    """Notes the rows whose model the registry lacks, with the nearest names of the first ones."""
    is_unknown = ~frame["model"].isin(known) & ~frame["exclusion"].isin(NOT_A_RUN)
    rows = is_unknown.to_numpy().nonzero()[0].tolist()
    models = frame["model"].fillna("").to_numpy()[rows]
    otherwise = "correct the name, or add the run to the registry"
    first = list(dict.fromkeys(models))[:MAXIMUM_SUGGESTIONS]
    near = {model: suggest(model, known, otherwise) for model in first}
    for row, model in zip(rows, models, strict=True):
        problems.add(row, "model", model, "not in the run registry", near.get(model, otherwise))


def _find_roots(runs: pd.DataFrame) -> pd.Series:
    """The model at the end of each chain of base models."""
    parents = runs.set_index("model")["base_model"].dropna()
    roots = runs["model"]
    for _ in range(len(parents)):  # a chain that closes on itself ends too
        above = roots.map(parents)
        if above.isna().all():
            break
        roots = above.fillna(roots)
    return roots


def _fill(card: LoadedCard, frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the columns that no card maps; those of our posteriors follow later."""
    if "techniques" in tables.TABLES[card.table].columns:
        techniques = getattr(card.options, "techniques", None) or {}
        return frame.assign(techniques=_tag_techniques(frame, techniques))
    if isinstance(card.options, EstimateOptions):
        return frame.assign(is_own=False)
    if card.table == RATES_TABLE:
        return frame.assign(rate=np.nan, rate_sd=np.nan, base_models="")
    return frame


def _tag_techniques(frame: pd.DataFrame, techniques: Mapping[str, Technique]) -> pd.Series:
    """The tags of each row, sorted and joined by a space."""
    tags = pd.Series("", index=frame.index, dtype="str")
    for tag, each in sorted(techniques.items()):
        has_it = frame["method"].isin(each.methods) | frame["model"].isin(each.models)
        tags = tags.mask(has_it, tags + f" {tag}")
    return tags.str.strip()
