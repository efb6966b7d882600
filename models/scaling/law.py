"""Closed forms of the parametric scaling law L = E + A N^-a + B D^-b of Hoffmann et al. 2022."""

from dataclasses import dataclass
from typing import Any

import numpy as np

FLOP_A_PARAMETER_AND_TOKEN = 6  # forward and backward pass, Kaplan et al. 2020, section 2.1


@dataclass(frozen=True)
class Law:
    """E in nats per token, the exponents, and the natural logs of A and B; numbers or draws."""

    irreducible_loss: Any
    exponent_parameters: Any
    exponent_tokens: Any
    log_coefficient_parameters: Any
    log_coefficient_tokens: Any

    def reducible_loss(self, log_parameters: Any, log_tokens: Any) -> Any:
        """A N^-a + B D^-b, in nats per token."""
        by_parameters = self.log_coefficient_parameters - self.exponent_parameters * log_parameters
        by_tokens = self.log_coefficient_tokens - self.exponent_tokens * log_tokens
        return np.exp(by_parameters) + np.exp(by_tokens)

    def best_log_parameters(self, log_budget: Any) -> Any:
        """Log N of the least loss where N D = exp(log_budget), Hoffmann et al. 2022, eq. 4."""
        a, b = self.exponent_parameters, self.exponent_tokens
        ratio = self.log_coefficient_parameters - self.log_coefficient_tokens
        return (np.log(a / b) + ratio + b * log_budget) / (a + b)

    def best_tokens_per_parameter(self, flop: Any) -> Any:
        """Tokens per parameter of the least loss at this compute."""
        log_budget = np.log(flop / FLOP_A_PARAMETER_AND_TOKEN)
        return np.exp(log_budget - 2 * self.best_log_parameters(log_budget))

    def least_loss(self, flop: Any) -> Any:
        """The least loss with 6 N D = flop, in nats per token."""
        log_budget = np.log(flop / FLOP_A_PARAMETER_AND_TOKEN)
        best = self.best_log_parameters(log_budget)
        return self.irreducible_loss + self.reducible_loss(best, log_budget - best)

    def allocation_factor(self, log_parameters: Any, log_tokens: Any) -> Any:
        """6 N D over the least compute that reaches the loss of N and D."""
        a, b = self.exponent_parameters, self.exponent_tokens
        log_reducible = np.log(self.reducible_loss(log_parameters, log_tokens))
        best_parameters = (
            self.log_coefficient_parameters - log_reducible + np.log((a + b) / b)
        ) / a
        best_tokens = (self.log_coefficient_tokens - log_reducible + np.log((a + b) / a)) / b
        return np.exp(log_parameters + log_tokens - best_parameters - best_tokens)
