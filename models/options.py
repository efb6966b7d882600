"""What a source card may say to the models: one class of options per table, checked before anything
runs.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.core.options import ComputeError
from models.core.options import Options as Options  # for those who ask for it here
from models.estimates.options import EstimateOptions, GrowthOptions
from models.estimates.own_options import OwnRateOptions
from models.production.options import ResearchInputOptions, TrainingRunsOptions

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
ComparisonId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(-[a-z0-9_]+){2}$")]
Share = Annotated[float, Field(ge=0, le=1)]
CONFOUNDERS = "Data quality, distillation and contamination"  # from progress with the calendar


class EfficiencyOptions(Options):
    """Options of the `efficiency` table."""

    headline_target: str = Field(description="the target whose rate the page puts first")
    reference_resource: dict[str, Annotated[float, Field(gt=0)]] = Field(
        description="target: a round number near its first model's resource; levels count from it"
    )


class ScalingOptions(Options):
    """Options of the `scaling_grid` table."""

    optimal_at_flop: list[Annotated[float, Field(gt=0)]] = Field(
        description="training compute, in FLOP, for which the optimal ratio is reported"
    )
    allocation_runs: list[str] = Field(
        description="runs of the registry whose parameters and tokens are compared with the optimum"
    )
    headline_run: str = Field(description="the run whose allocation factor the page puts first")


class BenchmarkFacts(Options):
    """What every leaderboard says of a benchmark."""

    label: str
    reason: str = Field(description="where the facts below, or the count of tokens, come from")


class Benchmark(BenchmarkFacts):
    """A test of questions: what a guesser scores, what the labels allow, how many questions."""

    chance: Share | Literal["estimated"] = Field(
        description="score of a guesser, 0 to 1; estimated: free-form answers, rate fitted"
    )
    ceiling: Share = Field(description="best score the labels allow, 0 to 1")
    item_count: int = Field(gt=0, description="questions in the test set")

    @model_validator(mode="after")
    def _order(self) -> "Benchmark":
        if self.chance != "estimated" and self.chance >= self.ceiling:
            raise ValueError(f"chance {self.chance} is not below ceiling {self.ceiling}")
        return self


class Technique(Options):
    """A technique tag, carried by the rows of the listed methods and of the listed models."""

    label: str
    definition: str
    methods: list[str] = Field([])
    models: list[str] = Field([])


class Side(Options):
    """One end of a comparison: the rows of `model` evaluated with `method`."""

    model: str
    method: str
    is_fitted: bool = Field(
        True,
        description="false: the row is left out of the fit; of losses only, and split only by the "
        "law of parameters and tokens, which asks for sizes and dates alone",
    )


class Comparison(Options):
    """A step whose progress is split; `earlier` and `later` name rows of `benchmark`."""

    id: ComparisonId
    label: str
    benchmark: str
    earlier: Side
    later: Side


class LeaderboardOptions(Options):
    """Options that all leaderboards share."""

    benchmarks: Mapping[str, BenchmarkFacts]
    trend: Literal["linear", "none"] = Field(
        description="linear: progress with the calendar is fitted; none: too few dates, no rate"
    )
    techniques: dict[Name, Technique]
    comparisons: list[Comparison]
    headline_comparison: ComparisonId
    reference_harness: str = Field(
        description="the harness whose scores the fitted curves and shares speak of"
    )
    allocation: Literal["scaling_law", "none"] = Field(
        description="scaling_law: parameters against tokens, by the fitted law; none: not separated"
    )
    allocation_reason: str = Field(min_length=10)
    compute_error_decades: ComputeError = ComputeError()
    # Reported figures of one run (6ND, the paper's own count, hardware time) differ by factors of
    # 1.1 to 1.4: 0.15. Epoch gives its 'likely' figures as good to a factor of 3 at 90 %, so 0.3,
    # and its 'speculative' ones to a factor of 10, so 0.6.
    compute_error_reason: str = (
        "reports of one run differ by factors of 1.1 to 1.4; Epoch AI calls its likely figures "
        "good to a factor of 3 and its speculative ones to a factor of 10, at 90 %"
    )

    @property
    def confounders(self) -> str:
        """What cannot be told from the trend: distillation too, unless the card tags it."""
        is_tagged = "distillation" in self.techniques
        return "Data quality and contamination" if is_tagged else CONFOUNDERS

    @model_validator(mode="after")
    def _names(self) -> "LeaderboardOptions":
        ids = [comparison.id for comparison in self.comparisons]
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"comparison ids repeat: {sorted({i for i in ids if ids.count(i) > 1})}"
            )
        if self.headline_comparison not in ids:
            raise ValueError(f"headline_comparison {self.headline_comparison!r} is not among {ids}")
        for comparison in self.comparisons:
            if comparison.benchmark not in self.benchmarks:
                raise ValueError(
                    f"comparison {comparison.id}: benchmark {comparison.benchmark!r} is not among "
                    f"{list(self.benchmarks)}"
                )
        return self


class AccuracyOptions(LeaderboardOptions):
    """Options of the `accuracy_leaderboard` table."""

    benchmarks: dict[str, Benchmark]

    @model_validator(mode="after")
    def _fitted_ends(self) -> "AccuracyOptions":
        for comparison in self.comparisons:
            if not (comparison.earlier.is_fitted and comparison.later.is_fitted):
                raise ValueError(
                    f"comparison {comparison.id}: is_fitted: false is for losses; no model of "
                    "scores splits a step to a row that is not fitted"
                )
        return self


class LossOptions(LeaderboardOptions):
    """Options of the `loss_leaderboard` table."""

    benchmarks: dict[str, BenchmarkFacts]


OPTIONS: dict[str, type[Options]] = {
    "training_runs": TrainingRunsOptions,
    "efficiency": EfficiencyOptions,
    "scaling_grid": ScalingOptions,
    "accuracy_leaderboard": AccuracyOptions,
    "loss_leaderboard": LossOptions,
    "published_estimates": EstimateOptions,
    "growth_rates": GrowthOptions,
    "research_inputs": ResearchInputOptions,
    "own_rates": OwnRateOptions,
}
