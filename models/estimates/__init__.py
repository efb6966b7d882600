"""Models of published figures: estimates, rates side by side, and this project's own rates."""
