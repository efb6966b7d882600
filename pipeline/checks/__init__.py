"""The parts of the check of a fit, a question each."""
