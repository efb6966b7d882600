"""Charts of every kind from frames of numbers: frames, marks, axes, words, and the drawing itself.

Charts that know what they show stand with their page, in modules whose names end in `charts`.
"""
