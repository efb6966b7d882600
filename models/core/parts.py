"""The parts of a step between two models; `models/__init__.py` says what they mean."""

PARTS = ("compute", "inference", "allocation", "technique", "trend", "lab", "unexplained")
ALGORITHMS = ("allocation", "technique", "trend", "lab")
