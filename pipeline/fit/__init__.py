"""Validated table + models -> posterior, verdict and estimands."""
