"""What every page shares, charts apart: answers, numbers, sentences, citations, data."""
