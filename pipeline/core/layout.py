"""Names -> paths: the only module that knows where things are. `dvc.yaml` names the same paths."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Where everything of the project at `root` is kept; the working directory by default."""

    root: Path = Path()

    # ---- what people write -----------------------------------------------------------------
    @property
    def sources(self) -> Path:
        """Folder of the datasets, a folder each."""
        return self.root / "data/sources"

    @property
    def datasets(self) -> Path:
        """Registry: table -> datasets."""
        return self.sources / "datasets.yaml"

    @property
    def models(self) -> Path:
        """Registry: table -> models."""
        return self.root / "models/models.yaml"

    @property
    def specifications(self) -> Path:
        """Choices that a sensible person might have made otherwise, by model."""
        return self.root / "models/specifications.yaml"

    @property
    def bibliography(self) -> Path:
        """Every source that is cited."""
        return self.root / "data/references.bib"

    @property
    def benchmarks(self) -> Path:
        """Catalogue of benchmarks: chance level, ceiling, item count, and where they were read."""
        return self.root / "data/benchmarks.yaml"

    @property
    def claims(self) -> Path:
        """Propositions of the public debate, each with a test on estimands."""
        return self.root / "data/claims.yaml"

    @property
    def scenarios(self) -> Path:
        """What the takeoff simulation assumes."""
        return self.root / "data/takeoff.yaml"

    @property
    def citation(self) -> Path:
        """How the software is cited."""
        return self.root / "CITATION.cff"

    @property
    def params(self) -> Path:
        """Settings of the stages."""
        return self.root / "params.yaml"

    @property
    def words(self) -> Path:
        """What pages say of each model: title, headline, captions, equations, symbols."""
        return self.root / "reports/models"

    @property
    def templates(self) -> Path:
        """Templates, scripts and style of the pages."""
        return self.root / "reports/templates"

    @property
    def readme(self) -> Path:
        """README, which shows the answers."""
        return self.root / "README.md"

    @property
    def data_dictionary(self) -> Path:
        """Every column of every table, and where the data are from."""
        return self.root / "data/README.md"

    def card(self, dataset: str) -> Path:
        """The dataset's card."""
        return self.sources / dataset / "source.yaml"

    def records(self, dataset: str) -> Path:
        """The dataset's rows as received."""
        return self.sources / dataset / "records.csv"

    # ---- what ingest writes ----------------------------------------------------------------
    def table(self, dataset: str) -> Path:
        """The validated table."""
        return self.root / f"data/validated/{dataset}.parquet"

    def options(self, dataset: str) -> Path:
        """What models may know of the card: its table and options, without words."""
        return self.root / f"data/validated/{dataset}.json"

    def rows(self, dataset: str) -> Path:
        """What happened to every row, counted."""
        return self.root / f"data/checks/{dataset}.json"

    def quarantine(self, dataset: str) -> Path:
        """Rows that failed, with line, column, value, rule and remedy."""
        return self.root / f"data/checks/{dataset}-quarantine.csv"

    # ---- what fit writes, a cell: `<dataset>-<model>` ---------------------------------------
    def posterior(self, cell: str) -> Path:
        """Draws of parameters, predictions and densities (NetCDF)."""
        return self.root / f"data/posteriors/{cell}.nc"

    def check(self, cell: str) -> Path:
        """Verdict and the numbers behind it."""
        return self.root / f"data/checks/{cell}.json"

    def attribution(self, cell: str) -> Path:
        """Estimands: median, interval and probabilities; `.csv` beside it is the same table."""
        return self.root / f"data/attributions/{cell}.json"

    def draws(self, cell: str) -> Path:
        """Draws of every reported estimand, a column a key."""
        return self.root / f"data/attributions/{cell}.parquet"

    @property
    def scaling_law(self) -> Path:
        """Draws of the law that leaderboards measure allocation against."""
        return self.draws("chinchilla_runs-scaling_law")

    @property
    def registry(self) -> Path:
        """The validated run registry."""
        return self.table("training_runs")

    # ---- what people run and commit -----------------------------------------------------------
    def study(self, cell: str) -> Path:
        """The calibration study of a cell."""
        return self.root / f"data/calibration/{cell}.json"

    def multiverse(self, cell: str) -> Path:
        """What the headlines of a cell are under other specifications."""
        return self.root / f"data/multiverse/{cell}.json"

    def backtest(self, cell: str) -> Path:
        """How well the cell's model would have predicted later scores."""
        return self.root / f"data/backtests/{cell}.json"

    @property
    def kept_fits(self) -> Path:
        """What finished refits of studies gave: a cache of this machine, which may be deleted."""
        return self.root / ".cache/fits"

    # ---- what site writes ------------------------------------------------------------------
    @property
    def claims_judged(self) -> Path:
        """Posterior probability of every claim."""
        return self.root / "data/checks/claims.json"

    @property
    def summary(self) -> Path:
        """The README's table and picture, metrics and plots."""
        return self.root / "reports/summary"

    @property
    def pages(self) -> Path:
        """Folder of the HTML pages."""
        return self.root / "reports/html"

    def page(self, name: str) -> Path:
        """A page: `index`, `synthesis`, `takeoff`, or a cell."""
        return self.pages / f"{name}.html"
