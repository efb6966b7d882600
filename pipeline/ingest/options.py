"""Options as a card has them: those of the models (`models/options`), the words that pages print
beside them, and how they must agree. What each key means is in `options.yaml`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from models import options as plain
from models.options import Options

Reason = Annotated[str, Field(min_length=10)]
CONFOUNDERS = "Data quality, distillation and contamination"  # from progress with the calendar


class BenchmarkFacts(plain.BenchmarkFacts):
    """What every leaderboard says of a benchmark."""

    label: str
    reason: str


class Benchmark(BenchmarkFacts, plain.Benchmark):
    """A test of questions: what a guesser scores, what the labels allow, how many questions."""

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.chance != "estimated" and self.chance >= self.ceiling:
            raise ValueError(f"chance {self.chance} is not below ceiling {self.ceiling}")
        return self


class Technique(plain.Technique):
    """A technique tag, carried by the rows of the listed methods and of the listed models."""

    label: str
    definition: str


class Comparison(plain.Comparison):
    """A step whose progress is split; `earlier` and `later` name rows of `benchmark`."""

    label: str


class LeaderboardOptions(plain.LeaderboardOptions):
    """Options that all leaderboards share. Names and ids are checked in `cards/checks.py`."""

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
        for comparison in self.comparisons:
            if not (comparison.earlier.is_fitted and comparison.later.is_fitted):
                raise ValueError(
                    f"comparison {comparison.id}: is_fitted: false is for losses; no model of "
                    "scores splits a step to a row that is not fitted"
                )
        return self


class LossOptions(LeaderboardOptions, plain.LossOptions):
    """Options of the `loss_leaderboard` table."""


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


class TrainingRunsOptions(plain.TrainingRunsOptions):
    """Options of the `training_runs` table; the registry needs none to be joined."""

    left_out: Mapping[str, Reason] = Field({})


OPTIONS: dict[str, type[Options]] = plain.OPTIONS | {
    "training_runs": TrainingRunsOptions,
    "accuracy_leaderboard": AccuracyOptions,
    "loss_leaderboard": LossOptions,
    "published_estimates": EstimateOptions,
    "growth_rates": GrowthOptions,
    "research_inputs": ResearchInputOptions,
    "own_rates": OwnRateOptions,
}


def drop_words(table: str, options: Options) -> dict[str, Any]:
    """The options of a card of `table` as models read them: the same whatever its words are."""
    return plain.OPTIONS[table].model_validate(options.model_dump()).model_dump(mode="json")
