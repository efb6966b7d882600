"""The stage *ingest*: what a dataset is, and how its rows become a validated table."""
