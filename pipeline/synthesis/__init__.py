"""Compute's share of progress in every domain, from several posteriors together."""
