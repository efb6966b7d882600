"""Models of leaderboards of perplexities."""
