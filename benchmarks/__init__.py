"""The performance harness: measurements, not tests."""
