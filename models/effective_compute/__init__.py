"""Effective compute as a sum of terms: what the models of leaderboards share."""
