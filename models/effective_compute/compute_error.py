"""Errors of compute figures: what a figure says of the compute that was used.

The kind is the card's (`compute_error_decades`), the scale s that of the confidence class. A figure
of kind `berkson` is unbiased for what was used. One of kind `classical` scatters about it, as an
estimate does; among runs of one date, whose compute varies by sd, a high figure is then high in
part by error. With log10 C* ~ Normal(m0 + m1 t, sd) and figure ~ Normal(log10 C*, s)::

    log10 C* | figure ~ Normal(figure - w (figure - m0 - m1 t), sd s / sqrt(sd^2 + s^2))
    w = s^2 / (sd^2 + s^2)

So both are the same model with another mean and scale (Carroll et al. 2006, section 2.2). The trend
of compute is the least-squares line through the figures of the base models, taken as known: its own
error moves a figure by a few hundredths of a decade.
"""

import numpy as np


def correct_figures(
    log10_compute: np.ndarray, years: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Decades to add to each figure, and what is then left open, under classical errors.

    All have shape (base,): a figure, its date and the standard deviation of its error.
    """
    degree = 1 if np.ptp(years) > 0 else 0
    expected = np.polyval(np.polyfit(years, log10_compute, degree), years)
    freedom = max(len(years) - degree - 1, 1)
    scatter = ((log10_compute - expected) ** 2).sum() / freedom
    variance = np.maximum(scatter - error**2, scatter / 2)  # the figures' scatter holds their error
    weight = error**2 / (variance + error**2)
    return weight * (expected - log10_compute), np.sqrt(variance * weight)
