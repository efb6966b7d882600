"""The loss of a training run as a function of its parameters and tokens."""
