"""Models of leaderboards of test scores."""
