"""The parts of the stage *check*, a question each: identification, sensitivity to the priors,
predictions, what was left out.
"""
