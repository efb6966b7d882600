"""What models may know of a source card: one class of options per table, typed fields and defaults.

What the keys mean, the words beside them and how they must agree is for `pipeline/ingest` to say.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
AboveOne = Annotated[float, Field(gt=1)]
ErrorDecades = Annotated[float, Field(gt=0, lt=2)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
ComparisonId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(-[a-z0-9_]+){2}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Dropped = Annotated[str | None, BeforeValidator(lambda _: None)]  # a reason, which no model reads
SEPARATOR = " | "  # between the names of base models behind an own rate


class Options(BaseModel):
    """Base of all options. Keys that no model computes with, such as words, are ignored."""

    model_config = ConfigDict(frozen=True)


class ComputeError(Options):
    """Standard deviation of log10 of a compute figure by confidence class, and its kind.

    Figures of 6ND and of the runs' own authors agree to 0.05 decades where a run of the registry
    has two (root mean square). Epoch gives its 'likely' figures as good to a factor of 3 at 90 %,
    so 0.3, and its 'speculative' ones to a factor of 10, so 0.6; where two sources give one run
    they differ by 0.16 to 0.28 and by 0.64.

    An estimate scatters about what was used (`classical`); `berkson`: what was used scatters about
    the figure.
    """

    kind: Literal["classical", "berkson"] = "classical"
    confident: ErrorDecades = 0.05
    likely: ErrorDecades = 0.3
    speculative: ErrorDecades = 0.6


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


class StatedRun(Options):
    """A training run whose horizon is asked for: its compute and the day of its release."""

    flop: Positive
    day: date


class HorizonOptions(Options):
    """Options of the `horizon_leaderboard` table.

    `compute_scatter_decades`: standard deviation of log10 of the compute of base models of one date
    about its trend. A dozen figures with errors of their own say little of it. In the registry the
    largest run of each family since 2023, of laboratories that have horizons, scatters by 0.6 about
    a trend for open weights and one for others, errors of the figures included: so 0.5.

    `rows` and `without_lab` say which rows are in the likelihood: all, those since the bend, those
    above every earlier one; and all but one laboratory's.
    """

    comparisons: Sequence[Comparison]
    headline_comparison: ComparisonId
    bend_date: date = date(2023, 1, 1)
    stated_runs: Mapping[str, StatedRun] = Field({})
    rows: Literal["all", "since_bend", "records"] = "all"
    without_lab: str = ""
    compute_scatter_decades: ErrorDecades = 0.5
    compute_error_decades: ComputeError = ComputeError()


class EstimateOptions(Options):
    """Options of the `published_estimates` table."""

    quantity: str
    unit: str
    scale: Literal["log", "identity"]
    reference: float
    spread: Positive | None = None
    floor: Positive | None = None
    secondary_error_factor: Annotated[float, Field(ge=1)] = 2.0
    thresholds: list[float]
    has_rho: bool = False


class GrowthOptions(Options):
    """Options of the `growth_rates` table."""

    within_factor: AboveOne


class OwnRateOptions(Options):
    """Options of the `own_rates` table."""


class EfficiencyError(Options):
    """How well the growth of a field's efficiency is known."""

    decades: Positive


class ResearchInputOptions(Options):
    """Options of the `research_inputs` table."""

    headline_domain: str
    efficiency_error: Mapping[str, EfficiencyError]
    ceiling_within: list[AboveOne] = Field([10.0, 100.0])


class ExperimentOptions(Options):
    """Options of the `controlled_experiment` table."""

    error_decades: ErrorDecades = 0.05


class TrainingRunsOptions(Options):
    """Options of the `training_runs` table; the registry needs none to be joined."""

    largest_of: Annotated[int, Field(ge=2)] = 10
    left_out: Mapping[str, Dropped] = Field({})
    named_runs: list[str] = Field([])
    compute_error_decades: ComputeError = ComputeError()


OPTIONS: dict[str, type[Options]] = {
    "training_runs": TrainingRunsOptions,
    "efficiency": EfficiencyOptions,
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
