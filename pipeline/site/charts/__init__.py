"""Charts of every kind from frames; those that know what they show stand with their page."""
