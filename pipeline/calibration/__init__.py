"""What a study of a cell says, and whether it is of the present model and data.

Light, for stages that only read a study; `pipeline/studies/` makes them.
"""
