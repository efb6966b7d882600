"""The canonical tables: columns, units, keys, ranges and rules. This is the only schema.

One class a table. Each column carries its description, its unit and the remedy printed when a value
breaks its rule; `data/README.md` is generated from them. A table may hold rows that no model reads:
`exclusion` says why, and is empty for the rows that are fitted.
"""

from copy import deepcopy
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

LINE = "line"  # a column that reading adds: cards cannot speak of it
SECONDS_A_DAY = 86_400
IMAGENET_IMAGES = 1.28e6
# Forward pass, gradient of the activations, gradient of the weights (Hernandez & Brown 2020,
# appendix A).
FORWARD_AND_BACKWARD = 3
# Printed ratios and products carry two significant digits: 6 % covers rounding of both sides.
ROUNDING = 0.06


def _column(description: str, unit: str, remedy: str, **rules: Any) -> Any:
    return pa.Field(description=description, metadata={"unit": unit, "remedy": remedy}, **rules)


def _row_rule(column: str, rule: str, remedy: str) -> Any:
    """A rule over whole rows; its failures are reported at `column`."""
    return pa.dataframe_check(name=column, error=rule, description=remedy, ignore_na=False)


class Provenance(pa.DataFrameModel):
    """Columns of every table: where a row stands and where it comes from."""

    line: Series[int] = _column(
        "line of records.csv", "line", "do not edit by hand", ge=2, unique=True
    )
    citation: Series[str] = _column(
        "key in data/references.bib",
        "key",
        "add the source to data/references.bib",
        str_length={"min_value": 1},
    )
    locator: Series[str] = _column(
        "where in the source the row was read",
        "text",
        "name the table, figure or page",
        nullable=True,
    )
    is_verified: Series[bool] = _column(
        "the figure was read in the source, not recalled", "true or false", "write true or false"
    )
    exclusion: Series[str] = _column(
        "why no model reads the row; empty where it is fitted",
        "text",
        "state the reason on the card",
        nullable=True,
    )

    class Config:
        """Unknown columns are errors. Pandera reads what stands here, not what is inherited."""

        strict = True


class RunColumns(pa.DataFrameModel):
    """What the registry knows of a training run; joined to leaderboards by model name."""

    release_date: Series[pd.Timestamp] = _column(
        "day the model was released or first described",
        "date",
        "write the day of release as YYYY-MM-DD",
        ge=pd.Timestamp(1950, 1, 1),
        nullable=True,
    )
    lab: Series[str] = _column(
        "who trained it, one name for one laboratory; a fine-tune has its base model's",
        "name",
        "name the lab",
        nullable=True,
    )
    family: Series[str] = _column("model family", "name", "name the family", nullable=True)
    parameters: Series[float] = _column(
        "parameters, all experts included", "count", "give a positive count", gt=0, nullable=True
    )
    training_tokens: Series[float] = _column(
        "tokens seen in training, repeats included",
        "count",
        "give a positive count",
        gt=0,
        nullable=True,
    )
    training_flop: Series[float] = _column(
        "training compute, base model and continued training",
        "FLOP",
        "give total floating-point operations, above zero",
        gt=0,
        lt=1e30,
        nullable=True,
    )
    compute_confidence: Series[str] = _column(
        "confident: reported, or 6ND of both reported; likely: a database's; speculative: the rest",
        "class",
        "write confident, likely or speculative",
        isin=["confident", "likely", "speculative"],
        nullable=True,
    )
    is_compute_circular: Series[bool] = _column(
        "compute was imputed from benchmark scores", "true or false", "write true or false"
    )
    is_open_weights: Series[bool] = _column(
        "weights can be downloaded", "true or false", "write true or false"
    )
    is_dense: Series[bool] = _column(
        "known to use every parameter for every token, so that 6ND counts its compute",
        "true or false",
        "write true or false",
    )
    training_flop_second_source: Series[float] = _column(
        "training compute of the same run by another source",
        "FLOP",
        "give total floating-point operations, above zero",
        gt=0,
        lt=1e30,
        nullable=True,
    )


class TrainingRuns(Provenance, RunColumns):
    """The run registry: every model that the leaderboards name, once."""

    model: Series[str] = _column(
        "name of the model",
        "name",
        "one row a model: rename or remove the repeat",
        unique=True,
        str_length={"min_value": 1},
    )
    organization: Series[str] = _column(
        "organization as the source names it", "name", "name the organization"
    )
    base_model: Series[str] = _column(
        "model it was trained further from; empty for a base model",
        "name",
        "name a model of the registry",
        nullable=True,
    )
    flop_basis: Series[str] = _column(
        "how training_flop was obtained",
        "class",
        "write reported, 6ND, epoch-database or other",
        isin=["reported", "6ND", "epoch-database", "other"],
        nullable=True,
    )
    extra_training_tokens: Series[float] = _column(
        "tokens of the continued training, part of training_tokens",
        "count",
        "give a positive count",
        gt=0,
        nullable=True,
    )
    extra_training_flop: Series[float] = _column(
        "compute of the continued training, part of training_flop",
        "FLOP",
        "give a positive number of FLOP",
        gt=0,
        nullable=True,
    )

    @_row_rule(
        "base_model", "the base model is in the registry", "add the base model or correct its name"
    )
    def base_model_is_registered(cls, frame: pd.DataFrame) -> pd.Series:
        """A fine-tune without its base model cannot share its deviation."""
        return frame["base_model"].isna() | frame["base_model"].isin(frame["model"])

    @_row_rule(
        "extra_training_flop",
        "continued training is part of the total",
        "give the total in training_flop",
    )
    def extra_is_part_of_total(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches totals that leave the continued training out."""
        return ~(frame["extra_training_flop"] >= frame["training_flop"])

    @_row_rule("training_flop", "compute has a confidence class", "fill compute_confidence")
    def compute_has_confidence(cls, frame: pd.DataFrame) -> pd.Series:
        """A compute figure without a class has no measurement error."""
        return frame["training_flop"].isna() | frame["compute_confidence"].notna()


class Efficiency(Provenance):
    """A model reaches a fixed score with a resource at a date; reruns and records alike."""

    target: Series[str] = _column(
        "level that is reached, named after its first model", "name", "name the target"
    )
    metric: Series[str] = _column("benchmark and metric of the target", "text", "name the metric")
    target_score: Series[float] = _column(
        "score to reach", "in the metric's unit", "give the score", gt=0
    )
    model: Series[str] = _column(
        "model that reaches it", "name", "name the model", str_length={"min_value": 1}
    )
    release_date: Series[pd.Timestamp] = _column(
        "day the model was first described", "date", "write YYYY-MM-DD", ge=pd.Timestamp(1950, 1, 1)
    )
    arxiv_id: Series[str] = _column(
        "arXiv identifier of the model's paper",
        "yymm.number",
        "write yymm.nnnnn",
        str_matches=r"^\d{4}\.\d{4,5}$",
        nullable=True,
    )
    resource: Series[float] = _column(
        "what reaching the target took", "resource_kind", "give a positive amount", gt=0, lt=1e30
    )
    resource_kind: Series[str] = _column(
        "unit of resource", "class", "write FLOP or minutes", isin=["FLOP", "minutes"]
    )
    epochs: Series[float] = _column(
        "passes over ImageNet to the target", "count", "give a positive count", gt=0, nullable=True
    )
    multiply_adds_per_image: Series[float] = _column(
        "multiply-adds of one forward pass",
        "count",
        "give multiply-adds, not FLOP",
        gt=0,
        nullable=True,
    )
    reduction_factor: Series[float] = _column(
        "printed ratio of the target's first resource to this one",
        "factor",
        "correct the ratio or the resource",
        gt=0,
        nullable=True,
    )

    @_row_rule(
        "reduction_factor",
        "the ratio agrees with the compute columns",
        "recompute it from the first row of its target",
    )
    def ratio_agrees_with_resource(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught a printed 10x beside computes whose ratio is 22.7."""
        first = (
            frame.sort_values("release_date", kind="stable")
            .groupby("target")["resource"]
            .transform("first")
        )
        ratio = first.reindex(frame.index) / frame["resource"]
        return frame["reduction_factor"].isna() | (
            np.abs(np.log(ratio / frame["reduction_factor"])) < ROUNDING
        )

    @_row_rule(
        "resource",
        "compute is epochs x multiply-adds x 1.28e6 images x 3",
        "check the unit and the factor 3 of the backward pass",
    )
    def compute_agrees_with_epochs(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught a mislabelled unit, and a missing factor of three."""
        product = (
            frame["epochs"]
            * frame["multiply_adds_per_image"]
            * IMAGENET_IMAGES
            * FORWARD_AND_BACKWARD
        )
        known = product.notna() & (frame["resource_kind"] == "FLOP")
        return ~known | (np.abs(np.log(frame["resource"] / product)) < ROUNDING)

    @_row_rule(
        "release_date",
        "year and month agree with the arXiv identifier",
        "correct the date: day and month may be swapped",
    )
    def date_agrees_with_arxiv(cls, frame: pd.DataFrame) -> pd.Series:
        """Would have caught 1/12/2017 read as 12 January for a paper of June."""
        return frame["arxiv_id"].isna() | (
            frame["release_date"].dt.strftime("%y%m") == frame["arxiv_id"].str[:4]
        )

    @_row_rule(
        "model", "a model reaches a target once with the same resource", "remove the repeated row"
    )
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice in the likelihood."""
        return ~frame.duplicated(["target", "model", "resource", "resource_kind"], keep="first")


class ScalingGrid(Provenance):
    """Training runs of one recipe that vary parameters and tokens."""

    parameters: Series[float] = _column("parameters", "count", "give a positive count", gt=0)
    training_tokens: Series[float] = _column(
        "tokens seen in training", "count", "give a positive count", gt=0
    )
    training_flop: Series[float] = _column(
        "training compute", "FLOP", "give a positive number of FLOP", gt=0, lt=1e30
    )
    loss_nats: Series[float] = _column(
        "final training loss", "nats per token", "give a loss in nats per token", gt=0, lt=20
    )

    @_row_rule(
        "training_tokens", "compute is 6 x parameters x tokens", "correct one of the three columns"
    )
    def compute_is_6nd(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches a column in the wrong unit."""
        product = 6 * frame["parameters"] * frame["training_tokens"]
        return np.abs(np.log(frame["training_flop"] / product)) < ROUNDING

    @_row_rule("loss_nats", "a run stands once", "remove the repeated row")
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice in the likelihood."""
        return ~frame.duplicated(["parameters", "training_flop", "loss_nats"], keep="first")


class Leaderboard(Provenance, RunColumns):
    """What leaderboards share: which model was measured on what, and how."""

    benchmark: Series[str] = _column(
        "benchmark", "name", "name a benchmark of the card", str_length={"min_value": 1}
    )
    model: Series[str] = _column(
        "model", "name", "name a model of the registry", str_length={"min_value": 1}
    )
    method: Series[str] = _column(
        "how the model was asked, as the source says", "text", "name the method"
    )
    harness: Series[str] = _column(
        "who ran the benchmark: reported (makers and papers, each their own way), or the name of "
        "one harness for many models",
        "name",
        "write reported or name the harness",
        str_length={"min_value": 1},
    )
    techniques: Series[str] = _column(
        "technique tags, sorted, joined by a space; empty where none",
        "tags",
        "map the method on the card",
    )
    base_model: Series[str] = _column(
        "model at the root of its chain of base models; itself for a base model",
        "name",
        "name the base model",
        nullable=True,
    )

    class Config:
        """Unknown columns are errors. Pandera reads what stands here, not what is inherited."""

        strict = True


class AccuracyLeaderboard(Leaderboard):
    """Scores of models on a benchmark, with what was done on top of the base model."""

    score: Series[float] = _column(
        "share of the questions answered correctly",
        "0 to 1",
        "check the unit on the card: percent or fraction",
        ge=0,
        le=1,
    )
    eval_date: Series[pd.Timestamp] = _column(
        "day the score was published", "date", "write YYYY-MM-DD", ge=pd.Timestamp(1950, 1, 1)
    )
    n_shot: Series[str] = _column(
        "worked examples in the prompt",
        "count or text",
        "give the number of examples",
        nullable=True,
    )
    sample_count: Series[float] = _column(
        "samples drawn a question", "count", "give a positive count", ge=1, nullable=True
    )

    @_row_rule(
        "model",
        "a score stands once (same benchmark, model, method, shots, samples, harness and source)",
        "remove the repeated row",
    )
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice in the likelihood."""
        key = ["benchmark", "model", "method", "n_shot", "sample_count", "harness", "citation"]
        return ~frame.duplicated(key, keep="first")


class LossLeaderboard(Leaderboard):
    """Perplexities of language models on a text, with the size of the model and of its data."""

    perplexity: Series[float] = _column(
        "exponential of the mean loss per token",
        "perplexity",
        "give the perplexity, not its logarithm",
        gt=1,
        lt=1e6,
    )
    dataset_tokens: Series[float] = _column(
        "distinct tokens of the training set", "count", "give a positive count", gt=0, nullable=True
    )
    epochs: Series[float] = _column(
        "passes over the training set", "count", "give a positive count", gt=0, nullable=True
    )
    is_published_sample: Series[bool] = _column(
        "the source's own fit used the row", "true or false", "write true or false"
    )

    @_row_rule(
        "model",
        "a perplexity stands once (same benchmark, model, method, value and paper)",
        "remove the repeated row",
    )
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice in the likelihood."""
        key = ["benchmark", "model", "method", "perplexity", "parameters", "locator"]
        return ~frame.duplicated(key, keep="first")


class StudiedField(Provenance):
    """What a study says of one field."""

    study: Series[str] = _column(
        "study that the row comes from",
        "name",
        "name the study",
        str_length={"min_value": 1},
    )
    domain: Series[str] = _column(
        "field that the estimate speaks of",
        "name",
        "name the field",
        str_length={"min_value": 1},
    )


class PublishedEstimates(StudiedField):
    """Published estimates of one quantity: a row a study and specification, with its interval."""

    specification: Series[str] = _column(
        "which of several estimates of the study; empty where there is one",
        "text",
        "say what sets it apart",
        nullable=True,
    )
    estimate: Series[float] = _column(
        "point estimate, or the bound where `bound` is filled",
        "the quantity's",
        "give a number; leave it empty where the source has a range alone",
        nullable=True,
    )
    lower: Series[float] = _column(
        "lower end of the interval", "the quantity's", "give a number", nullable=True
    )
    upper: Series[float] = _column(
        "upper end of the interval", "the quantity's", "give a number", nullable=True
    )
    interval_kind: Series[str] = _column(
        "probability: an interval with its level; range: all values alike; none: no interval",
        "class",
        "write probability, range or none",
        isin=["probability", "range", "none"],
    )
    interval_probability: Series[float] = _column(
        "level of the interval", "0 to 1", "give the level: 0.9 or 0.95", gt=0, lt=1, nullable=True
    )
    bound: Series[str] = _column(
        "lower: the quantity is at least `estimate`; upper: at most; empty for a point",
        "class",
        "write lower or upper, or leave it empty",
        isin=["lower", "upper"],
        nullable=True,
    )
    is_primary: Series[bool] = _column(
        "read in the study itself, not in a source that quotes it",
        "true or false",
        "write true or false",
    )
    is_own: Series[bool] = _column(
        "a posterior of this project", "true or false", "write true or false"
    )

    @_row_rule(
        "lower",
        "the lower end is below the upper end",
        "swap the ends; an interval without width is no interval: write none",
    )
    def interval_has_width(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval of zero width would outweigh all other rows."""
        return frame[["lower", "upper"]].isna().any(axis=1) | (frame["lower"] < frame["upper"])

    @_row_rule(
        "interval_kind",
        "both ends are there where the kind says so, and neither where it says none",
        "correct interval_kind, or fill both ends",
    )
    def kind_agrees_with_ends(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval with one end is a bound."""
        count = frame[["lower", "upper"]].notna().sum(axis=1)
        return count.where(frame["interval_kind"] == "none", count - 2) == 0

    @_row_rule(
        "interval_probability",
        "an interval with a probability has its level, and no other row has one",
        "give the level that the source states, or call it a range",
    )
    def probability_has_level(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval without its level says nothing of the error."""
        wanted = frame["interval_kind"] == "probability"
        return wanted == frame["interval_probability"].notna()

    @_row_rule(
        "estimate",
        "the estimate lies within its interval",
        "correct the estimate or an end",
    )
    def estimate_is_inside(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches ends in another unit than the estimate."""
        beyond = (frame["estimate"] < frame["lower"]) | (frame["estimate"] > frame["upper"])
        return ~beyond

    @_row_rule(
        "bound",
        "a row has an estimate or an interval, and a bound has a value and no interval",
        "give the value of the bound in `estimate` and leave the interval empty",
    )
    def row_says_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A row without a number says nothing; a bound with an interval says two things."""
        is_bound = frame["bound"].notna()
        has_estimate, has_interval = frame["estimate"].notna(), frame["interval_kind"] != "none"
        return (has_estimate & ~has_interval).where(is_bound, has_estimate | has_interval)

    @_row_rule(
        "study",
        "an estimate stands once (same study, domain and specification)",
        "remove the repeated row, or say in `specification` what sets it apart",
    )
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice; rows that a card excludes by name may repeat."""
        fitted = frame["exclusion"].isna()
        repeated = frame[fitted].duplicated(["study", "domain", "specification"], keep="first")
        return ~repeated.reindex(frame.index, fill_value=False)


class GrowthRates(StudiedField):
    """Rates of software and of hardware progress of one domain over one period."""

    software_rate: Series[float] = _column(
        "growth of efficiency by software at fixed hardware",
        "decades per year",
        "give log10 of the yearly factor",
        gt=0,
        lt=10,
        nullable=True,
    )
    hardware_rate: Series[float] = _column(
        "growth of efficiency by hardware at fixed software",
        "decades per year",
        "give log10 of the yearly factor",
        gt=0,
        lt=10,
        nullable=True,
    )
    period_start: Series[float] = _column(
        "year in which the period begins", "year", "give the year", ge=1900, lt=2200
    )
    period_end: Series[float] = _column(
        "year in which the period ends", "year", "give the year", ge=1900, lt=2200
    )
    is_primary: Series[bool] = _column(
        "read in the study itself, not in a source that quotes it",
        "true or false",
        "write true or false",
    )

    @_row_rule("period_end", "the period ends after it begins", "swap the years")
    def period_has_length(cls, frame: pd.DataFrame) -> pd.Series:
        """A rate needs time."""
        return frame["period_end"] > frame["period_start"]

    @_row_rule(
        "study",
        "a study, and a domain, has one pair of rates that is fitted",
        "exclude the other pairs by name on the card, or tell the domains apart",
    )
    def studies_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """Pairs of one study share its errors and its definition of hardware."""
        fitted = frame["exclusion"].isna() & frame["is_verified"]
        fitted &= frame[["software_rate", "hardware_rate"]].notna().all(axis=1)
        repeated = frame[fitted].duplicated("study") | frame[fitted].duplicated("domain")
        return ~repeated.reindex(frame.index, fill_value=False)


class ResearchInputs(Provenance):
    """Research done in a field, year by year, and how efficient its software had become."""

    domain: Series[str] = _column(
        "field of research", "name", "name the field", str_length={"min_value": 1}
    )
    year: Series[float] = _column(
        "years since the first of the series; calendar years differ from field to field",
        "years",
        "count from 0 at the first year of the field",
        ge=0,
    )
    research_input: Series[float] = _column(
        "research done in the year; empty at the end of the last year",
        "research_input_unit",
        "give a positive amount",
        gt=0,
        nullable=True,
    )
    research_input_unit: Series[str] = _column(
        "what the research input counts; its scale cancels within a field", "text", "name the unit"
    )
    efficiency: Series[float] = _column(
        "efficiency at the start of the year, that of the field's first year being 1",
        "factor",
        "give the ratio to the first year",
        gt=0,
        nullable=True,
    )
    efficiency_measure: Series[str] = _column(
        "what the efficiency is of", "text", "say what became more efficient"
    )

    @_row_rule("year", "a year of a field stands once", "remove the repeated row")
    def years_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated year counts its research twice."""
        return ~frame.duplicated(["domain", "year"], keep="first")

    @_row_rule(
        "efficiency",
        "a field starts at year 0, with a research input and efficiency 1",
        "count years from the first, and give efficiencies as ratios to it",
    )
    def field_starts_at_one(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches efficiencies in units of their own, and calendar years."""
        is_first = frame["year"] == frame.groupby("domain")["year"].transform("min")
        starts = (frame["year"] == 0) & (frame["efficiency"] == 1) & frame["research_input"].notna()
        return ~is_first | starts

    @_row_rule(
        "research_input", "a row has a research input or an efficiency", "remove the empty row"
    )
    def row_says_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A year of neither is a gap that looks like data."""
        return frame["research_input"].notna() | frame["efficiency"].notna()


class OwnRates(Provenance):
    """Rates of algorithmic progress that this project found, one leaderboard a row."""

    domain: Series[str] = _column(
        "field that the estimate speaks of",
        "name",
        "name the field",
        str_length={"min_value": 1},
    )
    posterior: Series[str] = _column(
        "posterior that speaks for the leaderboard",
        "name",
        "write <dataset>-<model>",
        str_matches=r"^\w+-\w+$",
    )
    estimand: Series[str] = _column(
        "key of the rate in the posterior's attribution file",
        "key",
        "write a key of data/attributions/<posterior>.json",
        str_length={"min_value": 1},
    )
    rate: Series[float] = _column(
        "median of the posterior; empty where its fit did not converge",
        "decades per year",
        "run the posterior's stages again",
        gt=-10,
        lt=10,
        nullable=True,
    )
    rate_sd: Series[float] = _column(
        "standard deviation of the normal distribution with the posterior's interval",
        "decades per year",
        "run the posterior's stages again",
        gt=0,
        lt=10,
        nullable=True,
    )
    prior_mean: Series[float] = _column(
        "mean of the normal prior of the rate in that fit",
        "decades per year",
        "copy it from the model's Priors",
        gt=-10,
        lt=10,
    )
    prior_sd: Series[float] = _column(
        "standard deviation of that prior",
        "decades per year",
        "copy it from the model's Priors",
        gt=0,
        lt=10,
    )

    @_row_rule(
        "rate_sd",
        "the posterior is narrower than its prior",
        "leave the leaderboard out: its data say nothing of its rate",
    )
    def data_say_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A posterior as wide as its prior has no data to pool."""
        return ~(frame["rate_sd"] >= frame["prior_sd"])

    @_row_rule(
        "posterior",
        "a leaderboard, and a domain, stands once",
        "keep one: two models of a leaderboard read the same data",
    )
    def leaderboards_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """Two models of one leaderboard would count its data twice."""
        datasets = frame["posterior"].str.partition("-")[0]
        return ~(datasets.duplicated(keep="first") | frame["domain"].duplicated(keep="first"))


TABLES: dict[str, type[pa.DataFrameModel]] = {
    "training_runs": TrainingRuns,
    "efficiency": Efficiency,
    "scaling_grid": ScalingGrid,
    "accuracy_leaderboard": AccuracyLeaderboard,
    "loss_leaderboard": LossLeaderboard,
    "published_estimates": PublishedEstimates,
    "growth_rates": GrowthRates,
    "research_inputs": ResearchInputs,
    "own_rates": OwnRates,
}
# Tables in which results of models are explained: what trends and designs say is of these alone.
OF_MODELS = {"efficiency", "scaling_grid", "accuracy_leaderboard", "loss_leaderboard"}
# Columns that ingest fills itself: a card never maps them.
FILLED_BY_INGEST = {"line", "exclusion", "techniques", "is_own", "rate", "rate_sd"}
JOINED_FROM_REGISTRY = set(RunColumns.to_schema().columns) | {"base_model"}


def schema(table: str, retrieved: date) -> pa.DataFrameSchema:
    """The schema of `table` in which no date is later than the day the data were `retrieved`."""
    made = deepcopy(TABLES[table].to_schema())  # pandera makes one schema a class and keeps it
    last = pa.Check.le(
        pd.Timestamp(retrieved), error=f"not after {retrieved}, the day the data were retrieved"
    )
    for name, column in made.columns.items():
        if name.endswith("_date"):
            column.checks = [*column.checks, last]
    return made
