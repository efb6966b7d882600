"""What models may know of a source card: one class of options per table, typed fields and defaults.

What the keys mean, the words beside them and how they must agree is for `pipeline/ingest` to say.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from models.options.base import ComputeError, Positive
from models.options.base import Options as Options  # for those who ask for it here
from models.options.estimates import EstimateOptions, GrowthOptions, OwnRateOptions
from models.options.production import ResearchInputOptions, TrainingRunsOptions

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
ComparisonId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(-[a-z0-9_]+){2}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class EfficiencyOptions(Options):
    """Options of the `efficiency` table."""

    headline_target: str
    reference_resource: dict[str, Positive]


class ScalingOptions(Options):
    """Options of the `scaling_grid` table."""

    optimal_at_flop: list[Positive]
    allocation_runs: list[str]
    headline_run: str


class BenchmarkFacts(Options):
    """What every leaderboard says of a benchmark."""


class Benchmark(BenchmarkFacts):
    """A test of questions: what a guesser scores, what the labels allow, how many questions."""

    chance: Share | Literal["estimated"]
    ceiling: Share
    item_count: Annotated[int, Field(gt=0)]


class Technique(Options):
    """A technique tag, carried by the rows of the listed methods and of the listed models.

    One with `part: inference` is bought with compute at test time: it counts once for every tenfold
    of samples, and stands in no share as an algorithm.
    """

    methods: list[str] = Field([])
    models: list[str] = Field([])
    part: Literal["technique", "inference"] = "technique"


class Side(Options):
    """One end of a comparison: the rows of `model` evaluated with `method`."""

    model: str
    method: str
    is_fitted: bool = True


class Comparison(Options):
    """A step whose progress is split; `earlier` and `later` name rows of `benchmark`."""

    id: ComparisonId
    benchmark: str
    earlier: Side
    later: Side


class LeaderboardOptions(Options):
    """Options that all leaderboards share."""

    benchmarks: Mapping[str, BenchmarkFacts]
    trend: Literal["linear", "none"]
    bend: bool = False
    techniques: Mapping[Name, Technique]
    comparisons: Sequence[Comparison]
    headline_comparison: ComparisonId
    reference_harness: str
    allocation: Literal["scaling_law", "none"]
    compute_error_decades: ComputeError = ComputeError()


class AccuracyOptions(LeaderboardOptions):
    """Options of the `accuracy_leaderboard` table."""

    benchmarks: Mapping[str, Benchmark]


class LossOptions(LeaderboardOptions):
    """Options of the `loss_leaderboard` table."""


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
