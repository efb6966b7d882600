"""Time horizons: how long the tasks are that models complete half of the time."""
