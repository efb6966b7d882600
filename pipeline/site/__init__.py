"""Results -> pages: what is said of them, and how they look."""
