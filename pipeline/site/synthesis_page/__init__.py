"""The page of the synthesis over domains."""
