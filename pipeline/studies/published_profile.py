"""The sample of Ho et al. 2024 -> what Okar 2026 found of its doubling time, measured again.

Run by people: `python -m pipeline.studies.published_profile` takes twenty seconds and writes
`data/calibration/lm_perplexity-published_profile.json`. The fits are made twice: on the rows as
printed and fitted, errors included, which should give the published figures; and on the rows that
our own model fits, errors corrected.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models import fitted_rows
from pipeline.core.files import write_json
from pipeline.core.layout import Layout
from pipeline.studies import published_fits as fits
from pipeline.studies import published_law as law
from pipeline.studies.calibrate import read_cell, round_numbers
from pipeline.studies.published_fits import Fit, Profile
from pipeline.studies.record import describe_inputs

DATASET = "lm_perplexity"
CELL = f"{DATASET}-published_profile"
DOUBLING_TIMES = np.geomspace(2, 100, 40)  # months
# Of the growth of effective compute, through parameters; close where the profile has two valleys.
SHARES = np.concatenate([np.linspace(-1, 1, 41), np.linspace(1.2, 9, 40)])
CITATION, LOCATOR = "okar2026observational", 'section "Algorithmic Progress"'
# Pairs of doubling times in months, as printed there.
PUBLISHED = {
    "before_and_after_convergence": ("8.68", "6.08"),
    "any_bias": ("4.1", "40.5"),
    "over_bias": ("5.3", "39.6"),
    "neutral": ("9.2", "11.6"),
}
DIGITS = 6  # of the file: four would round twice what is published with three
Found = dict[str, Any]


def write_profile(layout: Layout) -> Path:
    """Measure, compare with what was published, and write."""
    table, _ = read_cell(layout, DATASET)
    printed = profile_published(read_printed(layout.records(DATASET)))
    corrected = profile_published(fitted_rows(table))
    found = {"as_printed": printed, "corrected": corrected}
    head = {"citation": CITATION, "locator": LOCATOR, "made_with": describe_inputs(layout, CELL)}
    compared = {"comparison": compare(printed, corrected)}
    write_json(layout.study(CELL), head | round_numbers(compared | found, DIGITS))
    return layout.study(CELL)


def read_printed(path: Path) -> pd.DataFrame:
    """The published rows with the perplexities that the published fit used: four are another's."""
    records = pd.read_csv(path, parse_dates=["release_date"])
    rows = records[records["is_published_sample"]]
    return rows.assign(perplexity=rows["perplexity_used_in_published_fit"])


@np.errstate(over="ignore", invalid="ignore")  # steps that optimisers take back
def profile_published(table: pd.DataFrame) -> Found:
    """Fits and profiles of rows with benchmark, release_date, parameters, dataset_tokens and
    perplexity; doubling times in months.
    """
    sample, starts = law.prepare(table), fits.draw_starts()
    penalised = {
        "published_stop": fits.stop_as_published(sample, fits.DEFAULT_TOLERANCE),
        "minimum": fits.minimise_penalised(sample, starts),
        "neutral_stop": fits.stop_as_published(sample, fits.TIGHT_TOLERANCE, law.NEUTRAL),
        "neutral_minimum": fits.minimise_penalised(sample, starts, law.NEUTRAL),
    }
    least = fits.minimise_squares(sample, starts)
    squares = {"minimum": least, "neutral": fits.minimise_squares(sample, starts, law.NEUTRAL)}
    known = [fit.coefficients for fit in (penalised["minimum"], *squares.values())]
    times = fits.profile(sample, least, known, fits.tie_doubling_time, DOUBLING_TIMES)
    bias = fits.profile(sample, least, known, law.tie_bias, SHARES)
    return {
        "rows": len(table),
        "penalised": {name: _describe(sample, fit) for name, fit in penalised.items()},
        "least_squares": {name: _describe(sample, fit) for name, fit in squares.items()},
        "over_doubling_time": _describe_profile(times),
        "over_bias": _describe_profile(bias) | find_range(bias),
    }


def _describe(sample: law.Sample, fit: Fit) -> Found:
    error = float(np.mean(sample.residuals(fit.coefficients) ** 2))
    return {
        "doubling_time_months": fit.doubling_time,
        "minimised": fit.value,
        "mean_squared_error": error,
        "evaluations": fit.evaluations,
        "coefficients": fit.coefficients.tolist(),
    }


def _describe_profile(found: Profile) -> Found:
    return {
        "lower": found.ends[0],
        "upper": found.ends[1],
        "values": found.values.tolist(),
        "likelihood_ratio": found.ratios.tolist(),
        "doubling_time_months": [fit.doubling_time for fit in found.fits],
    }


def find_range(found: Profile) -> dict[str, float | None]:
    """The shortest and the longest doubling time inside the interval; no longest if it is open."""
    times = np.array([fit.doubling_time for fit in found.fits])
    ends = [end for end in found.ends if end is not None]
    inside = [*times[found.ratios <= fits.THRESHOLD], *np.interp(ends, found.values, times)]
    is_open = len(ends) < len(found.ends)
    longest = None if is_open else float(max(inside))
    return {"shortest_months": float(min(inside)), "longest_months": longest}


def compare(printed: Found, corrected: Found) -> dict[str, Found]:
    """Each published pair beside ours, and in words what differs."""
    ours, other = list_pairs(printed), list_pairs(corrected)
    made: dict[str, Found] = {
        name: {
            "published": list(pair),
            "ours": ours[name],
            "corrected": other[name],
            "difference": describe_difference(pair, ours[name]),
        }
        for name, pair in PUBLISHED.items()
    }
    made["neutral"]["difference"] += describe_local(printed["penalised"])
    return made


def list_pairs(found: Found) -> dict[str, list[float | None]]:
    """Our doubling times, in the order in which they are published."""
    penalised = {name: each["doubling_time_months"] for name, each in found["penalised"].items()}
    neutral = found["least_squares"]["neutral"]["doubling_time_months"]
    times, bias = found["over_doubling_time"], found["over_bias"]
    return {
        "before_and_after_convergence": [penalised["published_stop"], penalised["minimum"]],
        "any_bias": [times["lower"], times["upper"]],
        "over_bias": [bias["shortest_months"], bias["longest_months"]],
        "neutral": [neutral, penalised["neutral_stop"]],
    }


def describe_difference(printed: tuple[str, str], ours: list[float | None]) -> str:
    """Which of two values round to another number than was printed."""
    off = [
        f"{text} months printed, {'none' if value is None else f'{value:.4g}'} here"
        for text, value in zip(printed, ours, strict=True)
        if value is None or f"{value:.{len(text.partition('.')[2])}f}" != text
    ]
    return f"{'; '.join(off)}." if off else "Nothing: both round to what was printed."


def describe_local(penalised: Found) -> str:
    """That the neutral fit is not at the least value of the objective, if it is not."""
    stop, least = penalised["neutral_stop"], penalised["neutral_minimum"]
    if stop["minimised"] - least["minimised"] < 1e-5:
        return ""
    return (
        f" But {stop['doubling_time_months']:.1f} months is a local minimum of the penalised "
        f"objective ({stop['minimised']:.5f}), which is lower ({least['minimised']:.5f}) at "
        f"{least['doubling_time_months']:.1f} months."
    )


if __name__ == "__main__":
    print(write_profile(Layout()))
