"""What every family of models uses: priors, dates, rates, noise, Shapley values."""
