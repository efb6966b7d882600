"""Options as a card has them: those of the models (`models/options`), the words that pages print
beside them, and how they must agree. What each key means is in `card.yaml`.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Self, get_args

from pydantic import (
    BaseModel,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from models import options as plain
from models.options import Options
from pipeline.ingest.cards.faults import list_words, suggest

Reason = Annotated[str, Field(min_length=10)]
CONFOUNDERS = "Data quality, distillation and contamination"  # from progress with the calendar


# Options that follow from the rows and the catalogue of benchmarks where a card leaves them out.
COMPLETED = {
    *("benchmarks", "trend", "techniques", "comparisons", "headline_comparison"),
    *("reference_harness", "allocation", "allocation_reason", "headline_target"),
    *("reference_resource", "optimal_at_flop", "allocation_runs", "headline_run"),
}


def loosen(options: type[Options]) -> type[Options]:
    """The class of options as people write them: `COMPLETED` ones, and facts of benchmarks that
    data/benchmarks.yaml may have, may be left out; they are None then.
    """
    made: dict[str, Any] = {}
    for name, field in options.model_fields.items():
        kind: Any = field.rebuild_annotation()
        if name == "benchmarks":
            # mypy reads no type that is computed from the annotation of a field
            kind = Mapping[str, _free(get_args(field.annotation)[1])]  # type: ignore[misc]
        if name in COMPLETED and field.is_required():
            made[name] = (kind, Field(None))
    return create_model(options.__name__, __base__=options, **made) if made else options


def _free(part: type[BaseModel]) -> type[BaseModel]:
    """The class, any of whose fields may be left out."""
    fields: dict[str, Any] = {
        name: (field.rebuild_annotation(), Field(None)) for name, field in part.model_fields.items()
    }
    return create_model(part.__name__, __base__=part, **fields)


def _refuse_unknown(name: str, known: Collection[str] | None, *steps: str | int) -> None:
    """Raise ValueError where `name`, at `steps`, is not among those `known`, if these were read."""
    if known is not None and name not in known:
        there = f"use one of {list_words(known)}" if known else "there is none yet: add it"
        rule = f"{name!r} is not among {list(known)}"
        raise ValueError(rule, suggest(name, known, there), *steps)


class BenchmarkFacts(plain.BenchmarkFacts):
    """What every leaderboard says of a benchmark."""

    label: str
    reason: str


class Benchmark(BenchmarkFacts, plain.Benchmark):
    """A test of questions: what a guesser scores, what the labels allow, how many questions."""

    @model_validator(mode="after")
    def _order(self) -> Self:
        is_known = self.chance is not None and self.ceiling is not None  # of a catalogued one
        if is_known and self.chance != "estimated" and self.chance >= self.ceiling:
            raise ValueError(f"chance {self.chance} is not below ceiling {self.ceiling}")
        return self


class Technique(plain.Technique):
    """A technique tag, carried by the rows of the listed methods and of the listed models."""

    label: str
    definition: str


class Comparison(plain.Comparison):
    """A step whose progress is split; `earlier` and `later` name rows of `benchmark`."""

    label: str


class Compared(BaseModel):
    """What comparisons must be, on every leaderboard."""

    @field_validator("comparisons", check_fields=False)
    @classmethod
    def _known_benchmarks(cls, found: list[Comparison], given: ValidationInfo) -> list[Comparison]:
        ids = [each.id for each in found]
        for number, each in enumerate(found):
            if each.id in ids[:number]:
                rule = f"comparison ids repeat: {[each.id]}"
                raise ValueError(rule, "give each its own id", number, "id")
            _refuse_unknown(each.benchmark, given.data.get("benchmarks"), number, "benchmark")
        return found

    @field_validator("headline_comparison", check_fields=False)
    @classmethod
    def _known_comparison(cls, name: str, given: ValidationInfo) -> str:
        comparisons = given.data.get("comparisons")
        _refuse_unknown(name, comparisons and [each.id for each in comparisons])
        return name


class LeaderboardOptions(Compared, plain.LeaderboardOptions):
    """Options that all leaderboards share."""

    benchmarks: Mapping[str, BenchmarkFacts]
    techniques: Mapping[plain.Name, Technique]
    comparisons: list[Comparison]
    allocation_reason: Reason
    compute_error_reason: str = (
        "reports of one run differ by factors of 1.1 to 1.4; Epoch AI calls its likely figures "
        "good to a factor of 3 and its speculative ones to a factor of 10, at 90 %"
    )

    @property
    def confounders(self) -> str:
        """What cannot be distinguished from the trend; distillation too, unless it is tagged."""
        is_tagged = "distillation" in self.techniques
        return "Data quality and contamination" if is_tagged else CONFOUNDERS


class AccuracyOptions(LeaderboardOptions, plain.AccuracyOptions):
    """Options of the `accuracy_leaderboard` table."""

    benchmarks: Mapping[str, Benchmark]

    @model_validator(mode="after")
    def _fitted_ends(self) -> Self:
        for comparison in self.comparisons or []:
            if not (comparison.earlier.is_fitted and comparison.later.is_fitted):
                raise ValueError(
                    f"comparison {comparison.id}: is_fitted: false is for losses; no model of "
                    "scores splits a step to a row that is not fitted"
                )
        return self


class LossOptions(LeaderboardOptions, plain.LossOptions):
    """Options of the `loss_leaderboard` table."""


class HorizonOptions(Compared, plain.HorizonOptions):
    """Options of the `horizon_leaderboard` table."""

    comparisons: list[Comparison]


class ScalingOptions(plain.ScalingOptions):
    """Options of the `scaling_grid` table."""

    @field_validator("headline_run")
    @classmethod
    def _known_run(cls, name: str, given: ValidationInfo) -> str:
        _refuse_unknown(name, given.data.get("allocation_runs"))
        return name


class OwnEstimate(Options):
    """A posterior of this project that enters the table as a row of its own, flagged `is_own`."""

    posterior: Annotated[str, Field(pattern=r"^[a-z0-9_]+-[a-z0-9_]+$")]
    estimand: str
    study: str
    domain: str


class EstimateOptions(plain.EstimateOptions):
    """Options of the `published_estimates` table."""

    headline: str
    notes: list[str] = Field([])
    own_estimates: list[OwnEstimate] = Field([])

    @model_validator(mode="after")
    def _scale_fits(self) -> Self:
        if self.scale == "log" and self.reference <= 0:
            raise ValueError(f"reference {self.reference} is not positive, and the scale is log")
        if self.scale == "log" and min(self.thresholds, default=1.0) <= 0:
            raise ValueError("a threshold is not positive, and the scale is log")
        if self.scale == "identity" and self.spread is None:
            raise ValueError("scale: identity needs `spread`, the size of one unit of the priors")
        if self.scale == "identity" and self.floor is not None:
            raise ValueError("`floor` is for scale: log")
        for bound in ("{median}", "{lower}", "{upper}"):
            if self.headline.count(bound) != 1:
                raise ValueError(f"headline must hold {bound} once")
        return self


class GrowthOptions(plain.GrowthOptions):
    """Options of the `growth_rates` table."""

    notes: list[str] = Field([])


class OwnRateOptions(plain.OwnRateOptions):
    """Options of the `own_rates` table."""

    notes: list[str] = Field([])


class EfficiencyError(plain.EfficiencyError):
    """How well the growth of a field's efficiency is known."""

    reason: Reason


class ResearchInputOptions(plain.ResearchInputOptions):
    """Options of the `research_inputs` table."""

    efficiency_error: Mapping[str, EfficiencyError]


class ExperimentOptions(plain.ExperimentOptions):
    """Options of the `controlled_experiment` table."""

    error_reason: Reason = "a run repeated with another seed takes some 10 % more or less time"
    notes: list[str] = Field([])


class TrainingRunsOptions(plain.TrainingRunsOptions):
    """Options of the `training_runs` table; the registry needs none to be joined."""

    left_out: Mapping[str, Reason] = Field({})


OPTIONS: dict[str, type[Options]] = plain.OPTIONS | {
    "training_runs": TrainingRunsOptions,
    "scaling_grid": ScalingOptions,
    "accuracy_leaderboard": AccuracyOptions,
    "loss_leaderboard": LossOptions,
    "horizon_leaderboard": HorizonOptions,
    "published_estimates": EstimateOptions,
    "growth_rates": GrowthOptions,
    "research_inputs": ResearchInputOptions,
    "own_rates": OwnRateOptions,
    "controlled_experiment": ExperimentOptions,
}


def drop_words(table: str, options: Options) -> dict[str, Any]:
    """The options of a card of `table` as models read them: the same whatever its words are."""
    return plain.OPTIONS[table].model_validate(options.model_dump()).model_dump(mode="json")
