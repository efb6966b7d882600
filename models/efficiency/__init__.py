"""The resource that a fixed score takes, by date."""
