"""Cells, classical baselines and published values -> the rows of the overview's forest plots.

A row carries what a reader must know before its number: that the fit did not converge (then there
is no number), that the data do not tell its parts apart, or that the prior drives it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from models import load
from pipeline.ingest.cards.card import LoadedCard, Published
from pipeline.site.overview import comparison
from pipeline.site.overview.comparison import RATE, SPLIT, Comparison, Entry
from pipeline.site.overview.gathering import Apart, Dataset, Overview, Passed
from pipeline.site.overview.literature import NO_INTERVAL, PublishedRate
from pipeline.site.pages import answers
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.rendering import format_quantity

DOUBLING = "doubling_time_months"
DECADE_MONTHS = 12 * math.log10(2)  # rate in decades a year x doubling time in months
RECORDS = "first_record-last_record"
NOT_CONVERGED = "not converged"
TOO_HIGH = "too high if compute figures err at random"
TOO_LOW = "too low if compute figures err at random"
MUCH_ATTENUATED = 0.5  # posterior standard deviations, by either form of the curve
UNMEASURED = "prior sensitivity not measured"
SPLIT_WORDS = "Compute, share of the step in effective compute: "
Kind = Literal["averaged", "model", "baseline", "published"]
Baselines = Mapping[str, pd.DataFrame]  # by the name of the cell


@dataclass(frozen=True)
class Row:
    """One estimate under a heading; without a number, `reason` says why.

    `caveats` are to be read before the number. `is_open` where the interval has no upper end.
    """

    group: str
    dataset: str
    key: str
    label: str
    kind: Kind
    median: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: str = INTERVAL_WORDS
    caveats: tuple[str, ...] = ()
    page: str = ""
    citation: str = ""
    reason: str = ""
    weight: float | None = field(default=None, compare=False)

    @property
    def has_number(self) -> bool:
        """Whether there is anything to draw."""
        return self.median is not None or self.lower is not None


def read_baselines(overview: Overview, validated: Path) -> dict[str, pd.DataFrame]:
    """The classical twin of every passing cell that reports a rate and has a validated table.

    Neither the run registry nor the scaling law is given: rates need neither.
    """
    made = {}
    for cell in overview.passed:
        table = validated / f"{cell.card.dataset}.parquet"
        has_rate = any(key.partition("[")[0] == RATE for key in cell.attributions)
        if has_rate and table.is_file():
            model = load(cell.model)
            made[cell.name] = model.baseline(pd.read_parquet(table), cell.card.for_model())
    return made


def list_rates(
    overview: Overview,
    baselines: Baselines,
    literature: Sequence[PublishedRate],
) -> list[Row]:
    """Rates of algorithmic progress in decades a year: a group a dataset, then other domains."""
    owners = find_owners(overview)
    rows: list[Row] = []
    for dataset in overview.datasets:
        keys = _rate_keys(overview, dataset.name)
        if dataset.card is None or not keys:
            continue
        title = dataset.card.card.title
        for key in keys:
            rows += _list_models(overview, dataset, key, title, _rate_label(key, keys))
        rows += _list_baselines(overview, dataset, title, baselines)
        rows += _list_published(dataset.card, title, owners)
    return [*rows, *map(_list_other, literature)]


def list_shares(overview: Overview) -> list[Row]:
    """Compute's share of the headline comparison and of the record path, by dataset and model.

    Shares are of the step in effective compute; the record path is that of the headline's
    benchmark, and is left out where it is the headline comparison itself.
    """
    rows: list[Row] = []
    for dataset in overview.datasets:
        title = dataset.card.card.title if dataset.card else dataset.name
        for key in _share_keys(overview, dataset.name):
            label = _label_of(overview, dataset.name, key).removeprefix(SPLIT_WORDS)
            group = label if label.startswith(title) else f"{title}: {label}"
            rows += _list_models(overview, dataset, key, group, "")
    return rows


def best_of(rows: Iterable[Row], dataset: str, key: str) -> Row | None:
    """What speaks for the dataset: the average of its models, or the first model without one."""
    found = [row for row in rows if (row.dataset, row.key) == (dataset, key) and row.has_number]
    averaged = [row for row in found if row.kind == "averaged"]
    models = [row for row in found if row.kind == "model"]
    return next(iter([*averaged, *models]), None)


def headline_rate_key(rows: Iterable[Row], overview: Overview, dataset: str) -> str:
    """The rate that goes with the dataset's headline: that of its label, or the shared one."""
    keys = {row.key for row in rows if row.dataset == dataset}
    headlines = [cell.answer.key for cell in overview.passed if cell.card.dataset == dataset]
    labels = [key.partition("[")[2] for key in headlines]
    return next((f"{RATE}[{label}" for label in labels if f"{RATE}[{label}" in keys), RATE)


def record_key(key: str) -> str:
    """The compute share of the record path of the benchmark of the comparison `key`."""
    return f"{SPLIT}[{key.partition('[')[2].partition('-')[0]}-{RECORDS}]"


def is_flagged(row: Row) -> bool:
    """Whether the row has a caveat beyond a sensitivity that nobody measured."""
    return any(not caveat.startswith(UNMEASURED) for caveat in row.caveats)


def say(row: Row, unit: str) -> str:
    """The estimate in words: "0.36 (0.28 to 0.47)"; why there is none where there is none."""
    if not row.has_number:
        return row.reason
    median = "no estimate" if row.median is None else format_quantity(row.median, unit)
    if row.lower is None and row.upper is None:
        return median
    lower, upper = (
        f"no {name} bound" if value is None else format_quantity(value, unit)
        for name, value in (("lower", row.lower), ("upper", row.upper))
    )
    return f"{median} ({lower} to {upper})"


def to_doubling_time(rate: float | None) -> float | None:
    """Months in which the compute needed halves; None where it never does."""
    return DECADE_MONTHS / rate if rate is not None and rate > 0 else None


def find_caveats(key: str, check: Mapping[str, Any]) -> tuple[str, ...]:
    """What to read before the estimand `key` of a posterior that passed its check."""
    checked = dict(check)
    found = list(answers.find_caveats(key, checked))
    if not (answers.describe_drivers(key, checked) or answers.is_prior_measured(key, checked)):
        found.append(UNMEASURED)
    shift = answers.measure_attenuation(checked) if answers.follow(key) == RATE else 0.0
    if abs(shift) >= MUCH_ATTENUATED:
        found.append(TOO_HIGH if shift < 0 else TOO_LOW)
    return tuple(found)


def find_owners(overview: Overview) -> dict[tuple[object, ...], str]:
    """The dataset under which each published value stands: that whose data come from its source.

    A value that several cards print beside theirs stands once; the first card has it where the
    source is nobody's.
    """
    owners: dict[tuple[object, ...], str] = {}
    cards = [dataset.card for dataset in overview.datasets if dataset.card]
    for is_own in (True, False):
        for card in cards:
            for row in _published_rates(card):
                if not is_own or row.citation in card.card.citations:
                    owners.setdefault(_identity(row), card.dataset)
    return owners


def _identity(row: Published) -> tuple[object, ...]:
    return row.citation, row.estimand.partition("[")[0], row.estimate, row.lower, row.upper


def _published_rates(card: LoadedCard) -> Iterator[Published]:
    for row in card.card.published:
        if row.estimand.partition("[")[0] in (RATE, DOUBLING):
            yield row


def _cells(overview: Overview, dataset: str) -> Iterator[Passed | Apart]:
    for cell in overview.cells:
        if cell.name.partition("-")[0] == dataset:
            yield cell


def _rate_keys(overview: Overview, dataset: str) -> list[str]:
    """The rates that any passing model of the dataset reports, the shared one first."""
    found = dict.fromkeys(
        key
        for cell in overview.passed
        if cell.card.dataset == dataset
        for key, entry in cell.attributions.items()
        if key.partition("[")[0] == RATE and not entry.get("reason")
    )
    return sorted(found, key=lambda key: key != RATE)


def _rate_label(key: str, keys: Sequence[str]) -> str:
    """What tells this rate from the dataset's others; empty where it is the only one."""
    if len(keys) == 1:
        return ""
    return key.partition("[")[2].removesuffix("]") or "all targets"


def _share_keys(overview: Overview, dataset: str) -> list[str]:
    """The headline comparison and the record path, where the dataset's models split steps."""
    passed = [cell for cell in overview.passed if cell.card.dataset == dataset]
    headlines = [cell.answer.key for cell in passed if cell.answer.key.startswith(f"{SPLIT}[")]
    if not headlines:
        return []
    headline, records = headlines[0], record_key(headlines[0])
    having = [cell.attributions for cell in passed if records in cell.attributions]
    is_same = all(_numbers(found[records]) == _numbers(found.get(headline, {})) for found in having)
    return [headline] if is_same else [headline, records]


def _numbers(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(name) for name in ("median", "lower", "upper"))


def _label_of(overview: Overview, dataset: str, key: str) -> str:
    return next(
        str(cell.attributions[key]["label"])
        for cell in overview.passed
        if cell.card.dataset == dataset and key in cell.attributions
    )


def _list_models(
    overview: Overview, dataset: Dataset, key: str, group: str, label: str
) -> Iterator[Row]:
    """The average over the dataset's models, then each of them, the heaviest first."""
    made = next((each for each in overview.comparisons if each.dataset == dataset.name), None)
    weights = {row.model: row.weight for row in made.rows} if made else {}
    averaged = _average(overview, made, key, group, label) if made else None
    if averaged:
        yield averaged
    models = [
        _of_model(cell, key, group, label, weights.get(cell.model))
        for cell in _cells(overview, dataset.name)
        if cell.model in weights or isinstance(cell, Passed) or cell.state == "failed"
    ]
    yield from sorted((row for row in models if row), key=lambda row: -(row.weight or 0.0))


def _of_model(
    cell: Passed | Apart, key: str, group: str, label: str, weight: float | None
) -> Row | None:
    dataset = cell.name.partition("-")[0]
    words = f"{label}: {cell.model_title}" if label else cell.model_title
    row = Row(group, dataset, key, words, "model", page=cell.name, weight=weight)
    if isinstance(cell, Apart):
        shown = "; ".join(cell.reasons)
        return _with(row, caveats=(NOT_CONVERGED,), reason=f"nothing is quoted: {shown}")
    entry = cell.attributions.get(key)
    if entry is None:
        return None
    if entry.get("reason"):
        return _with(row, reason=f"not reported: {entry['reason']}")
    return _with(row, **_bounds(entry), caveats=find_caveats(key, cell.check))


def _with(row: Row, **changes: Any) -> Row:
    return Row(**(vars(row) | changes))


def _bounds(entry: Entry) -> dict[str, Any]:
    return {name: entry[name] for name in ("median", "lower", "upper")}


def _average(overview: Overview, made: Comparison, key: str, group: str, label: str) -> Row | None:
    """The averaged estimand; its caveats are those of the models, with the weight they carry."""
    estimate = next((each for each in made.estimates if each.key == key), None)
    if estimate is None or estimate.averaged.get("reason"):
        return None
    words = f"{label}: averaged over the models" if label else "Averaged over the models"
    row = Row(group, made.dataset, key, words, "averaged", page=f"#compared-{made.dataset}")
    caveats = _weigh_caveats(overview, made, key)
    return _with(row, **_bounds(estimate.averaged), caveats=caveats)


def _weigh_caveats(overview: Overview, made: Comparison, key: str) -> tuple[str, ...]:
    """The caveats of the averaged models, with the weight of those that have the same ones."""
    checks = {c.model: c.check for c in overview.passed if c.card.dataset == made.dataset}
    weights: dict[tuple[str, ...], float] = {}
    for row in made.rows:
        caveats = find_caveats(key, checks[row.model])
        weights[caveats] = weights.get(caveats, 0.0) + (row.weight or 0.0)
    return tuple(
        ", ".join(caveats) + ("" if weight > 1 - comparison.NEGLIGIBLE else _share_words(weight))
        for caveats, weight in weights.items()
        if caveats and weight >= comparison.NEGLIGIBLE
    )


def _share_words(weight: float) -> str:
    return f" in models with {format_quantity(weight, 'share')} of the weight"


def _list_baselines(
    overview: Overview, dataset: Dataset, group: str, baselines: Baselines
) -> Iterator[Row]:
    """The classical estimates of a rate, each once though several models have the same twin."""
    seen = set()
    for cell in overview.passed:
        if cell.card.dataset != dataset.name or cell.name not in baselines:
            continue
        for found in baselines[cell.name].to_dict("records"):
            name, bracket, label = str(found["key"]).partition("[")
            numbers = found["estimate"], found["lower"], found["upper"]
            if name != RATE or (found["key"], found["method"], numbers) in seen:
                continue
            seen.add((found["key"], found["method"], numbers))
            target = f"{label.removesuffix(']')}: " if bracket else ""
            median, lower, upper = (_finite(number) for number in numbers)
            yield Row(
                group,
                dataset.name,
                str(found["key"]),
                f"{target}{found['method']}",
                "baseline",
                median,
                lower,
                upper,
                INTERVAL_WORDS.split(" equal")[0] + " interval",
                page=cell.name,
            )


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _list_published(
    card: LoadedCard, group: str, owners: Mapping[tuple[object, ...], str]
) -> Iterator[Row]:
    for row in _published_rates(card):
        if owners[_identity(row)] != card.dataset:
            continue
        family, bracket, label = row.estimand.partition("[")
        target = f"{label.removesuffix(']')}: " if bracket else ""
        numbers = row.estimate, row.lower, row.upper
        median, lower, upper = numbers if family == RATE else _invert(*numbers)
        yield Row(
            group,
            card.dataset,
            f"{RATE}{bracket}{label}",
            f"{target}{row.label}",
            "published",
            median,
            lower,
            upper,
            row.interval or NO_INTERVAL,
            citation=row.citation,
        )


def _invert(
    months: float | None, lower: float | None, upper: float | None
) -> tuple[float | None, float | None, float | None]:
    """Rates of doubling times: the ends of the interval change places."""
    return to_doubling_rate(months), to_doubling_rate(upper), to_doubling_rate(lower)


def to_doubling_rate(months: float | None) -> float | None:
    """Decades a year of a doubling time in months."""
    return DECADE_MONTHS / months if months else None


def _list_other(rate: PublishedRate) -> Row:
    return Row(
        rate.domain,
        "",
        RATE,
        rate.label,
        "published",
        rate.median,
        rate.lower,
        rate.upper,
        rate.interval,
        citation=rate.citation,
    )
