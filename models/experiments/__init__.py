"""Controlled experiments: algorithm and data changed one at a time, at a fixed loss."""
