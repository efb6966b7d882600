"""The page of one posterior: its sections, tables and figures, for the stage *report*."""
