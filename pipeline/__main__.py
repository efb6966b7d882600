"""`python -m pipeline` is the command `apportion`."""

from pipeline.cli import main

main()
