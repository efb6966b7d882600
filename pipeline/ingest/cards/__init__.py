"""The source card: what it may say, how it is read without trust, and words for its faults."""
