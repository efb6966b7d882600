"""What every stage shares: paths, files, failures, and the end of a stage with its run."""
