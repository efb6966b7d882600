"""What a dataset brings beside its card: records, the spellings and units of their cells."""
