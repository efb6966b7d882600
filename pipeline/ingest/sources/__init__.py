"""What a dataset brings beside its card -> values: records, their spellings and units, rows that
are filled from results of this project, rows that the card speaks of.

For the stages *ingest* and *validate*, and what runs them in place.
"""
